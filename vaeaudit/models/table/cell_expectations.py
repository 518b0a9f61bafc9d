"""What a model expects in a cell given the other cells of its row, and how much the cell surprises beside them.

A cell that is wrong pulls the posterior of its own row: asked what it expected there, a model that has read the cell
answers with half of the error. Here the cell is first replaced by what the rest of the row makes of it (a few rounds of
encoding and decoding: Rezende et al. 2014, ICML; Mattei and Frellsen 2018, NeurIPS), and the posterior given the
replacement serves as the proposal of an importance sampler for p(cell | other cells), whose weights leave the cell out
(Mattei and Frellsen 2019, ICML). The rounds begin once at the column by itself and once at what the whole row expects,
and the proposal is the mixture of where they end (Veach and Guibas 1995, SIGGRAPH): beside a column that all but copies
it, a cell that begins elsewhere may never be found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import tensorflow as tf

from vaeaudit.data.encoding.column_encoding import Likelihood
from vaeaudit.data.encoding.table_encoding import EncodedRows
from vaeaudit.models.inference import chunk_size, compiled, tensors
from vaeaudit.models.table.inference import column_in_user_units, column_surprise, draw_rows, most_surprising
from vaeaudit.models.table.mixture_ranges import mixture_probabilities, mixture_quantiles
from vaeaudit.models.table.vae import TableVAE
from vaeaudit.outputs.latents import CellExpectations, CellNull, LatentCodes

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]

#: Posterior samples per cell, and rounds in which the replacement settles.
SAMPLES = 64
ROUNDS = 4
#: Cells looked at per row, on average, and the most of any one column: those of highest `reason_nats` in drawn rows.
_LOOKED_AT_PER_ROW = 0.25
_MOST_LOOKED_AT = 0.02
#: Probability of the range that is expected, and how many levels are named.
EXPECTED = 0.9
NAMED_LEVELS = 3


@dataclass(frozen=True)
class TableCells:
    """M cells of a table, each with the row that holds it.

    Attributes
    ----------
    row, column
        [M]; positions of the rows, and positions among the modelled columns.
    rows
        [M]; those rows, encoded.
    base
        [M]; `Encoding.base_log_density` of the cells.
    """

    row: IntArray
    column: IntArray
    rows: EncodedRows
    base: FloatArray

    @classmethod
    def of(cls, model: TableVAE, frame: pd.DataFrame, row: IntArray, column: IntArray) -> TableCells:
        """Return cells of typed rows [N], stored as in `Dataset.frame`."""
        holding, place = np.unique(row, return_inverse=True)
        part = frame.iloc[holding]
        base = model.encoding.base_log_density(part)
        return cls(row, column, model.encoding.encode(part).take(place), base[place, column])

    def __len__(self) -> int:
        return len(self.column)

    def take(self, which: IntArray | slice) -> TableCells:
        """Return some of them."""
        return TableCells(self.row[which], self.column[which], self.rows.take(which), self.base[which])


def cell_null(
    model: TableVAE, codes: LatentCodes, typical: FloatArray, *, n_rows: int, n_samples: int, seed: int
) -> CellNull:
    """Return how much cells surprise in rows that the model itself draws; see `CellNull`.

    Parameters
    ----------
    model, codes
        Trained, and of the rows to draw at.
    typical
        [C]; see `typical_column_nats`.
    n_rows, n_samples
        How many rows to draw, and how many posterior samples the codes rest on.
    seed
        Of the rows, and of the posterior samples.
    """
    drawn = draw_rows(model, codes, n_rows=n_rows, seed=seed)
    excess = column_surprise(model, drawn, n_samples=n_samples, seed=seed) - typical
    share = min(_MOST_LOOKED_AT, _LOOKED_AT_PER_ROW / excess.shape[1])
    threshold = np.quantile(excess, 1 - share, axis=0)
    top = most_surprising(excess)
    row, place = np.nonzero(np.take_along_axis(excess, top, axis=1) >= threshold[top])
    column = top[row, place]
    cells = TableCells(row, column, drawn.rows.take(row), drawn.base[row, column])
    return CellNull(threshold, column.astype(np.int32), _surprise(model, cells, seed=seed) - typical[column], n_rows)


def expect_cells(
    model: TableVAE, cells: TableCells, typical: FloatArray, *, without: IntArray | None = None, seed: int
) -> CellExpectations:
    """Return what the model expects in cells given the other cells of their rows; partners are not sought.

    Parameters
    ----------
    model, cells
        Trained; which cells.
    typical
        [C]; see `typical_column_nats`.
    without
        [M]; position of one other column that is not read either; None where all are.
    seed
        Of the posterior samples.
    """
    replaced = _only(cells)
    if without is not None:
        replaced[np.arange(len(cells)), without] = True
    found = _nothing_expected(cells)
    for which, part, given in _given_the_rest(model, cells, replaced, seed=seed):
        place = int(part.column[0])
        weight = tf.nn.softmax(given.log_weight, axis=0).numpy()
        found.nats[which] = -given.log_prob.numpy() - part.base - typical[place]
        found.p_missing[which] = _p_missing(model, given.parameters, weight, place)
        expected = _expected_level if _is_level(model, place) else _expected_range
        for name, values in expected(model, given.parameters, weight, place).items():
            getattr(found, name)[which] = values
    return found


def surprise_without(model: TableVAE, cells: TableCells, typical: FloatArray, *, seed: int) -> npt.NDArray[np.float64]:
    """Return `CellExpectations.nats` [M, C] of cells while the model reads one other cell of the row fewer.

    Parameters
    ----------
    model, cells, typical, seed
        As in `expect_cells`.

    Returns
    -------
    numpy.ndarray
        Entry [m, c]: without the cell of column c; infinite where that is the cell itself.
    """
    n_columns = len(typical)
    cell, without = np.nonzero(np.arange(n_columns) != cells.column[:, None])
    pairs = cells.take(cell)
    replaced = _only(pairs)
    replaced[np.arange(len(cell)), without] = True
    found = np.full((len(cells), n_columns), np.inf)
    found[cell, without] = _surprise(model, pairs, replaced, seed=seed) - typical[pairs.column]
    return found


# --- the sampler ------------------------------------------------------------------------------------------------------


class _Given(NamedTuple):
    """Of B cells of one column: log p(cell | rest) [B], log weights [S, B] and decoder outputs [S, B, n_parameters]."""

    log_prob: tf.Tensor
    log_weight: tf.Tensor
    parameters: tf.Tensor


def _only(cells: TableCells) -> npt.NDArray[np.bool_]:
    """Return [M, C]: only the cell itself is replaced."""
    n_columns = cells.rows.observed.shape[1]
    return np.asarray(np.arange(n_columns) == cells.column[:, None])


def _surprise(
    model: TableVAE, cells: TableCells, replaced: npt.NDArray[np.bool_] | None = None, *, seed: int
) -> npt.NDArray[np.float64]:
    """Return -log p(cell | cells that are not replaced) [M] in nats."""
    nats = np.zeros(len(cells))
    for which, part, given in _given_the_rest(model, cells, _only(cells) if replaced is None else replaced, seed=seed):
        nats[which] = -given.log_prob.numpy() - part.base
    return nats


def _given_the_rest(
    model: TableVAE, cells: TableCells, replaced: npt.NDArray[np.bool_], *, seed: int
) -> Iterator[tuple[IntArray, TableCells, _Given]]:
    """Yield cells of one column at a time, with their positions and what the other cells say of them.

    All cells share the draws of the noise, so that what a cell gets does not hang on those that it is looked at with.
    """
    likelihood, n_latents, size = model.likelihood, model.config.latents, chunk_size(model, SAMPLES)
    noise = tf.random.stateless_normal([SAMPLES, 1, n_latents], seed=[seed % 2**31, 2])
    marginal = likelihood.expectation(model.marginals[None, :])
    compiled(model, _read)  # before `_infer`, which is made of it: a graph belongs to the one that it is traced in
    infer = compiled(
        model,
        _infer,
        *model.signature,
        tf.TensorSpec([None, likelihood.n_columns], tf.bool),
        tf.TensorSpec([], tf.int32),
        tf.TensorSpec(noise.shape, tf.float32),
        tf.TensorSpec(marginal.shape, tf.float32),
    )
    for place in np.unique(cells.column):
        of_column = np.flatnonzero(cells.column == place)
        for start in range(0, len(of_column), size):
            which = of_column[start : start + size]
            part = cells.take(which)
            column = tf.constant(place, tf.int32)
            yield which, part, infer(*tensors(part.rows), tf.constant(replaced[which]), column, noise, marginal)


def _infer(model: TableVAE, *given: tf.Tensor) -> _Given:
    """Sample what the cells of one column may be, given the cells that are not replaced."""
    values, codes, observed, replaced, column, noise, marginal = given
    batch, likelihood, objective = (values, codes, observed), model.likelihood, model.objective
    read = compiled(model, _read)
    whole_row = read(*batch)[2]
    expected = tf.concat([tf.broadcast_to(marginal, tf.shape(whole_row)), whole_row], axis=0)
    twice, replaced_twice = tuple(tf.concat([part, part], axis=0) for part in batch), tf.tile(replaced, [2, 1])
    for _ in range(ROUNDS):
        mean, stddev, expected = read(*_replace(likelihood.n_numeric, twice, replaced_twice, expected))
    proposals = list(zip(tf.split(mean, 2), tf.split(stddev, 2), strict=True))
    z = tf.concat([m + s * part for (m, s), part in zip(proposals, tf.split(noise, 2), strict=True)], axis=0)
    parameters = model.decode(z)
    per_column = likelihood.log_prob(parameters, *batch)
    of_each = [objective.log_posterior(z, *proposal) for proposal in proposals]
    log_weight = tf.reduce_sum(tf.where(replaced, 0.0, per_column), axis=-1)
    log_weight += objective.log_prior(z) - tf.reduce_logsumexp(of_each, axis=0)
    log_weight -= tf.reduce_logsumexp(log_weight, axis=0)
    of_cell = tf.gather(per_column, column, axis=-1)
    return _Given(tf.reduce_logsumexp(log_weight + of_cell, axis=0), log_weight, parameters)


def _read(model: TableVAE, *batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return mean and stddev [B, L] of the posterior, and what the mean expects of each cell [B, C]."""
    mean, stddev = model.encode(batch)
    return mean, stddev, model.likelihood.expectation(model.decode(mean))


