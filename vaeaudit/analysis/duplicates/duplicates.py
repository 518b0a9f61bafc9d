"""Rows that occur more than once, as results: groups of equal rows, near pairs, leakage between splits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Ge

from vaeaudit.analysis.duplicates.clusters import Clusters, CopyCluster, find_clusters
from vaeaudit.analysis.grouping.together import known_pairs, splits_of, together
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.data.encoding.features import codes_of, compared_columns
from vaeaudit.data.schema.columns import Schema
from vaeaudit.outputs.record import IntArray
from vaeaudit.outputs.row_pairs import Basis, RowPairs, Rows
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.statistics.measures import Count, Interval, NonNegative, Share

#: More copies than this share of the rows let the same facts count twice in training and in testing.
MOST_COPIES = 0.01
#: Largest groups of equal rows that are listed.
MOST_GROUPS = 20


@dataclass(frozen=True)
class DuplicatePair:
    """Two rows that are equal (`exact`), or nearly so at a `distance` (see `vaeaudit.outputs.row_pairs`).

    `splits` are those of the two rows, None where a row has none; `differs` names the columns whose cells differ.
    """

    rows: tuple[str, str]
    positions: tuple[Count, Count]
    exact: bool
    distance: NonNegative
    splits: tuple[str | None, str | None]
    differs: tuple[str, ...]


@dataclass(frozen=True)
class Leak:
    """How many of the `n` rows of a split have an exact, or else a near copy in another, larger split.

    `share` counts both, with interval `ci`; `other_rows` are the rows of the larger split that are copied.
    """

    split: str
    other: str
    n: Annotated[int, Ge(1)]
    exact: Count
    near: Count
    share: Share
    ci: Interval
    other_rows: Count


@dataclass(frozen=True)
class EqualRows:
    """A group of equal rows: the id of the first, and how many they are."""

    row_id: str
    rows: Count


@dataclass(frozen=True)
class Duplicates:
    """Rows that occur more than once, exactly (over all columns but id and split, or pixel for pixel) or nearly.

    Attributes
    ----------
    rows_in_groups, groups
        Rows that are equal to another, and groups of equal rows.
    largest
        The largest groups.
    expected_pairs
        Pairs of equal rows that chance would give.
    coarse
        Whether the table has so few possible rows that equal ones are no copies; two equal pictures always are.
    clusters, rows_to_drop, largest_clusters
        Clusters that exact and near pairs join, the rows that go if one of each is kept, and the largest of them. A
        coarse table has none.
    basis
        What rows were compared by: `cells` or `pixels`.
    searched
        Whether near duplicates were looked for.
    near_pairs, near_rows
        Near pairs found, and rows in them.
    pairs
        Exact and near pairs that are listed, pairs across splits first.
    chances
        Sort of altered copy -> share of such copies that would have been found here.
    look_alikes
        Rows as near to another as a copy would be, in a place where ordinary neighbours are as near: not listed.
    set_aside
        Pictures too plain to be compared.
    splits, without_split
        Split -> its rows, where splits were declared; rows without one.
    leakage
        For each pair of splits, how much of the smaller one occurs in the larger one.
    """

    rows_in_groups: Count
    groups: Count
    largest: tuple[EqualRows, ...]
    expected_pairs: NonNegative = 0.0
    coarse: bool = False
    clusters: Count = 0
    rows_to_drop: Count = 0
    largest_clusters: tuple[CopyCluster, ...] = ()
    basis: Basis = "cells"
    searched: bool = False
    near_pairs: Count = 0
    near_rows: Count = 0
    pairs: tuple[DuplicatePair, ...] = ()
    chances: Mapping[str, Share] = field(default_factory=dict)
    look_alikes: Count = 0
    set_aside: Count = 0
    splits: Mapping[str, Count] = field(default_factory=dict)
    without_split: Count = 0
    leakage: tuple[Leak, ...] = ()


def summarise_duplicates(inputs: AuditInputs, *, confidence: float, clusters: Clusters | None = None) -> Duplicates:
    """Sum up which rows occur more than once.

    Parameters
    ----------
    inputs
        Where the run did not look for pairs, equal rows of a table are found from the frame, and nothing is said
        about near ones.
    confidence
        Level of the intervals of leakage.
    clusters
        What `find_clusters` gave for the same rows, where the caller needs it too; None to find them.
    """
    pairs = known_pairs(inputs)
    clusters = find_clusters(inputs) if clusters is None else clusters
    sizes = np.bincount(pairs.first, minlength=len(pairs))
    heads = np.flatnonzero(sizes > 1)
    order = heads[np.lexsort((heads, -sizes[heads]))][:MOST_GROUPS]
    splits = splits_of(inputs)
    return Duplicates(
        rows_in_groups=int(sizes[heads].sum()),
        groups=len(heads),
        largest=tuple(EqualRows(str(inputs.row_ids[head]), int(sizes[head])) for head in order),
        expected_pairs=clusters.expected_pairs,
        coarse=clusters.coarse,
        clusters=len(np.unique(clusters.kept[clusters.dropped])),
        rows_to_drop=len(clusters.dropped),
        largest_clusters=clusters.largest(inputs.row_ids),
        basis=pairs.basis,
        near_pairs=pairs.near_found,
        near_rows=_near_rows(pairs),
        pairs=tuple(_pair(pair, pairs, inputs, splits) for pair in pairs.listed),
        searched=inputs.pairs is not None,
        chances=dict(pairs.chances),
        look_alikes=pairs.look_alikes,
        set_aside=pairs.set_aside,
        splits={} if splits is None else {str(name): int(n) for name, n in splits.value_counts(sort=False).items()},
        without_split=0 if splits is None else int(splits.isna().sum()),
        leakage=() if splits is None else measure_leakage(pairs, splits, confidence=confidence),
    )


def _near_rows(pairs: RowPairs) -> int:
    """Count the rows in near pairs, those that are equal to one of them included."""
    involved = np.zeros(len(pairs), bool)
    involved[pairs.near] = True
    return int(involved[pairs.first].sum())


def _pair(pair: Rows, pairs: RowPairs, inputs: AuditInputs, splits: pd.Series | None) -> DuplicatePair:
    left, right = (int(row) for row in pair)
    exact = bool(pairs.first[left] == pairs.first[right])
    found = np.flatnonzero((pairs.near == pair).all(axis=1))
    values = (None, None) if splits is None else (splits.iloc[left], splits.iloc[right])
    one, other = (None if pd.isna(value) else str(value) for value in values)
    return DuplicatePair(
        rows=(str(inputs.row_ids[left]), str(inputs.row_ids[right])),
        positions=(left, right),
        exact=exact,
        distance=0.0 if exact else float(pairs.distance[found[0]]),
        splits=(one, other),
        differs=() if exact or pairs.basis == "pixels" else differing_columns(inputs.frame, inputs.schema, pair),
    )


def differing_columns(frame: pd.DataFrame, schema: Schema, pair: IntArray) -> tuple[str, ...]:
    """Return the columns in which two rows differ, of those that copies are compared by.

    Parameters
    ----------
    frame, schema, pair
        [N] rows and their columns; positions of the two.
    """
    names = [column.name for column in compared_columns(frame, schema)]
    return tuple(name for name in names if len(np.unique(codes_of(frame[name].iloc[pair]))) > 1)


def measure_leakage(pairs: RowPairs, splits: pd.Series, *, confidence: float) -> tuple[Leak, ...]:
    """Count, for each pair of splits, the rows of the smaller one that have a copy in the larger one.

    A near copy of a copy counts as a near copy. Rows without a split take no part.

    Parameters
    ----------
    pairs
        Equal and near rows among all N.
    splits
        [N] Categorical; the split of each row.
    confidence
        Level of the intervals (Wilson).

    Returns
    -------
    tuple of Leak
        Pairs of splits that both have rows, most exact copies first, then most near ones.
    """
    codes = np.asarray(splits.cat.codes, np.int64)
    names = [str(name) for name in splits.cat.categories]
    exact, near = (_rows_per_split(group, codes, len(names)) for group in (pairs.first, together(pairs)))
    sizes = np.bincount(codes[codes >= 0], minlength=len(names))
    leaks = []
    for one, other in combinations(np.flatnonzero(sizes), 2):
        larger, smaller = (one, other) if sizes[one] >= sizes[other] else (other, one)
        n_rows = int(sizes[smaller])
        equal = int(exact[exact[:, larger] > 0, smaller].sum())
        alike = int(near[near[:, larger] > 0, smaller].sum())
        leaks.append(
            Leak(
                split=names[smaller],
                other=names[larger],
                n=n_rows,
                exact=equal,
                near=alike - equal,
                share=alike / n_rows,
                ci=share_interval(alike, n_rows, confidence),
                other_rows=int(near[near[:, smaller] > 0, larger].sum()),
            )
        )
    return tuple(sorted(leaks, key=lambda leak: (-leak.exact, -leak.near)))


def _rows_per_split(group: Rows, codes: Rows, n_splits: int) -> Rows:
    """Return [groups, splits]; how many rows of each split each group of several rows holds."""
    _, group, sizes = np.unique(group, return_inverse=True, return_counts=True)
    counted = (sizes[group] > 1) & (codes >= 0)
    table = np.zeros((len(sizes), n_splits), np.int64)
    np.add.at(table, (group[counted], codes[counted]), 1)
    return table
