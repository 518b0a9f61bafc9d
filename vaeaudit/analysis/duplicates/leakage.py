"""Leakage: rows of one split that have a copy in another, so that what is learned there is tested here."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from vaeaudit.analysis.duplicates.results import Leak
from vaeaudit.outputs.row_pairs import RowPairs, Rows
from vaeaudit.statistics.intervals import wilson
from vaeaudit.statistics.measures import Interval


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
    exact, near = (_rows_per_split(group, codes, len(names)) for group in (pairs.first, components(pairs)))
    sizes = np.bincount(codes[codes >= 0], minlength=len(names))
    leaks = []
    for one, other in combinations(np.flatnonzero(sizes), 2):
        larger, smaller = (one, other) if sizes[one] >= sizes[other] else (other, one)
        n_rows = int(sizes[smaller])
        equal = int(exact[exact[:, larger] > 0, smaller].sum())
        alike = int(near[near[:, larger] > 0, smaller].sum())
        low, high = wilson(alike, n_rows, confidence)
        leaks.append(
            Leak(
                split=names[smaller],
                other=names[larger],
                n=n_rows,
                exact=equal,
                near=alike - equal,
                share=alike / n_rows,
                ci=Interval(float(low), float(high), confidence),
                other_rows=int(near[near[:, smaller] > 0, larger].sum()),
            )
        )
    return tuple(sorted(leaks, key=lambda leak: (-leak.exact, -leak.near)))


def components(pairs: RowPairs) -> Rows:
    """Return for each row [N] the number of its group: rows tied by equality or by near pairs, one after another."""
    n_rows = len(pairs)
    edges = np.concatenate([np.stack([pairs.first, np.arange(n_rows)], axis=1), pairs.near])
    graph = coo_array((np.ones(len(edges), bool), (edges[:, 0], edges[:, 1])), shape=(n_rows, n_rows))
    _, group = connected_components(graph, directed=False)
    return np.asarray(group, np.int64)


def _rows_per_split(group: Rows, codes: npt.NDArray[np.int64], n_splits: int) -> npt.NDArray[np.int64]:
    """Return [groups of several rows, splits]; how many rows of each split each group holds."""
    _, group, sizes = np.unique(group, return_inverse=True, return_counts=True)
    several = np.flatnonzero(sizes > 1)
    place = np.full(len(sizes), -1)
    place[several] = np.arange(len(several))
    counted = (place[group] >= 0) & (codes >= 0)
    table = np.zeros((len(several), n_splits), np.int64)
    np.add.at(table, (place[group[counted]], codes[counted]), 1)
    return table
