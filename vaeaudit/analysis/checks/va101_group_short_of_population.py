"""Groups and combinations of groups with fewer rows than the population that was given says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from math import sqrt
from types import MappingProxyType
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.checks.same_gap import regions_of_groups
from vaeaudit.analysis.conclusions import LISTED, Finding, Severity
from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.representation.representation import Representation
from vaeaudit.analysis.representation.shortfall import cell_facts, name_of, rows_to_collect, subject_of, told_once
from vaeaudit.config import AnalysisConfig
from vaeaudit.statistics.intervals import normal_quantile
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import listed, plural

CODE: Final = "VA101"
KIND: Final = "representation"
#: The group for which it is said what would have been noticed; the normal quantile of a power of 80 %.
USUAL_SHARE, _POWER_QUANTILE = 0.1, 0.8416


def ask(seen: Seen) -> Answer:
    """Judge every group by its share, in the words of one finding per attribute and one for all combinations."""
    cells = [cell for cell in seen.measured.representation if cell.status is not None]
    if not cells:
        return Answer("inconclusive", "The population that was given describes none of the sensitive attributes.")
    open_groups = [name_of(cell) for cell in cells if cell.status == "inconclusive" and len(cell.attributes) == 1]
    compared = sum(cell.n for cell in cells if cell.attributes == cells[0].attributes)
    answer = answered(
        _findings(cells, seen),
        f"None of {plural(len(cells), 'group')} and combinations is surely below {numbers.rate(seen.config.min_ratio)} "
        "of its share.",
        tested=len(cells),
        detectable=noticed(compared, seen.config),
    )
    if answer.state == "passed" and open_groups:
        why = f"The share of {listed(open_groups)} cannot be told from so few rows."
        return replace(answer, state="inconclusive", why=why)
    return answer


def _findings(cells: Sequence[Representation], seen: Seen) -> Iterator[Finding]:
    """Yield the graver ones first: combinations weigh less where one of their own groups is short already."""
    found = told_once(cells, seen.config.min_ratio)
    regions = regions_of_groups([*found.groups, *found.combinations], seen)
    for _, members in groupby(found.groups, key=lambda cell: cell.attributes):
        yield _short(list(members), seen, "high", regions)
    short = {(cell.attributes[0], cell.group[0]) for cell in found.groups}
    news = [cell for cell in found.combinations if not short & set(zip(cell.attributes, cell.group, strict=True))]
    if found.combinations:
        severity: Severity = "high" if news else "medium"
        yield _short(found.combinations, seen, severity, regions, found.explained)


def _to_collect(cell: Representation, regions: Mapping[int, Sequence[Region]], ratio: float) -> int:
    """Return the rows to collect; where the gap was found as a region too, the number that stands there."""
    by_population = [region for region in regions.get(id(cell), ()) if region.baseline == "population"]
    return by_population[0].rows_to_collect if by_population else rows_to_collect(cell, ratio)


def _short(
    cells: Sequence[Representation],
    seen: Seen,
    severity: Severity,
    regions: Mapping[int, Sequence[Region]],
    explained: Mapping[int, Sequence[Representation]] = MappingProxyType({}),
) -> Finding:
    """Describe groups that are short, those that lack the most rows first."""
    config = seen.config
    lacking = {id(cell): _to_collect(cell, regions, config.min_ratio) for cell in cells}
    ranked = sorted(cells, key=lambda cell: -lacking[id(cell)])
    worst = ranked[0]
    whole = [name_of(group) for group in explained.get(id(worst), ())]
    why = f", which is why {listed(whole)} {'is' if len(whole) == 1 else 'are'} short as a whole" if whole else ""
    more = f"; {plural(len(cells) - 1, 'more group')} short of their share" if len(cells) > 1 else ""
    named = [f"{numbers.count(max(lacking[id(cell)], 1))} with {name_of(cell)}" for cell in ranked]
    return Finding(
        code=CODE,
        subject=subject_of(cells),
        kind=KIND,
        severity=severity,
        title=(
            f"{name_of(worst)}: {numbers.with_interval(worst.share, worst.ci, 'share')} of the rows, "
            f"{numbers.share(worst.reference_share or 0.0)} of the population{why}{more}"
        ),
        evidence={
            "groups": len(cells),
            **cell_facts(worst),
            "rows_to_collect": lacking[id(worst)],
            "regions": [region.id for cell in ranked for region in regions.get(id(cell), ())][:LISTED],
            "largest_gaps": [{**cell_facts(cell), "rows_to_collect": lacking[id(cell)]} for cell in ranked[:LISTED]],
        },
        action=(
            f"Collect at least {listed(named, separator='; ')} ({'each alone ' if len(cells) > 1 else ''}to reach "
            f"{numbers.rate(config.min_ratio)} of the share), or weight such rows up and report results for them apart."
        ),
        anchor="representation",
        rule=worst.rule,
    )


def noticed(n_rows: int, config: AnalysisConfig) -> str:
    """Say at which share a group of `USUAL_SHARE` would be noticed: below `min_ratio` of it with its whole interval.

    The interval's upper end lies below the limit with a probability of 80 % once the true share lies 0.84 standard
    errors further below than the interval is wide; both errors are taken at the limit (normal approximation).

    Parameters
    ----------
    n_rows
        Rows that were compared.
    config
        Gives confidence and tolerance.
    """
    limit = config.min_ratio * USUAL_SHARE
    error = sqrt(limit * (1 - limit) / max(n_rows, 1))
    share = limit - (normal_quantile(config.confidence) + _POWER_QUANTILE) * error
    if share <= 0:
        return f"Among {plural(n_rows, 'row')} not even the absence of a group of {numbers.rate(USUAL_SHARE)} is sure."
    return (
        f"A group that ought to be {numbers.rate(USUAL_SHARE)} of the rows is noticed 4 times in 5 once it is "
        f"{numbers.share(share)} or less."
    )


CHECK = Check(
    CODE,
    "group-short-of-population",
    "Has every sensitive group, and every combination of them, the share that the population has?",
    KIND,
    ask,
    needs=(Need.SENSITIVE, Need.POPULATION),
)
