"""Combinations of columns with fewer rows than another dataset leads one to expect."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.missing.baselines import SAME, BaselineSearch, Recount, Shortage, Tables, rows_to_collect
from vaeaudit.analysis.missing.reference_scan import TRIPLE_COLUMNS, Gap, axes_by_difference, scan
from vaeaudit.analysis.missing.region_axes import is_asked_about
from vaeaudit.analysis.missing.rule_edges import MOST_CONDITIONS, Groups, ScanRows
from vaeaudit.analysis.missing.scan_axes import Pooled, scan_axes, sums_over_sets
from vaeaudit.analysis.missing.two_samples import TwoSamples
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema import Schema

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

#: Columns searched; pairs grow with the square of them.
MAX_COLUMNS = 30


def against_reference(
    frame: pd.DataFrame,
    reference: pd.DataFrame,
    schema: Schema,
    config: AnalysisConfig,
    *,
    latents: frozenset[str] = frozenset(),
    baselines: int = 1,
) -> BaselineSearch:
    """Compare the shares of rows in cells of one to three columns with their shares in another dataset.

    *Cells.* Both tables are cut into the same groups (bounds from their union); missing values are a group. Single
    columns and pairs are crossed in all ranges of ten bins and in single levels, triples in all ranges of four bins;
    a cell is tested where at least `MIN_EXPECTED` rows are to be expected.

    *Test.* Given that a + b rows lie in a cell, the audited a is binomial with n_A / (n_A + n_B) if both tables have
    the same share there: exact lower tail. *Ratio.* (a / n_A) / (b / n_B), with the interval that the one of Clopper
    and Pearson for a out of a + b translates to. *Expected.* n_A b / n_B.

    *Multiplicity.* Benjamini and Hochberg (1995) over all cells, times the number of baselines; intervals at the level
    that keeps the false-coverage rate (Benjamini and Yekutieli 2005). Bounds that are tried when a cell found short
    is sharpened count as tested too.

    *Ranking.* By the scan statistic of Kulldorff (1997, Bernoulli model), less what the conditions cost
    (`rule_edges.sharpen`). A cell ranks behind another only by what it lacks outside that other: two regions never tell
    the same gap.

    Where one group is nearly absent, the shares of all others rise a little; that `min_ratio` is well below 1 takes
    care of it.

    Parameters
    ----------
    frame, reference
        [N, C] and [M, C]; typed rows, outliers set aside, with the same columns.
    schema
        Of the columns that both have.
    config
        Gives `fdr`, `confidence`, `min_ratio` and `max_regions`.
    latents
        Which columns are latents: a rule names them only where it says much more than one of columns.
    baselines
        How many baselines share the false-discovery rate.
    """
    notes: list[str] = []
    if min(len(frame), len(reference)) == 0:
        return BaselineSearch("reference", (), 0, ("No row was left to compare with the reference.",))
    stacked = pd.concat([frame[list(schema.names)], reference[list(schema.names)]], ignore_index=True)
    audited = np.arange(len(stacked)) < len(frame)
    axes = axes_by_difference(scan_axes(stacked, schema), audited)
    if len(axes) > MAX_COLUMNS:
        notes.append(
            f"Against the reference, regions are searched over the {MAX_COLUMNS} of {len(axes)} columns that differ "
            "most from it."
        )
    if len(axes) > TRIPLE_COLUMNS:
        notes.append(
            f"Against the reference, three columns at a time were searched among the {TRIPLE_COLUMNS} that differ most."
        )
    rows = ScanRows(axes[:MAX_COLUMNS], audited, np.ones(audited.size, dtype=bool), latents)
    gaps, tested = scan(rows, config, baselines=baselines)
    asked = [column.name for column in sorted(schema, key=lambda column: not is_asked_about(column))]
    shortages = tuple(_shortage(gap, rows, asked, config) for gap in gaps)
    return BaselineSearch("reference", shortages, tested, tuple(notes))


def _shortage(gap: Gap, rows: ScanRows, order: list[str], config: AnalysisConfig) -> Shortage:
    cell = gap.cell
    low, high = (float(bound) for bound in cell.ratio_interval(gap.threshold.level))
    conditions = (rows.axes[axis].condition(groups) for axis, groups in gap.groups.items())
    expected = float(cell.expected)
    return Shortage(
        rule=tuple(sorted(conditions, key=lambda condition: order.index(condition.column))),
        observed=int(cell.observed),
        expected=expected,
        low=low,
        high=high,
        p_adjusted=gap.p_adjusted,
        strength=gap.score,
        rows_to_collect=rows_to_collect(config.min_ratio, expected, (low, high), rows.n_audited),
        threshold=gap.threshold,
        recount=_recount(gap.groups, rows),
    )


def _recount(groups: Groups, rows: ScanRows) -> Recount:
    """Keep the gap and the cells on its columns that are much the same, and the rows of either table that tell them."""
    axes = [rows.axes[axis] for axis in groups]
    shape = tuple(len(axis.fine) for axis in axes)
    joint = np.ravel_multi_index(tuple(axis.fine.codes for axis in axes), shape)
    found, place = np.unique(joint, return_inverse=True)
    fine = np.unravel_index(found, shape)
    inside = np.ones(found.size, dtype=bool)
    for chosen, codes in zip(groups.values(), fine, strict=True):
        inside &= chosen[codes]
    tables = tuple(np.bincount(place[side], minlength=found.size) for side in (rows.audited, ~rows.audited))
    pooled = [axis.many if len(axes) < MOST_CONDITIONS else axis.few for axis in axes]
    positions = np.indices([len(part.sets) for part in pooled]).reshape(len(pooled), -1)
    alike = np.flatnonzero(_overlap(tables[1], inside, fine, pooled) >= SAME)
    others = np.ones((alike.size, found.size), dtype=bool)
    for position, part, codes in zip(positions, pooled, fine, strict=True):
        others &= (part.sets @ part.members)[position[alike]][:, codes]
    cells = np.concatenate([inside[None], others]).astype(np.float64)

    def compare(tables: Tables) -> TwoSamples:
        observed, reference = tables
        return TwoSamples(cells @ observed, cells @ reference, rows.n_audited, rows.n_reference)

    return Recount(tables, compare)


def _overlap(
    reference: IntArray, inside: Mask, fine: tuple[npt.NDArray[np.intp], ...], pooled: Sequence[Pooled]
) -> FloatArray:
    """[cells]; F1 of the reference rows of each crossing of sets with those of a gap.

    `reference` [U] are the reference rows of U combinations of fine groups, `inside` [U] says which are in the gap, and
    `fine` are the groups [U] that they are made of, one array per column.
    """
    shape = tuple(part.groups for part in pooled)
    codes = tuple(part.members.argmax(axis=0)[groups] for part, groups in zip(pooled, fine, strict=True))
    coarse = np.ravel_multi_index(codes, shape)
    weights = reference.astype(np.float64)
    both, everything = (
        sums_over_sets(np.bincount(coarse, weights=rows, minlength=prod(shape)).reshape(shape), pooled)
        for rows in (weights * inside, weights)
    )
    return np.asarray(2 * both / np.maximum(everything + float(weights @ inside), 1.0))
