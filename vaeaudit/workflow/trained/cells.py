"""What the cells of a table that are told of are expected to hold: for `fit`, and for `score`."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.outliers.reasons import reason_cells
from vaeaudit.models.table.cell_expectations import TableCells, expect_cells, surprise_without
from vaeaudit.models.table.vae import TableVAE
from vaeaudit.outputs.latents import CellExpectations, LatentCodes
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.scoring.cells import PARTNER_NATS, cell_p_values, cells_looked_at, consequences
from vaeaudit.scoring.state import TableScoring

#: Rows whose reasons are looked at, if so many are flagged; and the least, those of highest score.
_MOST_ROWS = 1000
_FEWEST_ROWS = 50
#: Pairs of cells looked at to find which other cell a surprising one contradicts.
_MOST_PAIRS = 5_000
#: Cells more probable than this are never flagged in a table worth the search.
_IMPROBABLE = 1e-3


def check_cells(
    model: TableVAE, frame: pd.DataFrame, codes: LatentCodes, scoring: TableScoring, scores: RowScores, *, seed: int
) -> CellExpectations:
    """Return what the other cells of a row make of the cells that surprise, with a p-value for each.

    Looked at are the cells that may be suspicious, wherever they are, and the reasons of the rows of highest score.

    Parameters
    ----------
    model
        Trained.
    frame, codes, scores
        The same N rows.
    scoring
        Of the run.
    seed
        Of the posterior samples.
    """
    null, typical = scoring.cell_null, scoring.score.typical
    row, column = cells_looked_at(codes, null)
    told = scores.most_atypical_first[: int(np.clip(scores.outlier.sum(), _FEWEST_ROWS, _MOST_ROWS))]
    reasons = reason_cells(codes, told)
    n_columns = len(codes.columns)
    tested = row.astype(np.int64) * n_columns + column
    keys = np.unique(np.concatenate([tested, reasons[0] * n_columns + reasons[1]]))
    cells = TableCells.of(model, frame, keys // n_columns, (keys % n_columns).astype(np.int32))
    found = expect_cells(model, cells, typical, seed=seed)
    is_tested = np.isin(keys, tested)
    p_value = np.where(is_tested, cell_p_values(found.column, found.nats, null), 1.0)
    found = _with_partners(model, cells, replace(found, p_value=p_value), typical, told, seed=seed)
    found = _without_culprits(model, cells, found, typical, seed=seed)
    p_value = np.where(is_tested, cell_p_values(found.column, found.nats, null), 1.0)
    return replace(found, p_value=np.maximum(p_value, found.p_value))


def _without_culprits(
    model: TableVAE, cells: TableCells, found: CellExpectations, typical: npt.NDArray[np.floating], *, seed: int
) -> CellExpectations:
    """Judge cells that surprise only because another cell of their row is wrong once more, without that other one."""
    which = consequences(found, len(typical))
    if len(which) == 0:
        return found
    again = expect_cells(model, cells.take(which), typical, without=found.partner[which], seed=seed)
    merged = {entry.name: getattr(found, entry.name).copy() for entry in fields(found)}
    for name, values in merged.items():
        if name != "p_value":
            values[which] = getattr(again, name)
    return CellExpectations(**merged)


def _with_partners(
    model: TableVAE,
    cells: TableCells,
    found: CellExpectations,
    typical: npt.NDArray[np.floating],
    told: npt.NDArray[np.integer],
    *,
    seed: int,
) -> CellExpectations:
    """Add which other cell each of the least probable cells, and the most surprising of those told, contradicts."""
    if len(typical) < 2:
        return found
    order = np.lexsort((-found.nats, found.p_value))
    worth = order[(found.p_value[order] <= _IMPROBABLE) | np.isin(found.row[order], told)]
    which = np.sort(worth[found.nats[worth] >= PARTNER_NATS][: _MOST_PAIRS // (len(typical) - 1)])
    if len(which) == 0:
        return found
    without = surprise_without(model, cells.take(which), typical, seed=seed)
    partner, partner_nats = found.partner.copy(), found.partner_nats.copy()
    partner[which], partner_nats[which] = without.argmin(axis=1), without.min(axis=1)
    return replace(found, partner=partner, partner_nats=partner_nats)
