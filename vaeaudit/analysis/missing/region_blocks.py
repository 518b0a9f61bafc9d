"""Sets of columns with the cells that a search for regions tests on them, against independence or a population."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import prod

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.groups import OUTSIDE, Grouping, group_by_population
from vaeaudit.analysis.missing.baselines import rows_to_collect
from vaeaudit.analysis.missing.region_axes import (
    Axis,
    contiguous_groups,
    contiguous_ranges,
    joint_counts,
    pooled_levels,
    uncertainty_coefficient,
)
from vaeaudit.analysis.missing.shortfall import Cells, pair_cells, rows_to_reach, triple_expectation
from vaeaudit.data.population import Population

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
GroupMasks = npt.NDArray[np.bool_]
Masks = tuple[GroupMasks, ...]
JointTables = dict[tuple[int, int], IntArray]

#: Columns of which one removes this share of the other's uncertainty are taken to say the same by definition (such as
#: two codings of one fact): an empty cell there is no gap. Of two independent columns, deleting nine tenths of a cell
#: that holds up to a tenth of the rows leaves it below 0.15, whatever the margins.
DEFINITION = 1 / 3
#: A cell in which fewer rows are expected is not tested: even none at all would hardly be evidence.
MIN_EXPECTED = 5.0
#: Groups per column, and columns, of the triples; more would leave the cells without expected rows.
TRIPLE_GROUPS = 4
TRIPLE_COLUMNS = 15
#: Columns of a population that are crossed, and ranges of them that are crossed before single intervals must do.
POPULATION_COLUMNS = 3
_MOST_CELLS = 500_000


@dataclass(frozen=True)
class Block:
    """All cells of one set of columns.

    Attributes
    ----------
    axes
        Positions of its axes.
    masks
        One [M, G] per axis: the groups that each cell takes in.
    counts
        Joint table of rows.
    expected
        Joint table of expected rows; None: the product of the two margins.
    total
        Rows in all, where the count is binomial out of all rows; None for a Poisson count (or a pair).
    finer
        One [G, F] per axis where the G groups pool the F groups of the axis itself.
    """

    axes: tuple[int, ...]
    masks: Masks
    counts: IntArray
    expected: FloatArray | None = None
    total: int | None = None
    finer: Masks | None = None

    def cells(self, masks: Masks) -> Cells:
        """Count the cells that take in the groups `masks`."""
        if self.expected is None:
            return pair_cells(self.counts, *masks)
        observed = _sum_over(self.counts.astype(np.float64), masks)
        expected = _sum_over(self.expected, masks)
        if self.total is None:
            return Cells(observed, expected, None, None)
        trials = np.full(observed.shape, float(self.total))
        return Cells(observed, expected, trials, np.minimum(expected / max(self.total, 1), 1.0))

    def expected_rows(self, masks: Masks) -> FloatArray:
        """[M]; expected rows of the cells `masks`, which may be empty."""
        if self.expected is not None:
            return _sum_over(self.expected, masks)
        rows = masks[0] @ self.counts.sum(axis=1).astype(np.float64)
        return np.asarray(rows * (masks[1] @ self.counts.sum(axis=0)) / max(int(self.counts.sum()), 1))

    def with_counts(self, counts: IntArray) -> Block:
        """Return the block of other rows; what is expected of a triple follows from its own pairs."""
        if self.expected is None or self.total is not None:
            return replace(self, counts=counts)
        return replace(self, counts=counts, expected=triple_expectation(counts))

    def rows_to_collect(
        self, groups: tuple[GroupMasks, ...], ratio_bounds: tuple[float, float], min_ratio: float
    ) -> tuple[int, int]:
        """Fewest rows that, added to the cell of `groups` [G], bring its ratio from either bound to `min_ratio`.

        From the upper bound first. The added rows raise what a pair, a population or an even spread leads one to
        expect; for a triple, that is left as it is.
        """
        expected = float(self.expected_rows(tuple(group[None] for group in groups))[0])
        if self.expected is not None:
            return rows_to_collect(min_ratio, expected, ratio_bounds, self.total)
        first, second = groups
        margins = float(self.counts[first].sum()), float(self.counts[:, second].sum())
        total = float(self.counts.sum())
        low, high = (rows_to_reach(min_ratio, ratio * expected, margins, total) for ratio in reversed(ratio_bounds))
        return low, high

    def on_axes(self, groups: tuple[GroupMasks, ...]) -> tuple[GroupMasks, ...]:
        """Return a cell's groups [G] as groups of the axes themselves."""
        if self.finer is None:
            return groups
        return tuple(np.asarray(group @ finer) for group, finer in zip(groups, self.finer, strict=True))


def pair_tables(axes: Sequence[Axis]) -> JointTables:
    """Count the joint table of every pair of axes."""
    return {(i, j): joint_counts(axes[i], axes[j]) for i, j in combinations(range(len(axes)), 2)}


