"""Findings about rows: combinations that are short of rows, rows that do not belong, and rows that repeat."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from vaeaudit.analysis.intervals import wilson
from vaeaudit.analysis.results import Duplicates, Finding, Interval, OutlierSummary, Region
from vaeaudit.analysis.rules import describe
from vaeaudit.analysis.wording import bounds, finding_id, list_text, percent_text, plural
from vaeaudit.config import AnalysisConfig

#: Regions with a finding of their own; the others share one.
MOST_REGIONS = 5
#: A region that holds, for sure, less than half of the rows that were stated for it is graver than one just below
#: tolerance; against independence, which is no statement about the world, only less than a quarter is striking.
GRAVE_RATIO, STRIKING_RATIO = 0.5, 0.25
#: More copies than this share of the rows let the same facts count twice in training and in testing.
MOST_COPIES = 0.01
_BASELINES = {
    "population": "by the population's shares",
    "reference": "by the reference data",
    "independence": "if these columns were independent",
    "uniform": "if coverage were even",
}


def region_findings(regions: Sequence[Region], sensitive: Collection[str]) -> Iterator[Finding]:
    """Yield a finding for each of the first regions and one for all others together.

    Against a population or reference a shortfall is a fault of the sample. Against independence it is a question:
    columns may go together in the world as they do in the data.
    """
    for region in regions[:MOST_REGIONS]:
        yield _region_finding(region, sensitive)
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


def _region_finding(region: Region, sensitive: Collection[str]) -> Finding:
    stated = region.baseline != "independence"
    most = region.ci.high if region.ci.high is not None else 1.0
    touches = any(condition.column in sensitive for condition in region.rule)
    if stated:
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


def outlier_findings(outliers: OutlierSummary, config: AnalysisConfig) -> Iterator[Finding]:
    """Yield one finding where rows are flagged, naming the columns that are to blame most often."""
    if outliers.flagged == 0:
        return
    share = outliers.flagged / outliers.n
    low, high = wilson(outliers.flagged, outliers.n, config.confidence)
    names = [f"{name} ({count:,})" for name, count in outliers.by_column.items()]
    blamed = f", most often for {list_text(names)}" if names else ""
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
        action=(
            f"Read flagged.csv from the top and correct or explain the cells named there; about "
            f"{percent_text(outliers.fdr)} of the flags may be false, so delete nothing unseen."
        ),
        anchor="outliers",
    )


def duplicate_findings(duplicates: Duplicates, n_rows: int, config: AnalysisConfig) -> Iterator[Finding]:
    """Yield one finding where rows repeat; says so where the table is so coarse that they must."""
    copies = duplicates.rows_in_groups - duplicates.groups
    if copies == 0:
        return
    share = copies / n_rows
    coarse = duplicates.expected_pairs >= 1 or 2 * duplicates.rows_in_groups > n_rows
    low, high = wilson(copies, n_rows, config.confidence)
    largest = max((rows for _, rows in duplicates.largest), default=2)
    note = ": no surprise, for few of the values possible here differ" if coarse else ""
    yield Finding(
        id="duplicate-rows",
        kind="duplicate",
        severity="info" if coarse else "medium" if share > MOST_COPIES else "low",
        title=f"{plural(copies, 'row')} ({percent_text(share)}) repeat an earlier row in every column but the id{note}",
        evidence={
            "copies": copies,
            "rows_in_groups": duplicates.rows_in_groups,
            "groups": duplicates.groups,
            "largest_group": largest,
            "n": n_rows,
            "share": share,
            "ci": bounds(Interval(float(low), float(high), config.confidence)),
            "pairs_expected_if_independent": duplicates.expected_pairs,
        },
        action=(
            "Keep them unless the source shows that records were copied: equal people are not the same person."
            if coarse
            else "Find out at the source whether these are copies; if so keep one of each, above all before a split."
        ),
        anchor="duplicates",
    )
