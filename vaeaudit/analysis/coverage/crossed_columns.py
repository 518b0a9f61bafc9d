"""Columns crossed with one another into cells, and the counts of these cells under either null model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import combinations
from math import prod
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.coverage.axes import Axis, FloatArray, GroupMasks, IntArray, Pooled, joint_codes, joint_counts
from vaeaudit.data.population_shares import Population
from vaeaudit.outputs.record import BoolArray
from vaeaudit.statistics.association import uncertainty_coefficient
from vaeaudit.statistics.two_samples import (
    OneSample,
    TwoSamples,
    pair_cells,
    rows_to_collect,
    rows_to_reach,
    triple_expectation,
)

Masks = tuple[GroupMasks, ...]
JointTables = dict[tuple[int, int], IntArray]

#: Columns of which one removes this share of the other's uncertainty are taken to say the same by definition (such as
#: two codings of one fact): an empty cell there is no gap. Of two independent columns, deleting nine tenths of a cell
#: that holds up to a tenth of the rows leaves it below 0.15, whatever the margins.
DEFINITION = 1 / 3
#: A cell in which fewer rows are expected is not tested: even none at all would hardly be evidence.
MIN_EXPECTED = 5.0
#: Columns that are crossed three at a time.
TRIPLE_COLUMNS = 15
#: Columns of a population that are crossed, and ranges of them that are crossed before single intervals must do.
POPULATION_COLUMNS = 3
_MOST_CELLS = 500_000


@dataclass(frozen=True)
class CrossedColumns:
    """All cells of one set of columns: each crosses one set of groups of every column, the last varying fastest.

    Attributes
    ----------
    axes
        Positions of its axes.
    parts
        The groups of each axis, and their sets.
    """

    axes: tuple[int, ...]
    parts: tuple[Pooled, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Groups of each column: the shape of a joint table."""
        return tuple(part.groups for part in self.parts)

    @property
    def masks(self) -> Masks:
        """One [M, G] per axis: the groups that each cell takes in."""
        positions = np.indices([len(part.sets) for part in self.parts]).reshape(len(self.parts), -1)
        return tuple(part.sets[position] for part, position in zip(self.parts, positions, strict=True))

    def groups(self, cell: int) -> Masks:
        """Return the groups [G] of each axis that one cell takes in."""
        chosen = np.unravel_index(cell, [len(part.sets) for part in self.parts])
        return tuple(part.sets[index] for part, index in zip(self.parts, chosen, strict=True))

    def on_axes(self, groups: Masks) -> Masks:
        """Return groups [..., G] as groups [..., F] of the axes themselves."""
        return tuple(np.asarray(group @ part.members) for group, part in zip(groups, self.parts, strict=True))

    def sums(self, table: npt.NDArray[Any]) -> FloatArray:
        """[M]; rows of a joint table [G, …] in each cell."""
        for part in self.parts:  # each step sums over the first axis and puts the sets of that column last
            table = np.tensordot(table, part.sets.astype(np.float64), axes=(0, 1))
        return np.asarray(table.ravel())


@dataclass(frozen=True)
class ExpectedCounts:
    """Cells of one sample that are held against expected counts.

    Attributes
    ----------
    crossed
        Their columns.
    masks
        One [M, G] per axis: the groups that each cell takes in.
    counts
        Joint table of rows.
    expected
        Joint table of expected rows; None: the product of the two margins.
    total
        Rows in all, where the count is binomial out of all rows; None for a Poisson count (or a pair).
    """

    crossed: CrossedColumns
    masks: Masks
    counts: IntArray
    expected: FloatArray | None = None
    total: int | None = None

    @classmethod
    def testable(
        cls, crossed: CrossedColumns, counts: IntArray, expected: FloatArray | None = None, total: int | None = None
    ) -> Self:
        """Take in all cells in which enough rows are expected to tell."""
        everything = cls(crossed, crossed.masks, counts, expected, total)
        enough = everything.expected_rows(everything.masks) >= MIN_EXPECTED
        return replace(everything, masks=tuple(mask[enough] for mask in everything.masks))

    def tested(self) -> tuple[IntArray, OneSample]:
        """Return the positions [M] of the cells to be tested, and the cells."""
        return np.arange(len(self.masks[0])), self.cells(self.masks)

    def cells(self, masks: Masks) -> OneSample:
        """Count the cells that take in the groups `masks`."""
        if self.expected is None:
            return pair_cells(self.counts, *masks)
        observed = _sum_over(self.counts.astype(np.float64), masks)
        expected = _sum_over(self.expected, masks)
        if self.total is None:
            return OneSample(observed, expected, None, None)
        trials = np.full(observed.shape, float(self.total))
        return OneSample(observed, expected, trials, np.minimum(expected / max(self.total, 1), 1.0))

    def expected_rows(self, masks: Masks) -> FloatArray:
        """[M]; expected rows of the cells `masks`, which may be empty."""
        if self.expected is not None:
            return _sum_over(self.expected, masks)
        rows = masks[0] @ self.counts.sum(axis=1).astype(np.float64)
        return np.asarray(rows * (masks[1] @ self.counts.sum(axis=0)) / max(int(self.counts.sum()), 1))

    def with_counts(self, counts: IntArray) -> Self:
        """Return the cells of other rows; what is expected of a triple follows from its own pairs."""
        if self.expected is None or self.total is not None:
            return replace(self, counts=counts)
        return replace(self, counts=counts, expected=triple_expectation(counts))

    def over(self, axes: Sequence[Axis]) -> Self:
        """Return the same cells over the rows of other axes, in the same groups; stated shares are of their total."""
        counts = joint_counts(
            *(part.over(axes[axis].codes) for axis, part in zip(self.crossed.axes, self.crossed.parts, strict=True))
        )
        cells = self.with_counts(counts)
        if self.total is None or self.expected is None:
            return cells
        total = int(counts.sum())
        return replace(cells, total=total, expected=self.expected * (total / max(self.total, 1)))

    def rows_to_collect(self, groups: Masks, ratio_bounds: tuple[float, float], min_ratio: float) -> tuple[int, int]:
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


