"""Personal data in the table: names of people, addresses, numbers of phones, accounts and papers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Seen, answered
from vaeaudit.analysis.conclusions import Finding
from vaeaudit.data.schema.columns import Column
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import listed, plural

CODE: Final = "VA851"
KIND: Final = "quality"


def ask(seen: Seen) -> Answer:
    """Tell the columns of personal data in one finding; no value of them."""
    columns = tuple(seen.inputs.schema)
    found = [column for column in columns if column.personal]
    return answered(
        [_finding(found)] if found else (),
        f"None of {plural(len(columns), 'column')} looks like names, addresses or numbers of people.",
        tested=len(columns),
    )


def _finding(found: Sequence[Column]) -> Finding:
    said = [f"{column.name} ({column.personal}, {numbers.count(column.unique)} distinct)" for column in found]
    return Finding(
        code=CODE,
        subject="",
        kind=KIND,
        severity="low",
        title=f"{plural(len(found), 'column holds', 'columns hold')} personal data: {listed(said)}",
        evidence={"columns": {column.name: column.personal for column in found}},
        action=(
            "Leave them out before the data is handed on or trained on. They are no part of the model here, and no "
            "report shows their values."
        ),
        anchor="quality",
    )


CHECK = Check(CODE, "personal-data", "Is the table free of names, addresses and numbers of people?", KIND, ask)
