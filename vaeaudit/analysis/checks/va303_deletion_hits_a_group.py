"""Groups that would lose a larger part of their rows than others, were the flagged rows deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.checks.va702_model_learned import nothing_learned
from vaeaudit.analysis.conclusions import Finding, facts, subject
from vaeaudit.analysis.outliers.results import AnyOutlierRate, OutlierSummary
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.phrases import plural

CODE: Final = "VA303"
KIND: Final = "outlier"
#: A group that surely loses this many times the share of all others is hit gravely.
GRAVE_RATIO = 2.0


def ask(seen: Seen) -> Answer:
    """Tell one finding per attribute; of combinations only those that lose more than either of their groups does."""
    outliers = seen.measured.outliers
    unsure = nothing_learned(seen, "nobody should delete by its flags")
    if unsure is not None:
        return unsure
    judged = [entry for entry in outliers.by_group if entry.p_adjusted is not None]
    if not judged:
        return Answer("inconclusive", "Every group, or everybody else, has too few rows to be judged.", 0)
    return answered(
        _findings(outliers),
        f"None of {plural(len(judged), 'group')} large enough to judge would surely lose more than the others.",
        tested=len(judged),
    )


def _findings(outliers: OutlierSummary) -> Iterator[Finding]:
    for _, members in groupby(outliers.by_group, key=lambda entry: entry.attribute):
        hit = [entry for entry in members if entry.status == "harder"]
        if hit:
            yield _finding(hit)
    if outliers.combinations_beyond_their_groups:
        yield _finding(outliers.combinations_beyond_their_groups)


def _finding(hit: Sequence[AnyOutlierRate]) -> Finding:
    worst = max(hit, key=lambda entry: entry.rate)
    name = phrases.group(worst.attributes, worst.groups)
    others = worst.rate_of_others or 0.0
    more = f"; {plural(len(hit) - 1, 'more group')} would lose more than others too" if len(hit) > 1 else ""
    return Finding(
        code=CODE,
        subject=subject(*worst.attributes) if len(worst.attributes) == 1 else "combinations",
        kind=KIND,
        severity="medium" if (worst.ratio_ci.low or 0.0) >= GRAVE_RATIO else "low",
        title=(
            f"Deleting the flagged rows would remove {numbers.with_interval(worst.rate, worst.ci, 'share')} of the "
            f"rows with {name} ({numbers.count(worst.flagged)} of {numbers.count(worst.n)}), {numbers.share(others)} "
            f"of all others{more}"
        ),
        evidence={
            **facts(worst, "n", "flagged", "rate", "ci", "rate_of_others", "ratio", "ratio_ci", "p_adjusted"),
            "groups": [
                {"group": phrases.group(entry.attributes, entry.groups), "n": entry.n, "rate": entry.rate}
                for entry in sorted(hit, key=lambda entry: -entry.rate)
            ],
        },
        action=f"Do not delete outliers blindly: look at the flagged rows with {name} one by one.",
        anchor="outliers",
    )


CHECK = Check(
    CODE,
    "deletion-hits-a-group",
    "Would deleting the flagged rows take the same part of every sensitive group?",
    KIND,
    ask,
    needs=(Need.SENSITIVE,),
)
