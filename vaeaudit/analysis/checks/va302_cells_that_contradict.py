"""Cells that contradict the rest of their rows, in rows that are not flagged as a whole."""

from __future__ import annotations

from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import Finding, facts
from vaeaudit.analysis.outliers.results import CellSummary
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.phrases import listed, plural

CODE: Final = "VA302"
KIND: Final = "outlier"


def ask(seen: Seen) -> Answer:
    """Tell suspicious cells in one finding, unless all lie in rows that are flagged anyway."""
    cells = seen.measured.outliers.cells
    if cells is None:
        return Answer("not_applicable", "The run did not look at single cells.")
    return answered(
        [_finding(cells, seen.config.max_outlier_share)] if cells.rows_not_flagged else (),
        f"No cell of {numbers.count(cells.n)} contradicts the rest of its row, beside those of rows that are flagged "
        "as a whole.",
        tested=cells.n,
    )


def _finding(cells: CellSummary, most: float) -> Finding:
    names = phrases.counted(cells.by_column)
    contradict = "contradicts the rest of its row" if cells.flagged == 1 else "contradict the rest of their rows"
    are = "is" if cells.rows_not_flagged == 1 else "are"
    return Finding(
        code=CODE,
        subject="",
        kind=KIND,
        severity="medium" if (cells.ci.low or 0.0) > most else "low",
        title=(
            f"{plural(cells.flagged, 'cell')} {contradict}, in {listed(names)}; "
            f"{plural(cells.rows_not_flagged, 'row')} with such a cell {are} not flagged as a whole"
        ),
        evidence={
            **facts(cells, "flagged", "n", "rows", "rows_not_flagged", "share_of_rows", "ci", "fdr"),
            "by_column": dict(cells.by_column),
        },
        action=(
            "Check the cells in cells.csv against their source, least probable first: a wrong unit, a slip of the "
            f"keyboard, two columns that cannot both be right; about {numbers.rate(cells.fdr)} of them may be right."
        ),
        anchor="outliers",
    )


CHECK = Check(
    CODE,
    "cells-that-contradict",
    "Does every cell go with the rest of its row?",
    KIND,
    ask,
    needs=(Need.TABLE,),
)
