"""Groups whose rate of the label differs one way in all rows, and the other way within equal circumstances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.checks.unequal_rates import held_equal
from vaeaudit.analysis.conclusions import Finding, subject
from vaeaudit.analysis.fairness.disparities import Disparity
from vaeaudit.config import AnalysisConfig
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.phrases import plural

CODE: Final = "VA455"
KIND: Final = "disparity"


def ask(seen: Seen) -> Answer:
    """Tell each group alone whose difference turns round."""
    within = [entry for entry in seen.measured.disparities if entry.adjusted and entry.adjusted.p_adjusted is not None]
    held = phrases.listed(seen.config.control)
    if not within:
        return Answer("inconclusive", f"No group large enough to judge shares a stratum of {held} with others.", 0)
    return answered(
        _findings(within, seen.config),
        f"None of {plural(len(within), 'difference')} is surely one way in all rows and the other way among rows of "
        f"{held_equal(within[0].adjusted) if within[0].adjusted else held}.",
        tested=len(within),
    )


def _findings(within: Sequence[Disparity], config: AnalysisConfig) -> Iterator[Finding]:
    turned = [
        entry
        for entry in within
        if entry.adjusted
        and entry.adjusted.reverses
        and max(entry.p_adjusted or 0.0, entry.adjusted.p_adjusted or 0.0) < config.fdr
    ]
    alone = {(entry.attributes, entry.outcome): entry for entry in reversed(turned) if len(entry.attributes) == 1}
    for entry in reversed(alone.values()):
        adjusted = entry.adjusted
        assert adjusted is not None and entry.difference is not None  # noqa: S101 - as they were chosen
        held = phrases.listed(config.control)
        yield Finding(
            code=CODE,
            subject=subject(entry.attributes[0], entry.outcome),
            kind=KIND,
            severity="medium",
            title=(
                f"{entry.outcome}: rows with {phrases.group(entry.attributes, entry.group)} differ from all others by "
                f"{numbers.points(entry.difference)}, but among rows of {held_equal(adjusted)} by "
                f"{numbers.with_interval(adjusted.difference, adjusted.ci, 'points')}"
            ),
            evidence={
                "n": entry.n,
                "difference": entry.difference,
                "difference_ci": None if entry.difference_ci is None else entry.difference_ci.bounds,
                "control": list(config.control),
                "difference_within": adjusted.difference,
                "difference_within_ci": adjusted.ci.bounds,
                "strata": adjusted.strata,
            },
            action=(
                f"Say both figures or neither: decide which is asked for by what {held} stands for. If it comes before "
                "the label in time and is no result of belonging to the group, the second one is."
            ),
            anchor="disparities",
            rule=entry.rule,
        )


CHECK = Check(
    CODE,
    "difference-reverses",
    "Does a difference between groups turn round among rows in equal circumstances?",
    KIND,
    ask,
    needs=(Need.SENSITIVE, Need.LABEL, Need.CONTROL),
)
