"""Sensitive groups of which so few rows are there that nothing can be said about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding, facts
from vaeaudit.analysis.representation.representation import Representation
from vaeaudit.analysis.representation.shortfall import cell_facts, name_of, subject_of
from vaeaudit.wording.phrases import listed, plural

CODE: Final = "VA104"
KIND: Final = "representation"


def ask(seen: Seen) -> Answer:
    """Name all groups below the smallest size that is judged in one finding; combinations are not looked at."""
    alone = [cell for cell in seen.measured.representation if len(cell.attributes) == 1]
    least = seen.config.smallest_group
    told = {id(cell) for cell in alone if cell.n == 0 and cell.baseline == "population"}  # VA101 judges these
    small = sorted((cell for cell in alone if cell.n < least and id(cell) not in told), key=lambda cell: cell.n)
    return answered(
        [_finding(small, least)] if small else (),
        f"Each of {plural(len(alone), 'group')} has at least {least} rows.",
        tested=len(alone),
    )


def _finding(small: Sequence[Representation], least: int) -> Finding:
    names = [f"{name_of(cell)} ({plural(cell.n, 'row')})" for cell in small]
    return Finding(
        code=CODE,
        subject=subject_of(small),
        kind=KIND,
        severity="low",
        title=f"Too small to judge: {listed(names, most=4)}",
        evidence={
            "groups": len(small),
            **facts(small[0], "n", "ci"),
            "smallest_group": least,
            "smallest": [cell_facts(cell) for cell in small[:LISTED]],
        },
        action=f"Collect at least {least} rows of each, or say that the data cannot speak about them.",
        anchor="representation",
        rule=small[0].rule,
    )


CHECK = Check(
    CODE,
    "group-too-small",
    "Has every sensitive group enough rows to say anything about it?",
    KIND,
    ask,
    needs=(Need.SENSITIVE,),
)
