"""Columns whose name suggests a sensitive attribute that was not declared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding
from vaeaudit.data.schema.columns import Role
from vaeaudit.wording.phrases import listed, plural

CODE: Final = "VA805"
KIND: Final = "quality"
#: What was declared of a column already.
_DECLARED = (Role.SENSITIVE, Role.EXCLUDED, Role.ID, Role.LABEL)


def ask(seen: Seen) -> Answer:
    """Name all of them in one finding."""
    columns = seen.measured.columns
    names = [
        column.name
        for column in columns
        if column.suggested_sensitive and not column.same_as and column.role not in _DECLARED
    ]
    return answered(
        [_finding(names)] if names else (),
        f"No name of {plural(len(columns), 'column')} suggests a sensitive attribute that was not declared.",
        tested=len(columns),
    )


def _finding(names: Sequence[str]) -> Finding:
    options = " ".join(f"--sensitive {name}" for name in names[:3])
    return Finding(
        code=CODE,
        subject="",
        kind=KIND,
        severity="info",
        title=f"The name suggests a sensitive attribute, but none was declared: {listed(names)}",
        evidence={"columns": len(names), "names": list(names[: 2 * LISTED])},
        action=f"If so, fit again with {options}; groups, labels and proxies are then audited for it.",
        anchor="quality",
    )


CHECK = Check(CODE, "sensitive-not-declared", "Was every sensitive attribute declared?", KIND, ask)
