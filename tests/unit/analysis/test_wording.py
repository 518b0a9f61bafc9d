from __future__ import annotations

import doctest

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.analysis import wording
from vaeaudit.analysis.results.measures import Interval
from vaeaudit.analysis.wording import (
    MISSING,
    column_texts,
    exact_number_text,
    expected_texts,
    finding_id,
    group_text,
    holds_whole_days,
    number_text,
    percent_text,
    share_interval_text,
)
from vaeaudit.data.schema import Column, Kind


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(wording).failed == 0


@given(st.floats(min_value=-1e12, max_value=1e12))
def test_a_number_is_never_changed_beyond_the_digits_shown(value):
    assert float(number_text(value)) == pytest.approx(value, rel=1e-3, abs=1e-300)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_cell_is_written_exactly(value):
    assert float(exact_number_text(value)) == value


@given(st.floats(min_value=0, max_value=1))
def test_only_nothing_is_0_percent_and_only_all_is_100_percent(share):
    text = percent_text(share)
    assert (text == "0 %") == (share == 0)
    assert (text == "100 %") == (share == 1)


def test_an_interval_is_written_with_digits_enough_to_part_its_ends():
    assert share_interval_text(Interval(0.11803, 0.12394, 0.95)) == "11.8 % to 12.4 %"
    assert share_interval_text(Interval(None, None, 0.95)) == "0 % to 100 %"


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


@pytest.mark.parametrize(
    ("label", "text"), [(">= 60", "age >= 60"), ("< 25", "age < 25"), ("[25, 35)", "age in [25, 35)"), ("x", "age = x")]
)
def test_a_group_is_named_by_its_column(label, text):
    assert group_text(["age"], [label]) == text


def test_ids_of_different_groups_differ_and_hold_nothing_that_a_page_could_trip_over():
    labels = ["< 30", ">= 30", "[30, 40)", "<=50K", ">50K"]
    ids = {finding_id("outlier", "age", label) for label in labels}
    assert len(ids) == len(labels)
    assert finding_id("region", "</script><img src=x onerror=alert(1)>").isascii()
    assert set("<>\"'=&/ ") & set(finding_id("x", "</script><img src='x' & \"y\">")) == set()
