"""Personal data in the table: names of people, addresses, numbers of phones, accounts and papers."""

from __future__ import annotations

from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Seen, answered
from vaeaudit.analysis.conclusions import Finding
from vaeaudit.data.schema.columns import Column
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import plural

CODE: Final = "VA851"
KIND: Final = "quality"


def ask(seen: Seen) -> Answer:
    """Tell each column of personal data; no value of it."""
    columns = tuple(seen.inputs.schema)
    return answered(
        [_finding(column, seen) for column in columns if column.personal],
        f"None of {plural(len(columns), 'column')} looks like names, addresses or numbers of people.",
        tested=len(columns),
    )


def _finding(column: Column, seen: Seen) -> Finding:
    filled = len(seen.inputs.frame) - column.missing
    distinct = numbers.count(column.unique)
    return Finding(
        code=CODE,
        subject=column.name,
        kind=KIND,
        severity="low",
        title=f"{column.name} holds {column.personal}: {distinct} distinct in {plural(filled, 'row')}",
        evidence={"rows": filled, "distinct": column.unique, "what": column.personal},
        action=(
            "Leave the column out before the data is handed on or trained on. It is no part of the model here, and no "
            "report shows its values."
        ),
        anchor="quality",
    )


CHECK = Check(CODE, "personal-data", "Is the table free of names, addresses and numbers of people?", KIND, ask)
