"""Which cells are suspicious: held against the tails of their columns, without those that only follow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vaeaudit.outputs.latents import CellExpectations
from vaeaudit.scoring.cells import (
    cell_p_values,
    consequences,
    find_cells,
    named_partner,
    suspicious,
    tail_quantiles,
)


def expectations(row: Any, column: Any, nats: Any, **changes: Any) -> CellExpectations:
    n_cells = len(row)
    values = {
        "row": np.asarray(row, np.int64),
        "column": np.asarray(column, np.int64),
        "nats": np.asarray(nats, np.float64),
        "low": np.zeros(n_cells),
        "high": np.ones(n_cells),
        "levels": np.full((n_cells, 3), -1),
        "covered": np.full(n_cells, 0.9),
        "p_missing": np.zeros(n_cells),
        "partner": np.full(n_cells, -1),
        "partner_nats": np.full(n_cells, np.nan),
        "p_value": np.ones(n_cells),
    }
    return CellExpectations(**{**values, **changes})


def p_of(tail_nats: Any, own: Any, *, is_number: bool = True) -> np.ndarray:
    """P-values of cells of one column beside its own cells [N]."""
    tail_nats, own = np.asarray(tail_nats, np.float64), np.asarray(own, np.float64)
    column = np.zeros(tail_nats.shape, np.int64)
    return cell_p_values(tail_nats, column, tail_quantiles(own[:, None]), len(own), is_number=np.array([is_number]))


def test_a_share_of_the_columns_own_cells_is_what_their_quantiles_say() -> None:
    found = tail_quantiles(np.arange(1001.0)[:, None])
    np.testing.assert_allclose(found[:, 0], [900, 950, 980])


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_clean_cells_reach_a_p_value_hardly_more_often_than_it_says(scale: float) -> None:
    generator = np.random.default_rng(4)
    p_value = p_of(generator.exponential(scale, 200_000), generator.exponential(scale, 20_000))
    for level in (1e-3, 1e-4):
        assert np.mean(p_value <= level) < 1.3 * level + 3 * np.sqrt(level / 200_000)


def test_lighter_tails_than_a_models_make_a_far_number_clearer_but_no_code() -> None:
    own = np.random.default_rng(0).exponential(0.4, 20_000)
    assert p_of([6.0], own)[0] < 1e-5
    assert p_of([6.0], own, is_number=False)[0] > 1e-4


def test_a_few_wrong_cells_do_not_hide_themselves() -> None:
    own = np.random.default_rng(3).exponential(size=20_000)
    own[:15] = 40.0
    np.testing.assert_array_equal(np.flatnonzero(suspicious(p_of(own, own), 20_000, fdr=0.05)), np.arange(15))


def test_of_few_rows_a_far_cell_says_less() -> None:
    own = np.random.default_rng(1).exponential(size=10_000)
    assert p_of([30.0], own[:60])[0] > 1e2 * p_of([30.0], own)[0]


@pytest.mark.parametrize("n_rows", [50, 200, 1000])
def test_clean_tables_of_any_size_seldom_have_a_suspicious_cell(n_rows: int) -> None:
    told = 0
    for seed in range(40):
        tail_nats = np.random.default_rng(seed).exponential(size=(n_rows, 20))
        p_value = cell_p_values(
            tail_nats, np.arange(20), tail_quantiles(tail_nats), n_rows, is_number=np.ones(20, dtype=bool)
        )
        told += bool(suspicious(p_value.ravel(), p_value.size, fdr=0.05).any())
    assert told <= 6


@given(hnp.arrays(np.float64, 6, elements=st.floats(0, 1e4)), st.booleans())
def test_a_more_surprising_cell_is_never_more_probable(tail_nats: np.ndarray, is_number: bool) -> None:
    p_value = p_of(np.sort(tail_nats), np.linspace(0, 5, 100), is_number=is_number)
    assert np.all((p_value > 0) & (p_value <= 1))
    assert np.all(np.diff(p_value) <= 0)


def test_nothing_looked_at_is_nothing_suspicious() -> None:
    assert not suspicious(np.zeros(0), 0, fdr=0.05).size


def test_cells_that_were_not_looked_at_count_among_those_tested() -> None:
    assert suspicious(np.array([0.04]), 1, fdr=0.05).all()
    assert not suspicious(np.array([0.04]), 100, fdr=0.05).any()


def test_a_cell_is_found_by_its_row_and_column() -> None:
    cells = expectations([4, 0, 4], [1, 2, 0], [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(
        find_cells(cells, np.array([[4, 4], [0, 1]]), np.array([[0, 1], [2, 2]]), 3), [[2, 0], [1, -1]]
    )
    assert find_cells(cells, np.array([9]), np.array([2]), 3) == -1  # beyond the last
    assert find_cells(expectations([], [], []), np.array([1]), np.array([1]), 3) == -1


def test_another_cell_is_named_where_it_alone_makes_most_of_the_surprise() -> None:
    cells = expectations(
        [0, 1, 2, 3],
        [0, 0, 0, 0],
        [10.0, 10.0, 1.5, 10.0],
        partner=np.array([1, 1, 1, -1]),
        partner_nats=np.array([2.0, 8.0, 0.7, np.nan]),
    )
    np.testing.assert_array_equal(named_partner(cells), [1, -1, -1, -1])


def test_the_first_column_may_be_named_and_half_the_surprise_or_one_nat_is_enough() -> None:
    cells = expectations(
        [0, 1, 2, 3],
        [1, 1, 1, 1],
        [10.0, 2.0, 10.0, 1.9],
        partner=np.array([0, 0, 0, 0]),
        partner_nats=np.array([5.0, 1.0, 5.01, 0.95]),
    )
    np.testing.assert_array_equal(named_partner(cells), [0, 0, -1, -1])


def test_what_follows_from_a_wrong_cell_is_told_from_two_that_contradict_each_other() -> None:
    # Row 0: pay (2) is wrong by itself, schooling (1) surprises beside it. Row 1: age (0) and work (1), either way.
    cells = expectations(
        [0, 0, 1, 1],
        [2, 1, 0, 1],
        [60.0, 8.0, 30.0, 25.0],
        partner=np.array([1, 2, 1, 0]),
        partner_nats=np.array([58.0, 0.2, 0.5, 0.4]),
    )
    np.testing.assert_array_equal(consequences(cells, 3), [1])


def test_what_follows_from_the_first_column_is_found_if_that_surprises_more() -> None:
    for surprise, found in ((9.0, [1]), (8.0, [])):
        cells = expectations(
            [0, 0],
            [0, 1],
            [surprise, 8.0],
            partner=np.array([-1, 0]),
            partner_nats=np.array([np.nan, 0.2]),
        )
        np.testing.assert_array_equal(consequences(cells, 3), found)
    assert consequences(expectations([], [], []), 3).size == 0
