"""From a trained model of pictures to `LatentCodes`, and to the pictures that a report shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from vaeaudit.data.encoding.image_encoding import ImageRows
from vaeaudit.data.images.measured_columns import linear_measures
from vaeaudit.models.graphs import traced
from vaeaudit.models.image.scores import fit_patch_scales, image_statistics, surprise_map
from vaeaudit.models.image.vae import ImageVAE
from vaeaudit.models.inference import (
    TRAVERSAL,
    chunk_size,
    chunks,
    compiled,
    expected_features,
    seed_noise,
    tensors,
    traversal_latents,
    usual_condition,
)
from vaeaudit.outputs.images import PatchScales, Pictures
from vaeaudit.outputs.latents import LatentCodes

PixelArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.floating]

#: Pictures from which the usual energy of a patch is learned: fewest, most, and most values.
_FEWEST, _MOST = 64, 4000
_SAMPLE_VALUES = 8_000_000
#: Samples from the prior that a run keeps.
PRIOR_SAMPLES = 32
#: Side of a thumbnail on the map of the latents.
_THUMBNAIL = 24
#: Pictures encoded in one call.
_AT_ONCE = 512


def fit_image_scales(model: ImageVAE, rows: ImageRows, *, seed: int) -> PatchScales:
    """Learn from a sample of the pictures what energy a patch usually has; see `fit_patch_scales`.

    Parameters
    ----------
    model
        Trained.
    rows
        All rows of the dataset.
    seed
        Of the sample.
    """
    most = int(np.clip(_SAMPLE_VALUES // model.encoding.n_values, _FEWEST, _MOST))
    sample = rows.take(np.sort(np.random.default_rng(seed).permutation(len(rows))[:most]))
    parts = list(_expected(model, sample))
    images, expected, inside = (np.concatenate([part[i] for part in parts]) for i in range(3))
    return fit_patch_scales(images, expected, inside[..., 0] > 0, seed=seed)


def encode_images(
    model: ImageVAE,
    rows: ImageRows,
    held_out: npt.NDArray[np.bool_],
    scales: PatchScales,
    *,
    n_samples: int,
    seed: int,
    on_rows: Callable[[int], None] = lambda done: None,
) -> LatentCodes:
    """Return posterior, bound and the statistics of the outlier score of every picture.

    Parameters
    ----------
    model
        Trained.
    rows
        [N]; need not be those the model was trained on.
    held_out
        [N]; carried into the codes.
    scales
        See `fit_image_scales`.
    n_samples
        S of the importance-weighted bound.
    seed
        Of the posterior samples; the same seed gives the same bound.
    on_rows
        Told the number of rows done.
    """
    seed_noise(model, seed)

    def score(*batch: tf.Tensor) -> tuple[tf.Tensor, ...]:
        mean, stddev, bound, per_term = model.importance_weighted(batch, n_samples)
        images, expected, inside = _laid_out(model, batch, mean)
        statistics = image_statistics(scales, images, expected, inside)
        return (
            mean,
            stddev,
            model.objective.divergence(mean, stddev),
            bound,
            tf.reduce_sum(per_term, axis=-1),
            statistics,
        )

    graph = traced(score, *model.signature)
    pieces, done = [], 0
    for chunk in chunks(rows, chunk_size(model, n_samples)):
        pieces.append([part.numpy() for part in graph(*tensors(chunk))])
        done += len(chunk)
        on_rows(done)
    mean, stddev, kl, bound, log_likelihood, statistics = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    return LatentCodes(
        mean=mean,
        stddev=stddev,
        kl=kl,
        log_likelihood=log_likelihood,
        iwae=bound,
        unit_correction=_unit_correction(model, rows),
        reason_column=np.zeros((len(rows), 0), np.int32),
        reason_nats=np.zeros((len(rows), 0), np.float32),
        reason_p=np.zeros((len(rows), 0)),
        held_out=held_out,
        columns=(),
        image_statistics=statistics,
    )


def make_pictures(
    model: ImageVAE,
    rows: ImageRows,
    scales: PatchScales,
    *,
    kept: npt.NDArray[np.int64],
    thumbnails: npt.NDArray[np.int64],
    regions: Mapping[str, tuple[FloatArray, FloatArray | None]],
    seed: int,
) -> Pictures:
    """Render what a report shows.

    Parameters
    ----------
    model, rows, scales
        Trained, and all rows of the dataset.
    kept, thumbnails
        Positions of the rows whose pictures, and whose thumbnails, are kept; rising, each once.
    regions
        Name of a region -> points [V, L] in it, the same V for all, and what the model is given beside them [V, E].
    seed
        Of the samples from the prior, and of the rows whose condition each is given.
    """
    encoding = model.encoding
    size = (encoding.height, encoding.width, encoding.channels)
    generator = np.random.default_rng(seed)
    prior = generator.normal(size=(PRIOR_SAMPLES, model.config.latents))
    given = None if rows.condition is None else rows.condition[generator.integers(len(rows), size=PRIOR_SAMPLES)]
    originals, reconstructions, surprise, top = _seen(model, rows.take(kept), scales)
    return Pictures(
        rows=kept,
        originals=originals,
        reconstructions=reconstructions,
        surprise=surprise,
        surprise_top=top,
        traversals=decode_pictures(model, traversal_latents(model).reshape(-1, model.config.latents)).reshape(
            model.config.latents, len(TRAVERSAL), *size
        ),
        prior=decode_pictures(model, prior, given),
        region_rules=np.array(list(regions), np.str_),
        regions=np.stack([decode_pictures(model, *points) for points in regions.values()])
        if regions
        else np.zeros((0, 0, *size), np.uint8),
        thumbnail_rows=thumbnails,
        thumbnails=_shrunk(rows.take(thumbnails).arrays()[0]),
    )


def decode_pictures(model: ImageVAE, z: FloatArray, condition: FloatArray | None = None) -> PixelArray:
    """Return E[x|z, y] as uint8 pictures [A, H, W, channels].

    Parameters
    ----------
    model
        Trained.
    z
        [A, L]; latents.
    condition
        [A, E]; what is given beside each. None: the usual, where the model is given any.
    """
    encoding = model.encoding
    given = usual_condition(model, len(z)) if condition is None else condition
    return _as_bytes(
        np.concatenate(list(expected_features(model, z, given))).reshape(
            -1, encoding.height, encoding.width, encoding.channels
        )
    )


def encode_pixels(model: ImageVAE, pixels: PixelArray, condition: FloatArray | None) -> FloatArray:
    """Return the posterior means [A, L] of pictures that are in no store.

    Parameters
    ----------
    model
        Trained.
    pixels, condition
        [A, H, W, channels], without padding; [A, E], what is given beside each, or None.
    """
    boxes = np.tile(np.array([0, 0, *pixels.shape[1:3]], np.int32), (len(pixels), 1))
    parts = (pixels, boxes) if condition is None else (pixels, boxes, condition.astype(np.float32))
    means = [
        model.encode(tuple(tf.constant(part[start : start + _AT_ONCE]) for part in parts))[0].numpy()
        for start in range(0, len(pixels), _AT_ONCE)
    ]
    return np.concatenate([np.zeros((0, model.config.latents), np.float32), *means])


def expected_measures(
    model: ImageVAE, z: FloatArray, condition: FloatArray
) -> dict[tuple[str, int], npt.NDArray[np.float64]]:
    """Return what the decoder expects of the computed columns that are sums over pixels, at A latents.

    What is computed otherwise, such as sharpness, a mean picture does not have: it is smoother than any picture.

    Parameters
    ----------
    model
        Trained, and given a condition.
    z, condition
        [A, L], [A, E].
    """
    measured = linear_measures(decode_pictures(model, z, condition))
    return {(name, -1): values for name, values in measured.items()}


def _seen(model: ImageVAE, rows: ImageRows, scales: PatchScales) -> tuple[PixelArray, PixelArray, PixelArray, float]:
    """Return originals, reconstructions, surprise as bytes, and what 255 stands for."""
    parts = list(_expected(model, rows))
    images, expected, inside = (np.concatenate([part[i] for part in parts]) for i in range(3))
    starts = range(0, len(images), 64)
    maps = np.concatenate(
        [
            surprise_map(scales, *(values[at : at + 64] for values in (images, expected, inside))).numpy()
            for at in starts
        ]
    )
    top = max(float(maps.max(initial=0.0)), 1.0)
    return _as_bytes(images), _as_bytes(expected), _as_bytes(maps / top), top


def _expected(model: ImageVAE, rows: ImageRows) -> Iterator[tuple[FloatArray, FloatArray, FloatArray]]:
    """Yield pictures, E[x|z] at their posterior means, and what is not padding, all [B, H, W, channels or 1]."""
    graph = compiled(model, _laid_out_at_means)
    for part in chunks(rows, chunk_size(model, 1)):
        images, expected, inside = graph(*tensors(part))
        yield images.numpy(), expected.numpy(), inside.numpy()


def _laid_out_at_means(model: ImageVAE, *batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    return _laid_out(model, batch, model.encode(batch)[0])


def _laid_out(model: ImageVAE, batch: tuple[tf.Tensor, ...], mean: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    encoding = model.encoding
    size = (-1, encoding.height, encoding.width, encoding.channels)
    pictures = (
        model.features(batch),
        model.expected_features(mean, model.parted(batch)[1]),
        model.likelihood.inside(batch[1]),
    )
    images, expected, inside = (tf.reshape(part, size) for part in pictures)
    return images, expected, inside[..., :1]


def _unit_correction(model: ImageVAE, rows: ImageRows) -> npt.NDArray[np.float64]:
    """[N]; from densities over [0, 1] to densities over grey levels; probabilities need no unit."""
    if not model.likelihood.is_normal:
        return np.zeros(len(rows))
    boxes = rows.images.boxes(rows.index).astype(np.int64)
    n_values = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) * model.encoding.channels
    return np.asarray(-n_values * np.log(255.0))


def _as_bytes(values: FloatArray) -> PixelArray:
    return np.rint(255 * np.clip(values, 0.0, 1.0)).astype(np.uint8)


def _shrunk(pixels: PixelArray) -> PixelArray:
    """Average pictures to thumbnails; small ones stay as they are."""
    height, width = pixels.shape[1:3]
    factor = max(1, -(-max(height, width) // _THUMBNAIL))
    smaller = tf.image.resize(pixels.astype(np.float32), (height // factor, width // factor), method="area")
    return np.rint(smaller.numpy()).astype(np.uint8)
