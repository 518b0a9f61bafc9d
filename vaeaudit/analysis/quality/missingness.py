"""Where cells are missing: per column and group, together with which columns, and what it goes with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from vaeaudit.analysis.fairness.rates import compare_rates
from vaeaudit.analysis.grouping.groups import Grouping, bin_columns, group_column, sample_rows
from vaeaudit.analysis.quality.contrast import Contrast, best_contrast
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Schema
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.statistics.cross_fit import FOLDS, macro_auc_interval, out_of_fold_means, stratified_folds
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.statistics.measures import Count, Interval, Share
from vaeaudit.statistics.multiplicity import adjusted_where_tested

#: Rows that are looked at for what missing cells go with.
MOST_ROWS = 5_000
#: Columns are missing together where they differ in no more than this share of the rows that any of them lacks.
SAME_ROWS = 0.02
#: Missing cells, and filled ones, from which it can be told what they go with; sets of columns, the emptiest first.
FEWEST_CELLS, MOST_SETS = 20, 40
#: AUC that a column must surely exceed to be named as what missing cells go with.
TELLING_AUC = 0.6
#: Sensitive columns of more groups are not compared group by group.
MOST_GROUPS = 50


@dataclass(frozen=True)
class MissingInGroup:
    """The missing cells of one group; `p_adjusted` against all others whose group is known, None where too few are."""

    attribute: str
    group: str
    n: Count
    missing: Count
    share: Share
    ci: Interval
    difference: float | None
    difference_ci: Interval
    p_adjusted: Share | None


@dataclass(frozen=True)
class MissingReason:
    """The column that tells best where cells are missing, out of fold, and the group of it in which they differ most.

    `ci` holds for the best of all columns that were tried, for all that have missing cells, at once.
    """

    auc: Share
    ci: Interval
    contrast: Contrast


@dataclass(frozen=True)
class Missingness:
    """The missing cells of one column.

    Attributes
    ----------
    column, missing, n, share, ci
        How many cells of so many rows.
    together
        Other columns that are missing in the same rows, or nearly.
    by_group
        The same per group of each sensitive column.
    reason
        What missing cells go with; None where nothing surely tells, or too few are missing or filled.
    """

    column: str
    missing: Count
    n: Count
    share: Share
    ci: Interval
    together: tuple[str, ...] = ()
    by_group: tuple[MissingInGroup, ...] = ()
    reason: MissingReason | None = None


def measure_missingness(
    frame: pd.DataFrame, schema: Schema, config: AnalysisConfig, seed: int
) -> tuple[Missingness, ...]:
    """Describe the missing cells of every column that has any, in the order of the schema.

    Parameters
    ----------
    frame, schema
        [N, C] rows and their columns.
    config
        Confidence of intervals, and the smallest group that is tested.
    seed
        Of rows and folds.
    """
    gone = {column.name: frame[column.name].isna().to_numpy() for column in schema}
    gone = {name: missing for name, missing in gone.items() if missing.any()}
    sets = columns_together(gone)
    reasons = _reasons(frame, schema, gone, sets, confidence=config.confidence, seed=seed)
    compared = _by_group(frame, schema, gone, config)
    found = {}
    for names in sets:
        for name in names:
            missing, n = int(gone[name].sum()), len(frame)
            found[name] = Missingness(
                column=name,
                missing=missing,
                n=n,
                share=missing / n,
                ci=share_interval(missing, n, config.confidence),
                together=tuple(other for other in names if other != name),
                by_group=compared.get(name, ()),
                reason=reasons.get(names[0]),
            )
    return tuple(found[name] for name in gone)


def columns_together(gone: dict[str, BoolArray]) -> list[list[str]]:
    """Gather columns that are missing in nearly the same rows, the first of each set being the first of the table."""
    sets: list[list[str]] = []
    for name, missing in gone.items():
        for names in sets:
            head = gone[names[0]]
            if (missing != head).sum() <= SAME_ROWS * (missing | head).sum():
                names.append(name)
                break
        else:
            sets.append([name])
    return sets


def _by_group(
    frame: pd.DataFrame, schema: Schema, gone: dict[str, BoolArray], config: AnalysisConfig
) -> dict[str, tuple[MissingInGroup, ...]]:
    """Compare each group of each sensitive column with all other rows, adjusted over groups and columns."""
    found: list[tuple[str, MissingInGroup]] = []
    found_p: list[float] = []
    families: list[tuple[str, str]] = []
    for column in schema.sensitive:
        grouping = group_column(frame[column.name], column)
        if len(grouping) > MOST_GROUPS:
            continue
        for name, missing in gone.items():
            if name != column.name:
                entries, of_entries = _compared(grouping, missing, config)
                found += [(name, entry) for entry in entries]
                found_p += of_entries
                families += [(column.name, name)] * len(of_entries)
    p = adjusted_where_tested(found_p, pd.factorize(pd.Series(families))[0])
    held: dict[str, list[MissingInGroup]] = {}
    for (name, entry), adjusted in zip(found, p, strict=True):
        held.setdefault(name, []).append(replace(entry, p_adjusted=float(adjusted) if np.isfinite(adjusted) else None))
    return {name: tuple(entries) for name, entries in held.items()}


def _compared(
    grouping: Grouping, missing: BoolArray, config: AnalysisConfig
) -> tuple[list[MissingInGroup], list[float]]:
    known = grouping.codes != (-1 if grouping.missing is None else grouping.missing)
    rates = compare_rates(grouping.codes[known], missing[known], len(grouping), config)
    places = np.flatnonzero(rates.n)
    entries = [
        MissingInGroup(
            attribute=grouping.column,
            group=grouping.labels[place],
            n=int(rates.n[place]),
            missing=round(float(rates.rate[place] * rates.n[place])),
            share=float(rates.rate[place]),
            ci=Interval(float(rates.low[place]), float(rates.high[place]), config.confidence),
            difference=None if np.isnan(rates.difference[place]) else float(rates.difference[place]),
            difference_ci=Interval(
                float(rates.difference_low[place]), float(rates.difference_high[place]), config.confidence
            ),
            p_adjusted=None,
        )
        for place in places
    ]
    return entries, rates.p[places].tolist()


def _reasons(
    frame: pd.DataFrame,
    schema: Schema,
    gone: dict[str, BoolArray],
    sets: Sequence[list[str]],
    *,
    confidence: float,
    seed: int,
) -> dict[str, MissingReason]:
    """Return, by the first column of a set, what best tells where its cells are missing."""
    rng, missing = np.random.default_rng(seed), {name: int(cells.sum()) for name, cells in gone.items()}
    enough = [names for names in sets if FEWEST_CELLS <= missing[names[0]] <= len(frame) - FEWEST_CELLS]
    judged = sorted(enough, key=lambda names: -missing[names[0]])[:MOST_SETS]
    if not judged:
        return {}
    columns = bin_columns(frame, schema)
    level = 1 - (1 - confidence) / max(len(judged) * len(columns), 1)
    rows = sample_rows(len(frame), len(schema), rng, most_rows=MOST_ROWS)
    found = {
        names[0]: _reason(gone[names[0]], rows, [each for each in columns if each.column not in names], level, rng)
        for names in judged
    }
    return {name: reason for name, reason in found.items() if reason is not None}


def _reason(
    gone: BoolArray, rows: IntArray, others: Sequence[Grouping], level: float, rng: np.random.Generator
) -> MissingReason | None:
    member = np.stack([gone[rows], ~gone[rows]], axis=1)
    if not others or member.sum(axis=0).min() < FOLDS:
        return None
    folds = stratified_folds(member, rng)
    wanted = member[:, :1].astype(np.float64)

    def said(column: Grouping) -> FloatArray:
        codes = column.codes[rows]
        return out_of_fold_means(codes, len(column), wanted, folds)[0][folds, codes]

    judged = [(macro_auc_interval(said(column), member[:, :1], level), column) for column in others]
    (auc, ci), best = max(judged, key=lambda each: each[0][0])
    contrast = best_contrast(gone, [best])
    if contrast is None or (ci.low or 0.0) <= TELLING_AUC:
        return None
    return MissingReason(auc, ci, contrast)
