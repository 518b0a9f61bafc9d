"""Cells that contradict the rest of their rows, told apart from rows that do not belong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vaeaudit.outputs.latents import CellExpectations, CellNull, LatentCodes
from vaeaudit.outputs.record import FloatArray, IntArray
from vaeaudit.statistics.multiplicity import benjamini_hochberg

#: Upper shares of the drawn cells of a column that were looked at, to which its tail is fitted, and the fewest cells.
TAILS = (0.5, 0.125, 0.05)
FEWEST_IN_TAIL = 20
#: Another cell is to blame for a cell's surprise where that is less without it by this share, and by this many nats.
PARTNER_SHARE = 0.5
PARTNER_NATS = 1.0


def cells_looked_at(codes: LatentCodes, null: CellNull) -> tuple[IntArray, IntArray]:
    """Return row and column [M] of the cells whose surprise given the other cells is worth knowing.

    Those that surprise, beside the whole row, as only the least likely cells of drawn rows do; all others count as
    belonging.

    Parameters
    ----------
    codes
        Of the rows.
    null
        Of the model.
    """
    row, place = np.nonzero(codes.reason_nats >= null.threshold[codes.reason_column])
    return row, codes.reason_column[row, place]


def cell_p_values(column: IntArray, nats: FloatArray, null: CellNull) -> npt.NDArray[np.float64]:
    """Return the probability [M] that a cell of a drawn row is looked at and surprises at least as much.

    Each column is compared with itself: a level that is rare but goes with every kind of row surprises as much in
    drawn rows as in the data, and as often. Within reach of a column's drawn cells their share is counted; beyond, the
    tail is exponential with an unknown rate: `(1 + e / T)^-n` with T the sum of the n drawn excesses is its exact
    predictive probability (Lawless 1971, Technometrics 13), so that few drawn cells make it heavy. Several upper shares
    are fitted and the largest probability counts: rare levels are a lump far out, which a fit to the bulk passes over.

    Parameters
    ----------
    column, nats
        [M]; of cells that were looked at (`CellExpectations.nats`).
    null
        Of the model.
    """
    p_value = np.ones(len(nats))
    for place in np.unique(column):
        of_column = column == place
        drawn = np.sort(null.nats[null.column == place])
        p_value[of_column] = _tail(nats[of_column], drawn) * (len(drawn) + 1) / (null.n_rows + 1)
    return np.clip(p_value, np.finfo(np.float64).tiny, 1.0)


def _tail(nats: FloatArray, drawn: FloatArray) -> npt.NDArray[np.float64]:
    """Return P(drawn >= nats) [M] for sorted drawn surprises [K]: the largest of the count and of the fitted tails."""
    at_least = len(drawn) - np.searchsorted(drawn, nats, side="left")
    counted = (1 + at_least) / (1 + len(drawn))
    sizes = sorted({min(max(FEWEST_IN_TAIL, round(share * len(drawn))), len(drawn) // 2) for share in TAILS})
    fitted = [tail for n_tail in sizes if (tail := _exponential_tail(nats, drawn, n_tail)) is not None]
    if not fitted:
        return counted
    # The count of none has no meaning beyond the last drawn cell.
    return np.asarray(np.max([*fitted, np.where(at_least > 0, counted, 0.0)], axis=0))


def _exponential_tail(nats: FloatArray, drawn: FloatArray, n_tail: int) -> npt.NDArray[np.float64] | None:
    """Return the predictive tail [M] fitted to the highest drawn cells; None where they are all alike."""
    if n_tail == 0:
        return None
    start = drawn[-n_tail - 1]
    excess = drawn[-n_tail:] - start
    if excess.sum() <= 0:
        return None
    beyond = np.maximum(nats - start, 0.0)
    share = (1 + n_tail) / (1 + len(drawn))
    tail = share * np.exp(-n_tail * np.log1p(beyond / excess.sum()))
    return np.asarray(np.where(nats > start, tail, 0.0))


def suspicious(p_value: FloatArray, n_cells: int, *, fdr: float) -> npt.NDArray[np.bool_]:
    """Return which cells [M] are flagged at a false-discovery rate over all cells of a table.

    Parameters
    ----------
    p_value
        [M]; of the cells that were looked at.
    n_cells
        Cells of the table, looked at or not: those that were not have a p-value of 1.
    fdr
        False-discovery rate (Benjamini, Hochberg 1995).
    """
    return np.asarray(benjamini_hochberg(p_value, n_cells) <= fdr)


def find_cells(cells: CellExpectations, row: IntArray, column: IntArray, n_columns: int) -> npt.NDArray[np.int64]:
    """Return where among the expectations cells stand, of the shape of `row` and `column`; -1 for those not there."""
    keys, order = np.unique(cells.row * n_columns + cells.column, return_index=True)
    wanted = row.astype(np.int64) * n_columns + column
    if len(keys) == 0:
        return np.full(wanted.shape, -1, np.int64)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, order[place], -1).astype(np.int64)


def named_partner(cells: CellExpectations) -> npt.NDArray[np.int64]:
    """Return the column [M] of the one other cell that makes most of a cell's surprise; -1 where no single one does."""
    gain = np.where(cells.partner >= 0, cells.nats - cells.partner_nats, 0.0)
    makes_most = (gain >= PARTNER_NATS) & (gain >= PARTNER_SHARE * cells.nats)
    return np.where(makes_most, cells.partner, -1).astype(np.int64)


def consequences(cells: CellExpectations, n_columns: int) -> npt.NDArray[np.int64]:
    """Return the positions of the cells that surprise only because another cell of their row is wrong.

    Without that other cell, most of the surprise is gone, while the other surprises more and does so without this one
    too: a monthly pay that is a yearly one makes the schooling beside it look too low. Two cells that contradict only
    each other are both kept, since either may be wrong.

    Parameters
    ----------
    cells
        With partners.
    n_columns
        C, modelled columns.
    """
    partner = named_partner(cells)
    other = np.where(partner >= 0, find_cells(cells, cells.row, partner, n_columns), -1)
    blames_back = partner[other] == cells.column
    return np.flatnonzero((other >= 0) & (cells.nats[other] > cells.nats) & ~blames_back)
