"""Groups whose rate of the label differs surely and clearly from that of all others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, groupby
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding, facts, subject
from vaeaudit.analysis.fairness.disparities import Disparity
from vaeaudit.analysis.fairness.rates import POWER
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
    clear = [
        entry
        for entry in judged
        if entry.difference is not None
        and (entry.p_adjusted or 0.0) < config.fdr
        and not config.min_ratio <= _rate_ratio(entry) <= config.max_ratio
    ]
    alone = [entry for entry in clear if len(entry.attributes) == 1]
    for _, members in groupby(alone, key=lambda entry: (entry.attributes, entry.outcome)):
        yield _finding(list(members), config)
    crossed = sorted(beyond_their_groups(clear, judged), key=lambda entry: entry.outcome)
    for _, members in groupby(crossed, key=lambda entry: entry.outcome):
        yield _finding(list(members), config)


def beyond_their_groups(clear: Sequence[Disparity], judged: Sequence[Disparity]) -> list[Disparity]:
    """Return the combinations whose rate lies, with its whole interval, beyond that of each group that meets in them.

    Of three groups also beyond that of each two of them.

    Parameters
    ----------
    clear
        Those that may be returned.
    judged
        All that are large enough.
    """
    rate = {(entry.outcome, frozenset(zip(entry.attributes, entry.group, strict=True))): entry.rate for entry in judged}
    found = []
    for entry in clear:
        parts = tuple(zip(entry.attributes, entry.group, strict=True))
        smaller = [frozenset(some) for size in range(1, len(parts)) for some in combinations(parts, size)]
        known = [rate[entry.outcome, some] for some in smaller if (entry.outcome, some) in rate]
        low, high = entry.ci.low or 0.0, 1.0 if entry.ci.high is None else entry.ci.high
        if len(parts) > 1 and known and (high < min(known) or low > max(known)):
            found.append(entry)
    return found


def _finding(clear: Sequence[Disparity], config: AnalysisConfig) -> Finding:
    worst = max(clear, key=_severest)
    crossed = len(worst.attributes) > 1
    difference = worst.difference or 0.0
    grave = abs(difference) >= GRAVE_DIFFERENCE and not GRAVE_RATIO <= _rate_ratio(worst) <= 1 / GRAVE_RATIO
    more = plural(len(clear) - 1, "more combination" if crossed else "more group")
    others = "" if len(clear) <= (1 if crossed else 2) else f"; {more} differ too"
    if not crossed and others:
        others = f"; {more} of {worst.attributes[0]} differ too"
    beyond = ", beyond what either group shows alone" if crossed else ""
    explained = _explained(worst, config)
    return Finding(
        code=CODE,
        subject=subject("combinations" if crossed else worst.attributes[0], worst.outcome),
        kind=KIND,
        severity="high" if grave and not explained else "medium",
        title=(
            f"{worst.outcome}: {numbers.share(worst.rate)} of the rows with "
            f"{phrases.group(worst.attributes, worst.group)}, {numbers.share(worst.rate - difference)} of all "
            f"others{beyond}{_within(worst, config)}{others}"
        ),
        evidence={
            **facts(worst, "n", "rate", "ci"),
            "difference": difference,
            "difference_ci": None if worst.difference_ci is None else worst.difference_ci.bounds,
            **facts(worst, "ratio", "impact_ratio", "p_adjusted", "minimum_detectable"),
            **_adjusted_facts(worst, config),
            "groups": [
                {"group": ", ".join(entry.group), "n": entry.n, "rate": entry.rate, "ci": entry.ci.bounds}
                for entry in sorted(clear, key=lambda entry: entry.rate)[:LISTED]
            ],
        },
        action=_action(worst, config),
        anchor="disparities",
        rule=worst.rule,
    )


def _severest(entry: Disparity) -> tuple[bool, float, float]:
    """Order by the difference; where it is known which outcome is good, groups that have it less often come first."""
    difference = entry.difference or 0.0
    return bool(entry.favourable) and difference < 0, round(abs(difference), 12), -entry.rate


def _explained(entry: Disparity, config: AnalysisConfig) -> bool:
    """Whether nothing is surely left of the difference within equal circumstances."""
    within = entry.adjusted
    return within is not None and within.p_adjusted is not None and within.p_adjusted >= config.fdr


def _within(entry: Disparity, config: AnalysisConfig) -> str:
    if entry.adjusted is None:
        return ""
    left = numbers.with_interval(entry.adjusted.difference, entry.adjusted.ci, "points")
    return f"; among rows of equal {phrases.listed(config.control)} the difference is {left}"


def _adjusted_facts(entry: Disparity, config: AnalysisConfig) -> dict[str, object]:
    if entry.adjusted is None:
        return {}
    return {
        "control": list(config.control),
        "difference_within": entry.adjusted.difference,
        "difference_within_ci": entry.adjusted.ci.bounds,
    }


def _action(entry: Disparity, config: AnalysisConfig) -> str:
    if not config.control:
        return (
            "Find out whether the world makes the difference or the way the label was recorded, and compare within "
            "equal circumstances (--control COL), before a model learns it."
        )
    if _explained(entry, config):
        return (
            f"Ask whether {phrases.listed(config.control)} may rightly decide the label: what it explains is fair only "
            "if it is not itself the outcome of unequal treatment."
        )
    return (
        "Find out whether the world makes what is left of the difference or the way the label was recorded, before a "
        "model learns it."
    )


def _rate_ratio(entry: Disparity) -> float:
    """Ratio of the rates of what is rarer, to have the outcome or not: 74 % against 86 % is 26 % against 14 %."""
    others = entry.rate - (entry.difference or 0.0)
    if entry.rate + others > 1:
        return (1 - entry.rate) / (1 - others) if others < 1 else float("inf")
    return entry.ratio if entry.ratio is not None else float("inf")


CHECK = Check(
    CODE,
    "outcome-disparity",
    "Is the label as frequent in every sensitive group as in all others?",
    KIND,
    ask,
    needs=(Need.SENSITIVE, Need.LABEL),
)
