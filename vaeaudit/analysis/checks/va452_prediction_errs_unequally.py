"""Groups on which a prediction that exists already errs surely and clearly more often, or less, than on all others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.checks.va451_outcome_disparity import GRAVE_DIFFERENCE, GRAVE_RATIO
from vaeaudit.analysis.conclusions import LISTED, Finding, facts, subject
from vaeaudit.analysis.fairness.predictions import GroupPredictions, PredictionRate, Predictions, RateName
from vaeaudit.analysis.fairness.rates import POWER
from vaeaudit.config import AnalysisConfig
from vaeaudit.statistics.intervals import normal_quantile
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.phrases import plural

CODE: Final = "VA452"
KIND: Final = "disparity"
#: Rate -> what is said of a rate, of the rows of a group, and of all others; `accuracy` is told as its errors.
_SAID: Mapping[RateName, Callable[[Predictions, str, str, str], str]] = {
    "false_positive": lambda of, rate, group, others: (
        f"{of.column} wrongly predicts {of.outcome} for {rate} of the rows with {group} that do not have it, for "
        f"{others} of all others"
    ),
    "false_negative": lambda of, rate, group, others: (
        f"{of.column} misses {of.outcome} in {rate} of the rows with {group} that have it, in {others} of all others"
    ),
    "selection": lambda of, rate, group, others: (
        f"{of.column} predicts {of.outcome} for {rate} of the rows with {group}, for {others} of all others"
    ),
    "accuracy": lambda of, rate, group, others: (
        f"{of.column} is wrong on {rate} of the rows with {group}, on {others} of all others"
    ),
}


@dataclass(frozen=True)
class _Told:
    """One rate of one group."""

    of: GroupPredictions
    rate: PredictionRate

    @property
    def value(self) -> float:
        """The rate; of accuracy, that of errors."""
        return 1 - self.rate.rate if self.rate.measure == "accuracy" else self.rate.rate

    @property
    def others(self) -> float:
        difference = self.rate.difference or 0.0
        other = self.rate.rate - difference
        return 1 - other if self.rate.measure == "accuracy" else other

    @property
    def ratio(self) -> float:
        """Ratio of the rates of what is rarer: 74 % selected against 86 % is 26 % not selected against 14 %."""
        value, others = (
            (self.value, self.others) if self.value + self.others <= 1 else (1 - self.value, 1 - self.others)
        )
        return value / others if others > 0 else float("inf")

    @property
    def is_grave(self) -> bool:
        far = abs(self.rate.difference or 0.0) >= GRAVE_DIFFERENCE
        return far and not GRAVE_RATIO <= self.ratio <= 1 / GRAVE_RATIO

    def is_clear(self, config: AnalysisConfig) -> bool:
        """Whether the difference is sure, and large enough to be told."""
        sure = self.rate.p_adjusted is not None and self.rate.p_adjusted < config.fdr
        return sure and not config.min_ratio <= self.ratio <= config.max_ratio


def ask(seen: Seen) -> Answer:
    """Tell one finding per attribute, and one of what meets in several."""
    found = seen.measured.predictions
    if found is None or not found.rates:
        return Answer("inconclusive", " ".join(found.notes) if found else "Nothing is predicted of any row.", 0)
    measures = ("false_positive", "false_negative", "selection") if found.outcome else ("accuracy",)
    judged = [
        _Told(group, rate)
        for group in found.groups
        for rate in group.rates
        if rate.measure in measures and rate.p_adjusted is not None and rate.difference is not None
    ]
    if not judged:
        why = "Every group, or everybody else, has too few rows with a label and a prediction to be judged."
        return Answer("inconclusive", why, 0)
    return answered(
        _findings(found, judged, seen.config),
        f"None of {plural(len(judged), 'rate')} of {found.column} differs both surely and clearly from that of all "
        "others.",
        tested=len(judged),
        detectable=_detectable(judged),
    )


def _detectable(judged: Sequence[_Told]) -> str:
    least = [told.rate.minimum_detectable for told in judged if told.rate.minimum_detectable is not None]
    if not least:
        return ""
    low, high = (numbers.points(bound(least), sign=False) for bound in (min, max))
    span = low if low == high else f"{low} to {high}, by the size of the group,"
    return f"A difference of {span} would have been found with a probability of {numbers.rate(POWER)}."


def _findings(found: Predictions, judged: Sequence[_Told], config: AnalysisConfig) -> Iterator[Finding]:
    clear = [told for told in judged if told.is_clear(config)]
    alone = [told for told in clear if len(told.of.attributes) == 1]
    for _, members in groupby(alone, key=lambda told: told.of.attributes):
        yield _finding(found, list(members))
    crossed = _beyond_their_groups(clear, judged, config.confidence)
    if crossed:
        yield _finding(found, crossed)


def _beyond_their_groups(clear: Sequence[_Told], judged: Sequence[_Told], level: float) -> list[_Told]:
    """Return the combinations whose rate lies, with its whole interval, beyond that of all that meets in them.

    Intervals are widened so that all that are looked at hold at once (Bonferroni).
    """

    def parts(told: _Told) -> tuple[tuple[str, str], ...]:
        return tuple(zip(told.of.attributes, told.of.group, strict=True))

    rate = {(told.rate.measure, frozenset(parts(told))): told.rate.rate for told in judged}
    crossed = [told for told in clear if len(told.of.attributes) > 1]
    wider = normal_quantile(1 - (1 - level) / max(len(crossed), 1)) / normal_quantile(level)
    beyond = []
    for told in crossed:
        whole = parts(told)
        smaller = [frozenset(some) for size in range(1, len(whole)) for some in combinations(whole, size)]
        known = [rate[told.rate.measure, some] for some in smaller if (told.rate.measure, some) in rate]
        value, low, high = told.rate.rate, told.rate.ci.low or 0.0, told.rate.ci.high
        above = value + wider * ((1.0 if high is None else high) - value)
        if known and (above < min(known) or value - wider * (value - low) > max(known)):
            beyond.append(told)
    return beyond


def _finding(found: Predictions, clear: Sequence[_Told]) -> Finding:
    worst = max(clear, key=_rank)
    crossed = len(worst.of.attributes) > 1
    said = _SAID[worst.rate.measure](
        found,
        numbers.share(worst.value),
        phrases.group(worst.of.attributes, worst.of.group),
        numbers.share(worst.others),
    )
    beyond = ", beyond what either group shows alone" if crossed else ""
    return Finding(
        code=CODE,
        subject=subject("combinations" if crossed else worst.of.attributes[0]),
        kind=KIND,
        severity="high" if worst.is_grave else "medium",
        title=f"{said}{beyond}{_others(clear, worst)}",
        evidence={
            "measure": worst.rate.measure,
            **facts(worst.rate, "n", "rate", "ci", "difference"),
            "difference_ci": None if worst.rate.difference_ci is None else worst.rate.difference_ci.bounds,
            **facts(worst.rate, "ratio", "p_adjusted", "minimum_detectable"),
            "groups": [
                {
                    "group": ", ".join(told.of.group),
                    **facts(told.rate, "measure", "n", "rate", "ci", "difference"),
                }
                for told in sorted(clear, key=_rank, reverse=True)[:LISTED]
            ],
        },
        action=(
            "Say in writing which of these errors harms people, and find out why they are unequal: where groups have "
            "the outcome itself more or less often, not all rates can be equal at once. Mend the prediction, or do not "
            "decide by it alone."
        ),
        anchor="predictions",
        rule=worst.of.rule,
    )


def _rank(told: _Told) -> tuple[bool, bool, float, float]:
    """Place what is told first last: grave before others, errors before selection, then the widest difference."""
    return told.is_grave, told.rate.measure != "selection", round(abs(told.rate.difference or 0.0), 12), told.rate.rate


def _others(clear: Sequence[_Told], worst: _Told) -> str:
    """Count the other groups that differ; of two groups the second differs because the first one does."""
    groups, crossed = {told.of.group for told in clear}, len(worst.of.attributes) > 1
    if len(groups) <= (1 if crossed else 2):
        return ""
    where = "" if crossed else f" of {worst.of.attributes[0]}"
    return f"; {plural(len(groups) - 1, 'more combination' if crossed else 'more group')}{where} differ too"


CHECK = Check(
    CODE,
    "prediction-errs-unequally",
    "Does the prediction select, and err on, every sensitive group as often as all others?",
    KIND,
    ask,
    needs=(Need.SENSITIVE, Need.LABEL, Need.PREDICTION),
)
