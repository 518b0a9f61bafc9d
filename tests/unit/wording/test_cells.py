from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.data.schema.columns import Column, Kind
from vaeaudit.wording.cells import MISSING, column_texts, expected_texts, holds_whole_days, number_text


@given(st.floats(min_value=-1e12, max_value=1e12))
def test_a_number_is_never_changed_beyond_the_digits_shown(value):
    assert float(number_text(value)) == pytest.approx(value, rel=1e-3, abs=1e-300)


def test_cells_are_written_as_they_stand_in_the_data():
    count = Column("n", Kind.COUNT)
    assert column_texts(pd.Series([3.0, np.nan, 1e6]), count).tolist() == ["3", MISSING, "1000000"]
    day = Column("day", Kind.DATETIME)
    moments = pd.Series(pd.to_datetime(["2020-02-29", None, "2020-02-29 13:05:07"], format="mixed"))
    assert column_texts(moments, day, missing="").tolist() == ["2020-02-29", "", "2020-02-29 13:05:07"]
    level = Column("c", Kind.CATEGORY, levels=("<b>", "=1+1"))
    assert column_texts(pd.Series(pd.Categorical(["=1+1", None, "<b>"])), level).tolist() == ["=1+1", MISSING, "<b>"]


def test_what_was_expected_is_written_in_the_units_of_the_column():
    never = np.zeros(1, dtype=bool)
    seconds = np.array([pd.Timestamp("2021-05-06").timestamp()])
    assert expected_texts(seconds, Column("day", Kind.DATETIME), never).tolist() == ["2021-05-06"]
    levels = Column("c", Kind.CATEGORY, levels=("a", "b"))
    assert expected_texts(np.array([1.0]), levels, never).tolist() == ["b"]
    assert expected_texts(np.array([7.0]), levels, never).tolist() == ["(other)"]
    assert expected_texts(np.array([37.91823]), Column("x", Kind.REAL), never).tolist() == ["37.92"]


def test_an_expected_date_claims_no_time_of_day_where_the_column_has_none():
    days = pd.Series(pd.to_datetime(["2020-01-01", None, "2020-05-06"]))
    assert holds_whole_days(days)
    assert not holds_whole_days(days + pd.Timedelta("3h"))
    assert not holds_whole_days(pd.Series([1.0]))
    noon = np.array([pd.Timestamp("2021-05-06 11:07:23").timestamp()])
    column, never = Column("day", Kind.DATETIME), np.zeros(1, dtype=bool)
    assert expected_texts(noon, column, never, whole_days=True).tolist() == ["2021-05-06"]
    assert expected_texts(noon, column, never).tolist() == ["2021-05-06 11:07:23"]


def test_an_expected_count_is_whole_unless_it_is_small():
    texts = expected_texts(np.array([43.27, 1.43]), Column("n", Kind.COUNT), np.zeros(2, dtype=bool))
    assert texts.tolist() == ["43", "1.43"]


def test_a_surprise_about_missingness_says_which_way():
    texts = expected_texts(np.array([np.nan, np.nan]), Column("x", Kind.REAL), np.array([True, False]))
    assert texts.tolist() == ["(any value)", MISSING]
