"""Numbers are written for people, and never say more than they know."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.statistics.measures import Interval
from vaeaudit.wording import numbers

MINUS = "\N{MINUS SIGN}"


def test_an_interval_says_its_unit_and_its_open_ends() -> None:
    assert numbers.interval(Interval(0.29, 0.334, 0.95)) == "[0.29, 0.33]"
    assert numbers.interval(Interval(0.29, 0.334, 0.95), "share") == "[29.0, 33.4] %"
    assert numbers.interval(Interval(-0.1, 0.02, 0.95), "points") == f"[{MINUS}10.0, +2.0] pp"
    assert numbers.interval(Interval(None, 2.0, 0.95)) == "at most 2.00"
    assert numbers.interval(Interval(0.0, None, 0.95), "number") == "at least 0"
    assert numbers.interval(Interval(None, None, 0.95)) == "open"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "<0.001"),
        (0.0004, "<0.001"),
        (0.001, "0.0010"),
        (0.05, "0.050"),
        (0.5, "0.50"),
        (1.0, "1.00"),
        (None, "\N{EN DASH}"),
    ],
)
def test_a_small_p_value_is_written_as_a_bound(value, text):
    assert numbers.p_value(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (-1.5, f"{MINUS}1.5"), (12.0, "12"), (123456.7, "123,457"), (0.000012, f"1.2e{MINUS}5"), (2e12, "2e12")],
)
def test_numbers_have_three_digits(value, text):
    assert numbers.number(value) == text


@given(st.floats(min_value=1e-4, max_value=99, allow_nan=False))
def test_a_written_number_is_within_half_a_percent_of_the_number(value):
    assert float(numbers.number(value)) == pytest.approx(value, rel=5e-3)


@given(st.floats(min_value=0, max_value=1))
def test_a_share_above_zero_is_never_written_as_zero(share):
    written = numbers.share(share)
    assert (written == "0 %") == (share == 0)
    assert written.endswith("%")


@pytest.mark.parametrize(
    ("seconds", "text"), [(3.21, "3.2 s"), (58.3, "58 s"), (200, "3 min 20 s"), (7300, "2 h 1 min")]
)
def test_durations_are_rounded(seconds, text):
    assert numbers.duration(seconds) == text


WRITERS = (numbers.share, numbers.ratio, numbers.nats, numbers.expected, numbers.points, numbers.p_value)


def read(written: str) -> float:
    return float(re.sub(r"[^\d.-]", "", written.replace(MINUS, "-")))


@pytest.mark.parametrize("write", WRITERS)
@given(one=st.floats(min_value=0, max_value=1), other=st.floats(min_value=0, max_value=1))
def test_a_larger_value_is_never_written_as_a_smaller_number(write, one, other):
    low, high = sorted((one, other))
    assert read(write(low)) <= read(write(high))


@pytest.mark.parametrize(("write", "unit"), [(numbers.share, 100), (numbers.ratio, 1), (numbers.nats, 1)])
@given(value=st.floats(min_value=1e-3, max_value=0.999))
def test_what_is_written_keeps_two_digits_of_the_value(write, unit, value):
    assert read(write(value)) == pytest.approx(unit * value, rel=0.0501)


@given(st.floats(min_value=0, max_value=1))
def test_only_all_is_100_percent(share):
    assert (numbers.share(share) == "100 %") == (share == 1)


@given(st.floats(min_value=0.001, max_value=1e6))
def test_a_negative_value_is_the_positive_one_with_a_minus(value):
    for write in (numbers.ratio, numbers.nats, numbers.number, numbers.share):
        if ">" not in write(value):
            assert write(-value) == MINUS + write(value)


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (0.0004, "<0.001"), (-0.0004, f">{MINUS}0.001"), (0.0996, "0.10"), (9.96, "9.96")]
)
def test_a_tiny_value_is_a_bound_and_nothing_is_0(value, text):
    assert numbers.ratio(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(9.96, "10"), (9.94, "9.9"), (57.6, "58"), (1240.4, "1,240"), (3, "3"), (0.0312, "0.031")]
)
def test_expected_rows_are_whole_where_they_are_many(value, text):
    assert numbers.expected(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(99.994, "99.99"), (-523.44, f"{MINUS}523.4"), (0.0042, "0.0042"), (-1234.56, f"{MINUS}1,234.6")],
)
def test_nats_have_two_decimals_or_one(value, text):
    assert numbers.nats(value) == text


def test_a_value_and_its_interval_name_the_unit_once():
    assert numbers.with_interval(0.304, Interval(0.299, 0.309, 0.95), "share") == "30.4 % [29.9, 30.9]"
    assert numbers.with_interval(0.02, Interval(-0.01, 0.05, 0.95), "points") == f"+2.0 pp [{MINUS}1.0, +5.0]"
    assert numbers.with_interval(0.7, Interval(0.6, None, 0.95), "ratio") == "0.70 at least 0.60"


def test_a_moment_is_written_for_people_and_odd_text_is_left():
    assert numbers.moment("2026-05-04T09:30:12") == "4 May 2026, 09:30"
    assert numbers.moment("yesterday") == "yesterday"
