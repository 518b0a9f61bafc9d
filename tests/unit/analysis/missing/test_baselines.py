from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.analysis.missing.baselines import rows_to_collect

RATIOS = st.tuples(st.floats(0, 0.79), st.floats(0, 0.79)).map(sorted)


@given(RATIOS, st.floats(1, 1e4), st.floats(1.05, 50))
def test_as_many_rows_reach_the_goal_as_they_raise_what_is_expected_and_one_less_does_not(
    bounds: list[float], expected: float, times: float
) -> None:
    low, high = bounds
    total = times * expected
    for ratio, rows in zip((high, low), rows_to_collect(0.8, expected, (low, high), total), strict=True):
        goal = 0.8 * expected * (total + rows) / total
        assert ratio * expected + rows >= goal - 1e-6 * expected
        assert rows == 1 or ratio * expected + rows - 1 < 0.8 * expected * (total + rows - 1) / total + 1e-6


def test_a_fixed_expectation_is_simply_filled() -> None:
    assert rows_to_collect(0.8, 100.0, (0.1, 0.3), None) == (50, 70)


@pytest.mark.parametrize("total", [None, 1_000.0])
def test_at_least_one_row_is_asked_for(total: float | None) -> None:
    assert rows_to_collect(0.8, 100.0, (0.8, 0.9), total) == (1, 1)
