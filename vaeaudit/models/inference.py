"""What passing rows through a trained model has in common for tables and pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from vaeaudit.data.encoding.rows import Rows
from vaeaudit.models.graphs import Traced, run_as_written, traced
from vaeaudit.models.vae import Batch, BetaVAE

#: Positions of a traversal, in standard deviations of the prior.
TRAVERSAL = np.linspace(-2.5, 2.5, 11)

#: Rows per call into the graph, and the most numbers that the decoder may return in one call: S x rows x parameters.
#: With 20 million of them, 6,000 faces took 2.1 GB instead of 1.8, and more time.
CHUNK = 2048
_MOST_OUTPUTS = 6_000_000
#: Latents decoded in one call.
_DECODED = 512


def posterior_means(model: BetaVAE, rows: Rows) -> npt.NDArray[np.float32]:
    """Return the posterior means [N, L] of rows.

    Parameters
    ----------
    model, rows
        Trained, and encoded for it.
    """
    return mean_encoder(model)(rows)


def class_probabilities(model: BetaVAE, rows: Rows) -> npt.NDArray[np.float32]:
    """Return p(y|z) [N, K] of rows at their posterior means.

    Parameters
    ----------
    model, rows
        Trained to tell a label, and encoded for it.
    """
    return np.asarray(by_chunk(model, _class_probabilities, rows, 1)[0])


def _class_probabilities(model: BetaVAE, *batch: tf.Tensor) -> tuple[tf.Tensor, ...]:
    return (tf.nn.softmax(model.class_logits(model.encode(batch)[0])),)


def mean_encoder(model: BetaVAE) -> Callable[[Rows], npt.NDArray[np.float32]]:
    """Return `posterior_means` of one model, traced once for many calls; it follows the model's weights."""
    encode = compiled(model, _encode)
    size = chunk_size(model, 1)
    return lambda rows: np.concatenate([encode(*tensors(part))[0].numpy() for part in chunks(rows, size)])


def _encode(model: BetaVAE, *batch: tf.Tensor) -> tuple[tf.Tensor, ...]:
    return model.encode(batch)


def chunk_size(model: BetaVAE, n_samples: int) -> int:
    """Return how many rows to score in one call: fewer where the decoder has many outputs, so that memory is bounded.

    Parameters
    ----------
    model
        Its decoder returns `n_parameters` numbers per row and sample.
    n_samples
        S.
    """
    return int(np.clip(_MOST_OUTPUTS // (n_samples * model.likelihood.n_parameters), 16, CHUNK))


def chunks(rows: Rows, size: int) -> Iterator[Rows]:
    """Yield rows in order, at most `size` at a time."""
    for start in range(0, len(rows), size):
        yield rows.take(slice(start, start + size))


def by_chunk(
    model: BetaVAE,
    function: Traced,
    rows: Rows,
    n_samples: int,
    most: int | None = None,
    *,
    signature: Sequence[tf.TensorSpec] = (),
) -> list[npt.NDArray[Any]]:
    """Return all that `function(model, *batch)` returns of rows, each part put together again.

    Parameters
    ----------
    model, function, signature
        As for `compiled`.
    rows, n_samples, most
        All rows; S, as for `chunk_size`; and how many go into one call at most.
    """
    evaluate, size = compiled(model, function, *signature), min(chunk_size(model, n_samples), most or len(rows))
    pieces = [evaluate(*tensors(part)) for part in chunks(rows, size)]
    return [np.concatenate([part.numpy() for part in parts]) for parts in zip(*pieces, strict=True)]


def expected_features(
    model: BetaVAE, z: npt.NDArray[np.floating], condition: npt.NDArray[np.floating] | None = None
) -> Iterator[tf.Tensor]:
    """Yield E[features|z, y] [B, D] for latents [A, L] and y [A, E], in order, at most `_DECODED` at a time."""
    parts = (z,) if condition is None else (z, condition)
    expected = compiled(model, _expected_features, *points_like(parts))
    for start in range(0, len(z), _DECODED):
        yield expected(*(tf.constant(part[start : start + _DECODED], tf.float32) for part in parts))


def _expected_features(model: BetaVAE, *parts: tf.Tensor) -> tf.Tensor:
    return model.expected_features(*parts)


def points_like(parts: Sequence[npt.NDArray[np.floating]]) -> list[tf.TensorSpec]:
    """Return shapes and types of latents [A, L], and of the condition [A, E] behind them, as `compiled` wants them."""
    return [tf.TensorSpec([None, part.shape[-1]], tf.float32) for part in parts]


def traversal_latents(model: BetaVAE) -> npt.NDArray[np.float32]:
    """Return [L, T, L]: one latent at each of the positions `TRAVERSAL`, all others at 0."""
    n_latents = model.config.latents
    z = np.zeros((n_latents, len(TRAVERSAL), n_latents), np.float32)
    for latent in range(n_latents):
        z[latent, :, latent] = TRAVERSAL
    return z


def usual_condition(model: BetaVAE, n_points: int) -> npt.NDArray[np.float32] | None:
    """Return the usual condition for each of some points [A, E]; None where the model is given none."""
    return None if model.condition is None else np.tile(model.condition.usual, (n_points, 1))


def compiled(model: BetaVAE, function: Traced, *signature: tf.TensorSpec) -> Traced:
    """Trace `function(model, *batch)` once per model, for any number of rows; it follows the model's weights.

    Tracing costs more than a pass over a small table, and TensorFlow warns about tracing the same function often.

    Parameters
    ----------
    model, function
        Trained or not; a function of a module (a new one each time would be traced each time).
    *signature
        Shapes and types of what the function takes; those of a batch where none are given.
    """
    if function not in model.graphs:
        graph = traced(partial(function, model), *(signature or model.signature))
        model.graphs[function] = graph if model.is_rewritten else run_as_written(graph)
    known: Traced = model.graphs[function]
    return known


def seed_noise(model: BetaVAE, seed: int) -> None:
    """Set the model's noise, so that the same seed gives the same posterior samples."""
    model.noise.state.assign(tf.cast([seed, 0], model.noise.state.dtype))


def tensors(rows: Rows) -> Batch:
    """Return rows as the tensors of one batch."""
    return tuple(tf.constant(part) for part in rows.arrays())
