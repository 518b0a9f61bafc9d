"""What the cells of a table that are told of are expected to hold: for `fit`, and for `score`."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pandas as pd

from vaeaudit.analysis.outliers.reasons import reason_cells
from vaeaudit.models.table.cell_expectations import TableCells, expect_cells, surprise_without
from vaeaudit.models.table.conditionals import Conditionals
from vaeaudit.outputs.latents import CellExpectations, LatentCodes
from vaeaudit.outputs.record import FloatArray, IntArray
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.scoring.cells import PARTNER_NATS, consequences

#: Rows whose reasons are looked at, if so many are flagged; and the least, those of highest score; and those that come
#: first by one question alone.
_MOST_ROWS, _FEWEST_ROWS, _BY_QUESTION = 5000, 200, 50
#: Cells more probable than this are never flagged in a table worth the search; so many of the others are looked at.
_IMPROBABLE = 1e-3
_MOST_CELLS = 10_000
#: Pairs of cells looked at to find which other cell a surprising one contradicts.
_MOST_PAIRS = 5_000


def check_cells(
    network: Conditionals,
    frame: pd.DataFrame,
    codes: LatentCodes,
    scores: RowScores,
    *,
    fold: IntArray,
    typical: FloatArray,
) -> CellExpectations:
    """Return what the other cells of a row make of the cells that surprise, with a p-value for each.

    Looked at are the cells that may be suspicious, wherever they are, and the reasons of the rows of highest score.

    Parameters
    ----------
    network
        That judged the rows.
    frame, codes, scores
        The same N rows.
    fold
        [N]; the member that judges each.
    typical
        [C]; nats of a typical cell of each column.
    """
    n_columns = len(codes.columns)
    row, place = np.nonzero(codes.reason_p <= _IMPROBABLE)
    least = np.argsort(codes.reason_p[row, place], kind="stable")[:_MOST_CELLS]
    row, column = row[least], codes.reason_column[row[least], place[least]]
    told = _told(codes, scores)
    reasons = reason_cells(codes, told)
    keys = np.unique(np.concatenate([row.astype(np.int64) * n_columns + column, reasons[0] * n_columns + reasons[1]]))
    cells = TableCells.of(network, frame, fold, keys // n_columns, (keys % n_columns).astype(np.int32))
    found = replace(expect_cells(network, cells, typical), p_value=_p_values(codes, cells))
    found = _with_partners(network, cells, found, typical, told)
    return _without_culprits(network, cells, found, typical)


def _told(codes: LatentCodes, scores: RowScores) -> IntArray:
    """Return the rows that a report tells of: those of highest score, and those first by one question."""
    first = scores.most_atypical_first[: int(np.clip(scores.outlier.sum(), _FEWEST_ROWS, _MOST_ROWS))]
    if codes.surprises is None:
        raise ValueError("codes must have surprises: these rows are no table")
    by_question = np.argsort(-codes.surprises, axis=0, kind="stable")[:_BY_QUESTION]
    return np.unique(np.concatenate([first, by_question.ravel()]))


def _p_values(codes: LatentCodes, cells: TableCells) -> FloatArray:
    """Return the p-value [M] that each cell has among the reasons of its row."""
    is_it = codes.reason_column[cells.row] == cells.column[:, None]
    return np.asarray(np.where(is_it, codes.reason_p[cells.row], 1.0).min(axis=1, initial=1.0))


def _without_culprits(
    network: Conditionals, cells: TableCells, found: CellExpectations, typical: FloatArray
) -> CellExpectations:
    """Judge cells that surprise only because another cell of their row is wrong without it; none is suspicious."""
    which = consequences(found, len(typical))
    if len(which) == 0:
        return found
    again = expect_cells(network, cells.take(which), typical, without=found.partner[which])
    merged = {entry.name: getattr(found, entry.name).copy() for entry in fields(found)}
    for name, values in merged.items():
        values[which] = getattr(again, name)
    return CellExpectations(**merged)


def _with_partners(
    network: Conditionals, cells: TableCells, found: CellExpectations, typical: FloatArray, told: IntArray
) -> CellExpectations:
    """Add which other cell each of the least probable cells, and the most surprising of those told, contradicts."""
    if len(typical) < 2:
        return found
    order = np.lexsort((-found.nats, found.p_value))
    worth = order[(found.p_value[order] <= _IMPROBABLE) | np.isin(found.row[order], told)]
    which = np.sort(worth[found.nats[worth] >= PARTNER_NATS][: _MOST_PAIRS // (len(typical) - 1)])
    if len(which) == 0:
        return found
    without = surprise_without(network, cells.take(which), typical)
    partner, partner_nats = found.partner.copy(), found.partner_nats.copy()
    partner[which], partner_nats[which] = without.argmin(axis=1), without.min(axis=1)
    return replace(found, partner=partner, partner_nats=partner_nats)
