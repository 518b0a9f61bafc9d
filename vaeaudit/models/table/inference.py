"""From a trained model of a table to `LatentCodes`: every row once, in chunks, memory flat in N."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import tensorflow as tf

from vaeaudit.data.encoding.column_encoding import ColumnEncoding, Likelihood
from vaeaudit.data.encoding.rows import Rows
from vaeaudit.data.schema.columns import Kind
from vaeaudit.models.inference import (
    chunk_size,
    compiled,
    points_like,
    seed_noise,
    tensors,
    traversal_latents,
    usual_condition,
)
from vaeaudit.models.table.vae import TableVAE
from vaeaudit.outputs.latents import LatentCodes

_LARGEST = np.finfo(np.float64).max


def encode_rows(
    model: TableVAE,
    frame: pd.DataFrame,
    held_out: npt.NDArray[np.bool_],
    *,
    n_samples: int,
    seed: int,
    on_rows: Callable[[int], None] = lambda done: None,
) -> LatentCodes:
    """Return posterior and bound of every row; of its cells and of how atypical it is nothing yet.

    Parameters
    ----------
    model
        Trained.
    frame
        [N] typed rows; need not be those the model was trained on.
    held_out
        [N]; carried into the codes.
    n_samples
        S of the importance-weighted bound.
    seed
        Of the posterior samples; the same seed gives the same bound.
    on_rows
        Told the number of rows done.
    """
    seed_noise(model, seed)
    pieces: dict[str, list[np.ndarray]] = {}
    size = chunk_size(model, n_samples)
    for start in range(0, len(frame), size):
        part = frame.iloc[start : start + size]
        for name, values in _encode_chunk(model, part, n_samples).items():
            pieces.setdefault(name, []).append(values)
        on_rows(min(start + size, len(frame)))
    joined = {name: np.concatenate(arrays) for name, arrays in pieces.items()}
    nothing = np.zeros((len(frame), 0))
    return LatentCodes(
        **joined,
        reason_column=nothing.astype(np.int32),
        reason_nats=nothing.astype(np.float32),
        reason_p=nothing,
        held_out=held_out,
        columns=model.encoding.names,
    )


def traversals(model: TableVAE) -> npt.NDArray[np.float64]:
    """Return [L, T, C]: what the decoder expects of each column while one latent moves and the others are 0.

    Parameters
    ----------
    model
        Trained; the positions [T] are `TRAVERSAL`. Where it is given a condition, it is the usual one.
    """
    return decode_columns(model, traversal_latents(model))


def decode_columns(
    model: TableVAE, z: npt.NDArray[np.floating], condition: npt.NDArray[np.floating] | None = None
) -> npt.NDArray[np.float64]:
    """Return [..., C]: what the decoder expects of each column at latents z [..., L], in `in_user_units`.

    Of columns that the model is given it expects nothing: NaN.

    Parameters
    ----------
    model
        Trained.
    z
        Any number of points.
    condition
        [..., E]; what is given beside each of them. None: the usual, where the model is given any.
    """
    points = np.reshape(z, [-1, model.config.latents])
    given = usual_condition(model, len(points)) if condition is None else np.reshape(condition, [len(points), -1])
    parts = (points,) if given is None else (points, given)
    graph = compiled(model, _expectation, *points_like(parts))
    expected = graph(*(tf.constant(part, tf.float32) for part in parts)).numpy()
    columns = model.encoding.decoded.columns
    decoded = in_user_units(expected.reshape(*np.shape(z)[:-1], -1), columns)
    result = np.full((*decoded.shape[:-1], len(model.encoding.names)), np.nan)
    result[..., [model.encoding.names.index(column.name) for column in columns]] = decoded
    return result


def _expectation(model: TableVAE, *parts: tf.Tensor) -> tf.Tensor:
    return model.likelihood.expectation(model.decode(*parts))


def expected_cells(
    model: TableVAE, z: npt.NDArray[np.floating], condition: npt.NDArray[np.floating]
) -> dict[tuple[str, int], npt.NDArray[np.float64]]:
    """Return what the decoder expects of each decoded column at A latents; of dates nothing.

    Parameters
    ----------
    model
        Trained, and given a condition.
    z, condition
        [A, L], [A, E].

    Returns
    -------
    dict
        (column, -1) -> the mean [A] of a number, in the user's units; (column, position of a level) -> the probability
        [A] of the level, but for those that share a code.
    """
    found: dict[tuple[str, int], npt.NDArray[np.float64]] = {}
    means = model.likelihood.means(model.decode(*(tf.constant(part, tf.float32) for part in (z, condition))))
    for block, mean in zip(model.likelihood.blocks, means, strict=True):
        for place, column in enumerate(block.columns):
            values = mean[:, place].numpy().astype(np.float64)
            if column.likelihood is Likelihood.QUANTISED:
                values = values[:, : column.n_codes] @ np.array(column.centres)
            elif column.kind.is_levelled:
                n_levels = column.n_codes - (column.likelihood is Likelihood.CATEGORICAL)
                found |= {(column.name, level): values[:, level] for level in range(n_levels)}
                continue
            else:
                values = column_in_user_units(values, column)
            if column.kind is not Kind.DATETIME:
                found[column.name, -1] = values
    return found


def in_user_units(expected: npt.NDArray[np.floating], columns: tuple[ColumnEncoding, ...]) -> npt.NDArray[np.float64]:
    """Turn expectations [..., C] in encoded units into numbers, seconds, or positions in `Column.levels`."""
    result = np.array(expected, np.float64)
    for position, column in enumerate(columns):
        result[..., position] = column_in_user_units(result[..., position], column)
    return result


def column_in_user_units(values: npt.NDArray[np.float64], column: ColumnEncoding) -> npt.NDArray[np.float64]:
    """Turn expectations of one column in encoded units, of any shape, into numbers, seconds or positions of levels."""
    if column.likelihood is Likelihood.QUANTISED:
        return np.array(column.centres)[values.astype(int)]
    if column.likelihood is Likelihood.CATEGORICAL:
        # The shared code stands for many levels: naming one of them would be a guess.
        return np.where(values < column.n_codes - 1, values, np.nan)
    if column.likelihood is Likelihood.LOG_NORMAL:
        return np.asarray(np.exp(np.minimum(column.location + column.scale * values, 700.0)))
    if column.likelihood in (Likelihood.NORMAL, Likelihood.STUDENT_T):
        with np.errstate(over="ignore"):
            return np.clip(column.location + column.scale * values, -_LARGEST, _LARGEST)
    return values


class _Scored(NamedTuple):
    """Mean, stddev and divergence [B, L], bound [B], column log-likelihoods [B, C]."""

    mean: tf.Tensor
    stddev: tf.Tensor
    kl: tf.Tensor
    bound: tf.Tensor
    per_column: tf.Tensor


def _score(model: TableVAE, *batch: tf.Tensor) -> _Scored:
    *rows, n_samples = batch
    mean, stddev, bound, per_column = model.importance_weighted(tuple(rows), n_samples)
    return _Scored(mean, stddev, model.objective.divergence(mean, stddev), bound, per_column)


def _scores(model: TableVAE, rows: Rows, n_samples: int) -> _Scored:
    score = compiled(model, _score, *model.signature, tf.TensorSpec([], tf.int32))
    return _Scored(*(part.numpy() for part in score(*tensors(rows), tf.constant(n_samples))))


def _encode_chunk(model: TableVAE, frame: pd.DataFrame, n_samples: int) -> dict[str, np.ndarray]:
    decoded = model.encoding.decoded
    scored = _scores(model, model.encoding.encode_for_latents(frame), n_samples)
    base = decoded.base_log_density(frame)
    return {
        "mean": scored.mean,
        "stddev": scored.stddev,
        "kl": scored.kl,
        "log_likelihood": (scored.per_column + base).sum(axis=1),
        "iwae": scored.bound + base.sum(axis=1),
        "unit_correction": decoded.unit_correction(frame),
    }
