"""From a trained model of a table to `LatentCodes`: every row once, in chunks, memory flat in N."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import tensorflow as tf

from vaeaudit.data.encoding.column_encoding import ColumnEncoding, Likelihood
from vaeaudit.data.encoding.rows import Rows
from vaeaudit.data.encoding.table_encoding import EncodedRows
from vaeaudit.models.inference import (
    chunk_size,
    chunks,
    compiled,
    latent_points,
    seed_noise,
    tensors,
    traversal_latents,
)
from vaeaudit.models.table.vae import TableVAE
from vaeaudit.outputs.latents import LatentCodes

#: K, reasons kept per row.
REASONS = 5
#: Rows from which the typical surprise of a column is taken.
_TYPICAL_ROWS = 8192
#: Share of the rows, those of lowest bound, from whose latents no null row is drawn.
NULL_TRIM = 0.05
_LARGEST = np.finfo(np.float64).max


def typical_column_nats(model: TableVAE, frame: pd.DataFrame, *, seed: int) -> np.ndarray:
    """Return the median of -E_q[log p(x_c|z)] per column [C] in nats, from a sample of the rows.

    Parameters
    ----------
    model
        Trained.
    frame
        [N] typed rows.
    seed
        Of the sample and of the posterior samples.
    """
    sample = np.random.default_rng(seed).permutation(len(frame))[:_TYPICAL_ROWS]
    part = frame.iloc[np.sort(sample)]
    drawn = ScoredRows(model.encoding.encode(part), model.encoding.base_log_density(part))
    return np.asarray(np.median(column_surprise(model, drawn, n_samples=4, seed=seed), axis=0))


def encode_rows(
    model: TableVAE,
    frame: pd.DataFrame,
    held_out: npt.NDArray[np.bool_],
    typical: npt.NDArray[np.floating],
    *,
    n_samples: int,
    seed: int,
    on_rows: Callable[[int], None] = lambda done: None,
) -> LatentCodes:
    """Return posterior, bound and reasons of every row.

    Parameters
    ----------
    model
        Trained.
    frame
        [N] typed rows; need not be those the model was trained on.
    held_out
        [N]; carried into the codes.
    typical
        [C]; see `typical_column_nats`.
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
        for name, values in _encode_chunk(model, part, typical, n_samples).items():
            pieces.setdefault(name, []).append(values)
        on_rows(min(start + size, len(frame)))
    joined = {name: np.concatenate(arrays) for name, arrays in pieces.items()}
    return LatentCodes(**joined, held_out=held_out, columns=model.encoding.names)


@dataclass(frozen=True)
class ScoredRows:
    """Encoded rows that the log-densities of their columns are asked of.

    Attributes
    ----------
    rows
        [M] encoded rows.
    base
        [M, C]; as `Encoding.base_log_density`.
    """

    rows: EncodedRows
    base: npt.NDArray[np.floating]


def draw_rows(model: TableVAE, codes: LatentCodes, *, n_rows: int, seed: int) -> ScoredRows:
    """Draw rows from a model, at posterior samples of rows whose own bound is not among the lowest `NULL_TRIM`.

    Rows that do not belong therefore do not set the standard.

    Parameters
    ----------
    model
        Trained.
    codes
        Of the rows to draw at.
    n_rows
        How many.
    seed
        Of the rows drawn at, their latents, and the drawn cells.
    """
    generator = np.random.default_rng(seed)
    ordinary = np.flatnonzero(codes.iwae >= np.quantile(codes.iwae, NULL_TRIM))
    source = generator.choice(ordinary, n_rows)
    z = codes.mean[source] + codes.stddev[source] * generator.normal(size=(n_rows, codes.n_latents))
    drawn, bases = [], []
    size = chunk_size(model, 1)
    for start in range(0, n_rows, size):
        part = tf.constant(z[start : start + size], tf.float32)
        cells = model.likelihood.sample(model.decode(part), tf.constant([seed % 2**31, start]))
        drawn.append([cell.numpy() for cell in cells])
        bases.append(model.encoding.drawn_base_log_density(drawn[-1][1], generator))
    values, codes_, observed = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
    return ScoredRows(EncodedRows(values, codes_, observed), np.concatenate(bases))


