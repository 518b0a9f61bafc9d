"""The search for cells that are short of rows against a reference: all are tested, then named gap by gap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import prod

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.missing.rule_edges import Groups, ScanRows, sharpen
from vaeaudit.analysis.missing.scan_axes import Pooled, ScanAxis, sums_over_sets
from vaeaudit.analysis.missing.thresholds import Family, Threshold
from vaeaudit.analysis.missing.two_samples import TwoSamples
from vaeaudit.analysis.multiplicity import fcr_level
from vaeaudit.config import AnalysisConfig

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

#: A cell in which the reference leads one to expect fewer rows is not tested: even none would hardly be evidence.
MIN_EXPECTED = 5.0
#: Columns that are crossed three at a time.
TRIPLE_COLUMNS = 15
#: Sets of columns whose best cell is sharpened before the best of all is taken.
_STARTS = 12


@dataclass(frozen=True)
class Gap:
    """A cell found short, as sets of fine groups [F] per axis; `cell` counts it over all rows.

    `threshold` is what was asked of the cells when it was found.
    """

    groups: Groups
    cell: TwoSamples
    score: float
    p_adjusted: float
    threshold: Threshold


@dataclass(frozen=True)
class _Block:
    """All cells of one set of columns.

    `codes` [N] is the cell of each row in the joint table, and `tables` [2, G, …] are the audited and the reference
    rows that no gap explains yet.
    """

    axes: tuple[int, ...]
    parts: tuple[Pooled, ...]
    codes: npt.NDArray[np.int32]
    tables: FloatArray

    def sums(self) -> tuple[FloatArray, FloatArray]:
        """[cells], [cells]; rows of either table in each crossed set."""
        observed, reference = (sums_over_sets(table, self.parts) for table in self.tables)
        return observed, reference

    def groups(self, cell: int) -> Groups:
        """Which fine groups of each axis a cell takes in."""
        chosen = np.unravel_index(cell, [len(part.sets) for part in self.parts])
        fine = (part.sets[index] @ part.members for part, index in zip(self.parts, chosen, strict=True))
        return dict(zip(self.axes, fine, strict=True))

    def without(self, rows: IntArray, audited: Mask) -> _Block:
        """Count some rows, given by position, no longer."""
        return replace(self, tables=self.tables - _tables(self.codes[rows], audited[rows], self.tables.shape[1:]))


def scan(rows: ScanRows, config: AnalysisConfig, *, baselines: int = 1) -> tuple[list[Gap], int]:
    """Test every crossed set of one, two and three columns; then name gaps until none is left that stands by itself.

    The clearest gap is named first. Its rows are then left out of both tables, and all that remains is tested again: a
    cell that is short only because it overlaps a gap that was named is short no longer. Each time the false-discovery
    rate is controlled over all cells and all edges that were tried.

    Parameters
    ----------
    rows
        Of both tables.
    config
        Gives `fdr`, `confidence`, `min_ratio` and `max_regions`.
    baselines
        How many baselines share the false-discovery rate.

    Returns
    -------
    list of Gap, int
        By rank; and how many cells were tested at first, before anything was left out.
    """
    gaps: list[Gap] = []
    blocks = list(_blocks(rows))
    remaining, tested = rows, 0
    while len(gaps) < config.max_regions and min(remaining.n_audited, remaining.n_reference) > 0:
        cells = _test(blocks, remaining, config, baselines)
        best = _clearest(cells, remaining, rows, config)
        tested = max(tested, cells.family.tested)
        if best is None:
            break
        gaps.append(best)
        inside = rows.inside(best.groups)
        removed = np.flatnonzero(inside & remaining.open)
        blocks = [block.without(removed, rows.audited) for block in blocks]
        remaining = remaining.without(inside)
    return gaps, tested


def _blocks(rows: ScanRows) -> Iterator[_Block]:
    for size in (1, 2, 3):
        searched = rows.axes if size < 3 else rows.axes[:TRIPLE_COLUMNS]
        for chosen in combinations(range(len(searched)), size):
            parts = tuple(searched[axis].few if size == 3 else searched[axis].many for axis in chosen)
            shape = tuple(part.groups for part in parts)
            codes = np.zeros(rows.audited.size, dtype=np.int32)
            for part in parts:
                codes = codes * np.int32(part.groups) + part.codes
            yield _Block(chosen, parts, codes, _tables(codes, rows.audited, shape))


def _tables(codes: npt.NDArray[np.int32], audited: Mask, shape: tuple[int, ...]) -> FloatArray:
    """[2, G, …]; audited and reference rows per combination of groups."""
    size = prod(shape)
    counts = np.bincount(codes + np.int32(size) * ~audited, minlength=2 * size)
    return counts.reshape(2, *shape).astype(np.float64)


@dataclass(frozen=True)
class _Tested:
    """Cells that hold too few rows: per set of columns their positions, scan statistics and p-values; the family."""

    short: list[tuple[_Block, IntArray, FloatArray, FloatArray]]
    family: Family


def _test(blocks: Sequence[_Block], rows: ScanRows, config: AnalysisConfig, baselines: int) -> _Tested:
    """Test all cells; of those that are not short the p-values need not be known, as they are of no interest."""
    tested, short = 0, []
    for block in blocks:
        observed, reference = block.sums()
        expected = rows.compare(observed, reference).expected
        testable = expected >= MIN_EXPECTED
        tested += int(np.count_nonzero(testable))
        places = np.flatnonzero(testable & (observed < config.min_ratio * expected))
        if places.size:
            cells = rows.compare(observed[places], reference[places])
            short.append((block, places, cells.scan_statistic(), cells.lower_tail()))
    p_values = np.concatenate([p for *_, p in short] or [np.empty(0)])
    return _Tested(short, Family(np.sort(p_values), tested, baselines))


def _clearest(cells: _Tested, remaining: ScanRows, everything: ScanRows, config: AnalysisConfig) -> Gap | None:
    """Sharpen the best significant cells of the best sets of columns and return the clearest of them.

    It must be short among the remaining rows, so that it stands by itself, and among all rows, since those are counted.
    """
    rejected, limit = cells.family.rejected(config.fdr)
    if not rejected:
        return None
    starts = []
    for block, places, scores, p in cells.short:
        best = int(np.argmax(np.where(p <= limit, scores, -np.inf)))
        if p[best] <= limit:
            starts.append((float(scores[best]), block.groups(int(places[best]))))
    starts.sort(key=lambda start: (-start[0], len(start[1])))
    found = [sharpen(groups, remaining) for _, groups in starts[:_STARTS]]
    family = cells.family.with_more(sum(cell.tried for cell in found))
    level = fcr_level(config.confidence, selected=rejected, tested=family.tested * family.baselines)
    threshold = Threshold(limit, level, config.min_ratio)
    for cell in sorted(found, key=lambda cell: -cell.score):
        inside = everything.inside(cell.groups)
        counts = [rows.count(inside) for rows in (remaining, everything)]
        p_adjusted = max(family.adjusted(float(count.lower_tail())) for count in counts)
        if p_adjusted < config.fdr and all(bool(threshold.is_short(count)) for count in counts):
            return Gap(cell.groups, counts[-1], cell.score, p_adjusted, threshold)
    return None


def axes_by_difference(axes: Sequence[ScanAxis], audited: Mask) -> list[ScanAxis]:
    """Order axes by how differently they are distributed in the two tables, the most different first.

    By the G statistic of group by table, over its degrees of freedom.
    """

    def difference(axis: ScanAxis) -> float:
        table = _tables(axis.many.codes.astype(np.int32), audited, (axis.many.groups,))
        expected = table.sum(axis=0) * table.sum(axis=1, keepdims=True) / max(table.sum(), 1.0)
        filled = table > 0
        g = 2 * float((table[filled] * np.log(table[filled] / expected[filled])).sum())
        return g / max(1, int(np.count_nonzero(table.sum(axis=0))) - 1)

    return sorted(axes, key=lambda axis: -difference(axis))
