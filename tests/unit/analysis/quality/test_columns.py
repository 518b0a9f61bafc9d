from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.quality.columns import describe, summarise_columns
from vaeaudit.data.schema.columns import Column, Kind


def levelled(values, kind=Kind.CATEGORY, levels=None):
    series = pd.Series(pd.Categorical(values, categories=levels))
    return series, Column("c", kind, levels=tuple(series.cat.categories))


def test_numbers_are_described_by_median_and_middle_half():
    values = pd.Series(np.arange(1.0, 102.0))
    assert describe(values, Column("age", Kind.COUNT)) == "median 51, middle half 26 to 76, range 1 to 101"


def test_a_number_that_is_nearly_always_the_same_says_so():
    values = pd.Series([0.0] * 92 + [5.0] * 8)
    assert describe(values, Column("gain", Kind.COUNT)) == "0 in 92.0 % of the cells, range 0 to 5"


def test_levels_are_described_by_their_shares_among_the_cells_with_a_value():
    series, column = levelled(["a"] * 60 + ["b"] * 20 + ["c"] * 10 + ["d"] * 6 + ["e"] * 4 + [None] * 50)
    assert describe(series, column) == "a 60.0 %, b 20.0 %, c 10.0 %, … 5 levels"
    series, column = levelled(["x"] * 3 + ["y"])
    assert describe(series, column) == "x 75.0 %, y 25.0 %"


def test_few_ordinal_levels_keep_their_order():
    series, column = levelled(["high"] * 6 + ["low"] * 4, Kind.ORDINAL, ["low", "high"])
    assert describe(series, column) == "low 40.0 %, high 60.0 %"


def test_dates_identifiers_text_and_constants_have_a_line_of_their_own():
    days = pd.Series(pd.date_range("2020-01-01", periods=3))
    assert describe(days, Column("d", Kind.DATETIME)) == "2020-01-01 to 2020-01-03, median 2020-01-02"
    text = pd.Series(["some words", "other words"], dtype=object)
    assert describe(text, Column("t", Kind.TEXT, in_model=False)) == "free text, 2 distinct values, such as some words"
    one = pd.Series(["x" * 100] * 2, dtype=object)
    assert describe(one, Column("k", Kind.CONSTANT, in_model=False)) == "always " + "x" * 39 + "…"
    assert describe(text, Column("i", Kind.IDENTIFIER, in_model=False)).startswith("identifier, 2 distinct")


@pytest.mark.parametrize("kind", [Kind.REAL, Kind.DATETIME])
def test_a_column_without_any_value_says_so(kind):
    values = pd.Series([np.nan, np.nan]) if kind is Kind.REAL else pd.Series(pd.to_datetime([None, None]))
    assert describe(values, Column("x", kind)) == "no value at all"


def test_every_column_of_the_table_is_described_once_in_order(people):
    summaries = summarise_columns(people.frame, people.schema)
    assert [summary.name for summary in summaries] == list(people.schema.names)
    pay = next(summary for summary in summaries if summary.name == "pay")
    assert pay.missing == people.frame["pay"].isna().sum()
