"""How well each column by itself tells the label, and which groups of its rows do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from vaeaudit.analysis.grouping.groups import QUANTILE_BINS, Grouping, group_column
from vaeaudit.analysis.leakage.target import Target
from vaeaudit.data.schema.columns import ABOUT_ROWS, Column, Kind, Role, Schema
from vaeaudit.outputs.record import BoolArray, FloatArray
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.cross_fit import binned_auc, out_of_fold_means

#: Text of more distinct values than this share of its rows is known only as there or not.
MOST_DISTINCT = 0.5
#: Roles that no prediction would be given; what rows belong together by may be.
_LEFT_OUT = (Role.LABEL, Role.EXCLUDED, *(role for role in ABOUT_ROWS if role is not Role.GROUP))


@dataclass(frozen=True)
class Alone:
    """What a column by itself tells.

    Attributes
    ----------
    grouping
        The column as groups, over all rows of the frame.
    score
        How well the groups tell the label, out of fold; `Target.measure` says in what.
    said
        [M, T] for classes: the share of each in the column's group in the other folds. [M, 1] for a number.
    presence
        What no more than whether the cell is there tells; None where all are, or none is.
    """

    grouping: Grouping
    score: float
    said: FloatArray
    presence: Alone | None = None


def columns_alone(frame: pd.DataFrame, schema: Schema, target: Target) -> list[Alone]:
    """Judge every column that a prediction could be given, in the order of the schema.

    Text and identifiers take part by whether they are there, or by value where values repeat.
    """
    return [found for column in schema if (found := _alone(frame[column.name], column, target)) is not None]


def can_tell(column: Column) -> bool:
    """Whether a prediction of the label could be given the column."""
    return column.role not in _LEFT_OUT


def _alone(values: pd.Series, column: Column, target: Target) -> Alone | None:
    if not can_tell(column):
        return None
    gone = values.isna().to_numpy()
    grouping = _grouped(values, column, gone)
    if np.unique(grouping.codes[target.rows]).size < 2:
        return None
    partly = 0 < gone[target.rows].sum() < len(target.rows)
    presence = judged(presence_of(column.name, gone), target) if partly else None
    return judged(grouping, target, presence)


def _grouped(values: pd.Series, column: Column, gone: BoolArray) -> Grouping:
    repeats = values.nunique() <= MOST_DISTINCT * max(int((~gone).sum()), 1)
    if column.kind in (Kind.TEXT, Kind.IDENTIFIER, Kind.CONSTANT) and not repeats:
        return presence_of(column.name, gone)
    return group_column(values, column, bins=QUANTILE_BINS)


def presence_of(name: str, gone: BoolArray) -> Grouping:
    """Group the rows by whether a column has a value."""
    conditions = (Condition(name, "between", [None, None]), Condition(name, "missing", None))
    return Grouping(name, gone.astype(np.int64), ("a value", "no value"), conditions, ordered=False, missing=1)


def judged(grouping: Grouping, target: Target, presence: Alone | None = None) -> Alone:
    """Judge what a column, as groups, tells by itself."""
    areas, said = areas_alone(grouping, target)
    score = float(np.mean(areas)) if target.classes else target.judge(said, 0.95)[0]
    return Alone(grouping, score, said, presence)


def areas_alone(grouping: Grouping, target: Target) -> tuple[FloatArray, FloatArray]:
    """Return the AUC of each class, [T], none for a number; and what the groups say of each row out of fold, [M, T]."""
    codes = grouping.codes[target.rows]
    with_all = np.column_stack([target.values, np.ones(len(codes))])
    means, sums = out_of_fold_means(codes, len(grouping), with_all, target.folds)
    outside = sums[:, :, -1:] - sums
    areas = [
        binned_auc(means[:, :, place].ravel(), sums[:, :, place].ravel(), outside[:, :, place].ravel())
        for place in range(target.values.shape[1] if target.classes else 0)
    ]
    return np.array(areas), means[target.folds, codes, :-1]
