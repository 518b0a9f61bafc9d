from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.analysis.grouping.together import expected_equal_pairs, is_coarse, rows_together, together
from vaeaudit.data.encoding.features import first_of_equal_rows
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.outputs.row_pairs import RowPairs


def pairs(first, near=()):
    near = np.array(near, np.int64).reshape(-1, 2)
    return RowPairs(np.array(first, np.int64), near, np.zeros(len(near)), near, len(near), 0, 0, "cells")


def expected(inputs):
    first = first_of_equal_rows(inputs.frame, inputs.schema)
    found = expected_equal_pairs(inputs.frame, inputs.schema, first)
    return found, is_coarse(first, found)


def test_rows_are_tied_by_equality_by_near_pairs_and_by_groups_in_turn():
    component = together(pairs([0, 0, 2, 3, 4, 5], near=[[0, 2], [2, 3]]), [np.array([-1, -1, -1, 7, 7, -1])])
    assert len(set(component[:5])) == 1
    assert component[5] != component[0]
    assert len(set(together(pairs([0, 1, 2]), [np.array([-1, -1, -1])]))) == 3


def test_chance_copies_are_as_many_as_independent_columns_give(build):
    rng = np.random.default_rng(0)
    n_rows, ratios = 400, []
    for _ in range(30):
        table = {name: (rng.integers(0, most, n_rows), Kind.COUNT) for name, most in (("a", 20), ("b", 30))}
        inputs = build(table, np.zeros((n_rows, 1)))
        sizes = inputs.frame.value_counts().to_numpy()
        ratios.append((sizes * (sizes - 1) / 2).sum() / expected(inputs)[0])
    assert np.mean(ratios) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("values", [np.arange(10.0), np.array([1.0])])
def test_a_column_of_distinct_values_makes_equal_rows_impossible(build, values):
    assert expected(build({"x": (values, Kind.REAL)}, np.zeros((len(values), 1)))) == (0.0, False)


def test_columns_that_follow_from_a_few_make_equal_rows_likely(build):
    rng = np.random.default_rng(1)
    base = rng.integers(0, 6, (1_000, 2))
    table = {f"x{place}": ((base[:, place % 2] * (place + 3)) % 7, Kind.COUNT) for place in range(20)}
    chance, coarse = expected(build(table, np.zeros((1_000, 1))))
    assert chance > 1_000
    assert coarse


def test_a_table_that_is_there_twice_is_not_coarse_though_an_undeclared_id_differs(build):
    rng = np.random.default_rng(2)
    twice = np.concatenate([np.arange(200), np.arange(200)])
    table = {
        "number": (rng.permutation(5_000)[:400], Kind.COUNT),
        "x": (rng.normal(size=200)[twice], Kind.REAL),
        "c": (rng.integers(0, 4, 200)[twice], Kind.COUNT),
    }
    inputs = build(table, np.zeros((400, 1)))
    assert first_of_equal_rows(inputs.frame, inputs.schema).tolist() == [*range(200), *range(200)]
    assert not expected(inputs)[1]
    assert rows_together(inputs).tolist() == [*range(200), *range(200)]


def test_an_id_alone_makes_no_copies_of_the_rows_of_a_coarse_table(build):
    rng = np.random.default_rng(3)
    table = {f"c{place}": (rng.integers(0, 3, 500), Kind.COUNT) for place in range(4)}
    inputs = build({"number": (np.arange(500), Kind.COUNT), **table}, np.zeros((500, 1)))
    assert expected(inputs)[1]
    assert len(set(rows_together(inputs))) == 500


def test_groups_of_very_different_sizes_are_no_work_of_copying():
    often = np.repeat(np.arange(40), np.geomspace(2, 200, 40).astype(int))
    first = np.searchsorted(often, often)
    assert is_coarse(first, 0.0)
    drawn_anew = np.sort(np.random.default_rng(4).integers(0, 1_000, 1_500))
    assert not is_coarse(np.searchsorted(drawn_anew, drawn_anew), 0.0)


def test_rows_of_a_declared_group_lie_together_and_those_without_one_alone(build):
    table = {
        "x": ([1.0, 2.0, 3.0, 4.0, 5.0], Kind.REAL),
        "home": (["a", "b", "a", None, None], Kind.CATEGORY, Role.GROUP),
    }
    inputs = build(table, np.zeros((5, 1)))
    component = rows_together(inputs)
    assert component[0] == component[2]
    assert len(set(component)) == 4


@pytest.mark.parametrize("levels", [3, 40])
def test_equal_values_of_a_single_column_are_no_copies(build, levels):
    values = np.arange(120) % levels
    assert expected(build({"c": (values, Kind.COUNT)}, np.zeros((120, 1))))[1]
    names = {"c": (values, Kind.COUNT), "name": ([f"l{value}" for value in values], Kind.CATEGORY)}
    assert expected(build(names, np.zeros((120, 1))))[1] == (levels == 3)  # three copies of each of 40 rows could be
