"""Cells that contradict the rest of their rows, in the user's terms: which, how many, in which columns."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.outliers.reasons import CheckedTable, describe_cells
from vaeaudit.analysis.outliers.results import CellSummary, SuspiciousCell
from vaeaudit.analysis.rules.exceptions import broken_cells
from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.latents import CellExpectations
from vaeaudit.outputs.record import IntArray
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.scoring.cells import suspicious
from vaeaudit.statistics.intervals import share_interval

#: Cells listed.
MOST_CELLS = 50
_REASON_COLUMNS = ("column", "value", "expected", "partner", "partner_value")
_DEFINITION = (
    "How much a cell surprises the network that tells it from the other cells of its row, and that never saw the row. "
    "Its p-value is the probability, under what the network expects, of a cell that is no more probable, with the "
    "tails of its column made as heavy as those of its own cells are; cells are flagged by Benjamini-Hochberg over all "
    "cells of the table."
)


def summarise_cells(inputs: AuditInputs, config: AnalysisConfig) -> CellSummary | None:
    """Summarise the suspicious cells; None for pictures, and for a run of an earlier version."""
    cells = inputs.cells
    if cells is None:
        return None
    columns, n_rows = inputs.codes.columns, len(inputs.frame)
    flagged = _flagged(cells, n_rows * len(columns), fdr=config.fdr)
    rows = np.unique(cells.row[flagged])
    top = flagged[:MOST_CELLS]
    reasons = describe_cells(CheckedTable(inputs.frame, inputs.schema, columns, cells), top)
    return CellSummary(
        definition=_DEFINITION,
        fdr=config.fdr,
        flagged=len(flagged),
        n=n_rows * len(columns),
        rows=len(rows),
        share_of_rows=len(rows) / n_rows,
        ci=share_interval(len(rows), n_rows, config.confidence),
        rows_not_flagged=int(np.sum(~inputs.scores.outlier[rows])),
        by_column=dict(Counter(columns[place] for place in cells.column[flagged]).most_common()),
        top=tuple(
            SuspiciousCell(
                row_id=str(inputs.row_ids[cells.row[place]]),
                position=int(cells.row[place]),
                reason=reason,
                p_value=float(cells.p_value[place]),
                row_flagged=bool(inputs.scores.outlier[cells.row[place]]),
            )
            for place, reason in zip(top, reasons, strict=True)
        ),
    )


def cells_table(inputs: AuditInputs) -> pd.DataFrame | None:
    """Return `cells.csv`: cells that break a rule of the table, then all suspicious ones; None without a table.

    Parameters
    ----------
    inputs
        Their flags are at the false-discovery rate at which cells are flagged, too.
    """
    if inputs.cells is None:
        return None
    checked = CheckedTable(inputs.frame, inputs.schema, inputs.codes.columns, inputs.cells)
    found = suspicious_table(checked, inputs.row_ids, inputs.scores).assign(rule="")
    broken = broken_cells(inputs.rules, inputs.frame, inputs.schema, inputs.row_ids, inputs.scores.outlier)
    return pd.concat([broken, found], ignore_index=True) if len(broken) else found


def suspicious_table(table: CheckedTable, row_ids: npt.NDArray[np.object_], scores: RowScores) -> pd.DataFrame:
    """Return all suspicious cells, least probable first.

    Nothing is escaped here: what writes the table to a file makes it safe for that kind of file.

    Parameters
    ----------
    table
        The N rows, and what is expected in their cells.
    row_ids, scores
        Names [N] of the rows, and which of them are flagged; cells are at the same false-discovery rate.
    """
    cells = table.cells
    flagged = _flagged(cells, len(table.frame) * len(table.columns), fdr=scores.fdr)
    reasons = describe_cells(table, flagged)
    texts = {name: [getattr(reason, name) for reason in reasons] for name in _REASON_COLUMNS}
    return pd.DataFrame(
        {
            "row_id": row_ids[cells.row[flagged]].astype(object),
            **{name: np.array(column, dtype=object) for name, column in texts.items()},
            "nats": cells.nats[flagged],
            "p_value": cells.p_value[flagged],
            "row_flagged": scores.outlier[cells.row[flagged]],
        }
    )


def _flagged(cells: CellExpectations, n_cells: int, *, fdr: float) -> IntArray:
    """Return the positions of the suspicious cells among the expectations, least probable first."""
    flagged = np.flatnonzero(suspicious(cells.p_value, n_cells, fdr=fdr))
    return flagged[np.lexsort((-cells.nats[flagged], cells.p_value[flagged]))]
