from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaeaudit.statistics.binning import date_cuts, number_cuts, roundest


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (23, 26, 25),
        (0, 114, 100),
        (-3, 5, 0),
        (-50, -12, -20),
        (1234, 1310, 1300),
        (0.29, 0.31, 0.3),
        (17.2, 17.9, 17.5),
    ],
)
def test_the_roundest_number_has_the_fewest_digits(low, high, expected):
    assert roundest(float(low), float(high)) == expected


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_the_roundest_number_lies_above_the_low_end_and_not_above_the_high_end(one, other):
    low, high = min(one, other), max(one, other)
    if low < high:
        assert low < roundest(low, high) <= high


def test_quantile_bins_hold_about_equal_parts_and_have_round_edges():
    incomes = np.random.default_rng(0).lognormal(10, 0.6, 20_000)
    cuts = number_cuts(incomes, 5)
    shares = np.bincount(np.searchsorted(cuts, incomes, side="right")) / incomes.size
    assert len(cuts) == 4
    assert all(cut % 1_000 == 0 for cut in cuts)
    assert np.all(np.abs(shares - 0.2) <= 0.2 * 0.6)


def test_a_value_that_holds_a_bins_worth_of_rows_gets_a_bin_of_its_own():
    hours = np.concatenate([np.full(500, 40.0), np.arange(20, 40).repeat(10), np.arange(41, 71).repeat(10)])
    codes = np.searchsorted(number_cuts(hours, 5), hours, side="right")
    alone = codes[hours == 40][0]
    assert set(hours[codes == alone]) == {40.0}


def test_a_column_that_is_nearly_all_zero_is_split_at_zero():
    gains = np.concatenate([np.zeros(950), np.arange(100, 150)])
    assert number_cuts(gains, 5) == [100.0]


def test_few_distinct_values_have_a_bin_each():
    assert number_cuts(np.array([3.0, 1.0, 2.0, 1.0]), 5) == [2.0, 3.0]


@pytest.mark.parametrize("values", [[], [np.nan], [7.0, 7.0, np.nan]])
def test_one_value_or_none_needs_no_cut(values):
    assert number_cuts(np.array(values, dtype=float), 5) == []


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=60), st.integers(2, 12))
def test_every_bin_holds_rows_whatever_the_values(values, bins):
    numbers = np.array(values)
    cuts = number_cuts(numbers, bins)
    assert cuts == sorted(set(cuts))
    counts = np.bincount(np.searchsorted(cuts, numbers, side="right"), minlength=len(cuts) + 1)
    assert np.all(counts > 0)


def test_dates_are_cut_at_the_turn_of_a_month_or_year():
    days = np.datetime64("2019-03-01", "ns") + np.arange(3_000) * np.timedelta64(1, "D")
    cuts = date_cuts(days, 5)
    assert len(cuts) == 4
    assert np.all(cuts == cuts.astype("datetime64[M]"))
    assert date_cuts(np.array(["NaT"], dtype="datetime64[ns]"), 5).size == 0
