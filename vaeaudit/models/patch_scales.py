"""What energy a patch of a picture, and of its residual, usually has: whitening at several scales, learned robustly.

The detector of Reed and Yu (1990, RX) on patches: the squared length of a patch after whitening by the covariance of
all patches, which is the same for every direction a usual patch may vary in. It is applied to residuals x - E[x|z],
which are neither white nor alike for all pictures, and to the pictures themselves, which no model can memorise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

FloatArray = npt.NDArray[np.floating]
BoolArray = npt.NDArray[np.bool_]

#: (pixels averaged, side of the patch after that), by rising footprint: fine texture to coarse shape.
SCALES = ((1, 5), (1, 9), (2, 5), (4, 3))
#: Added to an energy before its logarithm is taken.
ENERGY_FLOOR = 1e-6
#: Share of the patches, those of largest energy, that the covariance is not estimated from.
_TRIM = 0.1
#: Ridge on the covariance, as a share of the mean variance.
_RIDGE = 1e-2
#: Variance of rounding to one of 255 grey levels: what is smaller is not there.
_ROUNDING = 1 / (12 * 255**2)
#: Patches, over all channels, that a scale is learned from; fewer than so many per value make no covariance.
_SAMPLED_PATCHES = 30_000
_PATCHES_PER_VALUE = 10


@dataclass(frozen=True)
class PatchScale:
    """Whitening of k x k patches after averaging `factor` x `factor` pixels.

    Attributes
    ----------
    factor
        Pixels averaged along each side.
    filters, bias
        [k, k, 1, k * k] and [k * k]; a convolution with them gives the whitened coordinates of each patch, its mean
        subtracted.
    centre, spread
        Median of the log energy of patches (the mean square of the whitened coordinates, over all channels), and its
        robust standard deviation: 1.4826 times the median distance from it.
    """

    factor: int
    filters: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    centre: float
    spread: float

    def __post_init__(self) -> None:
        side = self.filters.shape[0] if self.filters.ndim else 0
        if self.filters.shape != (side, side, 1, side**2) or side < 1:
            raise ValueError(f"filters must be [k, k, 1, k * k], found {self.filters.shape}")
        if self.bias.shape != (side**2,):
            raise ValueError(f"bias must be [{side**2}], found {self.bias.shape}")
        if self.factor < 1 or not self.spread > 0:
            raise ValueError(f"factor and spread must be positive, found {self.factor} and {self.spread}")
        if not (np.isfinite(self.filters).all() and np.isfinite(self.bias).all() and np.isfinite(self.centre)):
            raise ValueError("filters, bias and centre must be finite")

    @property
    def side(self) -> int:
        """K."""
        return int(self.filters.shape[0])


@dataclass(frozen=True)
class PatchScales:
    """The scales of residuals and of pictures.

    Attributes
    ----------
    residual, image
        By rising footprint, the same for both; none where pictures are too small for any.
    """

    residual: tuple[PatchScale, ...]
    image: tuple[PatchScale, ...]

    def __post_init__(self) -> None:
        shapes = [[(scale.factor, scale.side) for scale in of] for of in (self.residual, self.image)]
        if shapes[0] != shapes[1]:
            raise ValueError(f"residual and image must have the same scales, found {shapes[0]} and {shapes[1]}")

    @property
    def n_statistics(self) -> int:
        """K + 2: what `vaeaudit.models.image_scores.image_statistics` returns per picture."""
        return 1 + len(self.residual) + len(self.image) + 2

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return plain arrays; their names begin with `patch_`."""
        arrays: dict[str, npt.NDArray[Any]] = {"patch_scales": np.array(len(self.residual))}
        for of, scales in (("residual", self.residual), ("image", self.image)):
            for place, scale in enumerate(scales):
                arrays |= {f"patch_{of}_{place}_{name}": np.asarray(value) for name, value in vars(scale).items()}
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Rebuild the scales from `to_arrays`; other arrays are passed over.

        Raises
        ------
        KeyError, ValueError
            Where an array is missing, or is none that `to_arrays` returns.
        """
        n_scales = int(arrays["patch_scales"])
        if not 0 <= n_scales <= len(SCALES):
            raise ValueError(f"patch_scales must lie between 0 and {len(SCALES)}, found {n_scales}")

        def scale(of: str, place: int) -> PatchScale:
            factor, filters, bias, centre, spread = (
                arrays[f"patch_{of}_{place}_{name}"] for name in ("factor", "filters", "bias", "centre", "spread")
            )
            return PatchScale(int(factor), filters, bias, float(centre), float(spread))

        residual, image = (tuple(scale(of, place) for place in range(n_scales)) for of in ("residual", "image"))
        return cls(residual, image)


def usable_scales(height: int, width: int) -> tuple[tuple[int, int], ...]:
    """Return the scales of which at least two patches fit along each side of a picture.

    Parameters
    ----------
    height, width
        Of the pictures.

    Examples
    --------
    >>> usable_scales(8, 8)
    ((1, 5),)
    """
    smallest = min(height, width)
    return tuple((f, k) for f, k in SCALES if smallest // f > k) or ((1, min(3, smallest)),)


def fit_patch_scales(images: FloatArray, expected: FloatArray, inside: BoolArray, *, seed: int) -> PatchScales:
    """Learn what energy patches usually have, from pictures that may hold outliers themselves.

    Parameters
    ----------
    images, expected
        [n, H, W, C] pixels and E[x|z], in [0, 1]; a sample of some thousand pictures is enough.
    inside
        [n, H, W]; False where padding stands. Only patches that lie wholly inside count.
    seed
        Of the patches that are drawn.

    Returns
    -------
    PatchScales
        From the smallest scale up to the last of which there are patches enough.
    """
    if images.shape != expected.shape or images.shape[:3] != inside.shape:
        found = f"{images.shape}, {expected.shape} and {inside.shape}"
        raise ValueError(f"expected images and expected [n, H, W, C], inside [n, H, W], found {found}")
    generator = np.random.default_rng(seed)
    difference = images - expected
    residual, image = [], []
    for factor, side in usable_scales(*images.shape[1:3]):
        places = _patch_places(inside, factor, side, _SAMPLED_PATCHES // images.shape[3], generator)
        if len(places[0]) * images.shape[3] < _PATCHES_PER_VALUE * side**2:
            break  # larger scales have fewer; those that are kept stay the first ones, as their names rely on
        residual.append(_fit_scale(_patches(_averaged(difference, factor), places, side), factor))
        image.append(_fit_scale(_patches(_averaged(images, factor), places, side), factor))
    return PatchScales(tuple(residual), tuple(image))


def _patch_places(
    inside: BoolArray, factor: int, side: int, most: int, generator: np.random.Generator
) -> tuple[npt.NDArray[np.intp], ...]:
    """Draw patches that lie wholly inside: picture, row and column of their upper left corners, three arrays [M]."""
    mask = _averaged(inside[..., None].astype(np.float32), factor)[..., 0] > 1 - 1e-3  # all pixels of the average
    # The number of pixels inside a patch is a difference of sums over rectangles that begin at the corner.
    sums = np.pad(mask.astype(np.int32).cumsum(axis=1).cumsum(axis=2), ((0, 0), (1, 0), (1, 0)))
    within = sums[:, side:, side:] - sums[:, :-side, side:] - sums[:, side:, :-side] + sums[:, :-side, :-side]
    corners = np.flatnonzero(within == side**2)
    drawn = generator.choice(corners, min(most, len(corners)), replace=False)
    return np.unravel_index(np.sort(drawn), within.shape)


def _patches(images: FloatArray, places: tuple[npt.NDArray[np.intp], ...], side: int) -> npt.NDArray[np.float64]:
    """Return patches [M, C, k * k] without their means."""
    windows = sliding_window_view(images, (side, side), axis=(1, 2))
    patches = windows[places].astype(np.float64).reshape(len(places[0]), images.shape[3], side**2)
    return patches - patches.mean(axis=2, keepdims=True)


def _fit_scale(patches: npt.NDArray[np.float64], factor: int) -> PatchScale:
    n_values = patches.shape[2]
    side = int(np.sqrt(n_values))
    flat = patches.reshape(-1, n_values)
    kept = np.ones(len(flat), bool)
    for _ in range(2):
        mean = flat[kept].mean(axis=0)
        centred = flat[kept] - mean
        covariance = centred.T @ centred / len(centred)
        covariance += (_RIDGE * np.trace(covariance) / n_values + _ROUNDING) * np.eye(n_values)
        whitening = np.linalg.cholesky(np.linalg.inv(covariance))
        energy = np.square((flat - mean) @ whitening).mean(axis=1)
        kept = energy <= np.quantile(energy, 1 - _TRIM)
    log_energy = np.log(energy.reshape(patches.shape[:2]).mean(axis=1) + ENERGY_FLOOR)
    centre = float(np.median(log_energy))
    # White noise has this spread; where most patches are alike it would be 0.
    least = np.sqrt(2 / n_values)
    centring = np.eye(n_values) - 1 / n_values
    return PatchScale(
        factor,
        (centring @ whitening).reshape(side, side, 1, n_values).astype(np.float32),
        (-mean @ whitening).astype(np.float32),
        centre,
        max(1.4826 * float(np.median(np.abs(log_energy - centre))), least),
    )


def _averaged(images: FloatArray, factor: int) -> FloatArray:
    """Average squares of `factor` pixels [n, H // factor, W // factor, C]; a remainder at the end is left out."""
    if factor == 1:
        return images
    n, height, width, channels = images.shape
    rows, columns = height // factor, width // factor
    cut = images[:, : rows * factor, : columns * factor]
    return np.asarray(cut.reshape(n, rows, factor, columns, factor, channels).mean(axis=(2, 4)))
