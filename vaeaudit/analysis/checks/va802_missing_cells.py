"""Columns with many missing cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding
from vaeaudit.analysis.quality.columns import ColumnSummary
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import listed, plural

CODE: Final = "VA802"
KIND: Final = "quality"
#: Columns with a larger share of missing cells are named; from the second share on they say more about who
#: answered than about the answer.
SOME_MISSING, MOSTLY_MISSING = 0.05, 0.5


def ask(seen: Seen) -> Answer:
    """Name all such columns in one finding."""
    columns, n_rows = seen.measured.columns, seen.measured.rows.scored
    shares = {column.name: column.missing / n_rows for column in columns}
    holed = sorted((name for name in shares if shares[name] >= SOME_MISSING), key=lambda name: (-shares[name], name))
    return answered(
        [_finding({name: shares[name] for name in holed}, columns, seen)] if holed else (),
        f"No column of {len(columns)} lacks {numbers.rate(SOME_MISSING)} of its cells or more.",
        tested=len(columns),
    )


def _finding(shares: Mapping[str, float], columns: Sequence[ColumnSummary], seen: Seen) -> Finding:
    first, n_rows = next(iter(shares)), seen.measured.rows.scored
    worst = next(column for column in columns if column.name == first)
    names = [f"{name} ({numbers.share(share)})" for name, share in shares.items()]
    return Finding(
        code=CODE,
        subject="",
        kind=KIND,
        severity="medium" if shares[first] >= MOSTLY_MISSING else "low",
        title=f"{plural(len(shares), 'column')} with many missing cells: {listed(names)}",
        evidence={
            "columns": len(shares),
            "missing": worst.missing,
            "n": n_rows,
            "ci": share_interval(worst.missing, n_rows, seen.config.confidence).bounds,
            "shares": dict(list(shares.items())[: 2 * LISTED]),
        },
        action="Find out why they are empty, and for whom, before imputing: absence may say more than a value would.",
        anchor="missing",
    )


CHECK = Check(CODE, "missing-cells", "Are the cells of every column filled?", KIND, ask)
