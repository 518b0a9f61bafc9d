from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from vaeaudit.statistics.intervals import (
    clopper_pearson,
    newcombe_difference,
    newcombe_paired_difference,
    normal_quantile,
    poisson_exact,
    share_interval,
    wilson,
)

LEVELS = st.floats(0.5, 0.9999)


@st.composite
def counts(draw):
    n = draw(st.integers(0, 5_000))
    return draw(st.integers(0, n)), n


def test_the_wilson_interval_of_none_out_of_n_is_its_closed_form():
    z_squared = normal_quantile(0.95) ** 2
    low, high = wilson(0, 10)
    assert low == 0
    assert high == pytest.approx(z_squared / (10 + z_squared))


def test_the_wilson_interval_solves_the_score_equation():
    low, high = wilson(37, 120, 0.9)
    for bound in (low, high):
        score = abs(37 / 120 - bound) / np.sqrt(bound * (1 - bound) / 120)
        assert score == pytest.approx(normal_quantile(0.9))


def test_wilson_agrees_with_scipy():
    expected = stats.binomtest(81, 263).proportion_ci(0.95, method="wilson")
    assert wilson(81, 263) == pytest.approx((expected.low, expected.high))


def test_the_exact_interval_of_none_out_of_n_is_its_closed_form():
    low, high = clopper_pearson(0, 20)
    assert (low, high) == (0, pytest.approx(1 - 0.025 ** (1 / 20)))


def test_the_exact_interval_agrees_with_scipy():
    expected = stats.binomtest(15, 148).proportion_ci(0.99, method="exact")
    assert clopper_pearson(15, 148, 0.99) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(("n", "share"), [(5, 0.5), (12, 0.03), (40, 0.8)])
def test_the_exact_interval_covers_at_least_as_often_as_it_says(n, share):
    successes = np.arange(n + 1)
    low, high = clopper_pearson(successes, n, 0.9)
    covered = (low <= share) & (share <= high)
    assert stats.binom.pmf(successes, n, share)[covered].sum() >= 0.9


def test_garwoods_interval_is_that_of_his_table():
    assert poisson_exact(0) == (0, pytest.approx(-np.log(0.025)))
    assert poisson_exact(1)[0] == pytest.approx(-np.log(0.975))
    assert poisson_exact(10) == pytest.approx((4.795, 18.390), abs=1e-3)


def test_newcombes_interval_is_that_of_his_table():
    # Newcombe 1998, table II, contrast (a) and (h) by method 10
    assert newcombe_difference(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert newcombe_difference(10, 10, 0, 10) == pytest.approx((0.6075, 1.0), abs=5e-5)


@settings(deadline=None)
@given(counts(), LEVELS)
def test_intervals_of_a_share_hold_the_share_and_stay_within_0_and_1(count_and_n, level):
    count, n = count_and_n
    for interval in (wilson, clopper_pearson):
        low, high = interval(count, n, level)
        assert 0 <= low <= count / max(n, 1) <= high <= 1 or n == 0


@settings(deadline=None)
@given(counts(), counts(), LEVELS)
def test_a_difference_lies_in_its_interval_and_swaps_its_sign_with_the_groups(one, other, level):
    low, high = newcombe_difference(*one, *other, level)
    swapped_low, swapped_high = newcombe_difference(*other, *one, level)
    assert -1 <= low <= high <= 1
    assert (swapped_low, swapped_high) == (pytest.approx(-high), pytest.approx(-low))


@settings(deadline=None)
@given(counts(), st.floats(0.6, 0.9))
def test_a_higher_level_never_gives_a_narrower_interval(count_and_n, level):
    for interval in (wilson, clopper_pearson):
        low, high = interval(*count_and_n, level)
        wider_low, wider_high = interval(*count_and_n, level + 0.09)
        assert wider_low <= low + 1e-12
        assert wider_high >= high - 1e-12


def test_nothing_observed_gives_the_widest_interval():
    assert wilson(0, 0) == (0, 1)
    assert clopper_pearson(0, 0) == (0, 1)
    assert newcombe_difference(0, 0, 5, 10) == (-1, 1)
    assert newcombe_difference(5, 10, 0, 0) == (-1, 1)


def test_arrays_broadcast():
    low, high = wilson([[1], [2]], [10, 20, 30])
    assert low.shape == high.shape == (2, 3)
    assert (low[1, 2], high[1, 2]) == wilson(2, 30)


def test_more_successes_than_trials_are_refused():
    with pytest.raises(ValueError, match="between 0 and n"):
        wilson(3, 2)
    with pytest.raises(ValueError, match="negative"):
        poisson_exact(-1)


def test_the_interval_of_one_share_is_wilsons_with_its_level():
    low, high = wilson(3, 20, 0.9)
    found = share_interval(3, 20, 0.9)
    assert (found.low, found.high, found.level) == (float(low), float(high), 0.9)
    assert share_interval(0, 0, 0.9).bounds == [0.0, 1.0]


def test_a_paired_difference_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    for n, cells in ((40, [0.6, 0.1, 0.2, 0.1]), (200, [0.8, 0.05, 0.05, 0.1]), (30, [0.9, 0.02, 0.08, 0.0])):
        both, first, second, _ = rng.multinomial(n, cells, 4000).T
        low, high = newcombe_paired_difference(both, first, second, n)
        truth = cells[2] - cells[1]
        assert 0.94 <= np.mean((low <= truth) & (truth <= high)) <= 0.995


def test_a_paired_difference_is_told_from_fewer_trials_than_one_of_others() -> None:
    low, high = newcombe_paired_difference(80, 2, 12, 100)
    apart = newcombe_difference(92, 100, 82, 100)
    assert low < 0.1 < high
    assert high - low < 0.9 * (apart[1] - apart[0])
    mirrored = newcombe_paired_difference(80, 12, 2, 100)
    assert (-mirrored[1], -mirrored[0]) == (pytest.approx(low), pytest.approx(high))


def test_a_paired_difference_of_nothing_is_the_widest_and_of_no_disagreement_holds_nothing() -> None:
    assert newcombe_paired_difference(0, 0, 0, 0) == (-1.0, 1.0)
    low, high = newcombe_paired_difference([50, 0], [0, 0], [0, 0], [50, 50])
    assert (low <= 0).all() and (high >= 0).all()
