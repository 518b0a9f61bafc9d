"""What the outlier score of a picture is made of, and where in the picture it comes from; no labels.

The raw likelihood of a picture says above all how complex it is (Nalisnick 2019; Ren 2019). Here the patches of its
residual, and of the picture itself, are measured against what patches usually are; an energy of the
picture is that of its worst patches; and two measures of its complexity go along, so that
`vaeaudit.scoring.image_score` can compare it with pictures of the same complexity.

What is usual is the detector of Reed and Yu (1990, RX) on patches: the squared length of a patch after whitening by the
covariance of all patches, which is the same for every direction a usual patch may vary in. It is applied to residuals
x - E[x|z], which are neither white nor alike for all pictures, and to the pictures themselves, which no model can
memorise; at several scales, and learned robustly.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import tensorflow as tf
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
#: Share of a picture's patches that is averaged: a defect is local, a single patch is noise.
WORST_SHARE = 0.05
#: Squared gradient below which a pixel counts as flat: (2.5 grey levels of 255)^2.
FLAT = 1e-4
#: Whitened values that are in memory at once.
_MOST_VALUES = 30_000_000
#: Patches along the longer side up to which they are taken at every (second) place.
_DENSE = 64


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
        residual.append(_fit_scale(_patches(_box_averaged(difference, factor), places, side), factor))
        image.append(_fit_scale(_patches(_box_averaged(images, factor), places, side), factor))
    return PatchScales(tuple(residual), tuple(image))


def _patch_places(
    inside: BoolArray, factor: int, side: int, most: int, generator: np.random.Generator
) -> tuple[npt.NDArray[np.intp], ...]:
    """Draw patches that lie wholly inside: picture, row and column of their upper left corners, three arrays [M]."""
    mask = _box_averaged(inside[..., None].astype(np.float32), factor)[..., 0] > 1 - 1e-3  # all pixels of the average
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


def _box_averaged(images: FloatArray, factor: int) -> FloatArray:
    """Average squares of `factor` pixels [n, H // factor, W // factor, C]; a remainder at the end is left out."""
    if factor == 1:
        return images
    n, height, width, channels = images.shape
    rows, columns = height // factor, width // factor
    cut = images[:, : rows * factor, : columns * factor]
    return np.asarray(cut.reshape(n, rows, factor, columns, factor, channels).mean(axis=(2, 4)))


def image_statistics(scales: PatchScales, images: tf.Tensor, expected: tf.Tensor, inside: tf.Tensor) -> tf.Tensor:
    """Return [B, K + 2]: K log energies, then two measures of complexity.

    The energies: the whole residual, its worst patches at each scale, the worst patches of the picture itself at each
    scale. The complexity: log of the mean squared gradient, and mean of its log (the typical texture).

    Parameters
    ----------
    scales
        See `fit_patch_scales`.
    images, expected
        [B, H, W, C] pixels and E[x|z], in [0, 1].
    inside
        [B, H, W, 1]; 0 where padding stands, which is not scored, else 1.
    """
    values = [tf.convert_to_tensor(part, tf.float32) for part in (images, expected, inside)]
    height, width, n_channels = values[0].shape[1:]
    per_picture = n_channels * sum(
        int(np.prod(_grid(scale, height, width))) * scale.side**2 for scale in scales.residual + scales.image
    )
    size = max(1, _MOST_VALUES // max(1, per_picture))
    n_rows = tf.shape(values[0])[0]
    pieces = tf.TensorArray(
        tf.float32, size=0, dynamic_size=True, infer_shape=False, element_shape=[None, scales.n_statistics]
    )

    def step(place: tf.Tensor, pieces: tf.TensorArray) -> tuple[tf.Tensor, tf.TensorArray]:
        part = [value[place * size : (place + 1) * size] for value in values]
        return place + 1, pieces.write(place, _statistics(scales, *part))

    # An empty batch takes one turn, too: there must be a piece to know the shape from.
    _, pieces = tf.while_loop(
        lambda place, _: tf.logical_or(place == 0, place * size < n_rows),
        step,
        (tf.constant(0), pieces),
        parallel_iterations=1,
    )
    return tf.ensure_shape(pieces.concat(), [None, scales.n_statistics])


def surprise_map(scales: PatchScales, images: tf.Tensor, expected: tf.Tensor, inside: tf.Tensor) -> tf.Tensor:
    """Return [B, H, W]: how far the residual around each pixel exceeds what is usual, in robust standard deviations.

    At each scale a pixel has the mean energy of the patches that cover it; how far its log exceeds the usual one is
    averaged over the scales. 0 where that is usual or less, on padding, and where no patch fits.

    Parameters
    ----------
    scales, images, expected, inside
        As in `image_statistics`.
    """
    images, expected, inside = (tf.convert_to_tensor(part, tf.float32) for part in (images, expected, inside))
    residual = (images - expected) * inside
    total, n_scales = tf.zeros_like(inside), tf.zeros_like(inside)
    for scale in scales.residual:
        energy, covered = _energy_per_pixel(scale, residual, inside)
        excess = (tf.math.log(energy + ENERGY_FLOOR) - scale.centre) / scale.spread
        total, n_scales = total + excess * covered, n_scales + covered
    return tf.maximum(tf.math.divide_no_nan(total, n_scales) * inside, 0.0)[..., 0]


def patch_energy(scale: PatchScale, values: tf.Tensor, inside: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the whitened energy of each patch [B, h, w] (around 1: typical), and which patches lie wholly inside.

    Parameters
    ----------
    scale
        Of the patches.
    values, inside
        [B, H, W, C] and [B, H, W, 1].
    """
    height, width, n_channels = values.shape[1:]
    stride = _stride(scale, height, width)
    one_by_one = tf.reshape(tf.transpose(values, [0, 3, 1, 2]), [-1, height, width, 1])
    whitened = tf.nn.conv2d(_averaged(one_by_one, scale), scale.filters, stride, "VALID") + scale.bias
    energy = tf.reduce_mean(tf.square(whitened), axis=-1)
    share = tf.nn.avg_pool2d(_averaged(inside, scale), scale.side, stride, "VALID")[..., 0]
    energy = tf.reduce_mean(tf.reshape(energy, [-1, n_channels, *share.shape[1:]]), axis=1)
    return energy, share > 1 - 1e-3


def worst_patches(log_energy: tf.Tensor, valid: tf.Tensor, *, otherwise: float) -> tf.Tensor:
    """Return the mean log energy [B] of the `WORST_SHARE` of patches with the most.

    Parameters
    ----------
    log_energy, valid
        [B, h, w], and which of the patches count.
    otherwise
        For a picture so narrow that no patch fits.
    """
    n_patches = log_energy.shape[1] * log_energy.shape[2]
    flat = tf.reshape(tf.where(valid, log_energy, -1e9), [-1, n_patches])
    n_valid = tf.reduce_sum(tf.cast(tf.reshape(valid, [-1, n_patches]), tf.float32), axis=1)
    n_worst = tf.maximum(1.0, tf.math.ceil(WORST_SHARE * n_valid))
    largest = tf.math.top_k(flat, max(1, int(np.ceil(WORST_SHARE * n_patches)))).values
    counted = tf.cast(tf.range(largest.shape[1]), tf.float32) < n_worst[:, None]
    return tf.where(n_valid > 0, tf.reduce_sum(tf.where(counted, largest, 0.0), axis=1) / n_worst, otherwise)


def complexity(images: tf.Tensor, inside: tf.Tensor) -> tf.Tensor:
    """Return [B, 2]: log of the mean squared gradient, and mean of its log.

    Where no gradient can be taken inside, both are those of a flat picture.

    Parameters
    ----------
    images, inside
        [B, H, W, C] and [B, H, W, 1].
    """
    across = tf.square(images[:, 1:, 1:] - images[:, 1:, :-1])
    down = tf.square(images[:, 1:, 1:] - images[:, :-1, 1:])
    counted = inside[:, 1:, 1:] * inside[:, 1:, :-1] * inside[:, :-1, 1:]
    squared = tf.reduce_mean(across + down, axis=-1, keepdims=True)
    area = tf.maximum(tf.reduce_sum(counted, axis=[1, 2, 3]), 1.0)
    mean = tf.math.log(tf.reduce_sum(squared * counted, axis=[1, 2, 3]) / area + FLAT)
    # log(1 + x) sums to 0 where nothing is counted, so that the flat picture's log(FLAT) remains.
    typical = tf.reduce_sum(tf.math.log1p(squared / FLAT) * counted, axis=[1, 2, 3]) / area + np.log(FLAT)
    return tf.stack([mean, typical], axis=1)


def _statistics(scales: PatchScales, images: tf.Tensor, expected: tf.Tensor, inside: tf.Tensor) -> tf.Tensor:
    residual = (images - expected) * inside
    n_values = tf.maximum(tf.reduce_sum(inside, axis=[1, 2, 3]), 1.0) * images.shape[-1]
    energies = [tf.math.log(tf.reduce_sum(tf.square(residual), axis=[1, 2, 3]) / n_values + ENERGY_FLOOR)]
    for of, values in ((scales.residual, residual), (scales.image, images * inside)):
        for scale in of:
            energy, valid = patch_energy(scale, values, inside)
            energies.append(worst_patches(tf.math.log(energy + ENERGY_FLOOR), valid, otherwise=scale.centre))
    return tf.concat([tf.stack(energies, axis=1), complexity(images, inside)], axis=1)


def _energy_per_pixel(scale: PatchScale, values: tf.Tensor, inside: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return [B, H, W, 1] twice: the mean energy of the patches that cover a pixel, and 1 where there are any."""
    height, width = values.shape[1:3]
    energy, valid = patch_energy(scale, values, inside)
    counted = tf.cast(valid, tf.float32)[..., None]
    coarse = [tf.shape(energy)[0], height // scale.factor, width // scale.factor, 1]
    ones = tf.ones([scale.side, scale.side, 1, 1])
    stride = _stride(scale, height, width)
    energies, counts = (
        tf.nn.conv2d_transpose(part, ones, coarse, stride, "VALID") for part in (energy[..., None] * counted, counted)
    )
    missing = [[0, 0], [0, height % scale.factor], [0, width % scale.factor], [0, 0]]
    mean, covered = (
        tf.pad(tf.repeat(tf.repeat(part, scale.factor, axis=1), scale.factor, axis=2), missing)
        for part in (tf.math.divide_no_nan(energies, counts), tf.cast(counts > 0, tf.float32))
    )
    return mean, covered


def _averaged(values: tf.Tensor, scale: PatchScale) -> tf.Tensor:
    return tf.nn.avg_pool2d(values, scale.factor, scale.factor, "VALID")


def _stride(scale: PatchScale, height: int, width: int) -> int:
    """Return the distance of neighbouring patches: denser than their side, but not so dense as to cost for nothing."""
    densest = 2 if scale.side > 5 else 1
    return int(np.clip(max(height, width) // scale.factor // _DENSE, densest, max(densest, (scale.side + 1) // 2)))


def _grid(scale: PatchScale, height: int, width: int) -> tuple[int, int]:
    """Return how many patches there are along each side."""
    stride = _stride(scale, height, width)
    rows, columns = ((side // scale.factor - scale.side) // stride + 1 for side in (height, width))
    return rows, columns
