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
    tail_scales,
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


def test_tails_of_a_true_model_have_a_scale_of_about_one_and_never_less() -> None:
    generator = np.random.default_rng(0)
    scale = tail_scales(np.stack([generator.exponential(each, 20_000) for each in (0.2, 0.6, 1.0)], axis=1))
    np.testing.assert_allclose(scale, 1, atol=0.15)
    assert (scale[:2] == 1).all()


@pytest.mark.parametrize("heavier", [1.5, 3.0, 8.0])
def test_tails_that_are_heavier_are_scaled_by_as_much(heavier: float) -> None:
    tail_nats = np.random.default_rng(1).exponential(heavier, (50_000, 1))
    assert tail_scales(tail_nats)[0] == pytest.approx(heavier, rel=0.12)


def test_a_column_of_which_only_the_far_tail_is_heavy_is_scaled_for_that() -> None:
    generator = np.random.default_rng(2)
    tail_nats = generator.exponential(size=(20_000, 1))
    tail_nats[:100] = 25.0
    assert tail_scales(tail_nats)[0] == pytest.approx(25 / -np.log(0.002), rel=0.01)


def test_a_few_wrong_cells_do_not_hide_themselves() -> None:
    generator = np.random.default_rng(3)
    tail_nats = generator.exponential(size=(20_000, 1))
    tail_nats[:15] = 40.0
    p_value = cell_p_values(tail_nats, tail_scales(tail_nats))[:, 0]
    np.testing.assert_array_equal(np.flatnonzero(suspicious(p_value, 20_000, fdr=0.05)), np.arange(15))


def test_of_few_rows_no_share_of_a_tail_can_be_seen() -> None:
    tail_nats = np.full((99, 2), 50.0)
    np.testing.assert_array_equal(tail_scales(tail_nats), [1, 1])
    assert (tail_scales(np.full((100, 2), 50.0)) > 1).all()
    assert tail_scales(np.zeros((0, 3))).tolist() == [1, 1, 1]


@pytest.mark.parametrize("heavier", [0.5, 1.0, 3.0])
def test_clean_cells_reach_a_p_value_hardly_more_often_than_it_says(heavier: float) -> None:
    generator = np.random.default_rng(4)
    scale = tail_scales(generator.exponential(heavier, (20_000, 1)))
    p_value = cell_p_values(generator.exponential(heavier, (200_000, 1)), scale)
    for level in (1e-2, 1e-3, 1e-4):
        assert np.mean(p_value <= level) < 1.3 * level + 3 * np.sqrt(level / 200_000)


@given(hnp.arrays(np.float64, (6, 2), elements=st.floats(0, 1e4)))
def test_a_more_surprising_cell_is_never_more_probable(tail_nats: np.ndarray) -> None:
    p_value = cell_p_values(np.sort(tail_nats, axis=0), np.array([1.0, 4.0]))
    assert np.all((p_value > 0) & (p_value <= 1))
    assert np.all(np.diff(p_value, axis=0) <= 0)


def test_p_values_are_those_of_an_exponential_of_the_columns_scale() -> None:
    found = cell_p_values(np.array([[2.0, 2.0], [-1.0, 900.0]]), np.array([1.0, 4.0]))
    np.testing.assert_allclose(found, [[np.exp(-2), np.exp(-0.5)], [1, np.exp(-225)]])
    assert cell_p_values(np.array([1e6]), np.array([1.0])) > 0


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
