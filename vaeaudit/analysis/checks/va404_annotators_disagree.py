"""Annotators who do not agree on the label, and labels that most of them contradict."""

from __future__ import annotations

from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import Finding, facts
from vaeaudit.analysis.labels.annotators import Annotators
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import plural

CODE: Final = "VA404"
KIND: Final = "label"
#: Alpha below which conclusions are at best tentative, and below which there are none: a convention (Krippendorff).
TENTATIVE, TOO_LOW = 0.8, 0.667


def ask(seen: Seen) -> Answer:
    """Tell low agreement and contradicted labels in one finding."""
    label = seen.measured.labels
    found = None if label is None else label.annotators
    if label is None or found is None:
        return Answer("inconclusive", "No row was judged by two annotators.", 0)
    alpha = numbers.with_interval(found.alpha, found.ci, "ratio")
    low = (found.ci.high or 0.0) < TENTATIVE
    return answered(
        [_finding(found, label.column, alpha)] if low or found.contradicted else (),
        f"{len(found.columns)} annotators agree on {plural(found.n, 'row')} with an alpha of {alpha}; no label is "
        "contradicted by most of them.",
        tested=found.n,
    )


def _finding(found: Annotators, label: str, alpha: str) -> Finding:
    return Finding(
        code=CODE,
        subject="",
        kind=KIND,
        severity="medium" if (found.ci.high or 0.0) < TOO_LOW else "low",
        title=(
            f"{len(found.columns)} annotators say different things of {numbers.count(found.disagreed)} of "
            f"{plural(found.n, 'row')} (alpha {alpha}); most of them contradict {label} in "
            f"{numbers.count(found.contradicted)} of {numbers.count(found.n_majority)}"
        ),
        evidence={
            **facts(found, "n", "disagreed", "alpha", "ci", "n_majority", "contradicted"),
            "annotators": list(found.columns),
        },
        action=(
            "Sharpen the instructions where they differ, and have these rows judged again; labels.csv names those that "
            "most annotators contradict. No model can be judged more finely than its labels agree."
        ),
        anchor="label",
    )


CHECK = Check(
    CODE,
    "annotators-disagree",
    "Do annotators agree with one another and with the label?",
    KIND,
    ask,
    needs=(Need.LABEL, Need.ANNOTATORS),
)
