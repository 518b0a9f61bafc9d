"""x ~ p(x|z) of a table, cell by cell: draws, where `inference` gives expectations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from scipy import stats
from tensorflow_probability import distributions as tfd

from vaeaudit.data.encoding.column_encoding import MISSING_CODE, Likelihood
from vaeaudit.data.encoding.decoding import CellValues
from vaeaudit.data.encoding.table_encoding import EncodedRows
from vaeaudit.models.inference import chunk_size
from vaeaudit.models.table.likelihoods import Block, code_probabilities
from vaeaudit.models.table.vae import TableVAE

FloatArray = npt.NDArray[np.floating]


def sample_cells(
    model: TableVAE, z: FloatArray, condition: FloatArray | None, values: CellValues, rng: np.random.Generator
) -> EncodedRows:
    """Draw a row of cells for each latent vector.

    Every cell is drawn from its own distribution, independently given z, as the model has it. Numbers are drawn from
    their distribution cut off at the range that occurs, and codes from those that occur: a Student t would now and then
    give an income of 1e9.

    Parameters
    ----------
    model
        Trained.
    z, condition
        [A, L]; [A, E], what is given beside each; None where the model is given nothing.
    values
        What occurs in the decoded columns.
    rng
        Of the draws.
    """
    parts = [_sampled(model, parameters, values, rng) for parameters in _decoded(model, z, condition)]
    return EncodedRows(*(np.concatenate(part) for part in zip(*(rows.arrays() for rows in parts), strict=True)))


def _decoded(model: TableVAE, z: FloatArray, condition: FloatArray | None) -> Iterator[tf.Tensor]:
    size = chunk_size(model, 1)
    for start in range(0, max(len(z), 1), size):
        given = None if condition is None else tf.constant(condition[start : start + size], tf.float32)
        yield model.decode(tf.constant(z[start : start + size], tf.float32), given)


def _sampled(model: TableVAE, parameters: tf.Tensor, values: CellValues, rng: np.random.Generator) -> EncodedRows:
    likelihood, n_rows = model.likelihood, int(parameters.shape[0])
    numbers = np.zeros((n_rows, likelihood.n_numeric), np.float32)
    codes = np.zeros((n_rows, likelihood.n_columns - likelihood.n_numeric), np.int32)
    for block, distribution in zip(likelihood.blocks, likelihood.distributions(parameters), strict=True):
        if block.likelihood.is_coded:
            own = slice(block.start - likelihood.n_numeric, block.stop - likelihood.n_numeric)
            codes[:, own] = _codes(block, distribution, values.occurs[own], rng)
        else:
            own = slice(block.start, block.stop)
            numbers[:, own] = _numbers(block, distribution, values.lowest[own], values.highest[own], rng)
    observed = np.ones((n_rows, likelihood.n_columns), bool)
    missing = likelihood.missingness(parameters).probs_parameter().numpy()
    observed[:, likelihood.with_missing] = rng.random(missing.shape) >= missing
    codes[~observed[:, likelihood.n_numeric :]] = MISSING_CODE
    numbers[~observed[:, : likelihood.n_numeric]] = 0.0
    return EncodedRows(numbers, codes, observed)


def _codes(
    block: Block, distribution: tfd.Distribution, occurs: tuple[npt.NDArray[np.bool_], ...], rng: np.random.Generator
) -> npt.NDArray[np.integer]:
    """Draw codes [B, n]."""
    shares = code_probabilities(distribution, int(block.n_codes.max())).numpy().astype(np.float64)
    for place, known in enumerate(occurs):
        shares[:, place, : known.size] *= known
    rising = np.cumsum(shares, axis=-1)
    drawn = rng.random((*rising.shape[:2], 1)) * rising[..., -1:]
    return np.asarray((rising <= drawn).sum(axis=-1).clip(0, rising.shape[-1] - 1))


def _numbers(
    block: Block, distribution: tfd.Distribution, lowest: FloatArray, highest: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Draw numbers [B, n] between two bounds, by the inverse of the distribution function."""
    law = _law(block, distribution)
    below = lowest - 1 if block.likelihood is Likelihood.NEGATIVE_BINOMIAL else lowest
    least, most = law.cdf(below), law.cdf(highest)
    drawn = law.ppf(least + rng.random(np.broadcast_shapes(least.shape, most.shape)) * (most - least))
    return np.asarray(np.clip(np.nan_to_num(drawn, nan=0.0), lowest, highest))


def _law(block: Block, distribution: tfd.Distribution) -> Any:
    if block.likelihood is Likelihood.NEGATIVE_BINOMIAL:
        logits, total = distribution.logits.numpy().astype(np.float64), distribution.total_count.numpy()
        return stats.nbinom(np.broadcast_to(total, logits.shape).astype(np.float64), 1 / (1 + np.exp(logits)))
    location, scale = distribution.loc.numpy().astype(np.float64), distribution.scale.numpy().astype(np.float64)
    if block.likelihood is Likelihood.STUDENT_T:
        return stats.t(distribution.df.numpy().astype(np.float64), location, scale)
    return stats.norm(location, scale)
