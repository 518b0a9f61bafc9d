from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaeaudit.analysis.duplicates import expected_equal_pairs, find_duplicates
from vaeaudit.data.schema import Column, Kind, Role, Schema


def test_planted_copies_are_found_largest_group_first(build):
    values = np.concatenate([np.arange(100.0), [3.0, 3.0, 7.0]])
    inputs = build({"x": (values, Kind.REAL)}, np.zeros((103, 1)))
    found = find_duplicates(inputs.frame, inputs.schema, inputs.row_ids)
    assert (found.groups, found.rows_in_groups) == (2, 5)
    assert found.largest == (("row-3", 3), ("row-7", 2))


def test_the_id_and_identifiers_do_not_make_copies_different(build):
    table = {
        "id": ([f"p{k}" for k in range(6)], Kind.IDENTIFIER, Role.ID),
        "token": ([f"t{k}" for k in range(6)], Kind.IDENTIFIER),
        "x": ([1.0, 1.0, 2.0, 3.0, 4.0, 5.0], Kind.REAL),
    }
    inputs = build(table, np.zeros((6, 1)))
    assert find_duplicates(inputs.frame, inputs.schema, inputs.row_ids).rows_in_groups == 2


def test_missing_equals_missing_and_text_is_compared_too(build):
    table = {"x": ([np.nan, np.nan, np.nan], Kind.REAL), "note": (["a", "a", "b"], Kind.TEXT)}
    inputs = build(table, np.zeros((3, 1)))
    assert find_duplicates(inputs.frame, inputs.schema, inputs.row_ids).largest == (("row-0", 2),)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from([0.0, -0.0, 1.0, None]), st.sampled_from(["a", "b", None])), max_size=30))
def test_the_groups_are_those_of_counting_rows_one_by_one(rows):
    frame = pd.DataFrame(
        {
            "x": pd.Series([np.nan if x is None else x for x, _ in rows], dtype=np.float64),
            "c": pd.Series(pd.Categorical([c for _, c in rows], categories=["a", "b"])),
        }
    )
    schema = Schema((Column("x", Kind.REAL), Column("c", Kind.CATEGORY, levels=("a", "b"))))
    found = find_duplicates(frame, schema, np.array([str(k) for k in range(len(rows))], dtype=object))
    counts: dict[tuple[object, object], int] = {}
    for row in rows:
        counts[row] = counts.get(row, 0) + 1
    repeated = [count for count in counts.values() if count > 1]
    assert (found.groups, found.rows_in_groups) == (len(repeated), sum(repeated))


def test_chance_copies_are_as_many_as_independent_columns_give():
    rng = np.random.default_rng(0)
    n_rows, pairs = 400, []
    for _ in range(30):
        frame = pd.DataFrame({"a": rng.integers(0, 20, n_rows), "b": rng.integers(0, 30, n_rows)})
        sizes = frame.value_counts().to_numpy()
        pairs.append((sizes * (sizes - 1) / 2).sum() / expected_equal_pairs(frame))
    assert np.mean(pairs) == pytest.approx(1, abs=0.1)


def test_a_column_of_distinct_values_makes_equal_rows_impossible():
    assert expected_equal_pairs(pd.DataFrame({"x": np.arange(10.0)})) == 0
    assert expected_equal_pairs(pd.DataFrame({"x": [1.0]})) == 0


def test_a_table_of_nothing_but_an_id_has_no_copies(build):
    inputs = build({"id": (["a", "a", "b"], Kind.IDENTIFIER, Role.ID)}, np.zeros((3, 1)))
    assert find_duplicates(inputs.frame, inputs.schema, inputs.row_ids).groups == 0
