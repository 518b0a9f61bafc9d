"""The columns that a search for regions crosses: each as a few groups, and the sets of them that cells take in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.groups import OUTSIDE, Grouping, group_column
from vaeaudit.analysis.results.coverage import Condition
from vaeaudit.analysis.rules import merge_conditions
from vaeaudit.data.schema import Column, Kind, Role, Schema

IntArray = npt.NDArray[np.int64]
GroupMasks = npt.NDArray[np.bool_]

#: Bins of an ordered column. With deciles, a gap over any fifth of its values is met by whole bins to within a quarter.
ORDERED_BINS = 10
_MOST_ORDERED = 14  # an ordinal column of more levels is pooled into bins
#: Levels of a nominal column that are searched one by one; rarer ones still count in the margins.
MAX_LEVELS = 30
#: Columns searched; pairs grow with the square of them.
MAX_COLUMNS = 25
#: Rows on which columns are compared where there are too many of them.
SAMPLE_ROWS = 2_000


@dataclass(frozen=True)
class Axis:
    """One column of the search in G groups.

    Attributes
    ----------
    codes
        [N]; the group of each row, or `OUTSIDE` where the value is missing.
    conditions
        One per group that may be part of a rule; a last group without a condition holds the rarest levels.
    groups
        G.
    ordered
        Whether neighbouring groups are neighbours in value.
    candidates
        [S, G]; the sets of groups that a cell may take in: all ranges of an ordered column, single levels otherwise.
    """

    column: str
    codes: IntArray
    conditions: tuple[Condition, ...]
    groups: int
    ordered: bool
    candidates: GroupMasks

    def condition(self, groups: GroupMasks) -> Condition:
        """Return the condition that the rows of a set of groups [G] satisfy."""
        return merge_conditions([self.conditions[group] for group in np.flatnonzero(groups)])


def search_axes(frame: pd.DataFrame, schema: Schema) -> tuple[tuple[Axis, ...], tuple[str, ...]]:
    """Group the columns that can be searched, at most `MAX_COLUMNS` of them, and say what was left out.

    Sensitive columns and the label come first: rules then start with them.
    """
    searchable = [column for column in schema if is_searchable(column)]
    eligible = sorted(searchable, key=lambda column: not is_asked_about(column))
    notes = []
    if len(eligible) > MAX_COLUMNS:
        chosen = _most_telling(frame, eligible)
        notes.append(
            f"Regions are searched over {MAX_COLUMNS} of {len(eligible)} columns: the sensitive ones, the label, and "
            f"those that tell most about them."
        )
        eligible = [column for column in eligible if column.name in chosen]
    axes = (axis_of(group_column(frame[column.name], column, bins=ORDERED_BINS)) for column in eligible)
    return tuple(axis for axis in axes if axis.groups > 1 and len(axis.candidates)), tuple(notes)


def axis_of(grouping: Grouping) -> Axis:
    """Turn a grouping into an axis: missing values set aside, long orders cut to bins, rare levels pooled."""
    known = len(grouping) if grouping.missing is None else grouping.missing
    codes = np.where(grouping.codes < known, grouping.codes, OUTSIDE)
    conditions = grouping.conditions[:known]
    counts = np.bincount(codes[codes >= 0], minlength=known)
    if grouping.ordered:
        position, groups = np.arange(known, dtype=np.int64), known
        if known > _MOST_ORDERED:
            position, groups = contiguous_groups(counts, ORDERED_BINS)
        conditions = tuple(
            merge_conditions([conditions[old] for old in np.flatnonzero(position == new)]) for new in range(groups)
        )
        candidates = contiguous_ranges(groups)
    else:
        position, groups, kept = pooled_levels(counts, MAX_LEVELS)
        conditions = tuple(conditions[level] for level in kept)
        candidates = np.eye(groups, dtype=bool)[: len(kept)]
    codes = np.where(codes >= 0, np.append(position, OUTSIDE)[codes], OUTSIDE).astype(np.int64)
    filled = np.bincount(codes[codes >= 0], minlength=groups) > 0
    candidates = candidates[(candidates & filled).any(axis=1)]
    return Axis(grouping.column, codes, conditions, groups, grouping.ordered, candidates)


def declared_axes(frame: pd.DataFrame, schema: Schema) -> list[Axis]:
    """Group the sensitive columns and the label as representation shows them, missing values set aside."""
    axes = []
    for column in schema:
        if is_asked_about(column) and is_searchable(column):
            grouping = group_column(frame[column.name], column)
            groups = len(grouping) if grouping.missing is None else grouping.missing
            codes = np.where(grouping.codes < groups, grouping.codes, OUTSIDE)
            single = np.eye(groups, dtype=bool)
            axes.append(Axis(column.name, codes, grouping.conditions[:groups], groups, grouping.ordered, single))
    return [axis for axis in axes if axis.groups > 1]


def contiguous_groups(counts: IntArray, bins: int) -> tuple[IntArray, int]:
    """Pool neighbouring groups into at most `bins` of about equal size: new position of each [G], and how many."""
    middle = np.cumsum(counts) - counts / 2
    share = middle / max(int(counts.sum()), 1)
    _, position = np.unique(np.minimum((share * bins).astype(np.int64), bins - 1), return_inverse=True)
    return np.asarray(position, dtype=np.int64), int(position.max(initial=-1)) + 1


def pooled_levels(counts: IntArray, most: int) -> tuple[IntArray, int, IntArray]:
    """Keep the `most` frequent levels apart and pool the others into a last group.

    Returns the new position of each level [G], how many groups there are, and the levels kept, in their old order.
    """
    present = np.flatnonzero(counts)
    kept = np.sort(present[np.argsort(-counts[present], kind="stable")][:most])
    position = np.full(counts.size, kept.size, dtype=np.int64)
    position[kept] = np.arange(kept.size)
    return position, kept.size + int(kept.size < present.size), kept


def is_searchable(column: Column) -> bool:
    """Whether the values of a column repeat or order themselves, and it was not left out."""
    if column.role in (Role.EXCLUDED, Role.ID, Role.SPLIT):
        return False
    return column.kind.is_levelled or column.kind.is_numeric or column.kind is Kind.DATETIME


def is_asked_about(column: Column) -> bool:
    """Whether a column is sensitive or the label: what a person asked about comes first in a rule."""
    return column.role in (Role.SENSITIVE, Role.LABEL)


def contiguous_ranges(groups: int) -> GroupMasks:
    """Return [S, groups]: all contiguous ranges but the one that takes in everything."""
    first, last = np.triu_indices(groups)
    partial = last - first < groups - 1
    index = np.arange(groups)
    return np.asarray((first[partial, None] <= index) & (index <= last[partial, None]))


def _most_telling(frame: pd.DataFrame, columns: Sequence[Column]) -> set[str]:
    """Choose columns: sensitive ones and the label first, then by mutual information with them on a sample of rows.

    Without any of those, by entropy: a column whose rows nearly all fall into one group can show no gap.
    """
    rows = np.unique(np.linspace(0, len(frame) - 1, SAMPLE_ROWS).astype(np.int64)) if len(frame) else np.arange(0)
    sample = frame.iloc[rows]
    anchors = [column for column in columns if is_asked_about(column)]
    anchor_axes = [axis_of(group_column(sample[column.name], column)) for column in anchors]
    scores = {}
    for column in columns:
        axis = axis_of(group_column(sample[column.name], column))
        if column in anchors:
            scores[column.name] = np.inf
        elif anchors:
            scores[column.name] = max(mutual_information(joint_counts(axis, anchor)) for anchor in anchor_axes)
        else:
            scores[column.name] = entropy(np.bincount(axis.codes[axis.codes >= 0]))
    ranked = sorted(scores, key=lambda name: -scores[name])
    return set(ranked[:MAX_COLUMNS])


def joint_counts(*axes: Axis) -> IntArray:
    """Count rows per combination of groups, over the rows that have a value on every axis: [G, H, …]."""
    codes = np.zeros(axes[0].codes.size, dtype=np.int64)
    known = np.ones(codes.size, dtype=bool)
    for axis in axes:
        known &= axis.codes >= 0
        codes = codes * axis.groups + axis.codes
    shape = tuple(axis.groups for axis in axes)
    return np.bincount(codes[known], minlength=int(np.prod(shape))).reshape(shape)


def entropy(counts: IntArray) -> float:
    """Entropy of the shares of [G] counts, in nats; 0 where nothing was counted."""
    shares = counts[counts > 0] / max(int(counts.sum()), 1)
    return float(-(shares * np.log(shares)).sum()) + 0.0


def mutual_information(joint: IntArray) -> float:
    """Mutual information of the two columns of a joint table [G, H], in nats.

    Less the bias that few rows in many cells give it (Miller 1955), and at least 0.
    """
    first, second = joint.sum(axis=1), joint.sum(axis=0)
    bias = (np.count_nonzero(first) - 1) * (np.count_nonzero(second) - 1) / (2 * max(int(joint.sum()), 1))
    return max(entropy(first) + entropy(second) - entropy(joint.ravel()) - bias, 0.0)


def uncertainty_coefficient(joint: IntArray) -> float:
    """Share of one column's entropy that the other removes, the larger of both ways (Theil 1970); 0 to 1."""
    smallest = min(entropy(joint.sum(axis=1)), entropy(joint.sum(axis=0)))
    return min(mutual_information(joint) / smallest, 1.0) if smallest > 0 else 0.0
