"""Numbers are written for people, and never say more than they know."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.analysis.results.measures import Interval
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