def _replace(
    n_numeric: int, batch: tuple[tf.Tensor, tf.Tensor, tf.Tensor], replaced: tf.Tensor, expected: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Put expectations [B, C] where cells are replaced; a missing cell that is replaced counts as observed."""
    values, codes, observed = batch
    values = tf.where(replaced[:, :n_numeric], expected[:, :n_numeric], values)
    codes = tf.where(replaced[:, n_numeric:], tf.cast(expected[:, n_numeric:], tf.int32), codes)
    return values, codes, observed | replaced


# --- what is expected -------------------------------------------------------------------------------------------------


def _nothing_expected(cells: TableCells) -> CellExpectations:
    """Return the record of M cells, to be filled."""
    n_cells = len(cells)
    return CellExpectations(
        row=cells.row.astype(np.int64),
        column=cells.column.astype(np.int32),
        nats=np.zeros(n_cells),
        low=np.full(n_cells, np.nan),
        high=np.full(n_cells, np.nan),
        levels=np.full((n_cells, NAMED_LEVELS), -1, np.int32),
        covered=np.full(n_cells, EXPECTED),
        p_missing=np.zeros(n_cells),
        partner=np.full(n_cells, -1, np.int32),
        partner_nats=np.full(n_cells, np.nan),
        p_value=np.ones(n_cells),
    )


def _is_level(model: TableVAE, column: int) -> bool:
    """Return whether a column holds levels: a quantised number is coded, too."""
    likelihood = model.encoding.columns[column].likelihood
    return likelihood.is_coded and likelihood is not Likelihood.QUANTISED


def _expected_level(
    model: TableVAE, parameters: tf.Tensor, weight: FloatArray, column: int
) -> dict[str, npt.NDArray[Any]]:
    encoded = model.encoding.columns[column]
    levels, covered = _likely_levels(mixture_probabilities(model.likelihood, parameters, weight, column))
    if encoded.likelihood is Likelihood.CATEGORICAL:  # the last code is shared by many levels, and names none
        levels = np.where(levels == encoded.n_codes - 1, -1, levels)
    return {"levels": levels, "covered": covered}


def _expected_range(
    model: TableVAE, parameters: tf.Tensor, weight: FloatArray, column: int
) -> dict[str, npt.NDArray[Any]]:
    encoded = model.encoding.columns[column]
    if encoded.likelihood is Likelihood.QUANTISED:
        probabilities = mixture_probabilities(model.likelihood, parameters, weight, column)
        low, high = _range_of_codes(probabilities, np.array(encoded.centres))
    else:
        ends = ((1 - EXPECTED) / 2, (1 + EXPECTED) / 2)
        found = mixture_quantiles(model.likelihood, parameters, weight, column, ends)
        low, high = column_in_user_units(found, encoded)
    return {"low": low, "high": high}


def _p_missing(model: TableVAE, parameters: tf.Tensor, weight: FloatArray, column: int) -> FloatArray | float:
    place = np.flatnonzero(model.likelihood.with_missing == column)
    if len(place) == 0:
        return 0.0
    probability = model.likelihood.missingness(parameters).probs_parameter()[..., int(place[0])].numpy()
    return np.asarray(np.sum(weight * probability, axis=0))


def _range_of_codes(probabilities: FloatArray, centres: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the values [M] between which the central 90 % of a quantised column lie, for probabilities [M, K]."""
    order = np.argsort(centres)
    cumulative = np.cumsum(probabilities[:, order], axis=1)
    first = np.argmax(cumulative >= (1 - EXPECTED) / 2, axis=1)
    last = np.argmax(cumulative >= np.minimum((1 + EXPECTED) / 2, cumulative[:, -1:]), axis=1)
    return centres[order[first]], centres[order[last]]


def _likely_levels(probabilities: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the most probable levels [M, 3] that together reach 90 %, -1 in places left over, and their sum [M]."""
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :NAMED_LEVELS]
    chosen = np.take_along_axis(probabilities, order, axis=1)
    needed = np.cumsum(chosen, axis=1) - chosen < EXPECTED
    levels = np.full((len(probabilities), NAMED_LEVELS), -1, np.int32)
    levels[:, : order.shape[1]] = np.where(needed, order, -1)
    return levels, np.sum(chosen * needed, axis=1)
