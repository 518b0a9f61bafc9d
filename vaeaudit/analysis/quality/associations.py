"""Which columns go together most, and how the label differs over the groups of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from vaeaudit.analysis.fairness.outcomes import outcomes_of
from vaeaudit.analysis.grouping.groups import MOST_CELLS, Grouping, group_column, sample_rows
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Column, Role, Schema
from vaeaudit.outputs.record import BoolArray, IntArray
from vaeaudit.statistics.association import latent_correlations
from vaeaudit.statistics.intervals import newcombe_difference
from vaeaudit.statistics.measures import Count, Interval, Share

#: Groups of a column that is compared: bins of a number, and levels of which the rarer are one group.
BINS, MOST_LEVELS = 10, 30
#: Rows that are drawn, and columns that are compared at most: 4,950 pairs take about 2 s of CPU time.
MOST_ROWS, MOST_COLUMNS = 10_000, 100
#: Columns listed beside one, and the error over all pairs of a table at which one is listed. Of independent columns of
#: which some have rare levels, 4 to 7 % of tables then list a pair (16 columns, 60 to 2,000 rows), of numbers fewer.
LISTED, ERROR = 5, 0.01


@dataclass(frozen=True)
class Association:
    """Another column, and how strongly it goes together with this one, between 0 and 1."""

    column: str
    strength: Share


@dataclass(frozen=True)
class LabelDifference:
    """The group of a column whose label differs most from that of all other rows.

    Attributes
    ----------
    outcome, group
        What is compared, in words, and in which group.
    n, rate, difference
        Rows of the group that have a label, the share of them that has the outcome, and by how much that exceeds the
        share among all others.
    ci
        Of the difference; it holds for all groups and outcomes of the column together.
    """

    outcome: str
    group: str
    n: Count
    rate: Share
    difference: float
    ci: Interval


def strongest_associations(
    frame: pd.DataFrame, schema: Schema, seed: int
) -> tuple[Mapping[str, tuple[Association, ...]], tuple[str, ...]]:
    """Return the columns that go together most with each, and notes.

    Parameters
    ----------
    frame, schema
        [N, C] rows and their columns; text, identifiers, constants and groups are left out.
    seed
        Of the rows that are drawn.
    """
    able = [column for column in schema if _has_groups(column)]
    able, left_out = able[:MOST_COLUMNS], len(able[MOST_COLUMNS:])
    rows = sample_rows(len(frame), len(schema), np.random.default_rng(seed), most_rows=MOST_ROWS)
    drawn = frame.iloc[rows]
    coded = {column.name: _codes(group_column(drawn[column.name], column, bins=BINS)) for column in able}
    coded = {name: (codes, rise) for name, (codes, rise) in coded.items() if np.unique(codes[codes >= 0]).size > 1}
    if len(coded) < 2:
        return {}, ()
    names, (codes, rise) = list(coded), zip(*coded.values(), strict=True)
    strength, p = latent_correlations(np.stack(codes, axis=1), np.array(rise))
    told = np.where(p * (len(names) * (len(names) - 1) / 2) <= ERROR, strength, 0.0)
    np.fill_diagonal(told, 0.0)
    strongest = {
        name: tuple(
            Association(names[other], float(told[place, other]))
            for other in np.argsort(-told[place], kind="stable")[:LISTED]
            if told[place, other] > 0
        )
        for place, name in enumerate(names)
    }
    note = f"Associations were measured among the first {MOST_COLUMNS} columns; {left_out} others were left out."
    return strongest, (note,) if left_out else ()


def _has_groups(column: Column) -> bool:
    return column.kind.can_be_modelled and column.role not in (Role.ID, Role.GROUP)


def _codes(grouping: Grouping) -> tuple[IntArray, bool]:
    """Return the group of each row [N], -1 where it has no value, and whether groups rise; the rarest are one group."""
    codes = np.where(grouping.codes == grouping.missing, -1, grouping.codes) if grouping.missing else grouping.codes
    order = np.argsort(-np.bincount(codes[codes >= 0], minlength=len(grouping)), kind="stable")
    if len(order) <= MOST_LEVELS:
        return codes, grouping.ordered
    place = np.full(len(order) + 1, MOST_LEVELS - 1)
    place[order[: MOST_LEVELS - 1]] = np.arange(MOST_LEVELS - 1)
    place[-1] = -1  # where there is no value
    return np.asarray(place[codes]), False


def label_differences(frame: pd.DataFrame, schema: Schema, config: AnalysisConfig) -> dict[str, LabelDifference]:
    """Return, by column, the group whose label differs most; none without a label that has rates.

    The group is the one that surely differs most: whose interval lies farthest from 0, or reaches least beyond it. Of
    two groups the smaller one is named.
    """
    label = schema.label
    outcomes = () if label is None else outcomes_of(frame[label.name], label, [])
    if label is None or not outcomes:
        return {}
    labelled = frame[label.name].notna().to_numpy()
    has = np.stack([outcome.has[labelled] for outcome in outcomes], axis=1)
    names = tuple(outcome.name for outcome in outcomes)
    found = {}
    for column in schema:
        if column is label or not _has_groups(column):
            continue
        grouping = group_column(frame[column.name], column)
        if np.count_nonzero(np.bincount(grouping.codes[labelled])) > 1 and len(grouping) * len(frame) <= MOST_CELLS:
            found[column.name] = _largest_difference(grouping, grouping.codes[labelled], has, names, config)
    return found


def _largest_difference(
    grouping: Grouping, codes: IntArray, has: BoolArray, outcomes: tuple[str, ...], config: AnalysisConfig
) -> LabelDifference:
    n = np.bincount(codes, minlength=len(grouping))[:, None]
    count = np.stack([np.bincount(codes[each], minlength=len(grouping)) for each in has.T], axis=1)
    others, count_of_others = n.sum() - n, count.sum(axis=0) - count
    compared = np.count_nonzero(n) * len(outcomes)
    level = 1 - (1 - config.confidence) / compared
    low, high = newcombe_difference(count, n, count_of_others, others, level)
    surely = np.where(n > 0, np.maximum(low, -high), -np.inf).round(9)
    best = np.lexsort((np.broadcast_to(n, low.shape).ravel(), -surely.ravel()))[0]
    group, outcome = np.unravel_index(best, low.shape)
    rate = count[group, outcome] / max(int(n[group, 0]), 1)
    difference = rate - count_of_others[group, outcome] / max(int(others[group, 0]), 1)
    return LabelDifference(
        outcome=outcomes[outcome],
        group=grouping.labels[group],
        n=int(n[group, 0]),
        rate=float(rate),
        difference=float(difference),
        ci=Interval(float(low[group, outcome]), float(high[group, outcome]), level),
    )
