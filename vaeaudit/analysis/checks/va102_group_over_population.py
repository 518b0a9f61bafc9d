"""Groups with more rows than the population that was given says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding
from vaeaudit.analysis.representation.representation import Representation
from vaeaudit.analysis.representation.shortfall import cell_facts, name_of, subject_of
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import plural

CODE: Final = "VA102"
KIND: Final = "representation"


def ask(seen: Seen) -> Answer:
    """Name the groups that hold more than their share: one finding per attribute, one for all combinations."""
    judged = [cell for cell in seen.measured.representation if cell.status is not None]
    return answered(
        _findings([cell for cell in judged if cell.status == "over"]),
        f"None of {plural(len(judged), 'group')} and combinations is surely above "
        f"{numbers.rate(seen.config.max_ratio)} of its share.",
        tested=len(judged),
    )


def _findings(over: Sequence[Representation]) -> Iterator[Finding]:
    alone = [cell for cell in over if len(cell.attributes) == 1]
    crossed = [cell for cell in over if len(cell.attributes) > 1]
    for _, members in groupby(alone, key=lambda cell: cell.attributes):
        yield _over_represented(list(members))
    if crossed:
        yield _over_represented(crossed)


def _over_represented(cells: list[Representation]) -> Finding:
    """Describe groups that hold more than their share, those with the most rows too many first."""
    ranked = sorted(cells, key=lambda cell: (cell.reference_share or 0.0) - cell.share)
    most = ranked[0]
    more = f"; {plural(len(cells) - 1, 'more group')} above their share" if len(cells) > 1 else ""
    return Finding(
        code=CODE,
        subject=subject_of(cells),
        kind=KIND,
        severity="low",
        title=(
            f"{name_of(most)}: {numbers.with_interval(most.share, most.ci, 'share')} of the rows, only "
            f"{numbers.share(most.reference_share or 0.0)} of the population{more}"
        ),
        evidence={
            "groups": len(cells),
            **cell_facts(most),
            "largest": [cell_facts(cell) for cell in ranked[:LISTED]],
        },
        action="Collect from the groups that are short rather than deleting here; or weight these rows down.",
        anchor="representation",
        rule=most.rule,
    )


CHECK = Check(
    CODE,
    "group-over-population",
    "Does no group hold much more than its share of the population?",
    KIND,
    ask,
    needs=(Need.SENSITIVE, Need.POPULATION),
)
