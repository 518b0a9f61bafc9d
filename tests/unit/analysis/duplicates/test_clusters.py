from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.duplicates.clusters import duplicates_table, find_clusters
from vaeaudit.analysis.duplicates.duplicates import summarise_duplicates
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.outputs.row_pairs import RowPairs

FIRST, NEAR = np.array([0, 1, 0, 3, 3, 5]), np.array([[0, 3], [1, 5]])


@pytest.fixture
def inputs(build):
    """Rows 0, 2 equal, as are 3, 4; 0 and 3 nearly so, as are 1 and 5."""
    table = {
        "x": ([1.0, 2.0, 1.0, 1.1, 1.1, 2.5], Kind.REAL),
        "y": ([4.5, 7.25, 4.5, 4.5, 4.5, 7.25], Kind.REAL),
        "part": (["a", "a", "b", "b", None, "b"], Kind.CATEGORY, Role.SPLIT),
    }
    pairs = RowPairs(FIRST, NEAR, np.array([0.1, 0.2]), NEAR, 2, 0, 0, "pixels")
    return replace(build(table, np.zeros((6, 1))), pairs=pairs)


def test_exact_and_near_pairs_join_to_clusters_of_which_the_first_row_is_kept(inputs):
    clusters = find_clusters(inputs)
    assert clusters.kept.tolist() == [0, 1, 0, 0, 0, 1]
    assert clusters.duplicate_of(inputs.row_ids).tolist() == [None, None, "row-0", "row-0", "row-0", "row-1"]
    found = summarise_duplicates(inputs, confidence=0.95)
    assert (found.clusters, found.rows_to_drop) == (2, 4)
    largest, other = found.largest_clusters
    assert (largest.kept, largest.rows, largest.exact) == ("row-0", 4, 2)
    assert largest.dropped == ("row-2", "row-3", "row-4")
    assert (other.kept, other.dropped) == ("row-1", ("row-5",))


def test_the_table_lists_every_row_of_every_cluster(inputs):
    table = duplicates_table(inputs, find_clusters(inputs))
    assert table.columns.tolist() == ["cluster", "row_id", "keep", "copy", "distance", "duplicate_of", "split"]
    assert table["row_id"].tolist() == ["row-0", "row-2", "row-3", "row-4", "row-1", "row-5"]
    assert table["cluster"].tolist() == [1, 1, 1, 1, 2, 2]
    assert table["keep"].tolist() == ["true", "false", "false", "false", "true", "false"]
    assert table["copy"].tolist() == ["", "exact", "near", "near", "", "near"]
    assert table["distance"].tolist() == [0.0, 0.0, 0.1, 0.1, 0.0, 0.2]
    assert table["split"].tolist() == ["a", "b", "b", "", "a", "b"]


def test_of_a_coarse_table_equal_rows_are_listed_and_all_are_kept(build):
    inputs = build({"c": (np.arange(60) % 3, Kind.COUNT)}, np.zeros((60, 1)))
    clusters = find_clusters(inputs)
    table = duplicates_table(inputs, clusters)
    assert (len(table), set(table["keep"])) == (60, {"true"})
    assert table["duplicate_of"].isna().all()
    assert summarise_duplicates(inputs, confidence=0.95).rows_to_drop == 0


def test_all_clusters_are_in_the_table_though_the_results_list_some(build):
    values = np.tile(np.random.default_rng(0).normal(size=(90, 3)), (2, 1))
    inputs = build({f"x{place}": (column, Kind.REAL) for place, column in enumerate(values.T)}, np.zeros((180, 1)))
    assert duplicates_table(inputs, find_clusters(inputs))["cluster"].nunique() == 90
    assert len(summarise_duplicates(inputs, confidence=0.95).largest_clusters) == 20
