"""Groups on which a prediction that exists already errs surely and clearly more often, or less, than on all others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.checks.unequal_rates import beyond_their_groups, detectable, is_grave, others_differ, rarer_ratio
from vaeaudit.analysis.conclusions import LISTED, Finding, facts, subject
from vaeaudit.analysis.fairness.predictions import GroupPredictions, PredictionRate, Predictions, RateName
from vaeaudit.config import AnalysisConfig
from vaeaudit.statistics.measures import Interval
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

    group: GroupPredictions
    entry: PredictionRate

    @property
    def of(self) -> RateName:
        return self.entry.measure

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        return tuple(zip(self.group.attributes, self.group.group, strict=True))

    @property
    def rate(self) -> float:
        return self.entry.rate

    @property
    def ci(self) -> Interval:
        return self.entry.ci

    @property
    def value(self) -> float:
        """The rate; of accuracy, that of errors."""
        return 1 - self.rate if self.of == "accuracy" else self.rate

    @property
    def others(self) -> float:
        other = self.rate - (self.entry.difference or 0.0)
        return 1 - other if self.of == "accuracy" else other

    @property
    def is_grave(self) -> bool:
        return is_grave(self.entry.difference or 0.0, rarer_ratio(self.value, self.others))

    def is_clear(self, config: AnalysisConfig) -> bool:
        """Whether the difference is sure, and large enough to be told."""
        sure = self.entry.p_adjusted is not None and self.entry.p_adjusted < config.fdr
        return sure and not config.min_ratio <= rarer_ratio(self.value, self.others) <= config.max_ratio


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
        detectable=detectable([told.entry.minimum_detectable for told in judged]),
    )


def _findings(found: Predictions, judged: Sequence[_Told], config: AnalysisConfig) -> Iterator[Finding]:
    clear = [told for told in judged if told.is_clear(config)]
    alone = [told for told in clear if len(told.group.attributes) == 1]
    for _, members in groupby(alone, key=lambda told: told.group.attributes):
        yield _finding(found, list(members))
    crossed = beyond_their_groups(clear, judged, config.confidence)
    if crossed:
        yield _finding(found, crossed)


def _finding(found: Predictions, clear: Sequence[_Told]) -> Finding:
    worst = max(clear, key=_rank)
    crossed = len(worst.group.attributes) > 1
    said = _SAID[worst.of](
        found,
        numbers.share(worst.value),
        phrases.group(worst.group.attributes, worst.group.group),
        numbers.share(worst.others),
    )
    others = others_differ(len({told.group.group for told in clear}), "" if crossed else worst.group.attributes[0])
    beyond = ", beyond what either group shows alone" if crossed else ""
    return Finding(
        code=CODE,
        subject=subject("combinations" if crossed else worst.group.attributes[0]),
        kind=KIND,
        severity="high" if worst.is_grave else "medium",
        title=f"{said}{beyond}{others}",
        evidence={
            "measure": worst.of,
            **facts(worst.entry, "n", "rate", "ci", "difference"),
            "difference_ci": None if worst.entry.difference_ci is None else worst.entry.difference_ci.bounds,
            **facts(worst.entry, "ratio", "p_adjusted", "minimum_detectable"),
            "groups": [
                {
                    "group": ", ".join(told.group.group),
                    **facts(told.entry, "measure", "n", "rate", "ci", "difference"),
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
        rule=worst.group.rule,
    )


def _rank(told: _Told) -> tuple[bool, bool, float, float]:
    """Place what is told first last: grave before others, errors before selection, then the widest difference."""
    return told.is_grave, told.of != "selection", round(abs(told.entry.difference or 0.0), 12), told.entry.rate


CHECK = Check(
    CODE,
    "prediction-errs-unequally",
    "Does the prediction select, and err on, every sensitive group as often as all others?",
    KIND,
    ask,
    needs=(Need.SENSITIVE, Need.LABEL, Need.PREDICTION),
)
