from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaeaudit.data.encoding.row_cells import Cells, agreement, cells_of, first_of_equal_rows
from vaeaudit.data.schema.columns import Column, Kind, Role, Schema


def first(inputs):
    return first_of_equal_rows(inputs.frame, inputs.schema).tolist()


def test_the_id_identifiers_and_the_split_do_not_make_copies_different(build):
    table = {
        "id": ([f"p{k}" for k in range(4)], Kind.IDENTIFIER, Role.ID),
        "token": ([f"t{k}" for k in range(4)], Kind.IDENTIFIER),
        "part": (["train", "test", "train", "test"], Kind.CATEGORY, Role.SPLIT),
        "x": ([1.0, 1.0, 2.0, 3.0], Kind.REAL),
    }
    assert first(build(table, np.zeros((4, 1)))) == [0, 0, 2, 3]


def test_missing_equals_missing_and_text_is_compared_too(build):
    table = {"x": ([np.nan, np.nan, np.nan], Kind.REAL), "note": (["a", "a", "b"], Kind.TEXT)}
    assert first(build(table, np.zeros((3, 1)))) == [0, 0, 2]


def test_a_table_of_nothing_but_an_id_has_no_copies(build):
    assert first(build({"id": (["a", "a", "b"], Kind.IDENTIFIER, Role.ID)}, np.zeros((3, 1)))) == [0, 1, 2]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from([0.0, -0.0, 1.0, None]), st.sampled_from(["a", "b", None])), max_size=30))
def test_the_first_of_equal_rows_is_that_of_comparing_rows_one_by_one(rows):
    frame = pd.DataFrame(
        {
            "x": pd.Series([np.nan if x is None else x for x, _ in rows], dtype=np.float64),
            "c": pd.Series(pd.Categorical([c for _, c in rows], categories=["a", "b"])),
        }
    )
    schema = Schema((Column("x", Kind.REAL), Column("c", Kind.CATEGORY, levels=("a", "b"))))
    assert first_of_equal_rows(frame, schema).tolist() == [rows.index(row) for row in rows]


def test_numbers_are_compared_in_standard_deviations_that_one_huge_value_does_not_stretch(build):
    values = np.concatenate([np.random.default_rng(0).normal(50, 4, 500), [1e308, -1e308]])
    inputs = build({"x": (values, Kind.REAL)}, np.zeros((502, 1)))
    cells = cells_of(inputs.frame, inputs.schema)
    assert cells.numbers[:500].std() == pytest.approx(1, abs=0.05)
    assert np.isfinite(cells.numbers[:500]).all()


def test_date_times_are_numbers_and_columns_of_one_value_do_no_harm(build):
    table = {
        "since": (["2024-01-01", "2024-01-03", None], Kind.DATETIME),
        "x": ([7.0, 7.0, 7.0], Kind.REAL),
        "all_missing": ([np.nan] * 3, Kind.REAL),
    }
    inputs = build(table, np.zeros((3, 1)))
    cells = cells_of(inputs.frame, inputs.schema)
    assert cells.n_columns == 3
    apart = cells.differences(np.array([0, 0]), np.array([1, 2]))
    assert apart.tolist() == [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]


def test_agreement_is_the_share_of_pairs_that_agree():
    numbers = np.array([[0.0], [0.04], [1.0], [np.nan], [np.nan]])
    codes = np.array([[0], [0], [0], [1], [2]])
    assert agreement(Cells(numbers, codes), 0.05) == pytest.approx([2 / 10, 3 / 10])
    assert agreement(Cells(numbers, codes), 0.0) == pytest.approx([1 / 10, 3 / 10])
