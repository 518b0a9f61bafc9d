"""What energy a patch of a picture, and of its residual, usually has: whitening at several scales, learned robustly.

The detector of Reed and Yu (1990, RX) on patches: the squared length of a patch after whitening by the covariance of
all patches, which is the same for every direction a usual patch may vary in. It is applied to residuals x - E[x|z],
which are neither white nor alike for all pictures, and to the pictures themselves, which no model can memorise.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from vaeaudit.outputs.images import PatchScale, PatchScales, usable_scales
from vaeaudit.outputs.record import BoolArray, FloatArray

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
