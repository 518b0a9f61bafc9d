"""What was met while columns were read: cells that do not fit, kinds in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding
from vaeaudit.analysis.quality.columns import ColumnSummary
from vaeaudit.wording.phrases import plural

CODE: Final = "VA803"
KIND: Final = "quality"


def ask(seen: Seen) -> Answer:
    """Tell all remarks in one finding."""
    columns = seen.measured.columns
    troubled = [column for column in columns if column.problems]
    return answered(
        [_finding(troubled)] if troubled else (),
        f"Nothing odd was met in {plural(len(columns), 'column')}.",
        tested=len(columns),
    )


def _finding(troubled: Sequence[ColumnSummary]) -> Finding:
    first = troubled[0]
    more = f", and {plural(len(troubled) - 1, 'more column')} with remarks" if len(troubled) > 1 else ""
    return Finding(
        code=CODE,
        subject="",
        kind=KIND,
        severity="low" if any(column.in_model for column in troubled) else "info",
        title=f"{first.name}: {first.problems[0].rstrip('.')}{more}",
        evidence={
            "columns": len(troubled),
            "problems": {column.name: list(column.problems) for column in troubled[: 2 * LISTED]},
        },
        action="Check these cells at the source, or declare the column's kind if it was read wrongly.",
        anchor="quality",
    )


CHECK = Check(CODE, "column-remarks", "Could every column be read as what it is?", KIND, ask)
