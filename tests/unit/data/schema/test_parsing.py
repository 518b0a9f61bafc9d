"""Numbers and dates are read strictly."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.data.schema.parsing import Convention, are_zero_padded, parse_numbers, parse_times


def texts(*values: str) -> pa.Array:
    return pa.array(values, pa.large_string())


def times(*values: str) -> tuple[list[str], str]:
    parsed, convention = parse_times(texts(*values), np.ones(len(values), dtype=np.int64))
    return [str(moment) for moment in parsed], convention.said


@given(st.lists(st.floats(allow_nan=False), min_size=1))
def test_every_float_that_python_writes_comes_back(values: list[float]) -> None:
    parsed, convention = parse_numbers(texts(*map(repr, values)))
    np.testing.assert_array_equal(parsed, values)
    assert convention == Convention()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+5", 5),
        ("5.", 5),
        (".5", 0.5),
        ("-1E5", -1e5),
        ("1e308", 1e308),
        ("1e400", math.inf),
        ("-INF", -math.inf),
        ("007", 7),
    ],
)
def test_the_usual_ways_of_writing_a_number(text: str, number: float) -> None:
    assert parse_numbers(texts(text))[0].tolist() == [number]


@pytest.mark.parametrize("text", ["0x10", "1_000", "12%", "$5", "1 2", "٣", "--5", "1e", "nan", "", "1,2,3", "5 "])
def test_what_is_no_number_is_nan(text: str) -> None:
    assert np.isnan(parse_numbers(texts(text))[0]).all()


def test_thousands_separators_and_decimal_commas_are_read_and_reported() -> None:
    numbers, convention = parse_numbers(texts("1,234", "12,345,678.5", "7", "1.25"))
    assert numbers.tolist() == [1234, 12345678.5, 7, 1.25]
    assert convention.name == "thousands comma"
    assert "thousands" in convention.said
    numbers, convention = parse_numbers(texts("1,5", "1.234,25", "7"))
    assert numbers.tolist() == [1.5, 1234.25, 7]
    assert convention.name == "decimal comma"
    assert "decimal" in convention.said


def test_commas_of_both_sorts_are_not_guessed() -> None:
    numbers, convention = parse_numbers(texts("1,5", "2.25", "3"))
    np.testing.assert_array_equal(numbers, [np.nan, 2.25, 3])
    assert convention == Convention()


def test_codes_with_leading_zeros_are_told_from_numbers() -> None:
    assert are_zero_padded(texts("007", "0", "0.5", "10", "00")).tolist() == [True, False, False, False, True]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-02-29", "2024-02-29T00:00:00.000000"),
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
    ],
)
def test_the_usual_ways_of_writing_a_date(text: str, moment: str) -> None:
    assert times(text) == ([moment], "")


@pytest.mark.parametrize(
    "text", ["2024-02-30", "2024-13-01", "2024", "202401", "20240131", "1/2", "noon", "2024-01", "12:30"]
)
def test_what_is_no_date_is_not_a_time(text: str) -> None:
    assert times(text)[0] == ["NaT"]


def test_one_day_above_twelve_settles_the_order_of_day_and_month() -> None:
    assert times("03/04/2024", "25/04/2024") == (["2024-04-03T00:00:00.000000", "2024-04-25T00:00:00.000000"], "")


def test_an_order_that_nothing_settles_is_reported() -> None:
    parsed, ambiguity = times("03/04/2024", "05/06/2024")
    assert parsed[0] == "2024-03-04T00:00:00.000000"
    assert "%d/%m/%Y" in ambiguity
