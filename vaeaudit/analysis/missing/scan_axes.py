"""The columns that a scan of two tables crosses: each in few groups to search, and in many to find its edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.groups import Grouping, group_column
from vaeaudit.analysis.missing.region_axes import (
    MAX_LEVELS,
    ORDERED_BINS,
    contiguous_groups,
    contiguous_ranges,
    is_searchable,
    pooled_levels,
)
from vaeaudit.analysis.results.coverage import Condition
from vaeaudit.analysis.rules import merge_conditions
from vaeaudit.data.schema import Schema

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
GroupMasks = npt.NDArray[np.bool_]

#: Bins at whose bounds an ordered condition may begin and end, once a search in few groups has found about where.
FINE_BINS = 100
#: Groups of a column in cells of three columns; more would leave the cells without expected rows.
FEW_GROUPS = 4


@dataclass(frozen=True)
class Pooled:
    """A column in G groups, each of which pools some of the F groups of a finer division.

    Attributes
    ----------
    codes
        [N]; the group of each row.
    members
        [G, F]; which of the finer groups each takes in.
    sets
        [S, G]; the sets of groups that a cell may take in: all ranges of an ordered column, single levels otherwise,
        and missing values.
    """

    codes: IntArray
    members: GroupMasks
    sets: GroupMasks

    @property
    def groups(self) -> int:
        """G."""
        return len(self.members)


@dataclass(frozen=True)
class ScanAxis:
    """One column of two tables, whose N rows are stacked.

    Attributes
    ----------
    fine
        In F groups: levels, or narrow bins; missing values are a last group of their own.
    many, few
        In groups for cells of one or two columns, and for cells of three.
    """

    fine: Grouping
    many: Pooled
    few: Pooled

    @property
    def column(self) -> str:
        """Name of the column."""
        return self.fine.column

    def condition(self, groups: GroupMasks) -> Condition:
        """Return the condition that the rows of a set of groups [F] satisfy."""
        return merge_conditions([self.fine.conditions[group] for group in np.flatnonzero(groups)])


def scan_axes(frame: pd.DataFrame, schema: Schema) -> tuple[ScanAxis, ...]:
    """Group every column that can be searched and that holds more than one value."""
    groupings = (group_column(frame[column.name], column, bins=FINE_BINS) for column in schema if is_searchable(column))
    return tuple(
        ScanAxis(
            grouping,
            _pooled(grouping, ORDERED_BINS if grouping.ordered else MAX_LEVELS),
            _pooled(grouping, FEW_GROUPS),
        )
        for grouping in groupings
        if np.count_nonzero(grouping.counts) > 1
    )


def sums_over_sets(table: npt.NDArray[Any], parts: Sequence[Pooled]) -> FloatArray:
    """[S1 x S2 x …]; rows of a joint table [G, …] in each crossing of the columns' sets, the last varying fastest."""
    sums: npt.NDArray[Any] = table
    for part in parts:  # each step sums over the first axis and puts the sets of that column last
        sums = np.tensordot(sums, part.sets.astype(np.float64), axes=(0, 1))
    return np.asarray(sums.ravel())


def _pooled(grouping: Grouping, most: int) -> Pooled:
    known = len(grouping) if grouping.missing is None else grouping.missing
    counts = grouping.counts[:known]
    if grouping.ordered:
        position, groups = contiguous_groups(counts, most)
        sets = contiguous_ranges(groups)
    else:
        position, groups, kept = pooled_levels(counts, most)
        sets = np.eye(groups, dtype=bool)[: kept.size]
    if grouping.missing is not None:
        position = np.append(position, groups)
        sets = np.pad(sets, ((0, 1), (0, 1)))
        sets[-1, -1] = True
        groups += 1
    if grouping.missing is not None and grouping.ordered:  # all values, so that the rest is those without one
        sets = np.concatenate([sets, ~sets[-1:]])
    return Pooled(position[grouping.codes], np.arange(groups)[:, None] == position, sets)
