"""Columns that are other ones, or filled otherwise, from some date on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding, subject
from vaeaudit.analysis.order.places import at_one_place, evidence
from vaeaudit.data.schema.columns import Kind
from vaeaudit.outputs.changes import Change
from vaeaudit.wording.phrases import listed, plural

CODE: Final = "VA652"
KIND: Final = "quality"
#: Differences that are told, and that change results.
SMALLEST, MEDIUM = 0.1, 0.3
#: Findings of their own; what comes beyond is told in the last.
MOST_FINDINGS = 3


def ask(seen: Seen) -> Answer:
    """Tell one finding per place at which columns change, with all that change there."""
    dates = [column.name for column in seen.inputs.schema if column.kind is Kind.DATETIME]
    if not dates:
        return Answer("not_applicable", "No column is a date.")
    label = seen.inputs.schema.label
    steps = [
        change
        for change in seen.measured.changes
        if change.shape == "step" and change.difference >= SMALLEST and (label is None or change.column != label.name)
    ]
    return answered(
        _findings(at_one_place(steps)),
        "No column, and no column's missing cells, have a step along a date that most rows have.",
        tested=len(dates),
    )


def _findings(places: Sequence[Sequence[Change]]) -> Iterator[Finding]:
    yield from map(_finding, places[:MOST_FINDINGS])
    if places[MOST_FINDINGS:]:
        yield _others(places[MOST_FINDINGS:])


def _columns(changes: Sequence[Change]) -> list[str]:
    named = (f"whether {each.column} is filled" if each.aspect == "missing" else each.column for each in changes)
    return list(dict.fromkeys(named))


def _finding(changes: Sequence[Change]) -> Finding:
    first = changes[0]
    also = _columns(changes)[1:]
    more = f"; there {'changes' if len(also) == 1 else 'change'} also {listed(also, most=5)}" if also else ""
    return Finding(
        code=CODE,
        subject=subject(first.along, first.column, first.at),
        kind=KIND,
        severity="medium" if first.difference >= MEDIUM else "low",
        title=f"By {first.along}, {first.statement}{more}",
        evidence={**evidence(first), "columns": _columns(changes)[:LISTED]},
        action=(
            "Find out what was done otherwise since: another source, unit, form or rule. If it is no change of the "
            "world, mend it, or train on one period."
        ),
        anchor="changes",
    )


def _others(places: Sequence[Sequence[Change]]) -> Finding:
    named = [f"{listed(_columns(changes), most=2)} ({changes[0].at}, by {changes[0].along})" for changes in places]
    return Finding(
        code=CODE,
        subject="others",
        kind=KIND,
        severity="low",
        title=f"Columns change at {plural(len(places), 'more place')}: {listed(named)}",
        evidence={"places": named[:LISTED]},
        action="See report.json, under changes, for each of them.",
        anchor="changes",
    )


CHECK = Check(CODE, "column-changes", "Does every column mean the same at all times?", KIND, ask, needs=(Need.TABLE,))
