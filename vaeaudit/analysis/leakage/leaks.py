"""Which columns tell the label too well to be no more than good predictors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from vaeaudit.analysis.grouping.groups import Grouping, interval_label
from vaeaudit.analysis.leakage.alone import Alone
from vaeaudit.analysis.leakage.target import Target
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.measures import Count, Interval, Share

#: `same`: the column is the label in other words, or all but that. `part`: some of its levels hold next to nothing but
#: one value of the label, and most rows that have it. `strong`: it tells the label nearly alone, as an honest predictor
#: also might.
Grade = Literal["same", "part", "strong"]

#: Errors as a share of those of always guessing the most frequent value: a level or an absence that makes fewer is the
#: label; what is measured must come nearer, since sizes of flowers part species and are no leak.
SAME_ERRORS, SAME_ERRORS_OF_MEASURED = 0.10, 0.02
#: AUC, and rank correlation with a number, from which a column is the label where it has levels, and is told at all.
SAME_AUC, STRONG_AUC = 0.97, 0.9
SAME_CORRELATION, STRONG_CORRELATION = 0.995, 0.95
#: Errors as a share of those of guessing, up to which levels that agree are told.
PART_ERRORS = 0.25
#: Share of rows of one value among those of the levels, and of those levels among the rows of the value.
PART_PURITY, PART_REACH, PART_MOST = 0.99, 0.5, 0.8
#: Rows of a value of the label from which its levels are judged.
FEWEST_ROWS = 20
#: Presence explains what a column tells, where it comes as near as this.
_AS_GOOD = 0.005
#: Columns are missing in the same rows where they differ in no more than this share of them.
_SAME_ROWS = 0.02
#: Bins of a measured number that stand for single values, at most, to be like levels.
_FEW_BINS = 2


@dataclass(frozen=True)
class Leak:
    """A column that tells the label.

    Attributes
    ----------
    column, alike
        Its name, and other columns that are missing in the same rows, where it tells by being missing.
    by, grade
        Whether its values tell, or no more than whether there is one; see `Grade`.
    score, ci
        Of the column alone, out of fold: AUC, or rank correlation with a number.
    n, agree
        Rows with a label, and those in which it is the most frequent one of the column's group; of a number 0.
    value, groups
        The value of the label that is told best, and the groups of the column that speak for it; empty for a number.
    rows, hits, of_value
        Rows in these groups, those of them that have the value, and all rows that have it.
    rule
        The condition that picks the rows in the groups, where it is one range, or several levels.
    """

    column: str
    by: Literal["values", "presence"]
    grade: Grade
    score: float
    ci: Interval
    n: Count
    agree: Count = 0
    value: str = ""
    groups: tuple[str, ...] = ()
    rows: Count = 0
    hits: Count = 0
    of_value: Count = 0
    alike: tuple[str, ...] = ()
    rule: tuple[Condition, ...] = ()

    @property
    def agreement(self) -> Share:
        """Share of the rows in which the column says what the label is."""
        return self.agree / max(self.n, 1)


def find_leaks(frame: pd.DataFrame, columns: Sequence[Alone], target: Target, confidence: float) -> tuple[Leak, ...]:
    """Return the columns that tell the label too well, the worst first.

    Parameters
    ----------
    frame
        [N, C]; all rows are counted, also where only some were drawn to judge.
    columns, target
        See `columns_alone`.
    confidence
        Of intervals.
    """
    found = [leak for alone in columns if (leak := _leak(frame, alone, target, confidence)) is not None]
    order: tuple[Grade, ...] = ("same", "part", "strong")
    ranked = sorted(found, key=lambda leak: (order.index(leak.grade), -leak.agree, -leak.score, leak.column))
    return _merged(ranked, frame)


def _leak(frame: pd.DataFrame, alone: Alone, target: Target, confidence: float) -> Leak | None:
    if not target.classes:
        return _leak_of_number(frame, alone, target, confidence)
    found = [(each, *graded(each, target)) for each in (alone.presence, alone) if each is not None]
    chosen, place, grade = found[0]
    if grade is None or (chosen is not alone and grade != "same" and chosen.score < alone.score - _AS_GOOD):
        chosen, place, grade = found[-1]
    if grade is None:
        return None
    codes = {level: code for code, level in enumerate(target.levels)}
    known = frame[target.name].astype(object).map(codes).fillna(-1).to_numpy(np.int64)
    counts = _counts(chosen.grouping, known, len(target.classes))
    speak = (counts.argmax(axis=1) == place) & (counts.sum(axis=1) > 0)
    groups, conditions = _neighbours_as_one(chosen.grouping, speak, counts.sum(axis=1))
    return Leak(
        column=chosen.grouping.column,
        by="values" if chosen is alone else "presence",
        grade=grade,
        score=chosen.score,
        ci=target.judge(chosen.said, confidence)[1],
        n=int(counts.sum()),
        agree=int(counts.max(axis=1).sum()),
        value=target.classes[place],
        groups=groups,
        rows=int(counts[speak].sum()),
        hits=int(counts[speak, place].sum()),
        of_value=int(counts[:, place].sum()),
        rule=_united(conditions),
    )


def _neighbours_as_one(
    grouping: Grouping, speak: BoolArray, rows: IntArray
) -> tuple[tuple[str, ...], tuple[Condition, ...]]:
    """Return labels and conditions of the groups that speak, bins with no other bin of rows between them as one."""
    labels: list[str] = []
    conditions: list[Condition] = []
    goes_on = False
    for place in np.flatnonzero(rows).tolist():
        label, condition = grouping.labels[place], grouping.conditions[place]
        if speak[place] and goes_on and condition.op == conditions[-1].op == "between":
            bounds = [conditions[-1].value[0], condition.value[1]]
            labels[-1], conditions[-1] = interval_label(*bounds), Condition(grouping.column, "between", bounds)
        elif speak[place]:
            labels.append(label)
            conditions.append(condition)
        goes_on = bool(speak[place])
    return tuple(labels), tuple(conditions)


def _united(conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """Return one condition for several levels; none for several ranges."""
    if len(conditions) == 1:
        return (conditions[0],)
    if any(condition.op != "in" for condition in conditions):
        return ()
    return (Condition(conditions[0].column, "in", [level for condition in conditions for level in condition.value]),)


def _leak_of_number(frame: pd.DataFrame, alone: Alone, target: Target, confidence: float) -> Leak | None:
    name = alone.grouping.column
    score = max(alone.score, size_of_rank_correlation(frame[name], frame[target.name]))
    if score < STRONG_CORRELATION:
        return None
    ci = target.judge(alone.said, confidence)[1]
    ci = Interval(ci.low, max(ci.high or 0.0, score), confidence)
    grade: Grade = "same" if score >= SAME_CORRELATION else "strong"
    return Leak(name, "values", grade, score, ci, int(frame[target.name].notna().sum()))


def graded(alone: Alone, target: Target) -> tuple[int, Grade | None]:
    """Return the class that is told best, and how well."""
    truth, said = target.values > 0, alone.said.argmax(axis=1)
    guess = np.arange(len(target.classes)) == said[:, None]
    in_class = truth.sum(axis=0)
    wrong = (guess != truth).sum(axis=0) / np.minimum(in_class, len(truth) - in_class)
    wrong[in_class < FEWEST_ROWS] = np.inf
    overall = np.mean(~truth[np.arange(len(said)), said]) / (1 - in_class.max() / len(truth))
    # of two values the rarer one is told of, and of two that are as frequent the second, which is rather yes than no
    best = int(wrong.argmin()) if len(in_class) > 2 else int(in_class[0] >= in_class[1])
    least = min(overall, wrong[best])
    if least <= SAME_ERRORS or (alone.score >= SAME_AUC and least <= PART_ERRORS):
        like_levels = _like_levels(alone, target.rows, best)
        if like_levels or (overall <= SAME_ERRORS_OF_MEASURED and in_class.min() >= FEWEST_ROWS):
            return best, "same"
    part = best if least <= PART_ERRORS else _pure(guess, truth)
    if part is not None and _like_levels(alone, target.rows, part):
        return part, "part"
    strong = alone.score >= STRONG_AUC or wrong[best] <= SAME_ERRORS_OF_MEASURED
    return best, "strong" if strong else None


def _pure(guess: BoolArray, truth: BoolArray) -> int | None:
    """Return the class whose groups hold next to nothing else and most of its rows."""
    hits, rows, in_class = (guess & truth).sum(axis=0), guess.sum(axis=0), truth.sum(axis=0)
    fits = (hits >= PART_PURITY * rows) & (hits >= PART_REACH * in_class) & (hits >= FEWEST_ROWS)
    fits &= in_class <= PART_MOST * len(truth)
    return int(np.argmax(np.where(fits, hits / in_class, -1))) if fits.any() else None


def _like_levels(alone: Alone, rows: IntArray, place: int) -> bool:
    """Whether the groups that speak for a class, or those that do not, are levels, or few single values."""
    grouping = alone.grouping
    if any(condition.op == "in" for condition in grouping.conditions) or len(grouping) == 2 == _single(grouping).sum():
        return True
    groups, of_row = np.unique(grouping.codes[rows], return_inverse=True)
    speak = np.bincount(of_row, alone.said.argmax(axis=1) == place) > 0.5 * np.bincount(of_row)
    single = _single(grouping)[groups]
    return any(side.any() and side.sum() <= _FEW_BINS and single[side].all() for side in (speak, ~speak))


def _single(grouping: Grouping) -> BoolArray:
    """[G]; whether all rows of a group have one value, or none."""
    return np.array([not label.startswith(("[", "< ", ">= ")) for label in grouping.labels], dtype=bool)


def _counts(grouping: Grouping, known: IntArray, n_classes: int) -> IntArray:
    """[G, T]; rows by group and class; rows of no class are left out."""
    inside = known >= 0
    place = grouping.codes[inside] * n_classes + known[inside]
    return np.bincount(place, minlength=len(grouping) * n_classes).reshape(len(grouping), n_classes)


def size_of_rank_correlation(first: pd.Series, second: pd.Series) -> float:
    """Return the size of Spearman's correlation of two columns; 0 where either cannot be ordered."""
    if any(values.dtype.kind not in "fM" for values in (first, second)):
        return 0.0
    both = first.notna() & second.notna()
    if both.sum() < FEWEST_ROWS or both.mean() < PART_REACH:
        return 0.0
    ranks: FloatArray = np.corrcoef(first[both].rank(), second[both].rank())
    return float(np.nan_to_num(abs(ranks[0, 1])))


def _merged(leaks: Sequence[Leak], frame: pd.DataFrame) -> tuple[Leak, ...]:
    """Tell columns that are missing in the same rows, and tell the label by that, as one."""
    kept: list[Leak] = []
    for leak in leaks:
        gone = frame[leak.column].isna()
        most = _SAME_ROWS * gone.sum()
        for place, head in enumerate(kept):
            if leak.by == head.by == "presence" and (frame[head.column].isna() != gone).sum() <= most:
                kept[place] = replace(head, alike=(*head.alike, leak.column))
                break
        else:
            kept.append(leak)
    return tuple(kept)
