from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vaeaudit.statistics.fisher import fisher_exact


def scipys(count: int, n: int, other: int, others: int) -> float:
    return float(stats.fisher_exact([[count, n - count], [other, others - other]]).pvalue)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_the_p_value_is_that_of_scipy(count, rest, other, other_rest):
    table = count, count + rest, other, other + other_rest
    assert fisher_exact(*table)[0] == pytest.approx(scipys(*table), rel=1e-9)


def test_tables_of_any_size_are_tested_at_once():
    tables = [(40, 100, 90, 300), (0, 5, 0, 5), (900, 48_000, 120_000, 2_000_000), (3, 3, 0, 3), (499, 1000, 501, 1000)]
    expected = [scipys(*table) for table in tables]
    assert fisher_exact(*np.transpose(tables)) == pytest.approx(expected, rel=1e-7)
    assert len(fisher_exact([], [], [], [])) == 0


def test_what_is_less_probable_than_a_number_can_hold_has_a_p_value_of_zero():
    assert fisher_exact(0, 100_000, 100_000, 100_000).tolist() == [0.0]
