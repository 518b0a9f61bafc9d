"""The search for short cells: what is tested together, what is merged, and what is left of many that say the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.multiplicity import benjamini_hochberg, fcr_level
from vaeaudit.analysis.region_axes import Axis
from vaeaudit.analysis.region_blocks import Block, JointTables, Masks
from vaeaudit.analysis.shortfall import Cells
from vaeaudit.config import AnalysisConfig

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
GroupMasks = npt.NDArray[np.bool_]

#: Levels that a rule names at most on one column; a longer list is no longer read.
MAX_MERGED_LEVELS = 5
#: Two cells say the same where they share more than this part of the smaller one's expected rows.
SAME = 0.5
_PER_BLOCK = 10  # cells kept of one set of columns
_MERGED_FROM = 1_000  # strongest cells of one set of columns that merging starts from


@dataclass(frozen=True)
class Shortfall:
    """A cell found short: its groups [G] per axis, its figures, and how strongly it is short (`strength`)."""

    axes: tuple[int, ...]
    groups: tuple[GroupMasks, ...]
    observed: int
    expected: float
    low: float
    high: float
    level: float
    p_adjusted: float
    strength: float
    rows_to_collect: int


def find_shortfalls(
    blocks: Sequence[Block], axes: Sequence[Axis], config: AnalysisConfig
) -> tuple[list[Shortfall], int]:
    """Test all cells of all blocks together and return the short ones, strongest first, and the number tested.

    A cell is short where its adjusted p (Benjamini and Hochberg 1995, over all cells) is below `fdr` and the upper end
    of its interval below `min_ratio`. The intervals are at the level that keeps the false-coverage rate of as many as
    are found short (Benjamini and Yekutieli 2005).
    """
    counted = [block.cells(block.masks) for block in blocks]
    pooled = np.concatenate([cells.lower_tail() for cells in counted] or [np.empty(0)])
    adjusted = benjamini_hochberg(np.clip(pooled, 0.0, 1.0))
    level = _selection_level(counted, adjusted < config.fdr, config)
    found: list[Shortfall] = []
    start = 0
    for block, cells in zip(blocks, counted, strict=True):
        p_adjusted = adjusted[start : start + cells.observed.size]
        start += cells.observed.size
        found.extend(_shortfalls(block, p_adjusted, axes, level, config))
    found.sort(key=lambda shortfall: -shortfall.strength)
    return found, int(adjusted.size)


def strength(expected: FloatArray, high: FloatArray, min_ratio: float) -> FloatArray:
    """Return how strongly cells are short: sqrt(expected) * log(min_ratio / upper end of the ratio's interval).

    A nearly empty cell comes before a larger one that is merely thinner than its margins suggest, as the columns of
    real tables go together in many ways that leave no gap; the root keeps tiny cells from coming first.
    """
    return np.asarray(np.sqrt(expected) * np.log(min_ratio / np.maximum(high, np.finfo(np.float64).tiny)))


def prune(found: Sequence[Shortfall], axes: Sequence[Axis], tables: JointTables, most: int) -> list[Shortfall]:
    """Keep the first `most` that do not say what a better one says, on the same columns or on related ones."""
    relations = _Relations(tables, [np.bincount(axis.codes[axis.codes >= 0], minlength=axis.groups) for axis in axes])
    kept: list[Shortfall] = []
    for shortfall in found:
        if len(kept) == most:
            break
        if not any(_says_the_same(shortfall, better, relations) for better in kept):
            kept.append(shortfall)
    return kept


def _selection_level(counted: Sequence[Cells], significant: GroupMasks, config: AnalysisConfig) -> float:
    """Return the level at which the intervals of the significant cells [M] find as many short as it was chosen for.

    Fewer that are short make the intervals wider, which may make them fewer still: repeated until it holds.
    """
    starts = np.cumsum([0, *(cells.observed.size for cells in counted)])
    parts = [cells.subset(significant[starts[i] : starts[i + 1]]) for i, cells in enumerate(counted)]
    selected = int(significant.sum())
    while True:
        level = fcr_level(config.confidence, selected=selected, tested=significant.size)
        short = sum(int((cells.ratio_interval(level)[1] < config.min_ratio).sum()) for cells in parts)
        if short in (0, selected):
            return level
        selected = short


def _shortfalls(
    block: Block, p_adjusted: FloatArray, axes: Sequence[Axis], level: float, config: AnalysisConfig
) -> Iterator[Shortfall]:
    masks, p = _selected(block, block.masks, p_adjusted, level, config)
    for axis in range(len(block.axes)):
        if axes[block.axes[axis]].ordered:
            continue  # all ranges of an ordered column were tested themselves
        merged, merged_p = _merged_along(axis, masks, p)
        masks = tuple(np.concatenate(parts) for parts in zip(masks, merged, strict=True))
        masks, p = _selected(block, masks, np.concatenate([p, merged_p]), level, config)
    cells = block.cells(masks)
    low, high = cells.ratio_interval(level)
    strong = strength(cells.expected, high, config.min_ratio)
    for index in _distinct(block, masks, cells.expected):
        groups = tuple(mask[index] for mask in masks)
        yield Shortfall(
            axes=block.axes,
            groups=block.on_axes(groups),
            observed=round(float(cells.observed[index])),
            expected=float(cells.expected[index]),
            low=float(low[index]),
            high=float(high[index]),
            level=level,
            p_adjusted=float(p[index]),
            strength=float(strong[index]),
            rows_to_collect=block.rows_to_collect(groups, config.min_ratio),
        )


def _selected(
    block: Block, masks: Masks, p_adjusted: FloatArray, level: float, config: AnalysisConfig
) -> tuple[Masks, FloatArray]:
    """Keep the cells that are short, strongest first."""
    significant = p_adjusted < config.fdr
    masks = tuple(mask[significant] for mask in masks)
    p = p_adjusted[significant]
    cells = block.cells(masks)
    _, high = cells.ratio_interval(level)
    strong = strength(cells.expected, high, config.min_ratio)
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


def _distinct(block: Block, masks: Masks, expected: FloatArray) -> list[int]:
    """Return the cells, best first, that share little with a better one."""
    kept: list[int] = []
    open_ = np.ones(expected.size, dtype=bool)
    while len(kept) < _PER_BLOCK and open_.any():
        best = int(np.argmax(open_))
        kept.append(best)
        shared = block.expected_rows(tuple(mask & mask[best] for mask in masks))
        open_ &= shared <= SAME * np.minimum(expected, expected[best])
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
    shared = max(
        relations.part_inside(one, better) * one.expected,
        relations.part_inside(better, one) * better.expected,
    )
    return shared > SAME * min(one.expected, better.expected)
