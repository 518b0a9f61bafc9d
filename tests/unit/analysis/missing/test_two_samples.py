from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vaeaudit.analysis.missing.two_samples import TwoSamples

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
