"""Cells that contradict the rest of their rows, told apart from rows that do not belong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vaeaudit.outputs.latents import CellExpectations
from vaeaudit.outputs.record import FloatArray, IntArray
from vaeaudit.statistics.multiplicity import benjamini_hochberg

#: Upper shares of a column's cells at which its tail is compared with that of a true model, and the fewest cells there.
SHARES = (0.1, 0.05, 0.02, 0.01, 0.005, 0.002)
FEWEST_BEYOND = 10
#: Another cell is to blame for a cell's surprise where that is less without it by this share, and by this many nats.
PARTNER_SHARE = 0.5
PARTNER_NATS = 1.0


def tail_scales(tail_nats: FloatArray) -> npt.NDArray[np.float64]:
    """Return [C] by how much tails of the cells [N, C] of each column are heavier than those of a true model; least 1.

    Under a true model -log of a p-value is exponential of scale 1. Ours is learned, and sure of itself where it should
    not be: the scale is the largest of those that the upper shares `SHARES` of the column's own cells ask for. The few
    wrong cells among them make it, if anything, larger.

    Parameters
    ----------
    tail_nats
        Of the run's own rows; see `vaeaudit.models.table.conditionals.CellSurprise`.
    """
    shares = np.array([share for share in SHARES if share * len(tail_nats) >= FEWEST_BEYOND])
    if not len(shares):
        return np.ones(tail_nats.shape[1])
    reached = np.quantile(tail_nats, 1 - shares, axis=0)
    return np.asarray(np.maximum((reached / -np.log(shares)[:, None]).max(axis=0), 1.0))


def cell_p_values(tail_nats: FloatArray, scale: FloatArray) -> npt.NDArray[np.float64]:
    """Return p-values of cells, of the shape of their tails, each beside the scale of its column."""
    nats = np.asarray(tail_nats, np.float64) / scale
    return np.clip(np.exp(-nats), np.finfo(np.float64).tiny, 1.0)


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
