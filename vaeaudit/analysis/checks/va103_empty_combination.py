"""Combinations of sensitive groups without a single row, although each of their groups has enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding
from vaeaudit.analysis.representation.empty_combinations import EmptyCombination, empty_combinations
from vaeaudit.analysis.representation.shortfall import group_of, name_of, subject_of
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import listed, plural

CODE: Final = "VA103"
KIND: Final = "representation"


def ask(seen: Seen) -> Answer:
    """Name the empty combinations that chance does not explain in one finding."""
    cells = seen.measured.representation
    crossed = [cell for cell in cells if len(cell.attributes) > 1 and cell.baseline == "balance"]
    if not crossed:
        return Answer("not_applicable", "There are no combinations of groups without given shares.")
    found = empty_combinations(cells, seen.config.fdr)
    return answered(
        [_finding(found)] if found else (),
        f"None of {plural(len(crossed), 'combination')} is empty although its groups are large enough for some rows.",
        tested=len(crossed),
    )


def _finding(found: Sequence[EmptyCombination]) -> Finding:
    names = [f"{name_of(entry.cell)} (about {numbers.expected(entry.expected)} expected)" for entry in found]
    first = found[0].cell
    return Finding(
        code=CODE,
        subject=subject_of([entry.cell for entry in found]),
        kind=KIND,
        severity="medium",
        title=(
            f"{plural(len(found), 'combination')} of sensitive groups without a single row, although each group has "
            f"enough: {listed(names, separator='; ')}"
        ),
        evidence={
            "combinations": len(found),
            "n": 0,
            "ci": first.ci.bounds,
            "empty": [
                {
                    "group": group_of(entry.cell),
                    "expected_if_independent": entry.expected,
                    "p_adjusted": entry.p_adjusted,
                }
                for entry in found[:LISTED]
            ],
        },
        action=(
            "Say whether such people exist where the data comes from; if they do, collect some: "
            "from none, nothing can be learned."
        ),
        anchor="representation",
        rule=first.rule,
    )


CHECK = Check(
    CODE,
    "empty-combination",
    "Has every combination of sensitive groups a row, where its groups are large enough to expect some?",
    KIND,
    ask,
    needs=(Need.SENSITIVE,),
)