@dataclass(frozen=True)
class ReferenceCounts:
    """Cells of two samples, stacked, that are held against one another.

    Attributes
    ----------
    crossed
        Their columns.
    codes
        [N]; combination of groups of each row.
    tables
        [2, G, …]; audited and reference rows that no gap explains yet.
    totals
        Such rows of either in all.
    """

    crossed: CrossedColumns
    codes: npt.NDArray[np.int32]
    tables: FloatArray
    totals: tuple[float, float]

    @classmethod
    def of(cls, crossed: CrossedColumns, audited: BoolArray) -> Self:
        """Count all rows [N], of which some are audited."""
        codes = joint_codes(*crossed.parts).astype(np.int32)
        totals = float(np.count_nonzero(audited)), float(np.count_nonzero(~audited))
        return cls(crossed, codes, _two_tables(codes, audited, crossed.shape), totals)

    def tested(self) -> tuple[IntArray, TwoSamples]:
        """Return the positions of the cells in which enough rows are expected to tell, and these cells."""
        observed, reference = (self.crossed.sums(table) for table in self.tables)
        cells = TwoSamples(observed, reference, *self.totals)
        enough = np.flatnonzero(cells.expected >= MIN_EXPECTED)
        return enough, cells.subset(enough)

    def without(self, rows: IntArray, audited: BoolArray, totals: tuple[float, float]) -> Self:
        """Count some rows, given by position, no longer; `totals` are left."""
        removed = _two_tables(self.codes[rows], audited[rows], self.crossed.shape)
        return replace(self, tables=self.tables - removed, totals=totals)


def _two_tables(codes: npt.NDArray[np.int32], audited: BoolArray, shape: tuple[int, ...]) -> FloatArray:
    """[2, G, …]; audited and reference rows per combination of groups."""
    size = prod(shape)
    counts = np.bincount(codes + np.int32(size) * ~audited, minlength=2 * size)
    return counts.reshape(2, *shape).astype(np.float64)


# --- which columns are crossed --------------------------------------------------------------------------------------


def pair_tables(axes: Sequence[Axis]) -> JointTables:
    """Count the joint table of every pair of axes."""
    return {(i, j): joint_counts(axes[i].many, axes[j].many) for i, j in combinations(range(len(axes)), 2)}


def defining_pairs(tables: JointTables) -> set[tuple[int, int]]:
    """Return the pairs of axes that nearly determine one another."""
    return {pair for pair, joint in tables.items() if uncertainty_coefficient(joint) >= DEFINITION}


def crossings(axes: Sequence[Axis], size: int, skipped: Set[tuple[int, int]] = frozenset()) -> Iterator[CrossedColumns]:
    """Cross every one, two or three axes (of three at a time: the first `TRIPLE_COLUMNS`, in a few groups each)."""
    searched = axes if size < 3 else axes[:TRIPLE_COLUMNS]
    for chosen in combinations(range(len(searched)), size):
        if skipped.isdisjoint(combinations(chosen, 2)):
            yield CrossedColumns(chosen, tuple(axes[axis].few if size == 3 else axes[axis].many for axis in chosen))


def against_margins(
    axes: Sequence[Axis], tables: JointTables, skipped: Set[tuple[int, int]]
) -> Iterator[ExpectedCounts]:
    """Hold every two axes against their margins, and every three against their pairs."""
    for pair in crossings(axes, 2, skipped):
        i, j = pair.axes
        yield ExpectedCounts.testable(pair, tables[i, j])
    for triple in crossings(axes, 3, skipped):
        counts = joint_counts(*triple.parts)
        yield ExpectedCounts.testable(triple, counts, triple_expectation(counts))


def against_shares(axes: Sequence[Axis], population: Population) -> Iterator[ExpectedCounts]:
    """Cross the columns of a population, three at most at a time; expected are its shares of the rows in its cells."""
    total = int(np.count_nonzero(joint_codes(*(axis.many for axis in axes)) >= 0))
    for chosen in combinations(range(len(axes)), min(len(axes), POPULATION_COLUMNS)):
        parts = tuple(axes[axis].many for axis in chosen)
        counts = joint_counts(*parts)
        shares = population.marginal([axes[axis].column for axis in chosen])
        expected = np.array([share or 0.0 for share in shares]).reshape(counts.shape) * total
        if prod(len(part.sets) for part in parts) > _MOST_CELLS:
            parts = tuple(replace(part, sets=np.eye(part.groups, dtype=bool)) for part in parts)
        yield ExpectedCounts.testable(CrossedColumns(chosen, parts), counts, expected, total)


def _sum_over(table: FloatArray, masks: Masks) -> FloatArray:
    """[M]; sums of a table [G, …] over the groups that each cell takes in."""
    first, *others = (mask.astype(np.float64) for mask in masks)
    sums = first @ table.reshape(table.shape[0], prod(table.shape[1:]))
    for axis, mask in enumerate(others, start=2):
        sums = np.matmul(mask[:, None], sums.reshape(*mask.shape, prod(table.shape[axis:])))[:, 0]
    return np.asarray(sums[:, 0])
