"""Arrays of pictures, N x H x W [x channels] of any number type, as pictures of uint8."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from vaeaudit.data.images.decoding import Picture, Unusable, UnusablePictureError, picture_of
from vaeaudit.data.images.value_range import LEAST_OF_BYTES, TOLERANCE, lies_far_beyond, usual_range
from vaeaudit.data.sources.numpy_files import StoredArray
from vaeaudit.errors import InputError

_CHANNELS = (1, 3, 4)


@dataclass(frozen=True)
class Layout:
    """How the axes of an array of pictures are to be read: height, width, channels, and whether channels come first."""

    height: int
    width: int
    channels: int
    channels_first: bool

    def arrange(self, chunk: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Bring [B, ...] to [B, H, W] for one channel, else to [B, H, W, channels]."""
        if self.channels_first:
            chunk = np.moveaxis(chunk, 1, -1)
        return chunk.reshape(len(chunk), self.height, self.width) if self.channels == 1 else chunk


@dataclass(frozen=True)
class Scale:
    """Maps values to 0 to 255: 0 is `low`, and 255 is `low + span`. `note` says which range was assumed."""

    low: float
    span: float
    note: str

    def apply(self, chunk: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        """Map finite values."""
        if chunk.dtype == np.uint8 and (self.low, self.span) == (0.0, 255.0):
            return np.asarray(chunk)
        fits_single = chunk.dtype.itemsize <= 2 or chunk.dtype == np.float32
        values: npt.NDArray[Any] = chunk.astype(np.float32 if fits_single else np.float64)
        shades: npt.NDArray[Any] = np.rint(np.clip((values - self.low) * (255 / self.span), 0, 255))
        return shades.astype(np.uint8)


def layout_of(array: StoredArray) -> Layout:
    """Read height, width and channels from the shape.

    Raises
    ------
    InputError
        Where it is no array of pictures.
    """
    expected = "expected pictures as N x H x W, N x H x W x channels or N x channels x H x W, channels 1, 3 or 4"
    shape = array.shape
    if len(shape) == 2:
        raise InputError(
            f"{array.path.name}: {expected}, found {array}.",
            hint="Without --kind images the rows are read as vectors; to see pictures, reshape the array.",
        )
    if len(shape) == 3 and shape[2] > max(_CHANNELS):
        return Layout(shape[1], shape[2], 1, channels_first=False)
    if len(shape) == 4 and shape[3] in _CHANNELS:
        return Layout(shape[1], shape[2], shape[3], channels_first=False)
    if len(shape) == 4 and shape[1] in _CHANNELS:
        return Layout(shape[2], shape[3], shape[1], channels_first=True)
    raise InputError(f"{array.path.name}: {expected}, found {array}.")


def scale_of(array: StoredArray) -> Scale:
    """Find the range of the values, as `usual_range` does."""
    found = usual_range(*_extremes(array))
    return Scale(found.black, found.white - found.black, found.note)


def stated_scale(array: StoredArray, value_range: tuple[float, float]) -> Scale:
    """Read values in a range that other pictures had; those that lie a little beyond it end at black or at white.

    Raises
    ------
    InputError
        Where values lie so far beyond it, or fill so little of it, that they must be written on another scale.
    """
    black, white = value_range
    span = white - black
    low, high = _extremes(array)
    shrunk = array.dtype.kind == "f" and white >= LEAST_OF_BYTES and -1 - TOLERANCE <= low <= high <= 1 + TOLERANCE
    if shrunk or lies_far_beyond(low, high, black, white):
        raise InputError(
            f"{array.path.name}: expected values from {black:g} (black) to {white:g} (white), as the run's pictures "
            f"have, found {low:g} to {high:g}.",
            hint="Bring them to the same scale.",
        )
    return Scale(black, span, f"{black:g} is read as black, {white:g} as white, as in the run")


def pictures(array: StoredArray, layout: Layout, scale: Scale, side: int) -> Generator[Picture | Unusable, None, None]:
    """Bring the pictures of an array to `side` x `side` pixels; one that holds NaN or infinity is refused."""
    for chunk in array.chunks():
        values = layout.arrange(chunk)
        is_float, n_rows = values.dtype.kind == "f", len(values)
        strange = (~np.isfinite(values)).reshape(n_rows, -1).sum(axis=1) if is_float else np.zeros(n_rows, np.int64)
        arranged = scale.apply(np.where(np.isfinite(values), values, scale.low) if strange.any() else values)
        for pixels, count in zip(arranged, strange.tolist(), strict=True):
            if count:
                yield Unusable(f"{count:,} of {layout.height * layout.width * layout.channels:,} values are not finite")
            else:
                yield _picture(pixels, side)


def _picture(pixels: npt.NDArray[np.uint8], side: int) -> Picture | Unusable:
    image = Image.fromarray(np.ascontiguousarray(pixels))
    try:
        return picture_of(image, side, mode=image.mode)
    except UnusablePictureError as error:
        return Unusable(str(error))


def _extremes(array: StoredArray) -> tuple[float, float]:
    """Return the lowest and the highest finite value; (inf, -inf) where there is none."""
    low, high = np.inf, -np.inf
    for chunk in array.chunks():
        is_float = chunk.dtype.kind == "f"
        finite = chunk[np.isfinite(chunk)] if is_float else np.array([chunk.min(), chunk.max()], np.float64)
        low, high = min(low, float(finite.min(initial=np.inf))), max(high, float(finite.max(initial=-np.inf)))
        if array.dtype == np.uint8 and high >= LEAST_OF_BYTES:
            return 0.0, 255.0
    return low, high
