"""The columns that a search for regions crosses: each as groups, pooled into few, and the sets of them a cell takes in.

Against a reference, a column is cut finely, so that the edges of a gap can be told exactly, and missing values are a
group. Elsewhere its groups are those that are searched, and rows without a value are on no axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.grouping.groups import OUTSIDE, Grouping, group_by_population, group_column
from vaeaudit.analysis.grouping.rules import merge_conditions
from vaeaudit.data.population_shares import Population
from vaeaudit.data.schema.columns import ABOUT_ROWS, Column, Kind, Role, Schema
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.association import entropy, mutual_information

#: Exact kinds of numbers, as the statistics of cells ask for them.
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
GroupMasks = npt.NDArray[np.bool_]

_TAKES_NO_PART = (Role.EXCLUDED, *ABOUT_ROWS)
#: Bins of an ordered column. With deciles, a gap over any fifth of its values is met by whole bins to within a quarter.
ORDERED_BINS = 10
_MOST_ORDERED = 14  # an ordinal column of more levels is pooled into bins
#: Levels of a nominal column that are searched one by one; rarer ones still count in the margins.
MAX_LEVELS = 30
#: Groups of a column in cells of three columns; more would leave the cells without expected rows.
FEW_GROUPS = 4
#: Bins at whose bounds an ordered condition may begin and end, once a search in few groups has found about where.
FINE_BINS = 100
#: Columns searched; pairs grow with the square of them.
MAX_COLUMNS = 25
#: Rows on which columns are compared where there are too many of them.
SAMPLE_ROWS = 2_000


@dataclass(frozen=True)
class Pooled:
    """A column in G groups, each of which pools some of the F groups of its axis.

    Attributes
    ----------
    codes
        [N]; the group of each row, or `OUTSIDE`.
    members
        [G, F]; which of the axis's groups each takes in.
    sets
        [S, G]; the sets of groups that a cell may take in: all ranges of an ordered column, single levels otherwise,
        and missing values where they are a group.
    """

    codes: IntArray
    members: GroupMasks
    sets: GroupMasks

    @property
    def groups(self) -> int:
        """G."""
        return len(self.members)

    def over(self, codes: IntArray) -> Pooled:
        """Return the same groups over other rows [M], of which `codes` say the group of the axis."""
        position = np.append(self.members.argmax(axis=0), OUTSIDE)
        return replace(self, codes=position[codes])


@dataclass(frozen=True)
class Axis:
    """One column of the search in F groups.

    Attributes
    ----------
    column
        Its name.
    codes
        [N]; the group of each row, or `OUTSIDE`.
    conditions
        One per group that may be part of a rule; a last group without a condition holds the rarest levels.
    groups
        F.
    ordered
        Whether neighbouring groups are neighbours in value.
    missing
        Position of the group of rows without a value (the last), or None where there is none.
    sets
        [S, F]; the sets of groups that a cell of two columns may take in; None where the groups are pooled first.
    """

    column: str
    codes: IntArray
    conditions: tuple[Condition, ...]
    groups: int
    ordered: bool
    missing: int | None = None
    sets: GroupMasks | None = None

    @property
    def known(self) -> int:
        """How many groups hold values."""
        return self.groups if self.missing is None else self.missing

    @property
    def counts(self) -> IntArray:
        """[F]; rows per group."""
        return np.bincount(self.codes[self.codes >= 0], minlength=self.groups)

    @cached_property
    def many(self) -> Pooled:
        """The groups for cells of one or two columns."""
        if self.sets is not None:
            return Pooled(self.codes, np.eye(self.groups, dtype=bool), self.sets)
        return self.pooled(ORDERED_BINS if self.ordered else MAX_LEVELS)

    @cached_property
    def few(self) -> Pooled:
        """The groups for cells of three columns."""
        return self.pooled(FEW_GROUPS)

    def pooled(self, most: int) -> Pooled:
        """Pool neighbours into at most `most` groups, or all but the `most` frequent levels into one."""
        counts = self.counts[: self.known]
        if self.ordered:
            position, groups = contiguous_groups(counts, most)
            sets = contiguous_ranges(groups)
        else:
            named = min(self.known, len(self.conditions))
            position, groups, kept = pooled_levels(counts[:named], most)
            if named < self.known:
                position, groups = np.append(position, np.full(self.known - named, kept.size)), kept.size + 1
            sets = np.eye(groups, dtype=bool)[: kept.size]
        if self.missing is not None:
            position = np.append(position, groups)
            sets = np.pad(sets, ((0, 1), (0, 1)))
            sets[-1, -1] = True
            groups += 1
        if self.missing is not None and self.ordered:  # all values, so that the rest is those without one
            sets = np.concatenate([sets, ~sets[-1:]])
        codes = np.append(position, OUTSIDE)[self.codes]
        return Pooled(codes, np.arange(groups)[:, None] == position, sets)

    def of(self, rows: npt.NDArray[np.bool_]) -> Axis:
        """Return the same groups over some of the rows [N]."""
        return replace(self, codes=self.codes[rows])

    def condition(self, groups: GroupMasks) -> Condition:
        """Return the condition that the rows of a set of groups [F] satisfy."""
        return merge_conditions([self.conditions[group] for group in np.flatnonzero(groups)])


def joint_counts(*parts: Pooled) -> IntArray:
    """Count rows per combination of groups, over the rows that lie in a group of every column: [G, H, …]."""
    codes, shape = joint_codes(*parts), tuple(part.groups for part in parts)
    return np.bincount(codes[codes >= 0], minlength=int(np.prod(shape))).reshape(shape)


def joint_codes(*parts: Pooled) -> npt.NDArray[np.int32]:
    """Return [N]; the combination of groups that each row lies in, the last column varying fastest, or `OUTSIDE`."""
    codes = np.zeros(parts[0].codes.size, dtype=np.int64)
    known = np.ones(codes.size, dtype=bool)
    for part in parts:
        known &= part.codes >= 0
        codes = codes * part.groups + part.codes
    return np.where(known, codes, OUTSIDE).astype(np.int32)


# --- axes of a table ------------------------------------------------------------------------------------------------


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
    axes = (axis_of(_searched(frame, column, ORDERED_BINS)) for column in eligible)
    return tuple(axis for axis in axes if axis.groups > 1 and len(axis.many.sets)), tuple(notes)


def axis_of(grouping: Grouping) -> Axis:
    """Turn a grouping into an axis: missing values set aside, long orders cut to bins, rare levels pooled."""
    whole = _without_missing(grouping)
    if grouping.ordered and whole.groups <= _MOST_ORDERED:
        position, sets = np.eye(whole.groups, dtype=bool), contiguous_ranges(whole.groups)
        pooled = Pooled(whole.codes, position, sets)
    else:
        pooled = whole.pooled(ORDERED_BINS if grouping.ordered else MAX_LEVELS)
    named = pooled.groups if grouping.ordered else len(pooled.sets)
    conditions = tuple(whole.condition(members) for members in pooled.members[:named])
    filled = np.bincount(pooled.codes[pooled.codes >= 0], minlength=pooled.groups) > 0
    sets = pooled.sets[(pooled.sets & filled).any(axis=1)]
    return Axis(grouping.column, pooled.codes, conditions, pooled.groups, grouping.ordered, sets=sets)


def declared_axes(frame: pd.DataFrame, schema: Schema) -> list[Axis]:
    """Group the sensitive columns and the label as representation shows them, missing values set aside."""
    axes = [
        _without_missing(group_column(frame[column.name], column), singly=True)
        for column in schema
        if is_asked_about(column) and is_searchable(column)
    ]
    return [axis for axis in axes if axis.groups > 1]


def population_axes(frame: pd.DataFrame, population: Population) -> list[Axis]:
    """Group the columns of a population as it does; rows outside its cells are on no axis.

    Beside ranges and single levels, a cell may take in all of a column: a group can be short whoever else it is.
    """
    inside = population.cell_codes(frame) != OUTSIDE
    axes = []
    for column in population.columns:
        grouping = group_by_population(frame[column.name], column)
        groups = len(grouping)
        parts = contiguous_ranges(groups) if grouping.ordered else np.eye(groups, dtype=bool)
        sets = np.unique(np.concatenate([parts, np.ones((1, groups), dtype=bool)]), axis=0)
        codes = np.where(inside, grouping.codes, OUTSIDE)
        axes.append(Axis(column.name, codes, grouping.conditions, groups, grouping.ordered, sets=sets))
    return axes


def fine_axes(frame: pd.DataFrame, schema: Schema) -> tuple[Axis, ...]:
    """Group finely every column that can be searched and that holds more than one value, missing ones a group."""
    groupings = (_searched(frame, column, FINE_BINS) for column in schema if is_searchable(column))
    return tuple(
        Axis(each.column, each.codes, each.conditions, len(each), each.ordered, each.missing)
        for each in groupings
        if np.count_nonzero(each.counts) > 1
    )


def _searched(frame: pd.DataFrame, column: Column, bins: int) -> Grouping:
    """Group a column as its bands say, else into as many bins."""
    return group_column(frame[column.name], column, bins=None if column.bands else bins)


def _without_missing(grouping: Grouping, *, singly: bool = False) -> Axis:
    """Set missing values aside; `singly`: a cell takes in one group."""
    known = len(grouping) if grouping.missing is None else grouping.missing
    codes = np.where(grouping.codes < known, grouping.codes, OUTSIDE)
    sets = np.eye(known, dtype=bool) if singly else None
    return Axis(grouping.column, codes, grouping.conditions[:known], known, grouping.ordered, sets=sets)


# --- groups ---------------------------------------------------------------------------------------------------------


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
    if column.role in _TAKES_NO_PART or column.same_as:
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
            scores[column.name] = max(
                mutual_information(joint_counts(axis.many, anchor.many)) for anchor in anchor_axes
            )
        else:
            scores[column.name] = entropy(axis.counts)
    ranked = sorted(scores, key=lambda name: -scores[name])
    return set(ranked[:MAX_COLUMNS])
