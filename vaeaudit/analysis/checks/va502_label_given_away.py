"""Columns that tell the label so well that they may hold what is to be predicted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding, facts, subject
from vaeaudit.analysis.labels.summary import LabelSummary
from vaeaudit.analysis.leakage.leaks import Leak
from vaeaudit.analysis.leakage.predictors import Together
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import listed, plural

CODE: Final = "VA502"
KIND: Final = "label"
#: AUC of all columns together that is told where no column alone is, and rows from which it is: few rows of clean
#: measurements may well part two classes.
ALL_BUT_KNOWN, ENOUGH_ROWS = 0.99, 1_000
#: What a measure of the prediction is called.
MEASURES = {"auc": "AUC", "rank_correlation": "rank correlation"}


def ask(seen: Seen) -> Answer:
    """Tell one finding per column that is the label, or nearly; those that predict it well share one."""
    label = seen.measured.labels
    if label is None or label.together is None:
        return Answer("inconclusive", "Too few rows have a label of two values or more, or no column can tell it.", 0)
    together, measure = label.together, MEASURES[label.together.measure]
    alone = f"{together.best_alone} alone {numbers.ratio(together.best_score)}"
    told = numbers.with_interval(together.score, together.ci, "ratio")
    return answered(
        _findings(label),
        f"No column alone tells {label.column} nearly always; all {numbers.count(together.columns)} together reach "
        f"{'only ' if together.best_score > together.score else ''}{measure} {told}, {alone}.",
        tested=together.columns,
    )


def _findings(label: LabelSummary) -> Iterator[Finding]:
    yield from (_leak(leak, label.column) for leak in label.leaks if leak.grade != "strong")
    strong = [leak for leak in label.leaks if leak.grade == "strong"]
    if strong:
        yield _strong(strong, label)
    if not label.leaks and label.together is not None and _all_but_known(label.together):
        yield _all_together(label.together, label)


def _all_but_known(together: Together) -> bool:
    return together.classes == 2 and together.score >= ALL_BUT_KNOWN and together.rows >= ENOUGH_ROWS


def _leak(leak: Leak, label: str) -> Finding:
    also = f" (and {listed(leak.alike)}, in the same rows)" if leak.alike else ""
    where = _where(leak, also)
    if leak.value:
        found = (
            f"it is {leak.value} in {numbers.count(leak.hits)} of {plural(leak.rows, 'row')} {where}, and in "
            f"{_of(leak.of_value - leak.hits, leak.n - leak.rows)} others; {_of(leak.n - leak.agree, leak.n)} rows "
            f"{'contradict' if leak.n - leak.agree > 1 else 'contradicts'}"
        )
    else:
        found = f"rank correlation {numbers.with_interval(leak.score, leak.ci, 'ratio')}"
    how = "given away" if leak.grade == "same" else "largely told"
    by = f"whether {leak.column} is filled" if leak.by == "presence" else leak.column
    return Finding(
        code=CODE,
        subject=subject(leak.column),
        kind=KIND,
        severity="high" if leak.grade == "same" else "medium",
        title=f"{label} is {how} by {by}: {found}",
        evidence=facts(leak, "n", "agree", "agreement", "score", "ci", "value", "rows", "hits", "of_value", "alike"),
        action=(
            f"Is {leak.column} known at the moment of prediction? If it is made with the label or after it, leave it "
            f"out (--exclude), with whatever else is: a model would learn nothing but it."
        ),
        anchor="label",
        rule=leak.rule,
    )


def _of(rows: int, among: int) -> str:
    return f"{numbers.count(rows) if rows else 'none'} of {numbers.count(among)}"


def _where(leak: Leak, also: str) -> str:
    if leak.by == "presence":
        return f"where {leak.column}{also} is {'filled' if 'a value' in leak.groups else 'missing'}"
    return f"where {leak.column} is {listed(leak.groups, last='or')}"


def _strong(leaks: Sequence[Leak], label: LabelSummary) -> Finding:
    first, measure = leaks[0], MEASURES[label.together.measure if label.together else "auc"]
    named = [f"{leak.column} ({numbers.ratio(leak.score)})" for leak in leaks]
    return Finding(
        code=CODE,
        subject="others",
        kind=KIND,
        severity="medium",
        title=(
            f"{label.column} can nearly be told from {'one column' if len(leaks) == 1 else 'any of these'} alone, by "
            f"{measure}: {listed(named)}"
        ),
        evidence={
            **facts(first, "n", "ci"),
            "columns": len(leaks),
            "scores": {leak.column: leak.score for leak in leaks[:LISTED]},
        },
        action=(
            f"An honest measurement may be as good as this. Is {first.column} known at the moment of prediction, and "
            "not made from the label? If not, leave it out (--exclude)."
        ),
        anchor="label",
    )


def _all_together(together: Together, label: LabelSummary) -> Finding:
    named = [predictor.column for predictor in label.predictors if predictor.share > 0]
    return Finding(
        code=CODE,
        subject="together",
        kind=KIND,
        severity="medium",
        title=(
            f"All columns together tell {label.column} almost without error, though none alone does: AUC "
            f"{numbers.with_interval(together.score, together.ci, 'ratio')}, above all {listed(named)}"
        ),
        evidence={**facts(together, "rows", "columns", "score", "ci"), "predictors": named},
        action=(
            f"Can {label.column} be computed from {listed(named)}? Are all of them known at the moment of prediction?"
        ),
        anchor="label",
    )


CHECK = Check(
    CODE,
    "label-given-away",
    "Is every column free of what is to be predicted?",
    KIND,
    ask,
    needs=(Need.LABEL,),
)
