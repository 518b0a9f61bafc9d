"""Columns that are computed from the pixels: what a person would measure on a picture, so that findings have words.

All are taken inside the box of the picture itself; padding is never counted. Luma is that of ITU-R BT.601, 0 black to 1
white. Values are rounded to five decimals, more than sums in single precision bear, so that equal pictures are equal.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from vaeaudit.data.schema.columns import Role, Schema
from vaeaudit.data.sources.image_store import ImageStore
from vaeaudit.data.sources.listing import first_few
from vaeaudit.data.tables.cells import NumberCells
from vaeaudit.data.tables.records import RawTable

Values = npt.NDArray[np.floating]
Pixels = npt.NDArray[np.uint8]

#: Column -> what it measures and in which unit, in words.
MEANINGS: Mapping[str, str] = {
    "picture_brightness": "mean luma, 0 black to 1 white",
    "picture_contrast": "standard deviation of luma, 0 flat to 0.5",
    "picture_colourfulness": "colourfulness in grey levels, 0 grey, 33 moderate, 82 high",
    "picture_warmth": "mean of red minus blue, -1 blue to 1 red",
    "picture_sharpness": "log of the luma variance of edges over that of all luma, higher for finer detail",
    "picture_centre_x": "centre of what differs from the border, 0 left to 1 right",
    "picture_centre_y": "centre of what differs from the border, 0 top to 1 bottom",
    "picture_extent": "root mean square distance from that centre, in parts of the longer side",
    "picture_foreground": "mean difference of luma from the border, 0 none to 1",
}

_CENTRE = frozenset({"picture_centre_x", "picture_centre_y"})
_EXTENT = "picture_extent"
_LUMA = (0.299, 0.587, 0.114)
#: Variance that rounding luma to 256 levels adds to its Laplacian: 20 times 1/12 of a level squared.
_ROUNDING = 20 / 12 / 255**2
#: Pictures read at once, and among them, of one size, measured at once: their luma stays in the processor's cache.
_READ, _MEASURED = 1024, 128
_DECIMALS = 5


def measure_pictures(images: ImageStore) -> dict[str, npt.NDArray[np.float64]]:
    """Return the columns [N] of `MEANINGS`; those of colour only where the pictures are in colour.

    With luma Y inside the box:

    * brightness is the mean of Y; contrast its standard deviation (RMS contrast, Peli 1990);
    * colourfulness is that of Hasler and Suesstrunk (2003), of channels from 0 to 255; warmth the mean of R - B,
      channels from 0 to 1;
    * sharpness is log(var(Laplacian of Y) / var(Y)): the variance of the Laplacian (Pech-Pacheco et al. 2000) without
      what contrast adds to it. About 3 for white noise; it falls as a picture is blurred or enlarged;
    * the foreground is |Y - b|, b the median of Y on the outermost pixels. Its mean, its centre of mass and the root
      mean square distance from that centre say how much of it there is, where, and how spread out.

    Parameters
    ----------
    images
        N pictures; read a few at a time.

    Returns
    -------
    dict of str to NDArray
        NaN where a picture has nothing to measure: sharpness, centre and extent of a picture of one grey level.
    """
    n_images, channels = images.shape[0], images.shape[3]
    names = [name for name in MEANINGS if channels == 3 or name not in ("picture_colourfulness", "picture_warmth")]
    columns = {name: np.empty(n_images) for name in names}
    for start in range(0, n_images, _READ):
        rows = np.arange(start, min(start + _READ, n_images))
        pixels = images.read(rows)
        for (top, left, bottom, right), alike in _of_one_size(images.boxes(rows)):
            for name, values in _measures(pixels[alike, top:bottom, left:right]).items():
                columns[name][rows[alike]] = np.round(values, _DECIMALS)
    return columns


def measures_of(pixels: Pixels) -> dict[str, npt.NDArray[np.float64]]:
    """Return the columns [B] of `MEANINGS` of B > 0 pictures [B, H, W, channels] that fill their box."""
    parts = [_measures(pixels[start : start + _MEASURED]) for start in range(0, len(pixels), _MEASURED)]
    return (
        {name: np.round(np.concatenate([part[name] for part in parts]), _DECIMALS) for name in parts[0]}
        if parts
        else {}
    )


def linear_measures(pixels: Pixels) -> dict[str, npt.NDArray[np.float64]]:
    """Return those columns [B] of `MEANINGS` that are sums over the pixels [B, H, W, channels], all inside the box."""
    luma, colour = _luma_and_colour(pixels)
    measured = {"picture_brightness": luma.mean(axis=(1, 2)), **colour}
    measured.pop("picture_colourfulness", None)
    return {name: np.asarray(values, np.float64) for name, values in measured.items()}


def with_picture_columns(table: RawTable, images: ImageStore) -> tuple[RawTable, tuple[str, ...]]:
    """Put the columns behind those of the source, and return the names of those that were added.

    What does not vary is left out, and so is what the source has a column of the same name for.

    Parameters
    ----------
    table
        One row per picture.
    images
        The pictures.
    """
    measured = measure_pictures(images)
    taken = [name for name in measured if name in table.names]
    added = {
        name: values
        for name, values in measured.items()
        if name not in taken and len(np.unique(values[~np.isnan(values)])) > 1
    }
    undefined = {name: int(np.isnan(values).sum()) for name, values in added.items()}
    remarks = {name: (f"not defined for {n:,} picture(s) of one grey level",) for name, n in undefined.items() if n}
    said = f"not computed from the pictures, because the data has columns of these names: {first_few(taken)}"
    extended = replace(
        table,
        names=(*table.names, *added),
        cells=(*table.cells, *map(NumberCells, added.values())),
        notes=(*table.notes, *((said,) if taken else ())),
        problems={**table.problems, **remarks},
    )
    return extended, tuple(added)


def with_same_columns(table: RawTable, images: ImageStore, names: Collection[str]) -> RawTable:
    """Put the columns of another data set beside those of a table, in place of any that are called the same.

    Parameters
    ----------
    table
        One row per picture.
    images
        The pictures, brought to the form of those of the other data set.
    names
        Which columns that data set has.
    """
    if not names:
        return table
    measured = {name: values for name, values in measure_pictures(images).items() if name in names}
    own = table.with_columns([name for name in table.names if name not in measured])
    shadowed = [name for name in table.names if name in measured]
    said = f"computed from the pictures as in the run, not taken from the data: {first_few(shadowed)}"
    return replace(
        own,
        names=(*own.names, *measured),
        cells=(*own.cells, *map(NumberCells, measured.values())),
        notes=(*table.notes, *((said,) if shadowed else ())),
    )


def are_bound(one: str, other: str) -> bool:
    """Whether two of the columns are tied by what they measure, so that their dependence says nothing about the data.

    A dark picture has little contrast, and what lies at the edge cannot be far spread. Only the two coordinates of the
    centre, and each of them with any measure of light, sharpness or colour, are free of one another.

    Parameters
    ----------
    one, other
        Names among `MEANINGS`.

    Examples
    --------
    >>> are_bound("picture_brightness", "picture_contrast"), are_bound("picture_centre_x", "picture_brightness")
    (True, False)
    """
    return _EXTENT in (one, other) or not {one, other} & _CENTRE


def computed_columns(schema: Schema) -> frozenset[str]:
    """Return the columns that were computed from the pictures and that nobody gave a role."""
    return frozenset(column.name for column in schema if column.derived and column.role is Role.INPUT)


def _of_one_size(boxes: npt.NDArray[np.int32]) -> Iterator[tuple[npt.NDArray[np.int32], npt.NDArray[np.intp]]]:
    """Yield each box among boxes [B, 4] with positions of the pictures that have it, a few at a time."""
    kinds, kind = np.unique(boxes, axis=0, return_inverse=True)
    for number, box in enumerate(kinds):
        alike = np.flatnonzero(kind.ravel() == number)
        for start in range(0, len(alike), _MEASURED):
            yield box, alike[start : start + _MEASURED]


# --- measures of B pictures of one size -----------------------------------------------------------------------------


def _measures(pixels: Pixels) -> dict[str, Values]:
    luma, colour = _luma_and_colour(pixels)
    varies = luma.max(axis=(1, 2)) > luma.min(
        axis=(1, 2)
    )  # rounding lets even the variance of a constant differ from 0
    variance = np.where(varies, luma.var(axis=(1, 2)), 0.0)
    outermost = np.ones(luma.shape[1:], dtype=bool)
    outermost[1:-1, 1:-1] = False
    foreground = np.abs(luma - np.asarray(np.median(luma[:, outermost], axis=1))[:, None, None])
    return {
        "picture_brightness": luma.mean(axis=(1, 2)),
        "picture_contrast": np.sqrt(variance),
        **colour,
        "picture_sharpness": _sharpness(luma, variance),
        **_place(foreground),
        "picture_foreground": foreground.mean(axis=(1, 2)),
    }


def _luma_and_colour(pixels: Pixels) -> tuple[Values, dict[str, Values]]:
    """Luma [B, H, W] from 0 to 1, and the columns of colour, if there is any."""
    if pixels.shape[-1] == 1:
        return pixels[..., 0].astype(np.float32) / 255, {}
    red, green, blue = (pixels[..., channel].astype(np.float32) for channel in range(3))
    luma = (_LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue) / 255
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    spread = np.hypot(red_green.std(axis=(1, 2)), yellow_blue.std(axis=(1, 2)))
    offset = np.hypot(red_green.mean(axis=(1, 2)), yellow_blue.mean(axis=(1, 2)))
    warmth = (red.mean(axis=(1, 2)) - blue.mean(axis=(1, 2))) / 255
    return luma, {"picture_colourfulness": spread + 0.3 * offset, "picture_warmth": warmth}


def _sharpness(luma: Values, variance: Values) -> Values:
    """[B]; NaN where luma does not vary, or a picture is too narrow for a Laplacian."""
    if min(luma.shape[1:]) < 3:
        return np.full(len(luma), np.nan)
    middle = luma[:, 1:-1, 1:-1]
    laplacian = luma[:, :-2, 1:-1] + luma[:, 2:, 1:-1] + luma[:, 1:-1, :-2] + luma[:, 1:-1, 2:] - 4 * middle
    edges = np.maximum(laplacian.var(axis=(1, 2)), _ROUNDING)
    varies = variance > 0
    return np.where(varies, np.log(edges / np.where(varies, variance, 1.0)), np.nan)


def _place(foreground: Values) -> dict[str, Values]:
    """Centre and extent of the foreground [B, H, W]; NaN where there is none."""
    height, width = foreground.shape[1:]
    mass = foreground.sum(axis=(1, 2), dtype=np.float64)
    held = np.where(mass > 0, mass, np.nan)
    moments = []
    for axis, size in ((1, width), (2, height)):
        places = np.arange(size) + 0.5
        share = foreground.sum(axis=axis, dtype=np.float64) / held[:, None]
        centre = share @ places
        moments.append((centre / size, np.square(places - centre[:, None]), share))
    squared = sum((share * distance).sum(axis=1) for _, distance, share in moments)
    return {
        "picture_centre_x": moments[0][0],
        "picture_centre_y": moments[1][0],
        "picture_extent": np.sqrt(squared) / max(height, width),
    }
