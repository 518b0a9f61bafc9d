"""Rows that the model calls outliers, as a share of all."""

from __future__ import annotations

from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Seen, answered
from vaeaudit.analysis.checks.va702_model_learned import nothing_learned
from vaeaudit.analysis.conclusions import Finding
from vaeaudit.analysis.power.summary import detectable
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.phrases import listed, plural

CODE: Final = "VA301"
KIND: Final = "outlier"


def ask(seen: Seen) -> Answer:
    """Tell flagged rows in one finding; where the model learned nothing, its scores say nothing either."""
    outliers = seen.measured.outliers
    unsure = nothing_learned(seen, "no row can be called an outlier")
    if unsure is not None:
        return unsure
    rate = numbers.rate(outliers.fdr)
    return answered(
        [_finding(seen)] if outliers.flagged else (),
        f"No row of {numbers.count(outliers.n)} is flagged at a false-discovery rate of {rate}; that is no proof that "
        "all belong.",
        tested=outliers.n,
        detectable=detectable(seen.measured.power, "broken row"),
    )


def _finding(seen: Seen) -> Finding:
    outliers, most = seen.measured.outliers, seen.config.max_outlier_share
    share = outliers.flagged / outliers.n
    ci = share_interval(outliers.flagged, outliers.n, seen.config.confidence)
    names = phrases.counted(outliers.by_column)
    blamed = f", most often for {listed(names)}" if names else ""
    look = "Read flagged.csv from the top and correct or explain the cells named there;"
    if seen.of_pictures:
        look = "Look at the pictures named in flagged.csv, the first of which the report shows;"
    return Finding(
        code=CODE,
        subject="",
        kind=KIND,
        severity="medium" if (ci.low or 0.0) > most else "low",
        title=(
            f"{plural(outliers.flagged, 'row')} ({numbers.share(share)}) "
            f"{'does' if outliers.flagged == 1 else 'do'} not belong with the rest{blamed}"
        ),
        evidence={
            "flagged": outliers.flagged,
            "n": outliers.n,
            "share": share,
            "ci": ci.bounds,
            "fdr": outliers.fdr,
            "threshold": outliers.threshold,
            "by_column": dict(outliers.by_column),
        },
        action=f"{look} about {numbers.rate(outliers.fdr)} of the flags may be false, so delete nothing unseen.",
        anchor="outliers",
    )


CHECK = Check(CODE, "rows-that-do-not-belong", "Do the rows belong together?", KIND, ask)
