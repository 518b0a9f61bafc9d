"""How far groups lie apart: the distance itself, and what chance does."""

from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.statistics.group_distances import SHUFFLES, group_distances


def test_a_shift_of_one_standard_deviation_is_a_distance_of_one():
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1], 4_000)
    values = rng.normal(size=(8_000, 1)) + codes[:, None]
    found = group_distances(values, codes, 2, rng)
    assert found.distance[0] == pytest.approx(1 / values.std(), abs=0.03)
    assert found.p_value[0] == pytest.approx(1 / (1 + SHUFFLES))


def test_groups_that_differ_in_spread_alone_lie_apart_too():
    rng = np.random.default_rng(1)
    codes = np.repeat([0, 1], 1_000)
    values = rng.normal(size=(2_000, 1)) * np.where(codes, 2.0, 1.0)[:, None]
    assert group_distances(values, codes, 2, rng).p_value[0] < 0.01


def test_the_test_keeps_its_level_and_small_groups_do_not_break_it():
    rng = np.random.default_rng(2)
    p = [
        group_distances(rng.standard_t(3, size=(240, 5)), rng.permutation(np.repeat([0, 1, 2], [180, 50, 10])), 3, rng)
        for _ in range(20)
    ]
    below = np.mean(np.concatenate([each.p_value for each in p]) <= 0.1)
    assert below < 0.2


def test_a_small_group_that_lies_apart_is_found_beside_large_ones_that_do_not():
    rng = np.random.default_rng(3)
    codes = rng.permutation(np.repeat([0, 1, 2], [900, 900, 40]))
    values = rng.normal(size=(1_840, 1)) + 1.0 * (codes == 2)[:, None]
    found = group_distances(values, codes, 3, rng)
    assert found.p_value[0] < 0.01
    assert found.distance[0].argmax() == 2


def test_an_axis_that_stands_still_has_no_distance():
    found = group_distances(np.zeros((60, 1)), np.repeat([0, 1], 30), 2, np.random.default_rng(0))
    assert found.distance[0] == pytest.approx(0)
    assert found.p_value[0] == 1
