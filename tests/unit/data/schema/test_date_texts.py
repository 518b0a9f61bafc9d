"""Dates are read in the one way of writing that fits most of them, and doubts are named."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.config import DateOrder
from vaeaudit.data.schema.conventions import USUAL, Usual
from vaeaudit.data.schema.date_texts import parse_times


def texts(*values: str) -> pa.Array:
    return pa.array(values, pa.large_string())


def times(*values: str, usual: Usual = USUAL) -> tuple[list[str], tuple[str, ...]]:
    parsed, convention = parse_times(texts(*values), np.ones(len(values), dtype=np.int64), usual)
    return [str(moment) for moment in parsed], convention.said


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-02-29", "2024-02-29T00:00:00.000000"),
        ("2024-1-5", "2024-01-05T00:00:00.000000"),
        ("2024-01-31 12:30", "2024-01-31T12:30:00.000000"),
        ("2024-01-31T12:30:05.25Z", "2024-01-31T12:30:05.250000"),
        ("2024-01-31T00:30:00+02:00", "2024-01-30T22:30:00.000000"),
        ("2024/1/31", "2024-01-31T00:00:00.000000"),
        ("31.01.2024 08:15", "2024-01-31T08:15:00.000000"),
        ("31/01/2024", "2024-01-31T00:00:00.000000"),
        ("01/31/2024 23:59:59", "2024-01-31T23:59:59.000000"),
        ("31-01-2024", "2024-01-31T00:00:00.000000"),
        ("31-Jan-2024", "2024-01-31T00:00:00.000000"),
        ("January 31, 2024", "2024-01-31T00:00:00.000000"),
        ("2024-01-01 00:00:00 UTC", "2024-01-01T00:00:00.000000"),
        ("2024-01-01 00:00:00+00", "2024-01-01T00:00:00.000000"),
        ("01/31/2024 11:59:00 PM", "2024-01-31T23:59:00.000000"),
        ("01/31/2024 12:09 am", "2024-01-31T00:09:00.000000"),
        ("31 Jan 2024 09:00", "2024-01-31T09:00:00.000000"),
        ("01/31/24", "2024-01-31T00:00:00.000000"),
        ("20240131", "2024-01-31T00:00:00.000000"),
        ("20240131T0915", "2024-01-31T09:15:00.000000"),
        ("2019-03", "2019-03-01T00:00:00.000000"),
        ("Feb-2019", "2019-02-01T00:00:00.000000"),
        ("2019Q3", "2019-07-01T00:00:00.000000"),
        ("2019-W05", "2019-01-28T00:00:00.000000"),
        ("Oct 12 1999", "1999-10-12T00:00:00.000000"),
        ("12-Oct-99", "1999-10-12T00:00:00.000000"),
        ("1999 Oct 12", "1999-10-12T00:00:00.000000"),
        ("12th of October 1999", "1999-10-12T00:00:00.000000"),
        ("Sept. 4, 2020", "2020-09-04T00:00:00.000000"),
        ("Monday, October 12, 1999", "1999-10-12T00:00:00.000000"),
        ("Mon, 01 Jan 2024 07:00:00 +0100", "2024-01-01T06:00:00.000000"),
        ("Tue Jan 02 15:04:05 2024", "2024-01-02T15:04:05.000000"),
        ("01JAN2024:00:10:00", "2024-01-01T00:10:00.000000"),
    ],
)
def test_the_usual_ways_of_writing_a_date(text: str, moment: str) -> None:
    assert times(text) == ([moment], ())


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-30",
        "2024-13-01",
        "2024-01-01 25:00",
        "2024",
        "202401",
        "1/2",
        "noon",
        "12:30",
        "May",
        "12 kg",
        "3-4",
        "Octavia",
    ],
)
def test_what_is_no_date_is_not_a_time(text: str) -> None:
    assert times(text)[0] == ["NaT"]


def test_one_day_above_twelve_settles_the_order_of_day_and_month() -> None:
    assert times("03/04/2024", "25/04/2024") == (["2024-04-03T00:00:00.000000", "2024-04-25T00:00:00.000000"], ())


def test_seasons_are_no_months() -> None:
    assert times("2010-11", "2011-12")[0] == ["NaT", "NaT"]


def test_an_order_that_nothing_settles_is_reported() -> None:
    parsed, said = times("03/04/2024", "05/06/2024")
    assert parsed[0] == "2024-03-04T00:00:00.000000"
    assert "--date-order day-first" in said[0]


def test_the_user_or_other_data_settles_the_order() -> None:
    said_by_user = times("03/04/2024", "05/06/2024", usual=Usual(dates=DateOrder.DAY_FIRST))
    assert said_by_user == (["2024-04-03T00:00:00.000000", "2024-06-05T00:00:00.000000"], ())
    assert times("03/04/2024", "05/06/2024", usual=Usual("%d/%m/%Y")) == said_by_user


@given(st.lists(st.datetimes(), min_size=1, max_size=20))
def test_every_moment_that_python_writes_comes_back(moments: list) -> None:
    written = [moment.isoformat(sep=" ", timespec="microseconds") for moment in moments]
    assert times(*written)[0] == [moment.isoformat(timespec="microseconds") for moment in moments]