def traversals(model: TableVAE) -> npt.NDArray[np.float64]:
    """Return [L, T, C]: what the decoder expects of each column while one latent moves and the others are 0.

    Parameters
    ----------
    model
        Trained; the positions [T] are `TRAVERSAL`.
    """
    return decode_columns(model, traversal_latents(model))


def decode_columns(model: TableVAE, z: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return [..., C]: what the decoder expects of each column at latents z [..., L], in `in_user_units`.

    Parameters
    ----------
    model
        Trained.
    z
        Any number of points.
    """
    points = tf.constant(np.reshape(z, [-1, model.config.latents]), tf.float32)
    expected = compiled(model, _expectation, latent_points(model))(points).numpy()
    return in_user_units(expected.reshape(*np.shape(z)[:-1], -1), model.encoding.columns)


def _expectation(model: TableVAE, z: tf.Tensor) -> tf.Tensor:
    return model.likelihood.expectation(model.decode(z))


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
    """Mean, stddev and divergence [B, L], bound [B], column log-likelihoods, expectation and nats alone [B, C]."""

    mean: tf.Tensor
    stddev: tf.Tensor
    kl: tf.Tensor
    bound: tf.Tensor
    per_column: tf.Tensor
    expected: tf.Tensor
    alone: tf.Tensor


def _score(model: TableVAE, values: tf.Tensor, codes: tf.Tensor, observed: tf.Tensor, n_samples: tf.Tensor) -> _Scored:
    batch = (values, codes, observed)
    mean, stddev, bound, per_column = model.importance_weighted(batch, n_samples)
    expected = model.likelihood.expectation(model.decode(mean))
    kl = model.objective.divergence(mean, stddev)
    return _Scored(mean, stddev, kl, bound, per_column, expected, model.nats_alone(batch))


def _scores(model: TableVAE, rows: Rows, n_samples: int) -> _Scored:
    score = compiled(model, _score, *model.signature, tf.TensorSpec([], tf.int32))
    return _Scored(*(part.numpy() for part in score(*tensors(rows), tf.constant(n_samples))))


def _encode_chunk(
    model: TableVAE, frame: pd.DataFrame, typical: npt.NDArray[np.floating], n_samples: int
) -> dict[str, np.ndarray]:
    rows = model.encoding.encode(frame)
    scored = _scores(model, rows, n_samples)
    base = model.encoding.base_log_density(frame)
    is_number = [not column.kind.is_levelled for column in model.encoding.columns]
    column_log_likelihood = scored.per_column + base
    excess = -column_log_likelihood - typical
    top = most_surprising(excess)
    expected_cells = in_user_units(scored.expected, model.encoding.columns)
    expected_cells[~rows.observed] = np.nan
    return {
        "mean": scored.mean,
        "stddev": scored.stddev,
        "kl": scored.kl,
        "log_likelihood": column_log_likelihood.sum(axis=1),
        "iwae": scored.bound + base.sum(axis=1),
        "rarity_nats": np.where(is_number & rows.observed, 0.0, scored.alone - base).sum(axis=1),
        "unit_correction": model.encoding.unit_correction(frame),
        "reason_column": top.astype(np.int32),
        "reason_nats": np.take_along_axis(excess, top, axis=1).astype(np.float32),
        "reason_expected": np.take_along_axis(expected_cells, top, axis=1),
    }


def most_surprising(excess: npt.NDArray[np.floating]) -> npt.NDArray[np.intp]:
    """Return the positions [N, K] of the columns of most surprise, falling along K, for excess [N, C] in nats."""
    return np.argsort(-excess, axis=1, kind="stable")[:, : min(REASONS, excess.shape[1])]


def column_surprise(model: TableVAE, drawn: ScoredRows, *, n_samples: int, seed: int) -> npt.NDArray[np.floating]:
    """Return -E_q[log p(x_c|z)] [M, C] of drawn rows in nats, z from the posterior given the whole row."""
    seed_noise(model, seed)
    parts = [_scores(model, part, n_samples).per_column for part in chunks(drawn.rows, chunk_size(model, n_samples))]
    return np.asarray(-np.concatenate(parts) - drawn.base)
