"""Clusters of copies: which row of each is kept, and which ones copy it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.grouping.together import expected_equal_pairs, is_coarse, known_pairs, splits_of, together
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.outputs.record import BoolArray, FloatArray
from vaeaudit.outputs.row_pairs import Rows
from vaeaudit.statistics.measures import Count

#: Clusters that the results list, the largest ones, and dropped rows named of each; `duplicates.csv` has all.
MOST_CLUSTERS, MOST_NAMED = 20, 10


@dataclass(frozen=True)
class CopyCluster:
    """Rows tied by equality and by near pairs.

    `kept` is the id of the first in order, `dropped` those of the next ones, up to 10; `rows` counts all, and `exact`
    those that are equal to the first, itself included.
    """

    kept: str
    rows: Count
    exact: Count
    dropped: tuple[str, ...]


@dataclass(frozen=True)
class Clusters:
    """The clusters of N rows.

    Attributes
    ----------
    kept
        [N]; position of the first row of each row's cluster: its own where nothing before it is like it.
    exact
        [N]; whether the row is equal to that one.
    distance
        [N]; 0 where `exact`; else that of the nearest near pair of the row, or of one that it is equal to.
    expected_pairs, coarse
        As in `Duplicates`. Of a coarse table all rows are kept.
    """

    kept: Rows
    exact: BoolArray
    distance: FloatArray
    expected_pairs: float
    coarse: bool

    @property
    def dropped(self) -> Rows:
        """Positions of the rows that go if one of each cluster is kept."""
        return np.flatnonzero((self.kept != np.arange(len(self.kept))) & (not self.coarse))

    def duplicate_of(self, row_ids: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
        """Return the id of the row that each row [N] copies; None where it is kept."""
        copied = np.full(len(self.kept), None, object)
        copied[self.dropped] = row_ids[self.kept[self.dropped]].astype(str)
        return copied

    def largest(self, row_ids: npt.NDArray[np.object_]) -> tuple[CopyCluster, ...]:
        """List the largest clusters; none of a coarse table."""
        sizes = np.bincount(self.kept[self.dropped], minlength=len(self.kept))
        heads = np.flatnonzero(sizes)
        heads = heads[np.argsort(-sizes[heads], kind="stable")][:MOST_CLUSTERS]
        return tuple(self._cluster(int(head), row_ids) for head in heads)

    def _cluster(self, head: int, row_ids: npt.NDArray[np.object_]) -> CopyCluster:
        rows = np.flatnonzero(self.kept == head)
        named = tuple(str(row_ids[row]) for row in rows[1 : MOST_NAMED + 1])
        return CopyCluster(str(row_ids[head]), len(rows), int(self.exact[rows].sum()), named)


def find_clusters(inputs: AuditInputs) -> Clusters:
    """Join the exact and near pairs of the rows (see `known_pairs`) to clusters."""
    pairs = known_pairs(inputs)
    _, heads, place = np.unique(together(pairs), return_index=True, return_inverse=True)
    kept = np.asarray(heads[place], np.int64)
    nearest = np.full(len(pairs), np.inf)
    for side in pairs.near.T:
        np.minimum.at(nearest, side, pairs.distance)
    exact = pairs.first == pairs.first[kept]
    of_cells = pairs.basis == "cells"
    expected = expected_equal_pairs(inputs.frame, inputs.schema, pairs.first) if of_cells else 0.0
    return Clusters(
        kept=kept,
        exact=exact,
        distance=np.where(exact, 0.0, nearest[pairs.first]),
        expected_pairs=expected,
        coarse=of_cells and is_coarse(pairs.first, expected),
    )


def duplicates_table(inputs: AuditInputs, clusters: Clusters) -> pd.DataFrame:
    """Return all rows of all clusters, cluster by cluster in the order of the data, as `duplicates.csv` holds them.

    Parameters
    ----------
    inputs, clusters
        The rows, and what `find_clusters` gave for them.
    """
    sizes = np.bincount(clusters.kept, minlength=len(clusters.kept))
    rows = np.flatnonzero(sizes[clusters.kept] > 1)
    rows = rows[np.argsort(clusters.kept[rows], kind="stable")]
    heads, number = np.unique(clusters.kept[rows], return_inverse=True)
    splits = splits_of(inputs)
    keep = np.isin(rows, clusters.dropped, invert=True)
    return pd.DataFrame(
        {
            "cluster": number + 1,
            "row_id": inputs.row_ids[rows].astype(str).astype(object),
            "keep": np.where(keep, "true", "false"),
            "copy": np.where(rows == heads[number], "", np.where(clusters.exact[rows], "exact", "near")),
            "distance": clusters.distance[rows],
            "duplicate_of": pd.array(clusters.duplicate_of(inputs.row_ids)[rows], dtype="string"),
            "split": "" if splits is None else splits.iloc[rows].astype(object).fillna("").astype(str).to_numpy(),
        }
    )
