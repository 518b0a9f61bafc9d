"""Rows whose order in the file tells the label or another column."""

from __future__ import annotations

from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding
from vaeaudit.analysis.order.orders import FEWEST_ROWS, sorted_by
from vaeaudit.analysis.order.places import evidence
from vaeaudit.wording.phrases import listed

CODE: Final = "VA653"
KIND: Final = "quality"
#: Differences between the first four fifths of the rows and the last that are told.
SMALLEST = 0.1


def ask(seen: Seen) -> Answer:
    """Tell one finding: the label, else the column that differs most, and in whose order the rows stand."""
    if len(seen.inputs.frame) < FEWEST_ROWS:
        return Answer("inconclusive", f"Fewer than {FEWEST_ROWS} rows.", 0)
    label = seen.inputs.schema.label
    split = [each for each in seen.measured.changes if each.shape == "split" and each.difference >= SMALLEST]
    if not split:
        return answered((), "The first four fifths of the rows are like the last.", tested=len(seen.inputs.schema))
    first = next((change for change in split if label is not None and change.column == label.name), split[0])
    others = [change.column for change in split if change is not first]
    by = sorted_by(seen.inputs.frame, seen.inputs.schema)
    stand = f"The rows stand in the order of {listed(by, most=2)}" if by else "The order of the rows tells something"
    also = f"; so {'differs' if len(others) == 1 else 'differ'} {listed(others)}" if others else ""
    finding = Finding(
        code=CODE,
        subject="",
        kind=KIND,
        severity="low" if label is not None and first.column == label.name else "info",
        title=f"{stand}: {first.statement}{also}",
        evidence={**evidence(first), "columns": [first.column, *others][:LISTED], "sorted_by": list(by[:LISTED])},
        action=(
            "Shuffle before taking part of the rows for training, unless the rows to come are meant to lie beyond the "
            "last ones."
        ),
        anchor="changes",
    )
    return answered([finding], "", tested=len(seen.inputs.schema))


CHECK = Check(
    CODE, "row-order-tells", "Would the last rows of the file do as a random draw?", KIND, ask, needs=(Need.TABLE,)
)
