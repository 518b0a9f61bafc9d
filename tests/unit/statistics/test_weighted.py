from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.statistics.weighted import GroupSums, effective_counts


def test_without_weights_rows_are_counted():
    codes, has = np.array([0, 0, 1, 1, 1, -1]), np.array([True, False, True, True, False, True])
    count, n = effective_counts(codes, has, 3)
    assert count.tolist() == [1, 2, 0]
    assert n.tolist() == [2, 3, 0]


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.floats(0.1, 100)), min_size=1, max_size=50))
def test_equal_weights_change_nothing_and_unequal_ones_are_worth_fewer_rows(rows):
    codes, has, weight = (np.array(part) for part in zip(*rows, strict=True))
    plain = GroupSums.of(codes, has, 3, None)
    same = GroupSums.of(codes, has, 3, np.full(len(codes), 7.3))
    assert same.n == pytest.approx(plain.n)
    assert same.share == pytest.approx(plain.share)
    weighted = GroupSums.of(codes, has, 3, weight)
    assert np.all(weighted.n <= plain.n + 1e-9)
    assert np.all(weighted.count <= weighted.n)


def test_the_share_is_that_of_the_weights_and_others_are_all_outside():
    codes, has, weight = np.array([0, 0, 1]), np.array([True, False, True]), np.array([3.0, 1.0, 2.0])
    sums = GroupSums.of(codes, has, 2, weight)
    assert sums.share.tolist() == [0.75, 1.0]
    assert sums.others.share.tolist() == [1.0, 0.75]
    assert sums.n.tolist() == [1.6, 1.0]
