"""Findings about rows: combinations that are short of rows, and rows that do not belong."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from vaeaudit.analysis.intervals import wilson
from vaeaudit.analysis.results.conclusions import Finding
from vaeaudit.analysis.results.measures import Interval
from vaeaudit.analysis.results.outliers import OutlierSummary
from vaeaudit.analysis.results.regions import Region
from vaeaudit.analysis.rules import describe
from vaeaudit.analysis.wording import bounds, finding_id, list_text, percent_text, plural
from vaeaudit.config import AnalysisConfig

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


def region_findings(
    regions: Sequence[Region], sensitive: Collection[str], *, latents: Collection[str] = ()
) -> Iterator[Finding]:
    """Yield a finding for each of the first regions and one for all others together.

    `latents` names the columns that are latents of the model: a rule over them is for looking at, and never grave.

    Against a population or reference a shortfall is a fault of the sample. Against independence it is a question:
    columns may go together in the world as they do in the data.
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
                "ci": bounds(rest[0].ci),
                "rules": {region.id: describe(region.rule) for region in rest},
            },
            action="Look through them in the section on regions: the same gap may show under several names.",
            anchor="regions",
        )


def _region_finding(region: Region, sensitive: Collection[str], latents: Collection[str]) -> Finding:
    stated = region.baseline != "independence"
    most = region.ci.high if region.ci.high is not None else 1.0
    touches = any(condition.column in sensitive for condition in region.rule)
    if any(condition.column in latents for condition in region.rule):
        severity = "low"
    elif stated:
        severity = "high" if most < GRAVE_RATIO else "medium"
    else:
        severity = "medium" if touches or most < STRIKING_RATIO else "low"
    collect = f"ollect at least {plural(region.rows_to_collect, 'such row')}."
    return Finding(
        id=finding_id("region", *(condition.column for condition in region.rule)),
        kind="region",
        severity=severity,
        title=(
            f"{plural(region.observed, 'row')} where {describe(region.rule)}; {_BASELINES[region.baseline]} "
            f"it would be about {region.expected:,.0f}"
        ),
        evidence={
            "region": region.id,
            "baseline": region.baseline,
            "observed": region.observed,
            "expected": region.expected,
            "ratio": region.ratio,
            "ci": bounds(region.ci),
            "p_adjusted": region.p_adjusted,
            "rows_to_collect": region.rows_to_collect,
        },
        action=f"C{collect}"
        if stated
        else f"Ask first whether such rows are as rare in the world. If they are not, c{collect}",
        anchor="regions",
    )


def outlier_findings(
    outliers: OutlierSummary, config: AnalysisConfig, *, of_pictures: bool = False
) -> Iterator[Finding]:
    """Yield one finding where rows are flagged, naming the columns that are to blame most often; pictures have none."""
    if outliers.flagged == 0:
        return
    share = outliers.flagged / outliers.n
    low, high = wilson(outliers.flagged, outliers.n, config.confidence)
    names = [f"{name} ({count:,})" for name, count in outliers.by_column.items()]
    blamed = f", most often for {list_text(names)}" if names else ""
    look = "Read flagged.csv from the top and correct or explain the cells named there;"
    if of_pictures:
        look = "Look at the pictures named in flagged.csv, the first of which the report shows;"
    yield Finding(
        id="outlier-rows",
        kind="outlier",
        severity="medium" if float(low) > config.max_outlier_share else "low",
        title=(
            f"{plural(outliers.flagged, 'row')} ({percent_text(share)}) "
            f"{'does' if outliers.flagged == 1 else 'do'} not belong with the rest{blamed}"
        ),
        evidence={
            "flagged": outliers.flagged,
            "n": outliers.n,
            "share": share,
            "ci": bounds(Interval(float(low), float(high), config.confidence)),
            "fdr": outliers.fdr,
            "threshold": outliers.threshold,
            "by_column": dict(outliers.by_column),
        },
        action=(f"{look} about {percent_text(outliers.fdr)} of the flags may be false, so delete nothing unseen."),
        anchor="outliers",
    )
