"""Groups that would lose a larger part of their rows than others to the usual cleaning, all steps together or one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding, facts, subject
from vaeaudit.analysis.fairness.cleaning import GroupLosses, Step, StepLoss
from vaeaudit.analysis.fairness.rates import POWER
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.phrases import plural

CODE: Final = "VA454"
KIND: Final = "disparity"
#: What a group must surely lose beyond all others to be told.
SOME = 0.02
#: A group that surely loses this many times the share of all others, and so much of its rows, is hit gravely.
GRAVE_RATIO, GRAVE_LOSS = 2.0, 0.1
#: Further groups that a title names.
_NAMED = 2
#: Step -> what to do instead.
_INSTEAD: Mapping[Step, str] = {
    "outliers": "Look at the flagged rows of the group one by one before any is deleted.",
    "incomplete rows": (
        "Keep incomplete rows: let the model take a missing cell as a value of its own, or fill cells in within the "
        "group, and find out why they are missing."
    ),
    "copies": "Find out whether equal rows are copies or different people with the same cells before any is dropped.",
    "doubted labels": (
        "Have the doubted labels of the group read by people; delete none by rule: many are no errors but lie where "
        "classes overlap."
    ),
}


def ask(seen: Seen) -> Answer:
    """Tell one finding per attribute; of combinations only those that lose more than each group they are part of."""
    cleaning = seen.measured.cleaning
    if not cleaning.steps:
        return Answer("inconclusive", "Every sensitive column has too many groups to be compared.", 0)
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
        "others, together or by one step; of what outliers take VA303 tells.",
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
        hit = [(losses, told) for losses in members if (told := _told(losses)) is not None]
        if hit:
            yield _finding(hit, subject(*attributes))
    hit = [(losses, told) for losses in combinations if (told := _told(losses)) is not None and told.step == "all"]
    if hit:
        yield _finding(hit, "combinations")


def _told(losses: GroupLosses) -> StepLoss | None:
    """Return what a group surely loses beyond others: by all steps, or else by one; None where it does not.

    Of what the outliers take VA303 tells.
    """
    surely = [loss for loss in losses.losses if loss.status == "harder" and _least(loss) > SOME]
    if losses.together in surely and losses.worst_step.step != "outliers":
        return losses.together
    return max((loss for loss in surely if loss.step not in {"all", "outliers"}), key=_least, default=None)


def _least(loss: StepLoss) -> float:
    """Return by how much a group loses more than all others, at least."""
    return 0.0 if loss.difference_ci is None else loss.difference_ci.low or 0.0


def _finding(hit: Sequence[tuple[GroupLosses, StepLoss]], about: str) -> Finding:
    ranked = sorted(hit, key=lambda each: (each[1].step != "all", -(each[1].ci.low or 0.0)))
    losses, loss = ranked[0]
    step = losses.worst_step if loss.step == "all" else loss
    grave = (loss.ratio_ci.low or 0.0) >= GRAVE_RATIO and loss.rate >= GRAVE_LOSS
    return Finding(
        code=CODE,
        subject=about,
        kind=KIND,
        severity="medium" if grave else "low",
        title=_title(losses, loss, ranked[1:]),
        evidence={
            **facts(loss, "step", "n", "hits", "rate", "ci", "rate_of_others", "difference", "difference_ci"),
            **facts(loss, "ratio", "ratio_ci", "p_adjusted"),
            **facts(losses, "share_before", "share_after"),
            "steps": [facts(each, "step", "hits", "rate", "rate_of_others", "status") for each in losses.losses],
            "groups": [
                {"group": _name(other), **facts(told, "step", "n", "rate", "ci")} for other, told in ranked[:LISTED]
            ],
        },
        action=_INSTEAD[step.step],
        anchor="group-views",
        rule=losses.rule,
    )


def _title(losses: GroupLosses, loss: StepLoss, more: Sequence[tuple[GroupLosses, StepLoss]]) -> str:
    step, by = losses.worst_step, ""
    if loss.step == "all":
        against = f"{numbers.share(step.rate)} against {numbers.share(step.rate_of_others or 0.0)}"
        by = f", most by its {step.step} ({against})"
    others = phrases.listed([f"{_name(other)} ({_step_in_words(told.step)})" for other, told in more], most=_NAMED)
    return (
        f"{'Cleaning' if loss.step == 'all' else f'To delete {loss.step}'} would take "
        f"{numbers.with_interval(loss.rate, loss.ci, 'share')} of the rows with {_name(losses)} "
        f"({numbers.count(loss.hits)} of {numbers.count(loss.n)}), {numbers.share(loss.rate_of_others or 0.0)} of all "
        f"others{by}{f'; {others} would lose more than others too' if more else ''}"
    )


def _name(losses: GroupLosses) -> str:
    return phrases.group(losses.attributes, losses.group)


def _step_in_words(step: Step) -> str:
    return "all steps" if step == "all" else step


CHECK = Check(
    CODE,
    "cleaning-hits-a-group",
    "Would the usual cleaning take the same part of every sensitive group?",
    KIND,
    ask,
    needs=(Need.SENSITIVE,),
)
