"""Rows that are equal in all that a prediction may use, and have different labels."""

from __future__ import annotations

from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import Finding, Severity, facts
from vaeaudit.analysis.labels.same_rows import SameRows
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import plural

CODE: Final = "VA403"
KIND: Final = "label"
#: Share of labels that no model can get right from which it is graver.
MANY = 0.01


def ask(seen: Seen) -> Answer:
    """Tell them in one finding; where the columns have few values it is a fact, and no error."""
    label = seen.measured.labels
    same = None if label is None else label.same_rows
    if label is None or same is None:
        return Answer("not_applicable", "There are no columns that equal rows could share.")
    return answered(
        [_finding(same, label.column, seen)] if same.groups else (),
        f"No two of {plural(same.n, 'row')} are equal in all {plural(same.columns, 'column')} and differ in "
        f"{label.column}; {plural(same.repeated, 'row')} are equal to another.",
        tested=same.n,
    )


def _finding(same: SameRows, label: str, seen: Seen) -> Finding:
    share = same.errors / same.n
    grave: Severity = "medium" if share >= MANY else "low"
    names = [str(seen.inputs.row_ids[place]) for place in same.example]
    return Finding(
        code=CODE,
        subject="",
        kind=KIND,
        severity="info" if same.coarse else grave,
        title=(
            f"{plural(same.rows, 'row')} in {plural(same.groups, 'set')} of equal rows differ in {label} alone: every "
            f"model is wrong in at least {numbers.count(same.errors)} of {plural(same.n, 'row')} "
            f"({numbers.share(share)})"
        ),
        evidence={
            **facts(same, "n", "columns", "repeated", "groups", "rows", "errors", "expected_pairs", "coarse"),
            "share": share,
            "example": names,
        },
        action=(
            f"So few values have the columns that equal rows are no surprise: what parts them is not in the table. "
            f"No accuracy above {numbers.share(1 - share)} can be reached on these rows."
            if same.coarse
            else f"Equal rows come by copying: look which label is right, {' or '.join(names)} first, and keep one."
        ),
        anchor="label",
    )


CHECK = Check(
    CODE,
    "same-row-other-label",
    "Do rows that are equal in everything else have one label?",
    KIND,
    ask,
    needs=(Need.LABEL, Need.TABLE),
)