def defining_pairs(tables: JointTables) -> set[tuple[int, int]]:
    """Return the pairs of axes that nearly determine one another."""
    return {pair for pair, joint in tables.items() if uncertainty_coefficient(joint) >= DEFINITION}


def pair_blocks(axes: Sequence[Axis], tables: JointTables, skipped: set[tuple[int, int]]) -> Iterator[Block]:
    """Cross the candidate sets of every two axes."""
    for (i, j), joint in tables.items():
        if (i, j) not in skipped:
            yield testable(Block((i, j), _crossed((axes[i].candidates, axes[j].candidates)), joint))


def triple_blocks(axes: Sequence[Axis], skipped: set[tuple[int, int]]) -> Iterator[Block]:
    """Cross every three of the first `TRIPLE_COLUMNS` axes, in a few groups each."""
    coarse = [_pooled(axis) for axis in axes[:TRIPLE_COLUMNS]]
    for triple in combinations(range(len(coarse)), 3):
        if skipped.isdisjoint(combinations(triple, 2)):
            parts = [coarse[index] for index in triple]
            joint = joint_counts(*(axis for axis, _ in parts))
            masks = _crossed([axis.candidates for axis, _ in parts])
            finer = tuple(members for _, members in parts)
            yield testable(Block(triple, masks, joint, triple_expectation(joint), finer=finer))


def population_blocks(frame: pd.DataFrame, population: Population) -> tuple[list[Axis], list[Block]]:
    """Cross the columns of a population, three at most at a time; expected are its shares of the rows in its cells.

    Beside ranges and single levels, a cell may take in all of a column: a group can be short whoever else it is.
    """
    inside = population.cell_codes(frame) != OUTSIDE
    axes = []
    for column in population.columns:
        grouping = group_by_population(frame[column.name], column)
        codes = np.where(inside, grouping.codes, OUTSIDE)
        axes.append(
            Axis(column.name, codes, grouping.conditions, len(grouping), grouping.ordered, _whole_and_parts(grouping))
        )
    total = int(inside.sum())
    blocks = []
    for chosen in combinations(range(len(axes)), min(len(axes), POPULATION_COLUMNS)):
        parts = [axes[index] for index in chosen]
        counts = joint_counts(*parts)
        shares = population.marginal([axis.column for axis in parts])
        expected = np.array([share or 0.0 for share in shares]).reshape(counts.shape) * total
        candidates = [axis.candidates for axis in parts]
        if prod(len(candidate) for candidate in candidates) > _MOST_CELLS:
            candidates = [np.eye(axis.groups, dtype=bool) for axis in parts]
        blocks.append(testable(Block(chosen, _crossed(candidates), counts, expected, total)))
    return axes, blocks


def _whole_and_parts(grouping: Grouping) -> GroupMasks:
    groups = len(grouping)
    parts = contiguous_ranges(groups) if grouping.ordered else np.eye(groups, dtype=bool)
    return np.unique(np.concatenate([parts, np.ones((1, groups), dtype=bool)]), axis=0)


def _pooled(axis: Axis) -> tuple[Axis, GroupMasks]:
    """Pool an axis into a few groups; returns also which groups [G, F] of the axis each takes in."""
    counts = np.bincount(axis.codes[axis.codes >= 0], minlength=axis.groups)
    if axis.ordered:
        position, groups = contiguous_groups(counts, TRIPLE_GROUPS)
        candidates = contiguous_ranges(groups)
    else:
        named = len(axis.conditions)
        position, groups, kept = pooled_levels(counts[:named], TRIPLE_GROUPS)
        rest = np.full(axis.groups - named, kept.size)
        position = np.append(position, rest)
        groups = int(position.max(initial=-1)) + 1
        candidates = np.eye(groups, dtype=bool)[: kept.size]
    members = np.arange(groups)[:, None] == position
    codes = np.where(axis.codes >= 0, np.append(position, OUTSIDE)[axis.codes], OUTSIDE)
    return Axis(axis.column, codes, axis.conditions, groups, axis.ordered, candidates), members


def testable(block: Block) -> Block:
    """Leave out the cells in which too few rows are expected to tell."""
    enough = block.expected_rows(block.masks) >= MIN_EXPECTED
    masks = tuple(mask[enough] for mask in block.masks)
    return replace(block, masks=masks)


def _crossed(candidates: Sequence[GroupMasks]) -> Masks:
    positions = np.indices([len(candidate) for candidate in candidates]).reshape(len(candidates), -1)
    return tuple(candidate[position] for candidate, position in zip(candidates, positions, strict=True))


def _sum_over(table: FloatArray, masks: Masks) -> FloatArray:
    letters = "abcdefgh"[: table.ndim]
    terms = ",".join(f"m{letter}" for letter in letters)
    operands = [mask.astype(np.float64) for mask in masks]
    return np.asarray(np.einsum(f"{letters},{terms}->m", table, *operands, optimize=True))
