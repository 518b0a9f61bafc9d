"""How evenly the decoder changes between neighbouring rows, and how near to the data it leads from the prior."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from vaeaudit.data.encoding.image_encoding import ImageEncoding
from vaeaudit.data.encoding.rows import Rows
from vaeaudit.models.inference import expected_features, tensors
from vaeaudit.models.vae import BetaVAE
from vaeaudit.outputs.latents import LatentSpace

FloatArray = npt.NDArray[np.floating]

#: Rows among which the nearest is sought; more change the distances little and cost in proportion.
REFERENCE_ROWS = 5000
#: Held-out rows, prior samples, and pairs of neighbours: shares of 1,000 are known to 3 points or better.
HELD_OUT_ROWS = 1000
PRIOR_SAMPLES = 1000
PAIRS = 500
#: Steps on the way from a row to its neighbour.
STEPS = 10
#: A row's neighbour is drawn from this many of its nearest rows.
NEIGHBOURHOOD = 10
#: K of the coverage: a set of the same distribution covers 1 - 2^-5 = 97 % (Naeem 2020, who take K = 5 too).
GAP_NEIGHBOURS = 5
#: Pictures are averaged to at most this many pixels a side before distances are taken.
MOST_PIXELS = 16
#: Rows read in one call, and distances held at once.
_CHUNK = 512
_MOST_DISTANCES = 4_000_000


class Encoded(Protocol):
    """What is read of the codes of N rows: posterior [N, L], held-out rows [N], latents that carry information [L]."""

    @property
    def mean(self) -> FloatArray: ...  # noqa: D102 - said above

    @property
    def stddev(self) -> FloatArray: ...  # noqa: D102

    @property
    def held_out(self) -> npt.NDArray[np.bool_]: ...  # noqa: D102

    @property
    def active(self) -> npt.NDArray[np.bool_]: ...  # noqa: D102

    @property
    def n_latents(self) -> int: ...  # noqa: D102

    def __len__(self) -> int: ...


def measure_latent_space(model: BetaVAE, rows: Rows, codes: Encoded, *, seed: int) -> LatentSpace:
    """Measure what continuity, completeness and coverage of the latent space are computed from.

    What the model is given stays as it is on a walk and in a reconstruction; a prior sample is given that of a row.
    Rows and decodings are compared as the features that the encoder sees: standardised numbers, one-hot codes (or
    probabilities) and missing masks of a table; pixels of a picture, averaged to at most 16 x 16. Prior samples are
    drawn from N(0, I), under the objective `ae` too, which does not train towards it.

    Parameters
    ----------
    model
        Trained.
    rows, codes
        [N]; all rows of the dataset, and what the model knows about them. N >= 2.
    seed
        Of the chosen rows, the pairs, the posterior and the prior samples.

    Raises
    ------
    ValueError
        Where there are fewer than two rows, or `rows` and `codes` differ in length.
    """
    if len(rows) != len(codes) or len(rows) < 2:
        raise ValueError(f"rows and codes must share N >= 2 rows, found {len(rows)} and {len(codes)}")
    generator = np.random.default_rng(seed)
    held_out, reference = _split(codes.held_out, generator)
    features = _features(model, rows, reference)
    held_out_features = _features(model, rows, held_out)
    compared = reference[:PRIOR_SAMPLES]
    given, given_compared = (_condition(rows, index) for index in (held_out, compared))
    prior = _decoded(model, generator.normal(size=(len(compared), codes.n_latents)), given_compared)
    others = _decoded(model, _posterior_sample(codes, compared, generator), given_compared)
    reconstructed = _decoded(model, _posterior_sample(codes, held_out, generator), given)
    at_mean = _decoded(model, codes.mean[held_out], given)
    n_neighbours = min(GAP_NEIGHBOURS, len(compared))
    starts, neighbours = _neighbours(codes, held_out, reference, generator)
    near, _ = _walks(model, codes.mean[starts], neighbours, _condition(rows, starts))
    ends = generator.permutation(len(codes))[: 2 * PAIRS]
    ends = ends[: len(ends) // 2 * 2].reshape(2, -1)
    far, apart = _walks(model, codes.mean[ends[0]], codes.mean[ends[1]], _condition(rows, ends[0]))
    return LatentSpace(
        step_lengths=near,
        far_step_lengths=far,
        far_distance=apart,
        prior_distance=nearest_distance(prior, features),
        held_out_distance=nearest_distance(reconstructed, features),
        prior_gap=nearest_distance(reconstructed, prior),
        held_out_gap=nearest_distance(reconstructed, others, n_neighbours),
        error=np.square(held_out_features - at_mean).sum(axis=1),
        spread=np.square(held_out_features - features.mean(axis=0)).sum(axis=1),
        n_compared=len(compared),
        n_neighbours=n_neighbours,
        n_reference=len(reference),
    )


def nearest_distance(points: FloatArray, others: FloatArray, k: int = 1) -> FloatArray:
    """Return [A]; Euclidean distance of each of `points` [A, D] to the k-th nearest of `others` [B, D]."""
    return np.sqrt(_k_nearest(points, others, k)[0][:, k - 1])


def _k_nearest(points: FloatArray, others: FloatArray, k: int) -> tuple[FloatArray, npt.NDArray[np.intp]]:
    """Return squared distances and positions [A, k] of the k nearest of `others`, the nearest first."""
    others = others.astype(np.float64)
    centre = others.mean(axis=0)  # far from 0 the products below would lose the digits of small distances
    others = others - centre
    norms = np.square(others).sum(axis=1)
    size = max(1, _MOST_DISTANCES // len(others))
    distances, places = [], []
    for start in range(0, len(points), size):
        part = points[start : start + size] - centre
        squared = np.maximum(np.square(part).sum(axis=1)[:, None] + norms - 2 * part @ others.T, 0.0)
        nearest = np.argpartition(squared, k - 1, axis=1)[:, :k]
        found = np.take_along_axis(squared, nearest, axis=1)
        order = np.argsort(found, axis=1, kind="stable")
        distances.append(np.take_along_axis(found, order, axis=1))
        places.append(np.take_along_axis(nearest, order, axis=1))
    return np.concatenate(distances), np.concatenate(places)


def _split(
    held_out: npt.NDArray[np.bool_], generator: np.random.Generator
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Choose held-out rows and, apart from them, reference rows; where all or none are held out, by chance."""
    order = generator.permutation(len(held_out))
    chosen, rest = order[held_out[order]], order[~held_out[order]]
    if not len(chosen) or not len(rest):
        chosen, rest = np.split(order, [max(1, len(order) // 10)])
    return chosen[:HELD_OUT_ROWS], rest[:REFERENCE_ROWS]


def _posterior_sample(codes: Encoded, rows: npt.NDArray[np.intp], generator: np.random.Generator) -> FloatArray:
    """Return one z ~ q(z|x) per row [len(rows), L]."""
    return codes.mean[rows] + codes.stddev[rows] * generator.normal(size=(len(rows), codes.n_latents))


def _neighbours(
    codes: Encoded, held_out: npt.NDArray[np.intp], reference: npt.NDArray[np.intp], generator: np.random.Generator
) -> tuple[npt.NDArray[np.intp], FloatArray]:
    """Return M rows, and the posterior mean [M, L] of one of the nearest of each that is not at the same place."""
    starts = np.concatenate([held_out, reference])[:PAIRS]
    active = codes.active if codes.active.any() else np.ones(codes.n_latents, bool)
    others = np.unique(codes.mean[reference][:, active], axis=0, return_index=True)[1]
    ends = reference[others]
    k = min(NEIGHBOURHOOD + 1, len(ends))
    squared, places = _k_nearest(codes.mean[starts][:, active], codes.mean[ends][:, active], k)
    apart = np.any(codes.mean[ends[places]][..., active] != codes.mean[starts][:, None, active], axis=-1)
    # each neighbour that stands apart is as likely as any other; without one there is no way to walk
    drawn = np.argmax(np.where(apart, generator.random(squared.shape), -1.0), axis=1)
    walks = apart.any(axis=1)
    chosen = ends[places[np.arange(len(starts)), drawn]]
    return starts[walks], codes.mean[chosen[walks]]


def _walks(
    model: BetaVAE, start: FloatArray, end: FloatArray, condition: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """Return how far the decoding moves in each of T equal steps from `start` to `end`, both [M, L], and in all.

    [M, T], and the distance [M] of the decoding of `end` from that of `start`; what is given [M, E] stays as it is.
    """
    if not len(start):
        return np.zeros((0, STEPS)), np.zeros(0)
    weight = np.linspace(0.0, 1.0, STEPS + 1)[:, None]
    path = start[:, None] + weight * (end - start)[:, None]
    given = None if condition is None else np.repeat(condition, path.shape[1], axis=0)
    decoded = _decoded(model, path.reshape(-1, path.shape[-1]), given).reshape(*path.shape[:2], -1)
    steps = np.linalg.norm(np.diff(decoded, axis=1), axis=-1)
    return np.asarray(steps, np.float64), np.linalg.norm(decoded[:, -1] - decoded[:, 0], axis=-1)


def _condition(rows: Rows, index: npt.NDArray[np.intp]) -> FloatArray | None:
    """Return what the model is given beside these rows [A, E]; None where it is given nothing."""
    return None if rows.condition is None else rows.condition[index]


def _decoded(model: BetaVAE, z: FloatArray, condition: FloatArray | None) -> FloatArray:
    """Return E[features|z, y] [A, D] for latents [A, L] and what is given [A, E]."""
    return np.concatenate([_pooled(model, part) for part in expected_features(model, z, condition)])


def _features(model: BetaVAE, rows: Rows, index: npt.NDArray[np.intp]) -> FloatArray:
    """Return the features [A, D] of these rows [A]."""
    pieces = []
    for start in range(0, len(index), _CHUNK):
        part = index[start : start + _CHUNK]
        ordered, back = np.unique(part, return_inverse=True)  # pictures are read fastest in the order of the file
        pieces.append(_pooled(model, model.features(tensors(rows.take(ordered))))[back])
    return np.concatenate(pieces)


def _pooled(model: BetaVAE, features: tf.Tensor) -> FloatArray:
    """Return features [B, D] as they are, those of pictures averaged to at most `MOST_PIXELS` a side."""
    encoding = model.encoding
    if isinstance(encoding, ImageEncoding):
        pixels = tf.reshape(features, [-1, encoding.height, encoding.width, encoding.channels])
        size = [min(encoding.height, MOST_PIXELS), min(encoding.width, MOST_PIXELS)]
        pixels = tf.image.resize(tf.clip_by_value(pixels, 0.0, 1.0), size, method="area")
        features = tf.reshape(pixels, [-1, int(np.prod(pixels.shape[1:]))])
    return np.asarray(features, np.float64)
