"""The plan's programme finds the fewest rows: against brute force, and where one row serves two findings."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaeaudit.statistics.set_cover import Requirements, cover


def needs(part, floors, n, total):
    part = np.array(part, float)
    return Requirements(part, np.ones_like(part), np.array(floors), np.array(n, float), np.array(total, float))


def test_one_short_set_needs_what_the_closed_form_says():
    found = cover(needs([[1]], [0.2], [10], [100]))
    assert found.rows.tolist() == [13]  # (10 + 13) / 113 >= 0.2 > (10 + 12) / 112
    assert found.at_least == 13


def test_rows_that_serve_two_sets_are_preferred_to_rows_for_each():
    found = cover(needs([[1, 0, 1], [0, 1, 1]], [0.2, 0.2], [10, 10], [100, 100]))
    assert found.rows.tolist() == [0, 0, 13]


def test_of_equally_few_rows_the_easier_kind_is_asked_for():
    found = cover(needs([[1, 1]], [0.2], [10], [100]), np.array([3.0, 1.0]))
    assert found.rows.tolist() == [0, 13]


def test_nothing_short_needs_nothing_and_what_cannot_be_done_is_none():
    assert cover(needs([[1]], [0.2], [30], [100])).rows.tolist() == [0]
    assert cover(needs(np.zeros((0, 0)), [], [], [])).rows.size == 0
    assert cover(needs([[0]], [0.2], [10], [100])) is None


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_no_plan_of_fewer_rows_exists(seed):
    generator = np.random.default_rng(seed)
    part = generator.integers(0, 2, (2, 3)).astype(float)
    part[:, 0] = 1
    asked = needs(part, generator.uniform(0.1, 0.4, 2), generator.integers(0, 5, 2), [12, 12])
    found = cover(asked)
    best = min(
        sum(rows)
        for rows in product(range(14), repeat=3)
        if (asked.gain @ np.array(rows) >= asked.lacking - 1e-6).all()
    )
    assert found.rows.sum() == best
    assert found.at_least <= best


def test_many_kinds_come_within_a_row_per_requirement_of_the_bound():
    generator = np.random.default_rng(0)
    part = (generator.random((12, 60)) < 0.3).astype(float)
    part[:, 0] = 1
    asked = needs(part, generator.uniform(0.02, 0.1, 12), generator.integers(0, 5, 12), [1000] * 12)
    found = cover(asked)
    assert (asked.gain @ found.rows >= asked.lacking - 1e-5).all()
    assert found.at_least <= found.rows.sum() <= found.at_least + 12


def test_bounds_are_held():
    found = cover(needs([[1, 1]], [0.2], [10], [100]), least=np.array([5, 0]), most=np.array([9, 100]))
    assert found.rows[0] >= 5
    assert found.rows[0] <= 9
    assert found.rows.sum() == pytest.approx(13)
