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
from vaeaudit.data.images.measured_columns import computed_columns
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import plural
from vaeaudit.wording.rules import describe

KIND: Final = "region"
#: Regions with a finding of their own; the others share one.
MOST_REGIONS = 5
#: A region that holds, for sure, less than half of the rows that were stated for it is graver than one just below
#: tolerance; against independence, which is no statement about the world, only less than a quarter is striking.
GRAVE_RATIO, STRIKING_RATIO = 0.5, 0.25
_BASELINES = {
    "population": "by the population's shares",
    "reference": "by the reference data",
    "independence": "if these columns were independent",
    "uniform": "if coverage were even",
}


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
        region_findings(found, code, set(seen.sensitive), latents=_unnamed(seen)),
        f"None of {plural(measured.regions_tested, 'combination')} tested, over all baselines, is surely below "
        f"{numbers.rate(seen.config.min_ratio)} of what is to be expected {_BASELINES[baseline]}"
        f"{', beside the groups that are told already' if told else ''}.",
        tested=measured.regions_tested,
        detectable=detectable(measured.power, "gap", baseline),
    )


def _unnamed(seen: Seen) -> Collection[str]:
    """Return the columns of rules that are latents of the model, or were computed from pictures."""
    schema = seen.inputs.schema
    ruled = {condition.column for region in seen.measured.regions for condition in region.rule}
    return ruled.difference(schema.names) | computed_columns(schema)


def region_findings(
    regions: Sequence[Region], code: str, sensitive: Collection[str], *, latents: Collection[str] = ()
) -> Iterator[Finding]:
    """Yield a finding for each of the first regions and one for all others together.

    Parameters
    ----------
    regions
        By rank.
    code
        Of the check.
    sensitive
        Names of the sensitive columns.
    latents
        Columns that nobody named: against independence, a rule over them is for looking at, and never grave.
    """
    for region in regions[:MOST_REGIONS]:
        yield _finding(region, code, sensitive, latents)
    rest = regions[MOST_REGIONS:]
    if rest:
        yield Finding(
            code=code,
            subject="others",
            kind=KIND,
            severity=min((_severity(region, sensitive, latents) for region in rest), key=gravity),
            title=f"{plural(len(rest), 'more combination')} short of rows, such as {describe(rest[0].rule)}",
            evidence={
                "regions": len(rest),
                "observed": sum(region.observed for region in rest),
                "ci": rest[0].ci.bounds,
                "rules": {region.id: describe(region.rule) for region in rest},
            },
            action="Look through them in the section on regions: the same gap may show under several names.",
            anchor="regions",
        )


def _finding(region: Region, code: str, sensitive: Collection[str], latents: Collection[str]) -> Finding:
    returns = "" if region.stable is not False else " (unstable: it seldom comes back when the rows are drawn anew)"
    aside = f" ({numbers.count(region.set_aside)} of them set aside before counting)" if region.set_aside else ""
    return Finding(
        code=code,
        subject=region.id,
        kind=KIND,
        severity=_severity(region, sensitive, latents),
        title=(
            f"{plural(region.observed, 'row')}{aside} where {describe(region.rule)}; {_BASELINES[region.baseline]} "
            f"it would be about {numbers.expected(region.expected)}{returns}"
        ),
        evidence={
            "region": region.id,
            **facts(region, "baseline", "observed", "set_aside", "expected", "ratio", "ci", "p_adjusted"),
            "rows_to_collect": region.rows_to_collect,
            "rows_to_collect_range": list(region.rows_to_collect_range),
            **facts(region, "stability", "gap_share"),
        },
        action=_action(region),
        anchor="regions",
        rule=region.rule,
    )


def _severity(region: Region, sensitive: Collection[str], latents: Collection[str]) -> Severity:
    most = region.ci.high if region.ci.high is not None else 1.0
    touches = any(condition.column in sensitive for condition in region.rule)
    of_latents = any(condition.column in latents for condition in region.rule)
    if region.stable is False or region.is_dependence or region.baseline == "uniform":
        return "low"
    if region.baseline in STATED:
        return "high" if most < GRAVE_RATIO else "medium"
    # A gap in columns that are otherwise unrelated is more than a thin corner of columns that may go together.
    striking = GRAVE_RATIO if region.gap_share is not None else STRIKING_RATIO
    return "medium" if not of_latents and (touches or most < striking) else "low"


def _action(region: Region) -> str:
    collect = f"ollect at least {plural(region.rows_to_collect, 'such row')}."
    if region.baseline in STATED:
        return f"C{collect}"
    if region.baseline == "uniform":
        return f"Only if a model has to do equally well on every combination: c{collect}"
    if region.is_dependence:
        return f"These columns go together in other ways too. If such rows are more common in the world, c{collect}"
    return f"Ask first whether such rows are as rare in the world. If they are not, c{collect}"
