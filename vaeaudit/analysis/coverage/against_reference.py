"""Combinations of columns with fewer rows than another dataset leads one to expect: tested, then named gap by gap."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from math import prod

import numpy as np
import pandas as pd

from vaeaudit.analysis.coverage.axes import Axis, FloatArray, IntArray, fine_axes, is_asked_about
from vaeaudit.analysis.coverage.both_tables import both_tables
from vaeaudit.analysis.coverage.crossed_columns import TRIPLE_COLUMNS, CrossedColumns, ReferenceCounts, crossings
from vaeaudit.analysis.coverage.sharpening import Groups, ScanRows, Sharpened, sharpen
from vaeaudit.analysis.coverage.shortages import (
    MOST_CONDITIONS,
    SAME,
    BaselineSearch,
    Candidates,
    Family,
    Recount,
    Shortage,
    Tables,
    Threshold,
    tested_together,
)
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Schema
from vaeaudit.outputs.record import BoolArray
from vaeaudit.statistics.measures import Interval
from vaeaudit.statistics.multiplicity import fcr_level
from vaeaudit.statistics.two_samples import TwoSamples, rows_to_collect

#: Columns searched; pairs grow with the square of them.
MAX_COLUMNS = 30
#: Sets of columns whose best cell is sharpened before the best of all is taken.
_STARTS = 12


def against_reference(
    frame: pd.DataFrame,
    reference: pd.DataFrame,
    schema: Schema,
    config: AnalysisConfig,
    *,
    counted: tuple[BoolArray, BoolArray] | None = None,
    latents: frozenset[str] = frozenset(),
    baselines: int = 1,
) -> BaselineSearch:
    """Compare the shares of rows in cells of one to three columns with their shares in another dataset.

    *Cells.* Both tables are cut into the same groups (bounds and levels from their union); missing values are a group.
    Single
    columns and pairs are crossed in all ranges of ten bins and in single levels, triples in all ranges of four bins;
    a cell is tested where at least `MIN_EXPECTED` rows are to be expected.

    *Test.* Given that a + b rows lie in a cell, the audited a is binomial with n_A / (n_A + n_B) if both tables have
    the same share there: exact lower tail. *Ratio.* (a / n_A) / (b / n_B), with the interval that the one of Clopper
    and Pearson for a out of a + b translates to. *Expected.* n_A b / n_B.

    *Multiplicity.* Benjamini and Hochberg (1995) over all cells, times the number of baselines; intervals at the level
    that keeps the false-coverage rate (Benjamini and Yekutieli 2005). Bounds that are tried when a cell found short
    is sharpened count as tested too. What must end below `min_ratio` is the interval at `confidence`, as for a group:
    the wide one need only end below 1, or no gap of twenty rows could be told.

    *Ranking.* By the scan statistic of Kulldorff (1997, Bernoulli model), less what the conditions cost
    (`sharpening.sharpen`). A cell ranks behind another only by what it lacks outside that other: two regions never tell
    the same gap.

    Where one group is nearly absent, the shares of all others rise a little; that `min_ratio` is well below 1 takes
    care of it.

    Parameters
    ----------
    frame, reference
        [N, C] and [M, C]; typed rows with the same columns, of which either may have levels of its own.
    schema
        Of the columns that both have.
    config
        Gives `fdr`, `confidence`, `min_ratio` and `max_regions`.
    counted
        [N] and [M]; rows in which a gap is sought, such as those that are no outliers; it must be one among all rows,
        too, and is told as they are counted. None for all.
    latents
        Which columns are latents: a rule names them only where it says much more than one of columns.
    baselines
        How many baselines share the false-discovery rate.
    """
    notes: list[str] = []
    sides = (np.ones(len(frame), bool), np.ones(len(reference), bool)) if counted is None else counted
    if not (sides[0].any() and sides[1].any()):
        return BaselineSearch("reference", (), 0, ("No row was left to compare with the reference.",))
    stacked, schema = both_tables(frame, reference, schema)
    audited = np.arange(len(stacked)) < len(frame)
    axes = _most_different_first(fine_axes(stacked, schema), audited)
    if len(axes) > MAX_COLUMNS:
        notes.append(
            f"Against the reference, regions are searched over the {MAX_COLUMNS} of {len(axes)} columns that differ "
            "most from it."
        )
    if len(axes) > TRIPLE_COLUMNS:
        notes.append(
            f"Against the reference, three columns at a time were searched among the {TRIPLE_COLUMNS} that differ most."
        )
    asked = [column.name for column in sorted(schema, key=lambda column: not is_asked_about(column))]
    rows = ScanRows(axes[:MAX_COLUMNS], audited, np.ones(audited.size, dtype=bool), latents)
    shortages, tested = _gap_by_gap(rows, np.concatenate(sides), asked, config, baselines)
    return BaselineSearch("reference", tuple(shortages), tested, tuple(notes))


def _gap_by_gap(
    rows: ScanRows, sought: BoolArray, order: Sequence[str], config: AnalysisConfig, baselines: int
) -> tuple[list[Shortage], int]:
    """Test every crossed set of one, two and three columns; then name gaps until none is left that stands by itself.

    The clearest gap is named first. Its rows are then left out of both tables, and all that remains is tested again: a
    cell that is short only because it overlaps a gap that was named is short no longer. Each time the false-discovery
    rate is controlled over all cells and all edges that were tried. Returned is also how many cells were tested at
    first, before anything was left out; conditions of a rule come in the `order` of their columns.
    """
    gaps: list[Shortage] = []
    crossed = chain.from_iterable(crossings(rows.axes, size) for size in range(1, MOST_CONDITIONS + 1))
    tables = [ReferenceCounts.of(each, rows.audited) for each in crossed]
    aside = np.flatnonzero(~sought)
    remaining, tested = rows.without(~sought), 0
    if aside.size:
        totals = remaining.n_audited, remaining.n_reference
        tables = [table.without(aside, rows.audited, totals) for table in tables]
    while len(gaps) < config.max_regions and min(remaining.n_audited, remaining.n_reference) > 0:
        candidates, family = tested_together(tables, config, baselines)
        rejected, limit = family.rejected(config.fdr)
        starts = _starts(tables, candidates, limit) if rejected else []
        best = _clearest(starts, family, remaining, rows, config)
        tested = max(tested, family.tested)
        if best is None:
            break
        cell, threshold, p_adjusted = best
        gaps.append(_shortage(cell, threshold, p_adjusted, rows, order))
        inside = rows.inside(cell.groups)
        removed = np.flatnonzero(inside & remaining.open)
        remaining = remaining.without(inside)
        totals = remaining.n_audited, remaining.n_reference
        tables = [table.without(removed, rows.audited, totals) for table in tables]
    return gaps, tested


def _starts(
    tables: Sequence[ReferenceCounts], candidates: Sequence[Candidates[TwoSamples]], limit: float
) -> list[Groups]:
    """Return the best significant cell of each of the best sets of columns, the clearest first."""
    starts = []
    for each in candidates:
        scores = each.cells.scan_statistic()
        best = int(np.argmax(np.where(each.p_values <= limit, scores, -np.inf)))
        if each.p_values[best] <= limit:
            crossed = tables[each.table].crossed
            groups = crossed.on_axes(crossed.groups(int(each.places[best])))
            starts.append((float(scores[best]), dict(zip(crossed.axes, groups, strict=True))))
    starts.sort(key=lambda start: (-start[0], len(start[1])))
    return [groups for _, groups in starts[:_STARTS]]


def _clearest(
    starts: Sequence[Groups], family: Family, remaining: ScanRows, everything: ScanRows, config: AnalysisConfig
) -> tuple[Sharpened, Threshold, float] | None:
    """Sharpen cells and return the clearest that stands, what it had to meet, and its adjusted p-value.

    It must be short among the remaining rows, so that it stands by itself, and among all rows, since those are counted.
    """
    found = [sharpen(groups, remaining) for groups in starts]
    rejected, limit = family.rejected(config.fdr)
    family = family.with_more(sum(cell.tried for cell in found))
    level = fcr_level(config.confidence, selected=rejected, tested=family.tested * family.baselines)
    threshold = Threshold(limit, level, config.min_ratio, config.confidence)
    for cell in sorted(found, key=lambda cell: -cell.score):
        inside = everything.inside(cell.groups)
        counts = [rows.count(inside) for rows in (remaining, everything)]
        p_adjusted = max(family.adjusted(float(count.lower_tail())) for count in counts)
        if p_adjusted < config.fdr and all(bool(threshold.is_short(count)) for count in counts):
            return cell, threshold, p_adjusted
    return None


def _shortage(
    gap: Sharpened, threshold: Threshold, p_adjusted: float, rows: ScanRows, order: Sequence[str]
) -> Shortage:
    cell = rows.count(rows.inside(gap.groups))
    low, high = (float(bound) for bound in cell.ratio_interval(threshold.level))
    conditions = (rows.axes[axis].condition(groups) for axis, groups in gap.groups.items())
    expected = float(cell.expected)
    return Shortage(
        rule=tuple(sorted(conditions, key=lambda condition: order.index(condition.column))),
        observed=int(cell.observed),
        expected=expected,
        ci=Interval(low, high, threshold.level),
        p_adjusted=p_adjusted,
        strength=gap.score,
        rows_to_collect=rows_to_collect(threshold.min_ratio, expected, (low, high), rows.n_audited),
        threshold=threshold,
        recount=_recount(gap.groups, rows),
    )


def _recount(groups: Groups, rows: ScanRows) -> Recount:
    """Keep the gap and the cells on its columns that are much the same, and the rows of either table that tell them."""
    axes = [rows.axes[axis] for axis in groups]
    shape = tuple(axis.groups for axis in axes)
    joint = np.ravel_multi_index(tuple(axis.codes for axis in axes), shape)
    found, place = np.unique(joint, return_inverse=True)
    fine = np.unravel_index(found, shape)
    inside = np.ones(found.size, dtype=bool)
    for chosen, codes in zip(groups.values(), fine, strict=True):
        inside &= chosen[codes]
    tables = tuple(np.bincount(place[side], minlength=found.size) for side in (rows.audited, ~rows.audited))
    crossed = CrossedColumns(
        tuple(groups), tuple(axis.many if len(axes) < MOST_CONDITIONS else axis.few for axis in axes)
    )
    alike = _overlap(tables[1], inside, fine, crossed) >= SAME
    others = np.ones((np.count_nonzero(alike), found.size), dtype=bool)
    for chosen, codes in zip(crossed.on_axes(tuple(mask[alike] for mask in crossed.masks)), fine, strict=True):
        others &= chosen[:, codes]
    cells = np.concatenate([inside[None], others]).astype(np.float64)

    def compare(tables: Tables) -> TwoSamples:
        observed, reference = tables
        return TwoSamples(cells @ observed, cells @ reference, rows.n_audited, rows.n_reference)

    return Recount(tables, compare)


def _overlap(reference: IntArray, inside: BoolArray, fine: tuple[IntArray, ...], crossed: CrossedColumns) -> FloatArray:
    """[M]; F1 of the reference rows of each of the crossed cells with those of a gap.

    `reference` [U] are the reference rows of U combinations of fine groups, `inside` [U] says which are in the gap, and
    `fine` are the groups [U] that they are made of, one array per column.
    """
    codes = tuple(part.members.argmax(axis=0)[groups] for part, groups in zip(crossed.parts, fine, strict=True))
    coarse, size = np.ravel_multi_index(codes, crossed.shape), prod(crossed.shape)
    weights = reference.astype(np.float64)
    both, everything = (
        crossed.sums(np.bincount(coarse, weights=rows, minlength=size).reshape(crossed.shape))
        for rows in (weights * inside, weights)
    )
    return np.asarray(2 * both / np.maximum(everything + float(weights @ inside), 1.0))


def _most_different_first(axes: Sequence[Axis], audited: BoolArray) -> list[Axis]:
    """Order axes by how differently they are distributed in the two tables, the most different first.

    By the G statistic of group by table, over its degrees of freedom.
    """

    def difference(axis: Axis) -> float:
        table = ReferenceCounts.of(CrossedColumns((0,), (axis.many,)), audited).tables
        expected = table.sum(axis=0) * table.sum(axis=1, keepdims=True) / max(table.sum(), 1.0)
        filled = table > 0
        g = 2 * float((table[filled] * np.log(table[filled] / expected[filled])).sum())
        return g / max(1, int(np.count_nonzero(table.sum(axis=0))) - 1)

    return sorted(axes, key=lambda axis: -difference(axis))
