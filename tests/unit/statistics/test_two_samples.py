from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from vaeaudit.statistics.two_samples import (
    OneSample,
    TwoSamples,
    pair_cells,
    rows_to_collect,
    rows_to_reach,
    triple_expectation,
)

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
    cells = OneSample(np.array([3.0, 0.0]), np.array([7.5, 2.0]), None, None)
    assert cells.lower_tail() == pytest.approx(stats.poisson.cdf([3, 0], [7.5, 2.0]))


def test_a_cell_that_takes_in_all_trials_is_never_short():
    cells = OneSample(np.array([40.0]), np.array([4.0]), np.array([40.0]), np.array([0.1]))
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
    cells = OneSample(observed, expected, trials and np.full(8, trials), trials and expected / trials)
    _, high = cells.ratio_interval(0.9)
    assert ((high < 1) == (cells.lower_tail() < 0.05)).all()
    assert cells.ratio_upper(0.9).tolist() == high.tolist()


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


RATIOS = st.tuples(st.floats(0, 0.79), st.floats(0, 0.79)).map(sorted)


@given(RATIOS, st.floats(1, 1e4), st.floats(1.05, 50))
def test_as_many_rows_reach_the_goal_as_they_raise_what_is_expected_and_one_less_does_not(
    bounds: list[float], expected: float, times: float
) -> None:
    low, high = bounds
    total = times * expected
    for ratio, rows in zip((high, low), rows_to_collect(0.8, expected, (low, high), total), strict=True):
        goal = 0.8 * expected * (total + rows) / total
        assert ratio * expected + rows >= goal - 1e-6 * expected
        assert rows == 1 or ratio * expected + rows - 1 < 0.8 * expected * (total + rows - 1) / total + 1e-6


def test_a_fixed_expectation_is_simply_filled() -> None:
    assert rows_to_collect(0.8, 100.0, (0.1, 0.3), None) == (50, 70)


@pytest.mark.parametrize("total", [None, 1_000.0])
def test_at_least_one_row_is_asked_for(total: float | None) -> None:
    assert rows_to_collect(0.8, 100.0, (0.8, 0.9), total) == (1, 1)


COUNTS = st.tuples(st.integers(0, 60), st.integers(1, 60), st.integers(0, 200), st.integers(0, 200))


def cell(observed: float, reference: float, n_observed: float, n_reference: float) -> TwoSamples:
    return TwoSamples(np.array([float(observed)]), np.array([float(reference)]), n_observed, n_reference)


@given(COUNTS)
def test_the_tail_is_that_of_a_binomial_given_the_rows_of_both(counts: tuple[int, int, int, int]) -> None:
    a, b, more, other = counts
    n_a, n_b = a + more + 1, b + other
    expected = stats.binom.cdf(a, a + b, n_a / (n_a + n_b))
    assert cell(a, b, n_a, n_b).lower_tail()[0] == pytest.approx(expected, rel=1e-9, abs=1e-300)


@given(COUNTS, st.floats(0.8, 0.999))
def test_the_interval_holds_the_ratios_that_two_exact_tests_do_not_reject(
    counts: tuple[int, int, int, int], level: float
) -> None:
    a, b, more, other = counts
    n_a, n_b = a + more + 1, b + other
    low, high = (float(bound[0]) for bound in cell(a, b, n_a, n_b).ratio_interval(level))
    assert low <= (a / n_a) / (b / n_b) <= high
    chances = [ratio * n_a / (ratio * n_a + n_b) for ratio in (low, high)]
    tail = (1 - level) / 2
    assert stats.binom.sf(a - 1, a + b, chances[0]) == pytest.approx(tail if a else 1.0, rel=1e-6)
    assert stats.binom.cdf(a, a + b, chances[1]) == pytest.approx(tail, rel=1e-6)


def test_the_upper_end_is_finite_where_only_the_reference_has_rows_and_open_where_only_the_table_has() -> None:
    _, high = cell(0, 12, 100, 100).ratio_interval(0.95)
    assert 0 < high[0] < 1
    _, high = cell(12, 0, 100, 100).ratio_interval(0.95)
    assert np.isinf(high[0])


def test_as_many_rows_are_expected_as_the_share_of_the_reference_gives() -> None:
    assert cell(3, 20, 500, 1_000).expected[0] == 10


@given(COUNTS)
def test_the_scan_statistic_is_a_likelihood_ratio_of_two_shares_to_one(counts: tuple[int, int, int, int]) -> None:
    a, b, more, other = counts
    n_a, n_b = a + more + 1, b + other
    outside = n_a + n_b - a - b

    def log_likelihood(successes: int, trials: int, share: float) -> float:
        return float(stats.binom.logpmf(successes, trials, share)) if trials else 0.0

    one = n_a / (n_a + n_b)
    rest = (n_a - a) / outside if outside else 0.0
    gain = (
        log_likelihood(a, a + b, a / (a + b))
        + log_likelihood(n_a - a, outside, rest)
        - log_likelihood(a, a + b, one)
        - log_likelihood(n_a - a, outside, one)
    )
    short = a * (n_a + n_b) < (a + b) * n_a
    assert cell(a, b, n_a, n_b).scan_statistic()[0] == pytest.approx(gain if short else 0.0, abs=1e-7)
