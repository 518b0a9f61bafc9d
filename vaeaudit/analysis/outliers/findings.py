"""Findings about rows that do not belong, and about the groups that lose most if these are deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from vaeaudit.analysis.conclusions import Finding
from vaeaudit.analysis.outliers.results import AnyOutlierRate, OutlierSummary
from vaeaudit.config import AnalysisConfig
from vaeaudit.statistics.intervals import wilson
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.phrases import finding_id, listed, plural

#: A group that surely loses this many times the share of all others is hit gravely.
GRAVE_RATIO = 2.0


def outlier_findings(
    outliers: OutlierSummary, config: AnalysisConfig, *, of_pictures: bool = False
) -> Iterator[Finding]:
    """Yield one finding where rows are flagged, and one per attribute where deleting them would hit a group harder.

    Of combinations of two attributes only those are told that lose more than either of their groups does.

    Parameters
    ----------
    outliers
        Of all rows; its `by_group` says which groups are hit.
    config
        Gives the confidence, and the share of outliers that is tolerated.
    of_pictures
        Whether the rows are pictures, which have no columns to blame.
    """
    if outliers.flagged == 0:
        return
    yield _flagged_rows(outliers, config, of_pictures=of_pictures)
    for _, members in groupby(outliers.by_group, key=lambda entry: entry.attribute):
        hit = [entry for entry in members if entry.status == "harder"]
        if hit:
            yield _hit_group(hit)
    if outliers.combinations_beyond_their_groups:
        yield _hit_group(outliers.combinations_beyond_their_groups)


def _flagged_rows(outliers: OutlierSummary, config: AnalysisConfig, *, of_pictures: bool) -> Finding:
    share = outliers.flagged / outliers.n
    low, high = wilson(outliers.flagged, outliers.n, config.confidence)
    names = phrases.counted(outliers.by_column)
    blamed = f", most often for {listed(names)}" if names else ""
    look = "Read flagged.csv from the top and correct or explain the cells named there;"
    if of_pictures:
        look = "Look at the pictures named in flagged.csv, the first of which the report shows;"
    return Finding(
        id="outlier-rows",
        kind="outlier",
        severity="medium" if float(low) > config.max_outlier_share else "low",
        title=(
            f"{plural(outliers.flagged, 'row')} ({numbers.share(share)}) "
            f"{'does' if outliers.flagged == 1 else 'do'} not belong with the rest{blamed}"
        ),
        evidence={
            "flagged": outliers.flagged,
            "n": outliers.n,
            "share": share,
            "ci": [float(low), float(high)],
            "fdr": outliers.fdr,
            "threshold": outliers.threshold,
            "by_column": dict(outliers.by_column),
        },
        action=(f"{look} about {numbers.rate(outliers.fdr)} of the flags may be false, so delete nothing unseen."),
        anchor="outliers",
    )


def _hit_group(hit: Sequence[AnyOutlierRate]) -> Finding:
    worst = max(hit, key=lambda entry: entry.rate)
    name = phrases.group(worst.attributes, worst.groups)
    others = worst.rate_of_others or 0.0
    more = f"; {plural(len(hit) - 1, 'more group')} would lose more than others too" if len(hit) > 1 else ""
    return Finding(
        id=finding_id("outlier", *(part for pair in zip(worst.attributes, worst.groups, strict=True) for part in pair)),
        kind="outlier",
        severity="medium" if (worst.ratio_ci.low or 0.0) >= GRAVE_RATIO else "low",
        title=(
            f"Deleting the flagged rows would remove {numbers.with_interval(worst.rate, worst.ci, 'share')} of the "
            f"rows with {name} ({numbers.count(worst.flagged)} of {numbers.count(worst.n)}), {numbers.share(others)} "
            f"of all others{more}"
        ),
        evidence={
            "n": worst.n,
            "flagged": worst.flagged,
            "rate": worst.rate,
            "ci": worst.ci.bounds,
            "rate_of_others": worst.rate_of_others,
            "ratio": worst.ratio,
            "ratio_ci": worst.ratio_ci.bounds,
            "p_adjusted": worst.p_adjusted,
            "groups": [
                {"group": phrases.group(entry.attributes, entry.groups), "n": entry.n, "rate": entry.rate}
                for entry in sorted(hit, key=lambda entry: -entry.rate)
            ],
        },
        action=f"Do not delete outliers blindly: look at the flagged rows with {name} one by one.",
        anchor="outliers",
    )
