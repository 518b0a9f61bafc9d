from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable

from vaeaudit.statistics.stratified import compare_within_strata

#: Two strata in which the first group is ahead by 10 points, and behind in all rows.
COUNT, N = np.array([18.0, 8]), np.array([20.0, 80])
OTHER_COUNT, OTHER_N = np.array([64.0, 0]), np.array([80.0, 20])


def test_the_difference_is_the_weighted_mean_over_strata():
    found = compare_within_strata(COUNT, N, OTHER_COUNT, OTHER_N, 0.95)
    weight = N * OTHER_N / (N + OTHER_N)
    assert found.difference == pytest.approx(((COUNT / N - OTHER_COUNT / OTHER_N) * weight).sum() / weight.sum())
    assert found.difference == pytest.approx(0.1)
    assert COUNT.sum() / N.sum() < OTHER_COUNT.sum() / OTHER_N.sum()
    assert found.low < found.difference < found.high
    assert found.strata == 2


def test_odds_and_tests_are_those_of_statsmodels():
    rng = np.random.default_rng(1)
    n, other_n = rng.integers(20, 60, 5).astype(float), rng.integers(20, 60, 5).astype(float)
    count, other_count = rng.binomial(n.astype(int), 0.6).astype(float), rng.binomial(other_n.astype(int), 0.4) * 1.0
    found = compare_within_strata(count, n, other_count, other_n, 0.95)
    table = StratifiedTable(np.array([[count, n - count], [other_count, other_n - other_count]]))
    assert found.odds_ratio == pytest.approx(table.oddsratio_pooled)
    assert (found.odds_low, found.odds_high) == pytest.approx(table.oddsratio_pooled_confint())
    assert found.p == pytest.approx(table.test_null_odds().pvalue)
    assert found.same_odds_p == pytest.approx(table.test_equal_odds(adjust=True).pvalue)


def test_one_stratum_is_the_difference_of_two_shares():
    found = compare_within_strata(np.array([30.0]), np.array([100.0]), np.array([50.0]), np.array([100.0]), 0.95)
    assert found.difference == pytest.approx(-0.2)
    stderr = np.sqrt(0.3 * 0.7 / 100 + 0.25 / 100)
    assert found.high - found.low == pytest.approx(2 * stats.norm.ppf(0.975) * stderr, rel=0.01)
    assert np.isnan(found.same_odds_p)


def test_strata_without_both_groups_are_left_out_and_without_any_there_is_nothing():
    more = [np.append(part, extra) for part, extra in ((COUNT, 5), (N, 9), (OTHER_COUNT, 0), (OTHER_N, 0))]
    assert compare_within_strata(*more, 0.95) == compare_within_strata(COUNT, N, OTHER_COUNT, OTHER_N, 0.95)
    assert compare_within_strata(np.array([5.0]), np.array([9.0]), np.zeros(1), np.zeros(1), 0.95) is None


def test_strata_of_one_outcome_alone_leave_no_ratio_of_odds():
    found = compare_within_strata(np.array([9.0]), np.array([9.0]), np.array([7.0]), np.array([7.0]), 0.95)
    assert (found.difference, found.low, found.high, found.p) == (0.0, 0.0, 0.0, 1.0)
    assert np.isnan(found.odds_ratio)


@pytest.mark.parametrize("strata", [3, 60])
def test_the_interval_holds_the_true_difference_for_few_large_and_many_small_strata(strata):
    rng = np.random.default_rng(0)
    per = 600 // strata
    held = 0
    for _ in range(400):
        base = rng.uniform(0.2, 0.6, strata)
        first, second = rng.binomial(per, base + 0.1), rng.binomial(per, base)
        size = np.full(strata, float(per))
        found = compare_within_strata(first.astype(float), size, second.astype(float), size, 0.95)
        held += found.low <= 0.1 <= found.high
    assert held >= 368  # 92 %
