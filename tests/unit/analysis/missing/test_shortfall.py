from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from vaeaudit.analysis.missing.shortfall import Cells, pair_cells, rows_to_reach, triple_expectation

TABLE = np.array([[2, 38], [98, 862]])
TOP_LEFT = np.array([[True, False]])


def test_a_pair_is_expected_as_often_as_its_margins_say():
    cells = pair_cells(TABLE, TOP_LEFT, TOP_LEFT)
    assert cells.observed.tolist() == [2]
    assert cells.expected == pytest.approx([40 * 100 / 1_000])


def test_the_lower_tail_of_a_pair_is_the_binomial_one_given_the_smaller_margin():
    cells = pair_cells(TABLE, TOP_LEFT, TOP_LEFT)
    assert cells.lower_tail() == pytest.approx([stats.binom.cdf(2, 40, 0.1)])


def test_the_lower_tail_without_trials_is_the_poisson_one():
    cells = Cells(np.array([3.0, 0.0]), np.array([7.5, 2.0]), None, None)
    assert cells.lower_tail() == pytest.approx(stats.poisson.cdf([3, 0], [7.5, 2.0]))


def test_a_cell_that_takes_in_all_trials_is_never_short():
    cells = Cells(np.array([40.0]), np.array([4.0]), np.array([40.0]), np.array([0.1]))
    assert cells.lower_tail().tolist() == [1]


def test_sets_of_groups_are_counted_together():
    joint = np.arange(12).reshape(3, 4)
    first, second = np.array([[True, True, False]]), np.array([[False, True, True, False]])
    cells = pair_cells(joint, first, second)
    assert cells.observed.tolist() == [1 + 2 + 5 + 6]
    assert cells.expected == pytest.approx([(6 + 22) * (15 + 18) / 66])


@pytest.mark.parametrize("trials", [None, 50.0])
def test_the_interval_of_the_ratio_agrees_with_the_test(trials):
    expected = np.full(8, 10.0)
    observed = np.arange(8.0)
    cells = Cells(observed, expected, trials and np.full(8, trials), trials and expected / trials)
    _, high = cells.ratio_interval(0.9)
    assert ((high < 1) == (cells.lower_tail() < 0.05)).all()


def test_a_triple_of_independent_columns_is_expected_as_the_product_of_its_margins():
    shares = [np.array([0.25, 0.75]), np.array([0.5, 0.5]), np.array([0.25, 0.75])]
    joint = np.round(np.multiply.outer(np.multiply.outer(shares[0], shares[1]), shares[2]) * 3_200).astype(np.int64)
    assert triple_expectation(joint) == pytest.approx(joint)


@pytest.mark.parametrize("pair", [(0, 1), (0, 2), (1, 2)])
def test_a_gap_between_two_columns_is_no_gap_between_three(pair):
    joint = np.full((2, 2, 2), 100)
    at = [slice(None)] * 3
    for axis in pair:
        at[axis] = 0
    joint[tuple(at)] = 10
    assert np.all(triple_expectation(joint) <= joint + 1e-9)


def test_a_gap_between_three_columns_is_expected_to_be_filled():
    joint = np.full((2, 2, 2), 1_000)
    joint[0, 0, 0] = 50
    assert triple_expectation(joint)[0, 0, 0] > 4 * 50


def test_an_empty_table_expects_nothing():
    assert np.all(triple_expectation(np.zeros((2, 3, 2), dtype=np.int64)) == 0)


@settings(deadline=None)
@given(st.integers(0, 300), st.integers(1, 400), st.integers(1, 400), st.integers(0, 2_000), st.floats(0.3, 0.95))
def test_the_rows_to_collect_are_the_fewest_that_reach_the_ratio(observed, first_only, second_only, neither, ratio):
    first, second = observed + first_only, observed + second_only
    total = first + second - observed + neither

    def reached(added):
        return (observed + added) * (total + added) >= ratio * (first + added) * (second + added) - 1e-6

    added = rows_to_reach(ratio, observed, (first, second), total)
    assert reached(added)
    assert added == 1 or not reached(added - 1 - 1e-6)


def test_a_full_ratio_is_reached_where_it_can_be():
    added = rows_to_reach(1.0, 10, (100, 200), 1_000)
    assert (10 + added) * (1_000 + added) >= (100 + added) * (200 + added)
    assert rows_to_reach(1.0, 0, (50, 50), 100) == 25
