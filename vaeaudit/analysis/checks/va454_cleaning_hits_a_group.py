"""Groups that would lose a larger part of their rows than others to all usual steps of cleaning together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding, facts, subject
from vaeaudit.analysis.fairness.cleaning import GroupLosses, Step
from vaeaudit.analysis.fairness.disparities import POWER
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.phrases import plural

CODE: Final = "VA454"
KIND: Final = "disparity"
#: What a group must surely lose beyond all others to be told.
SOME = 0.02
#: A group that surely loses this many times the share of all others, and so much of its rows, is hit gravely.
GRAVE_RATIO, GRAVE_LOSS = 2.0, 0.1
#: Step -> what to do instead.
_INSTEAD: Mapping[Step, str] = {
    "outliers": "Look at the flagged rows of the group one by one before any is deleted.",
    "incomplete rows": (
        "Keep incomplete rows: let the model take a missing cell as a value of its own, or fill cells in within the "
        "group, and find out why they are missing."
    ),
    "copies": "Find out whether equal rows are copies or different people with the same cells before any is dropped.",
    "doubted labels": (
        "Have the doubted labels of the group read by people; delete none by rule: many are no errors but lie where classes overlap."
    ),
}


def ask(seen: Seen) -> Answer:
    """Tell one finding per attribute; of combinations only those that lose more than each group they are part of."""
    cleaning = seen.measured.cleaning
    if not cleaning.groups:
        return Answer("passed", "No step of cleaning would delete a row.", 0)
    judged = [losses for losses in cleaning.groups if losses.together.p_adjusted is not None]
    removed = f"Cleaning would delete {plural(cleaning.removed, 'row')} of {numbers.count(cleaning.steps[-1].n)}"
    if not judged:
        why = f"{removed}, but every group, or everybody else, has too few rows to be judged."
        least = f"Nothing is told of groups of fewer than {plural(seen.config.smallest_group, 'row')}."
        return Answer("inconclusive", why, 0, least)
    return answered(
        _findings(judged, cleaning.beyond_their_groups),
        f"{removed}; none of {plural(len(judged), 'group')} large enough to judge is shown to lose clearly more than "
        "others by anything but the flags of outliers (VA303).",
        tested=len(judged),
        detectable=_detectable(judged),
    )


def _detectable(judged: Sequence[GroupLosses]) -> str:
    least = [losses.together.minimum_detectable or 0.0 for losses in judged]
    low, high = (numbers.points(bound(least), sign=False) for bound in (min, max))
    span = low if low == high else f"{low} to {high}, by the size of the group,"
    return f"A difference of {span} would have been found with a probability of {numbers.rate(POWER)}."


def _findings(judged: Sequence[GroupLosses], combinations: Sequence[GroupLosses]) -> Iterator[Finding]:
    for attributes, members in groupby(judged, key=lambda losses: losses.attributes):
        hit = [losses for losses in members if _is_hit(losses)]
        if hit:
            yield _finding(hit, subject(*attributes))
    hit = [losses for losses in combinations if _is_hit(losses)]
    if hit:
        yield _finding(hit, "combinations")


def _is_hit(losses: GroupLosses) -> bool:
    """Whether a group loses clearly more, and not by the flags of outliers alone, of which VA303 tells."""
    bounds = losses.together.difference_ci
    surely = losses.together.status == "harder" and bounds is not None and (bounds.low or 0.0) > SOME
    return surely and losses.worst_step.step != "outliers"


def _finding(hit: Sequence[GroupLosses], about: str) -> Finding:
    worst = max(hit, key=lambda losses: losses.together.ci.low or 0.0)
    together, step = worst.together, worst.worst_step
    name = phrases.group(worst.attributes, worst.group)
    more = f"; {plural(len(hit) - 1, 'more group')} would lose more than others too" if len(hit) > 1 else ""
    by = f"most by its {step.step} ({numbers.share(step.rate)} against {numbers.share(step.rate_of_others or 0.0)})"
    grave = (together.ratio_ci.low or 0.0) >= GRAVE_RATIO and together.rate >= GRAVE_LOSS
    return Finding(
        code=CODE,
        subject=about,
        kind=KIND,
        severity="medium" if grave else "low",
        title=(
            f"Cleaning would delete {numbers.with_interval(together.rate, together.ci, 'share')} of the rows with "
            f"{name} ({numbers.count(together.hits)} of {numbers.count(together.n)}), "
            f"{numbers.share(together.rate_of_others or 0.0)} of all others, {by}{more}"
        ),
        evidence={
            **facts(together, "n", "hits", "rate", "ci", "rate_of_others", "difference", "difference_ci"),
            **facts(together, "ratio", "ratio_ci", "p_adjusted"),
            **facts(worst, "share_before", "share_after"),
            "steps": [facts(loss, "step", "hits", "rate", "rate_of_others", "status") for loss in worst.losses[:-1]],
            "groups": [
                {"group": phrases.group(losses.attributes, losses.group), **facts(losses.together, "n", "rate", "ci")}
                for losses in sorted(hit, key=lambda losses: -losses.together.rate)[:LISTED]
            ],
        },
        action=_INSTEAD[step.step],
        anchor="group-views",
        rule=worst.rule,
    )


CHECK = Check(
    CODE,
    "cleaning-hits-a-group",
    "Would the usual cleaning take the same part of every sensitive group?",
    KIND,
    ask,
    needs=(Need.SENSITIVE,),
)
