"""Groups whose rate of the label differs surely and clearly from that of all others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding, facts, subject
from vaeaudit.analysis.fairness.disparities import POWER, Disparity
from vaeaudit.config import AnalysisConfig
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.phrases import plural

CODE: Final = "VA451"
KIND: Final = "disparity"
#: A rate less than half, or more than twice, that of all others, and ten points away from it, is grave.
GRAVE_RATIO, GRAVE_DIFFERENCE = 0.5, 0.1


def ask(seen: Seen) -> Answer:
    """Tell one finding per attribute and outcome."""
    judged = [entry for entry in seen.measured.disparities if entry.p_adjusted is not None]
    if not seen.measured.disparities:
        return Answer("inconclusive", "The label has one value in all rows, or one in nearly each: it has no rate.", 0)
    if not judged:
        return Answer("inconclusive", "Every group, or everybody else, has too few rows with a label to be judged.", 0)
    seen_least = [entry.minimum_detectable for entry in judged if entry.minimum_detectable is not None]
    detectable = ""
    if seen_least:
        low, high = (numbers.points(bound(seen_least), sign=False) for bound in (min, max))
        span = low if low == high else f"{low} to {high}, by the size of the group,"
        detectable = f"A difference of {span} would have been found with a probability of {numbers.rate(POWER)}."
    return answered(
        _findings(judged, seen.config),
        f"None of {plural(len(judged), 'rate')} of {seen.inputs.schema.label.name if seen.inputs.schema.label else ''} "
        "differs both surely and clearly from that of all others.",
        tested=len(judged),
        detectable=detectable,
    )


def _findings(judged: Sequence[Disparity], config: AnalysisConfig) -> Iterator[Finding]:
    for _, members in groupby(judged, key=lambda entry: (entry.attribute, entry.outcome)):
        clear = [
            entry
            for entry in members
            if entry.difference is not None
            and (entry.p_adjusted or 0.0) < config.fdr
            and not config.min_ratio <= _rate_ratio(entry) <= config.max_ratio
        ]
        if clear:
            yield _finding(clear)


def _finding(clear: Sequence[Disparity]) -> Finding:
    worst = max(clear, key=lambda entry: (round(abs(entry.difference or 0.0), 12), -entry.rate))
    difference = worst.difference or 0.0
    grave = abs(difference) >= GRAVE_DIFFERENCE and not GRAVE_RATIO <= _rate_ratio(worst) <= 1 / GRAVE_RATIO
    others = f"; {plural(len(clear) - 1, 'more group')} of {worst.attribute} differ too" if len(clear) > 2 else ""
    return Finding(
        code=CODE,
        subject=subject(worst.attribute, worst.outcome),
        kind=KIND,
        severity="high" if grave else "medium",
        title=(
            f"{worst.outcome}: {numbers.share(worst.rate)} of the rows with "
            f"{phrases.group([worst.attribute], [worst.group])}, "
            f"{numbers.share(worst.rate - difference)} of all others{others}"
        ),
        evidence={
            **facts(worst, "n", "rate", "ci"),
            "difference": difference,
            "difference_ci": None if worst.difference_ci is None else worst.difference_ci.bounds,
            **facts(worst, "ratio", "p_adjusted", "minimum_detectable"),
            "groups": [
                {"group": entry.group, "n": entry.n, "rate": entry.rate, "ci": entry.ci.bounds}
                for entry in sorted(clear, key=lambda entry: entry.rate)[:LISTED]
            ],
        },
        action=(
            "Find out whether the world makes the difference or the way the label was recorded, and compare within "
            "equal circumstances, before a model learns it."
        ),
        anchor="disparities",
    )


def _rate_ratio(entry: Disparity) -> float:
    return entry.ratio if entry.ratio is not None else float("inf")


CHECK = Check(
    CODE,
    "outcome-disparity",
    "Is the label as frequent in every sensitive group as in all others?",
    KIND,
    ask,
    needs=(Need.SENSITIVE, Need.LABEL),
)
