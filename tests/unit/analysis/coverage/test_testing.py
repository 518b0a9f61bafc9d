from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.analysis.coverage.shortages import Family
from vaeaudit.statistics.multiplicity import benjamini_hochberg

P_VALUES = st.lists(st.floats(1e-12, 1.0), min_size=1, max_size=30).map(lambda values: np.sort(np.array(values)))


@given(P_VALUES)
def test_a_member_of_the_family_is_adjusted_as_by_benjamini_and_hochberg(p_values: np.ndarray) -> None:
    family = Family(p_values, p_values.size)
    assert [family.adjusted(p) for p in p_values] == pytest.approx(benjamini_hochberg(p_values))


@given(P_VALUES)
def test_as_many_are_rejected_as_have_adjusted_values_below_the_rate(p_values: np.ndarray) -> None:
    rejected, limit = Family(p_values, p_values.size).rejected(0.2)
    assert rejected == int((benjamini_hochberg(p_values) < 0.2).sum())
    assert limit == (p_values[rejected - 1] if rejected else 0.0)


@given(P_VALUES, st.integers(0, 1000))
def test_what_was_tried_beside_it_never_makes_a_cell_more_significant(p_values: np.ndarray, tried: int) -> None:
    family = Family(p_values, p_values.size)
    assert family.with_more(tried).adjusted(p_values[0]) >= family.adjusted(p_values[0])


def test_more_baselines_make_every_adjusted_value_larger() -> None:
    p_values = np.array([0.001, 0.01, 0.2])
    assert Family(p_values, 100, 3).adjusted(0.001) == pytest.approx(3 * Family(p_values, 100).adjusted(0.001))


def test_values_that_need_not_be_known_count_as_tested() -> None:
    assert Family(np.array([0.001]), 10).adjusted(0.001) == pytest.approx(0.01)
    assert Family(np.array([]), 10).rejected(0.05) == (0, 0.0)
