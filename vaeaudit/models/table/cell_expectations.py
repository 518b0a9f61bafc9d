"""What the other cells of a row let one expect in a cell, in the user's units (`conditionals.py`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from vaeaudit.data.encoding.column_encoding import ColumnEncoding, Likelihood
from vaeaudit.data.encoding.table_encoding import EncodedRows
from vaeaudit.models.table.conditionals import FREEDOM, Conditionals, Heads, said_of
from vaeaudit.models.table.inference import column_in_user_units
from vaeaudit.outputs.latents import CellExpectations

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]

#: Probability of the range that is expected, and how many levels are named.
EXPECTED = 0.9
NAMED_LEVELS = 3
#: Rows whose cells are judged together without a second one.
_PAIRS = 20_000


@dataclass(frozen=True)
class TableCells:
    """M cells of a table, each with the row that holds it.

    Attributes
    ----------
    row, column
        [M]; positions of the rows, and positions among the modelled columns.
    rows, fold
        [M]; those rows, encoded, and the member that judges each.
    base
        [M]; `Encoding.base_log_density` of the cells.
    """

    row: IntArray
    column: IntArray
    rows: EncodedRows
    fold: IntArray
    base: FloatArray

    @classmethod
    def of(
        cls, model: Conditionals, frame: pd.DataFrame, fold: IntArray, row: IntArray, column: IntArray
    ) -> TableCells:
        """Return cells of typed rows [N], stored as in `Dataset.frame`, with the fold [N] of each row."""
        holding, place = np.unique(row, return_inverse=True)
        part = frame.iloc[holding]
        base = model.encoding.base_log_density(part)
        return cls(row, column, model.encoding.encode(part).take(place), fold[row], base[place, column])

    def __len__(self) -> int:
        return len(self.column)

    def take(self, which: IntArray) -> TableCells:
        """Return some of them."""
        return TableCells(
            self.row[which], self.column[which], self.rows.take(which), self.fold[which], self.base[which]
        )


def expect_cells(
    model: Conditionals, cells: TableCells, typical: FloatArray, *, without: IntArray | None = None
) -> CellExpectations:
    """Return what is expected in cells given the other cells of their rows; partners and p-values are not sought.

    Parameters
    ----------
    model, cells
        Trained; which cells.
    typical
        [C]; nats of a typical cell of each column.
    without
        [M]; position of one other column that is not read either; None where all are.
    """
    found = _nothing_expected(cells)
    for which, said in said_of(model, cells.rows, cells.fold, _hidden(model, cells, without)):
        nats, heads = said.nats, said.heads
        for place in np.unique(cells.column[which]):
            at = np.flatnonzero(cells.column[which] == place)
            own, column = which[at], model.encoding.columns[place]
            found.nats[own] = nats[at, place] - cells.base[own] - typical[place]
            found.p_missing[own] = _p_missing(model, heads, int(place), at)
            if place < model.n_numeric:
                found.low[own], found.high[own] = _range_of_number(heads, int(place), at, column)
                continue
            probabilities = _probabilities(model, heads, int(place), at)
            if column.likelihood is Likelihood.QUANTISED:
                found.low[own], found.high[own] = range_of_codes(probabilities, np.array(column.centres))
                continue
            levels, found.covered[own] = likely_levels(probabilities)
            is_shared = (column.likelihood is Likelihood.CATEGORICAL) & (levels == column.n_codes - 1)
            found.levels[own] = np.where(is_shared, -1, levels)  # the last code is of many levels, and names none
    return found


def surprise_without(model: Conditionals, cells: TableCells, typical: FloatArray) -> npt.NDArray[np.float64]:
    """Return `CellExpectations.nats` [M, C] of cells while one other cell of the row is not read either.

    Parameters
    ----------
    model, cells, typical
        As in `expect_cells`.

    Returns
    -------
    numpy.ndarray
        Entry [m, c]: without the cell of column c; infinite where that is the cell itself.
    """
    n_columns = model.n_columns
    cell, without = np.nonzero(np.arange(n_columns) != cells.column[:, None])
    nats = np.full((len(cells), n_columns), np.inf)
    for start in range(0, len(cell), _PAIRS):
        part = slice(start, start + _PAIRS)
        pairs = cells.take(cell[part])
        for which, said in said_of(model, pairs.rows, pairs.fold, _hidden(model, pairs, without[part])):
            own = pairs.column[which]
            found = said.nats[np.arange(len(which)), own]
            nats[cell[part][which], without[part][which]] = found - pairs.base[which] - typical[own]
    return nats


def _hidden(model: Conditionals, cells: TableCells, without: IntArray | None) -> npt.NDArray[np.bool_]:
    hidden = np.arange(model.n_columns) == cells.column[:, None]
    if without is not None:
        hidden |= np.arange(model.n_columns) == without[:, None]
    return hidden


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


def _range_of_number(
    heads: Heads, place: int, at: IntArray, column: ColumnEncoding
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    location, scale = (np.asarray(part, np.float64)[at, place] for part in (heads.numbers.loc, heads.numbers.scale))
    half = stats.t.ppf((1 + EXPECTED) / 2, FREEDOM) * scale
    return ends_in_user_units(location - half, column), ends_in_user_units(location + half, column)


def ends_in_user_units(ends: FloatArray, column: ColumnEncoding) -> npt.NDArray[np.float64]:
    """Turn standardised numbers [M] of one column into the user's; of a count, its log1p was standardised."""
    if column.likelihood is Likelihood.NEGATIVE_BINOMIAL:
        return np.maximum(np.expm1(np.minimum(column.location + column.scale * ends, 700.0)), 0.0)
    return column_in_user_units(np.asarray(ends, np.float64), column)


def _probabilities(model: Conditionals, heads: Heads, place: int, at: IntArray) -> npt.NDArray[np.float64]:
    """Return the probabilities [M, K] of the codes of one column."""
    index = next(index for index, block in enumerate(model.blocks) if block.start <= place < block.stop)
    block = model.blocks[index]
    probabilities = heads.codes[index].probs_parameter().numpy()[at, place - block.start]
    return np.asarray(probabilities[:, : model.encoding.columns[place].n_codes], np.float64)


def _p_missing(model: Conditionals, heads: Heads, place: int, at: IntArray) -> npt.NDArray[np.float64] | float:
    position = np.flatnonzero(model.with_missing == place)
    if len(position) == 0:
        return 0.0
    return np.asarray(heads.missing.probs_parameter().numpy()[at, int(position[0])], np.float64)


def range_of_codes(probabilities: FloatArray, centres: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the values [M] between which the central 90 % of a quantised column lie, for probabilities [M, K]."""
    order = np.argsort(centres)
    cumulative = np.cumsum(probabilities[:, order], axis=1)
    first = np.argmax(cumulative >= (1 - EXPECTED) / 2, axis=1)
    last = np.argmax(cumulative >= np.minimum((1 + EXPECTED) / 2, cumulative[:, -1:]), axis=1)
    return centres[order[first]], centres[order[last]]


def likely_levels(probabilities: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the most probable levels [M, 3] that together reach 90 %, -1 in places left over, and their sum [M]."""
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :NAMED_LEVELS]
    chosen = np.take_along_axis(probabilities, order, axis=1)
    needed = np.cumsum(chosen, axis=1) - chosen < EXPECTED
    levels = np.full((len(probabilities), NAMED_LEVELS), -1, np.int32)
    levels[:, : order.shape[1]] = np.where(needed, order, -1)
    return levels, np.sum(chosen * needed, axis=1)
