"""The search for cells of one sample that are short: what is merged, and what is left of many that say the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import NamedTuple

import numpy as np

from vaeaudit.analysis.coverage.axes import Axis, FloatArray, GroupMasks, IntArray
from vaeaudit.analysis.coverage.crossed_columns import ExpectedCounts, JointTables, Masks
from vaeaudit.analysis.coverage.shortages import (
    MAX_MERGED_LEVELS,
    SAME,
    Candidates,
    Family,
    Recount,
    Shortage,
    Tables,
    Threshold,
    tested_together,
)
from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.record import BoolArray
from vaeaudit.statistics.association import gap_shares, without_cells
from vaeaudit.statistics.measures import Interval
from vaeaudit.statistics.multiplicity import fcr_level
from vaeaudit.statistics.two_samples import Counted, OneSample

#: Two cells say the same where they share more than this part of the smaller one's expected rows.
SAME_PART = 0.5
_PER_BLOCK = 10  # cells kept of one set of columns
_MERGED_FROM = 1_000  # strongest cells of one set of columns that merging starts from


@dataclass(frozen=True)
class Shortfall:
    """A cell found short: its groups [G] per axis, and what is known of it."""

    axes: tuple[int, ...]
    groups: tuple[GroupMasks, ...]
    shortage: Shortage


class _Counted(NamedTuple):
    """A shortfall of which is not known yet what the columns have to do with one another: its table, and its cell."""

    table: ExpectedCounts
    inside: BoolArray
    shortfall: Shortfall


def find_shortfalls(
    tables: Sequence[ExpectedCounts],
    axes: Sequence[Axis],
    config: AnalysisConfig,
    *,
    everything: Sequence[Axis] | None = None,
    baselines: int = 1,
    merge: bool = True,
) -> tuple[list[Shortfall], int]:
    """Test all cells of all tables together and return the short ones by `Shortage.rank`, and the number tested.

    A cell is short where its adjusted p (Benjamini and Hochberg 1995, over all cells, times the number of baselines) is
    below `fdr` and the upper end of its interval below `min_ratio`. The intervals are at the level that keeps the
    false-coverage rate of as many as are found short (Benjamini and Yekutieli 2005).

    Parameters
    ----------
    tables, axes
        The cells, and the columns they are made of.
    config
        Gives `fdr`, `confidence` and `min_ratio`.
    everything
        The same columns over all rows, where cells are sought among some of them: a cell must be short among all rows,
        too, and is told as they are counted. None: they are the same.
    baselines
        How many baselines share the false-discovery rate.
    merge
        Whether neighbours are united and all but the best of those that overlap dropped; else every cell is returned.
    """
    candidates, family = tested_together(tables, config, baselines)
    _, limit = family.rejected(config.fdr)
    level = _selection_level(candidates, limit, family, config)
    search = _Search(axes, everything, family, Threshold(limit, level, config.min_ratio), merge)
    counted = [
        short
        for each in candidates
        if (each.p_values <= limit).any()
        for short in _shortfalls(tables[each.table], each, search)
    ]
    found = _held_against_dependence(counted, config.min_ratio)
    found.sort(key=lambda shortfall: shortfall.shortage.rank)
    return found, family.tested


def strength(expected: FloatArray, high: FloatArray, min_ratio: float) -> FloatArray:
    """Return how strongly cells are short: sqrt(expected) * log(min_ratio / upper end of the ratio's interval).

    A nearly empty cell comes before a larger one that is merely thinner than its margins suggest, as the columns of
    real tables go together in many ways that leave no gap; the root keeps tiny cells from coming first.
    """
    return np.asarray(np.sqrt(expected) * np.log(min_ratio / np.maximum(high, np.finfo(np.float64).tiny)))


def pruned(found: Sequence[Shortfall], axes: Sequence[Axis], tables: JointTables) -> Iterator[Shortfall]:
    """Yield those that do not say what a better one says, on the same columns or on related ones."""
    relations = _Relations(tables, [np.bincount(axis.codes[axis.codes >= 0], minlength=axis.groups) for axis in axes])
    kept: list[Shortfall] = []
    for shortfall in found:
        if not any(_says_the_same(shortfall, better, relations) for better in kept):
            kept.append(shortfall)
            yield shortfall


@dataclass(frozen=True)
class _Search:
    """What the cells of all tables share."""

    axes: Sequence[Axis]
    everything: Sequence[Axis] | None
    family: Family
    threshold: Threshold
    merge: bool


def _selection_level(
    candidates: Sequence[Candidates[OneSample]], limit: float, family: Family, config: AnalysisConfig
) -> float:
    """Return the level at which the intervals of the significant cells find as many short as it was chosen for.

    Fewer that are short make the intervals wider, which may make them fewer still: repeated until it holds.
    """
    parts = [each.cells.subset(each.p_values <= limit) for each in candidates]
    selected = sum(cells.observed.size for cells in parts)
    while True:
        level = fcr_level(config.confidence, selected=selected, tested=family.tested * family.baselines)
        parts = [cells.subset(cells.ratio_upper(level) < config.min_ratio) for cells in parts if cells.observed.size]
        short = sum(cells.observed.size for cells in parts)
        if short in (0, selected):
            return level
        selected = short


def _held_against_dependence(counted: Sequence[_Counted], min_ratio: float) -> list[Shortfall]:
    """Say of each shortfall which part of the dependence it is, and whether the rest of the dependence explains it.

    A triple is held against its pairs already; against stated shares nothing is asked about what the columns have to do
    with one another.
    """
    found = [each.shortfall for each in counted]
    alike = defaultdict(list)
    for place, (table, inside, _) in enumerate(counted):
        if table.total is None:
            alike[inside.shape].append(place)
    for shape, places in alike.items():
        counts = np.stack([counted[place].table.counts for place in places])
        cells = np.stack([counted[place].inside for place in places])
        shares, explained = gap_shares(counts, cells), np.zeros(len(places), bool)
        if len(shape) == 2:
            expected = (without_cells(counts, cells) * cells).sum(axis=(1, 2))
            by_margins = np.array([counted[place].table.expected is None for place in places])
            explained = by_margins & ((counts * cells).sum(axis=(1, 2)) >= min_ratio * expected)
        for place, share, is_explained in zip(places, shares, explained, strict=True):
            known = None if np.isnan(share) else float(share)
            shortage = replace(found[place].shortage, gap_share=known, explained=bool(is_explained))
            found[place] = replace(found[place], shortage=shortage)
    return found


def _shortfalls(table: ExpectedCounts, candidates: Candidates[OneSample], search: _Search) -> Iterator[_Counted]:
    axes, threshold = table.crossed.axes, search.threshold
    masks, p = _selected(table, tuple(mask[candidates.places] for mask in table.masks), candidates.p_values, threshold)
    for axis in range(len(axes)):
        if search.axes[axes[axis]].ordered or not search.merge:
            continue  # all ranges of an ordered column were tested themselves
        merged, merged_p = _merged_along(axis, masks, p)
        masks = tuple(np.concatenate(parts) for parts in zip(masks, merged, strict=True))
        masks, p = _selected(table, masks, np.concatenate([p, merged_p]), threshold)
    expected = table.expected_rows(masks)
    told = table if search.everything is None else table.over(search.everything)
    for index in _distinct(table, masks, expected) if search.merge else range(expected.size):
        groups = tuple(mask[index] for mask in masks)
        cell = told.cells(tuple(group[None] for group in groups))
        if not threshold.is_short(cell)[0]:
            continue  # what was set aside fills it
        on_axes = table.crossed.on_axes(groups)
        low, high = cell.ratio_interval(threshold.level)
        bounds = float(low[0]), float(high[0])
        shortage = Shortage(
            rule=tuple(search.axes[axis].condition(group) for axis, group in zip(axes, on_axes, strict=True)),
            observed=round(float(cell.observed[0])),
            expected=float(cell.expected[0]),
            ci=Interval(*bounds, threshold.level),
            p_adjusted=search.family.adjusted(max(float(p[index]), float(cell.lower_tail()[0]))),
            strength=float(strength(cell.expected, high, threshold.min_ratio)[0]),
            rows_to_collect=told.rows_to_collect(groups, bounds, threshold.min_ratio),
            threshold=threshold,
            recount=_recount(table, groups),
        )
        yield _Counted(table, reduce(np.logical_and.outer, groups), Shortfall(axes, on_axes, shortage))


def _recount(table: ExpectedCounts, groups: tuple[GroupMasks, ...]) -> Recount:
    """Keep the tested cells that overlap a cell found short, and that cell itself."""
    own = float(table.expected_rows(tuple(group[None] for group in groups))[0])
    shared = table.expected_rows(tuple(mask & group for mask, group in zip(table.masks, groups, strict=True)))
    alike = 2 * shared >= SAME * (table.expected_rows(table.masks) + own)
    masks = tuple(np.concatenate([group[None], mask[alike]]) for mask, group in zip(table.masks, groups, strict=True))

    def cells(tables: Tables) -> Counted:
        return table.with_counts(tables[0]).cells(masks)

    return Recount((table.counts,), cells)


def _selected(
    table: ExpectedCounts, masks: Masks, p_values: FloatArray, threshold: Threshold
) -> tuple[Masks, FloatArray]:
    """Keep the cells that are short, strongest first."""
    significant = p_values <= threshold.p
    masks = tuple(mask[significant] for mask in masks)
    p = p_values[significant]
    cells = table.cells(masks)
    strong = strength(cells.expected, cells.ratio_upper(threshold.level), threshold.min_ratio)
    order = np.argsort(-strong, kind="stable")
    order = order[strong[order] > 0][:_MERGED_FROM]
    return tuple(mask[order] for mask in masks), p[order]


def _merged_along(axis: int, masks: Masks, p: FloatArray) -> tuple[Masks, FloatArray]:
    """Unite cells, which come best first, that differ in the levels of one nominal axis only.

    All parts of a union are short themselves, so that its p-value is at most the largest of theirs.
    """
    empty = tuple(mask[:0] for mask in masks)
    if p.size < 2:
        return empty, p[:0]
    others = np.concatenate([mask for position, mask in enumerate(masks) if position != axis], axis=1)
    _, family = np.unique(others, axis=0, return_inverse=True)
    unions, parents, p_values = [], [], []
    for name in np.flatnonzero(np.bincount(family) > 1):
        members = np.flatnonzero(family == name)
        union, parts = _union(masks[axis][members])
        unions.append(union)
        parents.append(members[0])
        p_values.append(p[members[parts]].max())
    if not unions:
        return empty, p[:0]
    merged = tuple(
        np.array(unions) if position == axis else mask[np.array(parents)] for position, mask in enumerate(masks)
    )
    return merged, np.array(p_values)


def _union(levels: GroupMasks) -> tuple[GroupMasks, list[int]]:
    """Unite sets of levels [m, G], best first, as long as the list can be read; returns also the sets it is made of."""
    union = np.zeros(levels.shape[1], dtype=bool)
    taken = []
    for part, more in enumerate(levels):
        if (union | more).sum() <= MAX_MERGED_LEVELS:
            union = union | more
            taken.append(part)
    return union, taken


def _distinct(table: ExpectedCounts, masks: Masks, expected: FloatArray) -> list[int]:
    """Return the cells, best first, that share little with a better one."""
    kept: list[int] = []
    open_ = np.ones(expected.size, dtype=bool)
    while len(kept) < _PER_BLOCK and open_.any():
        best = int(np.argmax(open_))
        kept.append(best)
        shared = table.expected_rows(tuple(mask & mask[best] for mask in masks))
        open_ &= shared <= SAME_PART * np.minimum(expected, expected[best])
        open_[best] = False
    return kept


@dataclass(frozen=True)
class _Relations:
    """Joint counts of every pair of axes, and the counts of each axis."""

    tables: JointTables
    alone: Sequence[IntArray]

    def conditional(self, axis: int, groups: GroupMasks, given_axis: int, given: GroupMasks) -> float:
        """Share of the rows of `given` on one axis that lie in `groups` on another (or on the same)."""
        if axis == given_axis:
            counts = self.alone[axis]
            inside, base = counts[groups & given].sum(), counts[given].sum()
        else:
            joint = self.tables[axis, given_axis] if axis < given_axis else self.tables[given_axis, axis].T
            inside, base = joint[groups][:, given].sum(), joint[:, given].sum()
        return float(inside / base) if base else 0.0

    def part_inside(self, inner: Shortfall, outer: Shortfall) -> float:
        """Estimate which part of the rows expected in `inner` would also lie in `outer`.

        A condition of `outer` is met as `inner` says on the same column, or else with the largest probability that
        any one condition of `inner` gives it.
        """
        part = 1.0
        given = dict(zip(inner.axes, inner.groups, strict=True))
        for axis, groups in zip(outer.axes, outer.groups, strict=True):
            sources = {axis: given[axis]} if axis in given else given
            part *= max(self.conditional(axis, groups, other, others) for other, others in sources.items())
        return part


def _says_the_same(one: Shortfall, better: Shortfall, relations: _Relations) -> bool:
    expected = one.shortage.expected, better.shortage.expected
    shared = max(relations.part_inside(one, better) * expected[0], relations.part_inside(better, one) * expected[1])
    return shared > SAME_PART * min(expected)
