"""Regions short of rows by one baseline, as an answer: a finding for each of the first, one for all others together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Seen, answered
from vaeaudit.analysis.checks.same_gap import told_by_groups
from vaeaudit.analysis.conclusions import Finding, Severity, facts, gravity
from vaeaudit.analysis.coverage.results import Baseline, Region
from vaeaudit.analysis.coverage.shortages import STATED
from vaeaudit.analysis.power.summary import detectable
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import plural
from vaeaudit.wording.rules import describe

KIND: Final = "region"
#: Regions with a finding of their own; the others share one.
MOST_REGIONS = 5
#: A region that holds, for sure, less than half of the rows that were stated for it is graver than one just below
#: tolerance.
GRAVE_RATIO = 0.5
_BASELINES = {
    "population": "by the population's shares",
    "reference": "by the reference data",
    "independence": "if these columns were independent",
    "uniform": "if coverage were even",
}
#: What follows a question, and any other region; what all further ones are called.
_ASKED = {True: ". Is that so in the world?", False: ""}
_OTHERS = {True: "to ask about", False: "short of rows"}


def answer_for(baseline: Baseline, code: str, seen: Seen) -> Answer:
    """Answer whether any region is short by this baseline; gaps that a check of groups tells are left to it.

    Against a population or reference a shortfall is a fault of the sample. Against independence it is a question:
    columns may go together in the world as they do in the data. Against an even spread it is a wish. What is one sign
    of many that columns go together, or does not come back on resampled rows, is never more than a hint.

    Parameters
    ----------
    baseline
        Which regions are meant.
    code
        Of the check.
    seen
        What was measured.
    """
    measured = seen.measured
    if measured.regions_tested == 0:
        return Answer("inconclusive", "No combination of columns holds enough rows to be tested.", 0)
    told = told_by_groups(seen)
    found = [region for region in measured.regions if region.baseline == baseline and region.id not in told]
    return answered(
        region_findings(found, code, settled=seen.settled, missing=seen.missing),
        f"None of {plural(measured.regions_tested, 'combination')} tested, over all baselines, is surely below "
        f"{numbers.rate(seen.config.min_ratio)} of what is to be expected {_BASELINES[baseline]}"
        f"{', beside the groups that are told already' if told else ''}.",
        tested=measured.regions_tested,
        detectable=detectable(measured.power, "gap", baseline),
    )


def region_findings(
    regions: Sequence[Region], code: str, *, settled: Collection[str] = (), missing: Collection[str] = ()
) -> Iterator[Finding]:
    """Yield a finding for each of the first regions and one for all others together.

    Parameters
    ----------
    regions
        By rank.
    code
        Of the check.
    settled, missing
        Regions, by id, that readers judged to be no gap: each gets a finding of its own, which is then set aside; and
        to lack rows, which is no question then.
    """
    still_open = [region.id for region in regions if region.id not in settled]
    alone = {*still_open[:MOST_REGIONS], *settled, *missing}
    for region in regions:
        if region.id in alone:
            yield _finding(region, code, is_stated=region.baseline in STATED or region.id in missing)
    rest = [region for region in regions if region.id not in alone]
    if rest:
        yield Finding(
            code=code,
            subject="others",
            kind=KIND,
            severity=min(map(_severity, rest), key=gravity),
            title=f"{plural(len(rest), 'more combination')} {_OTHERS[rest[0].is_question]}, such as "
            f"{describe(rest[0].rule)}",
            evidence={
                "regions": len(rest),
                "observed": sum(region.observed for region in rest),
                "ci": rest[0].ci.bounds,
                "rules": {region.id: describe(region.rule) for region in rest},
            },
            action="Look through them in the section on regions: the same gap may show under several names.",
            anchor="regions",
        )


def _finding(region: Region, code: str, *, is_stated: bool) -> Finding:
    returns = "" if region.stable is not False else " (unstable: it seldom comes back when the rows are drawn anew)"
    aside = f" ({numbers.count(region.set_aside)} of them flagged as outliers)" if region.set_aside else ""
    return Finding(
        code=code,
        subject=region.id,
        kind=KIND,
        severity=_severity(region, is_stated=is_stated),
        title=(
            f"{plural(region.observed, 'row')}{aside} where {describe(region.rule)}; "
            f"{_BASELINES[region.baseline]} it would be about {numbers.expected(region.expected)}{returns}"
            f"{_ASKED[region.is_question and not is_stated]}"
        ),
        evidence={
            "region": region.id,
            **facts(region, "baseline", "observed", "set_aside", "expected", "ratio", "ci", "p_adjusted"),
            "rows_to_collect": region.rows_to_collect,
            "rows_to_collect_range": list(region.rows_to_collect_range),
            **facts(region, "stability", "gap_share"),
        },
        action=_action(region, is_stated=is_stated),
        anchor="regions",
        rule=region.rule,
    )


def _severity(region: Region, *, is_stated: bool = False) -> Severity:
    """Return the severity; what readers say is missing has no stated amount, and is never high."""
    if region.stable is False:
        return "low"
    if region.baseline not in STATED:
        return "medium" if is_stated else "low"
    most = region.ci.high if region.ci.high is not None else 1.0
    return "high" if most < GRAVE_RATIO else "medium"


def _action(region: Region, *, is_stated: bool) -> str:
    collect = f"ollect at least {plural(region.rows_to_collect, 'such row')}."
    if is_stated:
        return f"C{collect}"
    if region.baseline == "uniform":
        return f"Only if a model has to do equally well on every combination: c{collect}"
    if region.is_dependence:
        return f"These columns go together in other ways too. If such rows are more common in the world, c{collect}"
    return f"Ask somebody who knows the field. If such rows are more common in the world, c{collect}"
