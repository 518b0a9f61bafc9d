"""Cells that contradict the rest of their rows, told apart from rows that do not belong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vaeaudit.outputs.latents import CellExpectations
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.statistics.multiplicity import benjamini_hochberg

#: Upper shares of a column's cells at which its tail is measured; of the wrong cells there are fewer.
SHARES = (0.1, 0.05, 0.02)
#: A tail of numbers is never taken to be lighter than this.
LEAST_SCALE = 0.2
#: Another cell is to blame for a cell's surprise where that is less without it by this share, and by this many nats.
PARTNER_SHARE = 0.5
PARTNER_NATS = 1.0


def tail_quantiles(tail_nats: FloatArray) -> npt.NDArray[np.float64]:
    """Return [K, C]; what the upper shares `SHARES` of the cells [N, C] of each column reach.

    Parameters
    ----------
    tail_nats
        Of the run's own rows; see `vaeaudit.models.table.conditionals.CellSurprise`.
    """
    return np.asarray(np.quantile(tail_nats, 1 - np.array(SHARES), axis=0))


def cell_p_values(
    tail_nats: FloatArray, column: IntArray, quantiles: FloatArray, n_rows: int, *, is_number: BoolArray
) -> npt.NDArray[np.float64]:
    """Return the probability of a cell of the same column that surprises as much, of the shape of the tails.

    Under a true model -log of a cell's own p-value is exponential of scale 1. Ours is learned: surer of itself than it
    should be, or less sure, as where the tails of a Student-t are held against numbers that have none. Up to the last
    of the quantiles the column's own cells say how often a cell surprises as much. Beyond, the tail is exponential, of
    the largest scale that any two neighbouring quantiles ask for; of codes, which come in lumps, of no less than 1.
    That the scale is known from few cells makes it heavier: `(1 + e / nS)^-n` for the excess e over a scale S that was
    learned from n cells (Lawless 1971, Technometrics 13).

    Parameters
    ----------
    tail_nats, column
        Of the cells, and the positions of their columns.
    quantiles
        [K, C]; see `tail_quantiles`.
    n_rows
        How many rows the quantiles are of.
    is_number
        [C]; whether a column holds plain numbers.
    """
    shares = np.array(SHARES)
    steps = np.diff(quantiles, axis=0) / -np.diff(np.log(shares))[:, None]
    scale = np.maximum(steps.max(axis=0), np.where(is_number, LEAST_SCALE, 1.0))
    nats, start = np.asarray(tail_nats, np.float64), quantiles[-1][column]
    n_learned = max(shares[0] * n_rows, 1.0)
    excess = np.maximum(nats - start, 0.0) / scale[column]
    beyond = np.log(shares[-1]) - n_learned * np.log1p(excess / n_learned)
    within = np.maximum(np.log(shares[-1]), -nats)
    p_value = np.exp(np.where(nats > start, beyond, within))
    return np.asarray(np.clip(p_value, np.finfo(np.float64).tiny, 1.0))


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
