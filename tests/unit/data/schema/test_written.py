"""Typed cells in the form in which the source had them."""

from __future__ import annotations

import pandas as pd

from vaeaudit.data.schema.columns import Column, Kind
from vaeaudit.data.schema.written import as_written

NO_TIME = pd.NaT


def written(values, kind, *, as_text=True, convention="", levels=()):
    column = Column("a", kind, levels=levels, convention=convention)
    if levels:
        values = pd.Categorical(values, categories=list(levels))
    made = as_written(pd.Series(values), column, as_text=as_text)
    return [None if pd.isna(cell) else cell for cell in made]


def test_whole_numbers_are_integers_even_beside_missing_ones():
    assert written([1.0, None, 3.0], Kind.COUNT) == [1, None, 3]
    assert written([1.5, 2.0], Kind.REAL) == [1.5, 2.0]


def test_dates_are_days_or_moments_in_the_order_that_the_source_has():
    days = pd.to_datetime(["2024-03-01", None])
    assert written(days, Kind.DATETIME) == ["2024-03-01", None]
    assert written(days, Kind.DATETIME, convention="%d/%m/%Y") == ["01/03/2024", None]
    assert written(pd.to_datetime(["2024-03-01 10:30"]), Kind.DATETIME) == ["2024-03-01 10:30:00"]
    assert written(days, Kind.DATETIME, as_text=False) == [pd.Timestamp("2024-03-01"), None]


def test_decimal_commas_and_times_of_day_are_written_as_they_were_read():
    assert written([1.5, None], Kind.REAL, convention="decimal comma") == ["1,5", None]
    assert written([9.25, 23.5], Kind.REAL, convention="clock") == ["09:15", "23:30"]
    assert written([9.25], Kind.REAL, convention="clock", as_text=False) == [9.25]


def test_levels_keep_a_type_where_the_file_has_types():
    assert written(["true", None], Kind.BOOLEAN, levels=("false", "true"), as_text=False) == [True, None]
    assert written(["2", "1"], Kind.ORDINAL, levels=("1", "2"), as_text=False) == [2, 1]
    assert written(["yes"], Kind.BOOLEAN, levels=("no", "yes"), as_text=False) == ["yes"]
    assert written(["true"], Kind.BOOLEAN, levels=("false", "true")) == ["true"]
