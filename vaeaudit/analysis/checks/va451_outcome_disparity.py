"""Groups whose rate of the label differs surely and clearly from that of all others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.checks.unequal_rates import (
    beyond_their_groups,
    detectable,
    held_equal,
    is_grave,
    others_differ,
    rarer_ratio,
)
from vaeaudit.analysis.conclusions import LISTED, Finding, facts, subject
from vaeaudit.analysis.fairness.disparities import Disparity
from vaeaudit.config import AnalysisConfig
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.phrases import plural

CODE: Final = "VA451"
KIND: Final = "disparity"


def ask(seen: Seen) -> Answer:
    """Tell one finding per attribute and outcome."""
    judged = [entry for entry in seen.measured.disparities if entry.p_adjusted is not None]
    if not seen.measured.disparities:
        return Answer("inconclusive", "The label has one value in all rows, or one in nearly each: it has no rate.", 0)
    if not judged:
        return Answer("inconclusive", "Every group, or everybody else, has too few rows with a label to be judged.", 0)
    return answered(
        _findings(judged, seen.config),
        f"None of {plural(len(judged), 'rate')} of {seen.inputs.schema.label.name if seen.inputs.schema.label else ''} "
        "differs both surely and clearly from that of all others.",
        tested=len(judged),
        detectable=detectable([entry.minimum_detectable for entry in judged]),
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
    crossed = sorted(beyond_their_groups(clear, judged, config.confidence), key=lambda entry: entry.outcome)
    for _, members in groupby(crossed, key=lambda entry: entry.outcome):
        yield _finding(list(members), config)


def _finding(clear: Sequence[Disparity], config: AnalysisConfig) -> Finding:
    worst = max(clear, key=_severest)
    crossed = len(worst.attributes) > 1
    difference = worst.difference or 0.0
    grave = is_grave(difference, _rate_ratio(worst))
    others = others_differ(len(clear), "" if crossed else worst.attributes[0])
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
            f"others{beyond}{_within(worst)}{others}"
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


def _within(entry: Disparity) -> str:
    if entry.adjusted is None:
        return ""
    left = numbers.with_interval(entry.adjusted.difference, entry.adjusted.ci, "points")
    return f"; among rows of {held_equal(entry.adjusted)} the difference is {left}"


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
    return rarer_ratio(entry.rate, entry.rate - (entry.difference or 0.0))


CHECK = Check(
    CODE,
    "outcome-disparity",
    "Is the label as frequent in every sensitive group as in all others?",
    KIND,
    ask,
    needs=(Need.SENSITIVE, Need.LABEL),
)
