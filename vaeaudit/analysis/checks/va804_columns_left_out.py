"""Columns that took no part in the model, so that most checks say nothing about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding
from vaeaudit.analysis.quality.columns import ColumnSummary
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.wording.phrases import listed, plural

CODE: Final = "VA804"
KIND: Final = "quality"
_REASONS = {Kind.TEXT.value: "free text", Kind.IDENTIFIER.value: "identifier", Kind.CONSTANT.value: "constant"}
#: Columns that are left out for what they are to the audit, which says so elsewhere.
_OF_USE = (Role.ID.value, Role.LABEL.value, Role.SENSITIVE.value)


def ask(seen: Seen) -> Answer:
    """Name them with the reason in one finding."""
    columns = seen.measured.columns
    left_out = {column.name: reason for column in columns if (reason := _reason(column))}
    return answered(
        [_finding(left_out)] if left_out else (),
        f"No column of {len(columns)} was left out for what it holds.",
        tested=len(columns),
    )


def _reason(column: ColumnSummary) -> str:
    if column.in_model or column.role in _OF_USE:
        return ""
    if column.personal:
        return column.personal
    if column.same_as:
        return f"goes with {column.same_as}"
    return "excluded" if column.role == Role.EXCLUDED.value else _REASONS.get(column.kind, "")


def _finding(left_out: Mapping[str, str]) -> Finding:
    names = [f"{name} ({reason})" for name, reason in left_out.items()]
    return Finding(
        code=CODE,
        subject="",
        kind=KIND,
        severity="info",
        title=f"{plural(len(left_out), 'column')} took no part in the model: {listed(names)}",
        evidence={"columns": len(left_out), "left_out": dict(list(left_out.items())[: 2 * LISTED])},
        action="Nothing in this report speaks about their content; check them by other means.",
        anchor="quality",
    )


CHECK = Check(CODE, "columns-left-out", "Did every column take part?", KIND, ask)
