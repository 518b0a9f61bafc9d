"""Numbers are read strictly, whatever stands around and between their digits."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.config import DecimalMark
from vaeaudit.data.schema.conventions import Convention, Usual
from vaeaudit.data.schema.number_texts import are_codes, are_zero_padded, parse_numbers


def texts(*values: str) -> pa.Array:
    return pa.array(values, pa.large_string())


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


@pytest.mark.parametrize(
    "text", ["0x10", "1_000", "1 2", "٣", "--5", "nan", "", "1,2,3", "A12", "10-20", "65+", "5 to 9", "$(3"]
)
def test_what_is_no_number_is_nan(text: str) -> None:
    assert np.isnan(parse_numbers(texts(text))[0]).all()


def test_thousands_separators_and_decimal_commas_are_read_and_reported() -> None:
    numbers, convention = parse_numbers(texts("1,234", "12,345,678.5", "7", "1.25"))
    assert numbers.tolist() == [1234, 12345678.5, 7, 1.25]
    assert convention.name == "thousands comma"
    assert "thousands" in convention.said[0]
    numbers, convention = parse_numbers(texts("1,5", "1.234,25", "7"))
    assert numbers.tolist() == [1.5, 1234.25, 7]
    assert convention.name == "decimal comma"
    assert "decimal" in convention.said[0]


def test_commas_of_both_sorts_are_not_guessed() -> None:
    numbers, convention = parse_numbers(texts("1,5", "2.25", "3"))
    np.testing.assert_array_equal(numbers, [np.nan, 2.25, 3])
    assert convention == Convention()


def test_codes_with_leading_zeros_are_told_from_numbers() -> None:
    assert are_zero_padded(texts("007", "0", "0.5", "10", "00")).tolist() == [True, False, False, False, True]


@pytest.mark.parametrize(
    ("written", "numbers", "unit"),
    [
        (["$1,234.50", "$3", "-$5", "$-6", "($7)"], [1234.5, 3, -5, -6, -7], "$"),
        (["12,00 €", "1.234,50 €"], [12, 1234.5], "€"),
        (["R$ 5,50", "R$ 1.200,00"], [5.5, 1200], "R$"),
        (["USD 5", "USD 7.5"], [5, 7.5], "USD"),
        (["(12.5)", "3", "4-"], [-12.5, 3, -4], ""),
        (["45.3%", "7 %"], [45.3, 7], "%"),
        (["12 kg", "13.5kg"], [12, 13.5], "kg"),
        (["54 years", "1 year"], [54, 1], "years"),
        (["60 km/h", "3 km/h"], [60, 3], "km/h"),
        (["2 188,09", "5\u202f294,42", "7"], [2188.09, 5294.42, 7], ""),
        (["1'234.5", "1’234’567"], [1234.5, 1234567], ""),
        (["1,95,574.50", "12"], [195574.5, 12], ""),
        (["\u22125", "3"], [-5, 3], ""),
        (["850K", "1.2M", "3"], [850_000, 1_200_000, 3], ""),
        (["12k", "15k"], [12, 15], "k"),
        (["9:15", "10:30 PM", "12:00 am"], [9.25, 22.5, 0], "h"),
    ],
)
def test_what_stands_around_and_between_digits_is_understood(
    written: list[str], numbers: list[float], unit: str
) -> None:
    read, convention = parse_numbers(texts(*written))
    np.testing.assert_allclose(read, numbers)
    assert convention.unit == unit


def test_numbers_in_several_units_are_not_mixed() -> None:
    read, convention = parse_numbers(
        texts(*[f"{number} kg" for number in range(50)], *[f"{number} lb" for number in range(50)])
    )
    assert np.isnan(read).all()
    assert convention.unit == ""


def test_commas_that_could_be_either_are_asked_about_and_the_option_settles_it() -> None:
    doubtful = texts("1,234", "2,345")
    read, convention = parse_numbers(doubtful)
    assert read.tolist() == [1234, 2345]
    assert "--decimal comma" in convention.said[0]
    assert parse_numbers(doubtful, Usual(decimal=DecimalMark.COMMA))[0].tolist() == [1.234, 2.345]
    settled = parse_numbers(doubtful, Usual(decimal=DecimalMark.POINT))
    assert settled[0].tolist() == [1234, 2345]
    assert "--decimal" not in settled[1].said[0]
    assert "--decimal" not in parse_numbers(texts("$1,234", "$2,345"))[1].said[0]


def test_digits_of_one_width_with_zeros_before_them_are_codes_and_one_odd_cell_is_not() -> None:
    assert are_codes(texts("07030", "10001", "94110", "02139"))
    assert not are_codes(texts("00", *[f"{number / 7:.2f}" for number in range(60)]))
    assert not are_codes(texts("00", *map(str, range(5_000))))
