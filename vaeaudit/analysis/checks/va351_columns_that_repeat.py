"""Columns that say the same as others: equal, under other names, or in another unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding
from vaeaudit.analysis.rules.find import RuleSummary
from vaeaudit.wording.phrases import plural

CODE: Final = "VA351"
KIND: Final = "quality"


def ask(seen: Seen) -> Answer:
    """Tell all columns that repeat in one finding."""
    repeats = [rule for rule in seen.measured.rules_of_the_table if rule.kind.repeats]
    n_columns = len(seen.inputs.schema)
    return answered(
        [_finding(repeats)] if repeats else (),
        f"None of {plural(n_columns, 'column')} repeats another.",
        tested=n_columns,
    )


def _finding(repeats: Sequence[RuleSummary]) -> Finding:
    copies = {name for rule in repeats for name in rule.columns[1:]}
    more = f"; {plural(len(copies), 'column')} in all repeat others" if len(repeats) > 1 else ""
    return Finding(
        code=CODE,
        subject="",
        kind=KIND,
        severity="low",
        title=f"{repeats[0].statement}{more}",
        evidence={"columns": sorted(copies), "rules": {rule.id: rule.statement for rule in repeats[: 2 * LISTED]}},
        action=(
            "Keep one of each, by --exclude for the others: a model counts one thing twice, and a copy of the label "
            "or of a sensitive column gives it away."
        ),
        anchor="rules",
    )


CHECK = Check(CODE, "columns-that-repeat", "Does every column say something of its own?", KIND, ask)
