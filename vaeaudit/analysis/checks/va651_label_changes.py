"""A label that is another one from some date on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import Finding, Severity, subject
from vaeaudit.analysis.order.places import at_one_place, evidence
from vaeaudit.data.schema.columns import Kind
from vaeaudit.outputs.changes import Change

CODE: Final = "VA651"
KIND: Final = "label"
#: Shares that are nearly none, or all; and differences: of a change to such a share, or without one, that is grave, and
#: of one that changes results.
NEARLY_NONE, GRAVE_TO_NONE, GRAVE, MEDIUM = 0.02, 0.3, 0.5, 0.1


def ask(seen: Seen) -> Answer:
    """Tell one finding per place at which the label changes, in all rows or where a column says so."""
    label = seen.measured.labels
    dates = [column.name for column in seen.inputs.schema if column.kind is Kind.DATETIME]
    if label is None or not dates:
        return Answer("not_applicable", "No column is a date.")
    steps = [change for change in label.changes if change.shape == "step"]
    trends = [f"It drifts by {each.along}: {each.statement}." for each in label.changes if each.shape == "trend"]
    passed = " ".join([f"{label.column} has no step along a date that most rows have.", *trends])
    return answered(map(_finding, at_one_place(steps)), passed, tested=len(dates))


def _finding(changes: Sequence[Change]) -> Finding:
    first, *more = changes
    also = "".join(f"; {'in all rows' if first.within else 'most of all'}: {each.statement}" for each in more[:1])
    return Finding(
        code=CODE,
        subject=subject(first.along, first.column, first.at),
        kind=KIND,
        severity=_severity(first),
        title=f"By {first.along}, {first.statement}{also}",
        evidence=evidence(first),
        action=(
            f"Decide which period to train on, or find out whether {first.column} was recorded otherwise "
            "since: a model would learn the date instead."
        ),
        anchor="changes",
    )


def _severity(change: Change) -> Severity:
    shares = change.before.value, change.after.value
    to_none = min(*shares, 1 - max(shares)) <= NEARLY_NONE and change.difference >= GRAVE_TO_NONE
    if to_none or change.difference >= GRAVE:
        return "high"
    return "medium" if change.difference >= MEDIUM else "low"


CHECK = Check(
    CODE,
    "label-changes",
    "Does the label mean the same at all times?",
    KIND,
    ask,
    needs=(Need.LABEL, Need.TABLE),
)
