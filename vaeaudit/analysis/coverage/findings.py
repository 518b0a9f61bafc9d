"""Findings about rows that are missing: combinations short of rows, and differences from a reference."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from vaeaudit.analysis.conclusions import Finding, Severity, facts
from vaeaudit.analysis.coverage.results import Comparison, Region
from vaeaudit.analysis.coverage.shortages import STATED
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import finding_id, listed, plural
from vaeaudit.wording.rules import describe

#: Regions with a finding of their own; the others share one.
MOST_REGIONS = 5
#: A region that holds, for sure, less than half of the rows that were stated for it is graver than one just below
#: tolerance; against independence, which is no statement about the world, only less than a quarter is striking.
GRAVE_RATIO, STRIKING_RATIO = 0.5, 0.25
#: AUC of a guess, and one at which most rows can be told apart; the least distance of a column worth naming.
_CHANCE, _PLAIN = 0.5, 0.8
_LEAST_DISTANCE = 0.02
_BASELINES = {
    "population": "by the population's shares",
    "reference": "by the reference data",
    "independence": "if these columns were independent",
    "uniform": "if coverage were even",
}


def region_findings(
    regions: Sequence[Region], sensitive: Collection[str], *, latents: Collection[str] = ()
) -> Iterator[Finding]:
    """Yield a finding for each of the first regions and one for all others together.

    `latents` names the columns that are latents of the model, or were computed from pictures: against independence, a
    rule over them is for looking at, and never grave.

    Against a population or reference a shortfall is a fault of the sample. Against independence it is a question:
    columns may go together in the world as they do in the data. Against an even spread it is a wish. What is one sign
    of many that columns go together, or does not come back on resampled rows, is never more than a hint.
    """
    for region in regions[:MOST_REGIONS]:
        yield _region_finding(region, sensitive, latents)
    rest = regions[MOST_REGIONS:]
    if rest:
        yield Finding(
            id="region-others",
            kind="region",
            severity="low",
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


def _region_finding(region: Region, sensitive: Collection[str], latents: Collection[str]) -> Finding:
    returns = "" if region.stable is not False else " (unstable: it seldom comes back when the rows are drawn anew)"
    return Finding(
        id=finding_id("region", *(condition.column for condition in region.rule)),
        kind="region",
        severity=_severity(region, sensitive, latents),
        title=(
            f"{plural(region.observed, 'row')} where {describe(region.rule)}; {_BASELINES[region.baseline]} "
            f"it would be about {numbers.expected(region.expected)}{returns}"
        ),
        evidence={
            "region": region.id,
            **facts(region, "baseline", "observed", "expected", "ratio", "ci", "p_adjusted", "rows_to_collect"),
            "rows_to_collect_range": list(region.rows_to_collect_range),
            **facts(region, "stability", "gap_share"),
        },
        action=_action(region),
        anchor="regions",
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


def comparison_findings(comparison: Comparison | None) -> Iterator[Finding]:
    """Yield one finding where rows of the table and of the reference can be told apart, or single columns differ.

    Parameters
    ----------
    comparison
        All rows against the reference; None where none was given.
    """
    if comparison is None:
        return
    differing = [
        entry
        for entry in (*comparison.columns, *comparison.latents)
        if entry.significant and entry.distance >= _LEAST_DISTANCE
    ]
    auc = comparison.auc
    apart = auc is not None and auc.ci.low is not None and auc.ci.low > _CHANCE
    if not (apart or differing):
        return
    named = [f"{entry.name} ({entry.differs})" for entry in differing]
    evidence: dict[str, object] = {
        **facts(comparison, "n", "n_reference"),
        "columns": {entry.name: entry.distance for entry in differing},
    }
    if auc is not None:
        evidence |= {"auc": auc.value, "ci": auc.ci.bounds}
    yield Finding(
        id="reference-differs",
        kind="representation",
        severity="medium" if auc is not None and (auc.ci.low or 0.0) > _PLAIN else "low",
        title=f"The data differs from {comparison.name}"
        + (f", most of all in {listed(named, most=2, separator='; ')}" if named else ""),
        evidence=evidence,
        action=(
            "Ask whether the two should be alike. Where they should, the regions against the reference say which rows "
            "to collect; a column that is coded differently is to be mended first."
        ),
        anchor="comparison",
    )
