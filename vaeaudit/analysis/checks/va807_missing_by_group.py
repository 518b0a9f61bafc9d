"""Columns that are missing much more often, or less, in one group of people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import Finding, facts, subject
from vaeaudit.analysis.quality.missingness import MissingInGroup, Missingness
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.phrases import listed

CODE: Final = "VA807"
KIND: Final = "quality"
#: Difference of the shares of missing cells, in a group and outside it, that the whole interval must exceed; and that
#: from which what is filled in or left out changes results.
SOME, MUCH = 0.02, 0.05
#: Findings of their own; what comes beyond is told in the last.
MOST_FINDINGS = 2


def ask(seen: Seen) -> Answer:
    """Tell one finding per sensitive column and set of columns that are missing together."""
    entries = [entry for column in seen.measured.missingness for entry in column.by_group]
    judged = [entry for entry in entries if entry.p_adjusted is not None]
    if not seen.measured.missingness:
        return Answer("passed", "No cell is missing.", 0)
    if not judged:
        return Answer("inconclusive", "Every group, or everybody else, has too few rows to be judged.", 0)
    return answered(
        _findings(seen.measured.missingness, seen.config.fdr),
        f"In no group is a column surely missing more often or less, by {numbers.points(SOME, sign=False)}.",
        tested=len(judged),
    )


def _findings(columns: Sequence[Missingness], fdr: float) -> Iterator[Finding]:
    hit: dict[tuple[str, str], tuple[Missingness, MissingInGroup]] = {}
    told: set[str] = set()
    for column in columns:
        for entry in column.by_group:
            key = (column.column, entry.attribute)
            apart = entry.p_adjusted is not None and entry.p_adjusted <= fdr and _surely(entry) > SOME
            if apart and column.column not in told and (key not in hit or _surely(entry) > _surely(hit[key][1])):
                hit[key] = (column, entry)
        told |= set(column.together)
    worst = sorted(hit.values(), key=lambda each: -_surely(each[1]))
    yield from (_finding(column, entry) for column, entry in worst[:MOST_FINDINGS])
    if worst[MOST_FINDINGS:]:
        yield _others(worst[MOST_FINDINGS:])


def _surely(entry: MissingInGroup) -> float:
    """Return by how much the shares differ at least."""
    low, high = entry.difference_ci.low or 0.0, entry.difference_ci.high or 0.0
    return max(low, -high, 0.0)


def _finding(column: Missingness, entry: MissingInGroup) -> Finding:
    group = phrases.group([entry.attribute], [entry.group])
    also = f" (and {listed(column.together)}, in the same rows)" if column.together else ""
    outside = max(entry.share - (entry.difference or 0.0), 0.0)
    return Finding(
        code=CODE,
        subject=subject(column.column, entry.attribute),
        kind=KIND,
        severity="medium" if _surely(entry) >= MUCH else "low",
        title=(
            f"{column.column}{also} is missing in {numbers.with_interval(entry.share, entry.ci, 'share')} of the rows "
            f"with {group} ({numbers.count(entry.missing)} of {numbers.count(entry.n)}), and in "
            f"{numbers.share(outside)} of all others"
        ),
        evidence={**facts(entry, "attribute", "group", "n", "missing", "share", "ci", "difference", "difference_ci")}
        | {"p_adjusted": entry.p_adjusted, "together": list(column.together)},
        action=(
            "Find out why before rows are dropped or cells filled in: dropping changes who is left, and what is filled "
            "in is learned from others."
        ),
        anchor="missing",
    )


def _others(worst: Sequence[tuple[Missingness, MissingInGroup]]) -> Finding:
    named = [f"{column.column} by {entry.attribute}" for column, entry in worst]
    return Finding(
        code=CODE,
        subject="others",
        kind=KIND,
        severity="medium" if _surely(worst[0][1]) >= MUCH else "low",
        title=f"More columns are missing more often, or less, in one group than outside it: {listed(named)}",
        evidence={"columns": named, "difference_ci": worst[0][1].difference_ci.bounds},
        action="See the shares per group in report.json, under missingness.",
        anchor="missing",
    )


CHECK = Check(
    CODE,
    "missing-by-group",
    "Are cells missing as often in every sensitive group?",
    KIND,
    ask,
    needs=(Need.SENSITIVE,),
)
