"""A histogram counts every cell that has a value, once, and shows nothing that is personal."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.quality.histograms import BARS, NAMED_LEVELS, histogram
from vaeaudit.data.schema.columns import Column, Kind


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(size=500),
        np.random.default_rng(0).pareto(0.5, 500),
        np.r_[np.zeros(490), np.arange(1.0, 11.0) ** 5],
        np.array([-1.7e308, 0.0, 1.7e308]),
        np.full(7, 0.25),
        np.full(7, 3.0),
        np.full(7, 1e300),
    ],
)
def test_every_number_is_counted_once_between_rising_edges(values):
    found = histogram(pd.Series(np.r_[values, np.nan]), Column("x", Kind.REAL))
    assert sum(found.counts) == len(values)
    assert len(found.edges) == len(found.counts) + 1 <= BARS + 1
    assert np.isfinite(found.edges).all()
    assert (np.diff(np.array(found.edges) / 2) >= 0).all()


def test_few_whole_numbers_have_a_bar_each():
    found = histogram(pd.Series([1.0, 1.0, 2.0, 4.0]), Column("x", Kind.COUNT))
    assert found.edges == (0.5, 1.5, 2.5, 3.5, 4.5)
    assert found.counts == (2, 1, 0, 1)


def test_a_far_value_widens_the_last_bar_and_not_all_of_them():
    values = np.r_[np.linspace(0, 1, 1_000), 1e6]
    found = histogram(pd.Series(values), Column("x", Kind.REAL))
    assert found.edges[-1] == 1e6
    assert found.edges[-2] < 1
    assert min(found.counts) > 20


def test_dates_are_counted_between_moments():
    days = pd.Series(pd.date_range("2024-01-01", periods=100))
    found = histogram(days, Column("d", Kind.DATETIME))
    assert (found.edges[0], found.edges[-1]) == ("2024-01-01T00:00:00", "2024-04-09T00:00:00")
    assert sum(found.counts) == 100


def test_the_most_frequent_levels_are_named_and_the_rest_is_counted():
    values = pd.Series(pd.Categorical([f"l{place}" for place in range(30) for _ in range(place + 1)]))
    found = histogram(values, Column("c", Kind.CATEGORY, levels=tuple(values.cat.categories)))
    assert (found.levels[0], found.counts[0]) == ("l29", 30)
    assert len(found.levels) == NAMED_LEVELS
    assert found.rest == sum(range(1, 11))


def test_levels_of_a_scale_keep_their_order():
    values = pd.Series(pd.Categorical(["high"] * 6 + ["low"] * 4, categories=["low", "high"]))
    found = histogram(values, Column("c", Kind.ORDINAL, levels=("low", "high")))
    assert found.levels == ("low", "high")
    assert found.counts == (4, 6)


@pytest.mark.parametrize(
    ("values", "column"),
    [
        (["some words", "more words"], Column("t", Kind.TEXT, in_model=False)),
        ([np.nan, np.nan], Column("x", Kind.REAL)),
        ([1.0, 2.0], Column("x", Kind.REAL, personal="dates of birth")),
    ],
)
def test_text_empty_columns_and_personal_data_have_none(values, column):
    assert histogram(pd.Series(values), column) is None


def test_whole_numbers_that_are_spread_evenly_have_even_bars():
    values = pd.Series(np.tile(np.arange(30.0), 100))
    found = histogram(values, Column("x", Kind.COUNT))
    assert found is not None
    assert sum(found.counts) == 3_000
    assert set(found.counts[:-1]) == {found.counts[0]}
