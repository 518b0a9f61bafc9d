from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.analysis.duplicates import neighbours
from vaeaudit.analysis.duplicates.neighbours import (
    CHANCE_PAIRS,
    closeness,
    copy_limit,
    nearest_rows,
    pairs_within,
    usual_distances,
)


def test_the_nearest_rows_are_those_of_all_distances():
    points = np.random.default_rng(0).normal(size=(60, 3))
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    truth = np.argsort(apart, axis=1)[:, :4]
    assert np.array_equal(np.sort(nearest_rows(points, 4), axis=1), np.sort(truth, axis=1))


def test_a_row_is_never_its_own_neighbour_even_among_equal_ones():
    found = nearest_rows(np.zeros((30, 2)), 5)
    assert found.shape == (30, 5)
    assert not np.any(found == np.arange(30)[:, None])


@pytest.mark.parametrize(
    ("n_rows", "n_columns", "shape"), [(1, 2, (1, 0)), (0, 2, (0, 0)), (3, 2, (3, 2)), (5, 0, (5, 0))]
)
def test_few_rows_have_few_neighbours(n_rows, n_columns, shape):
    assert nearest_rows(np.random.default_rng(0).normal(size=(n_rows, n_columns)), 10).shape == shape


def test_too_many_rows_are_searched_in_windows_that_keep_copies_together(monkeypatch):
    rng = np.random.default_rng(1)
    points = rng.normal(size=(3_000, 4)) * [3, 1, 1, 1]
    both = np.concatenate([points, points[:300] + 1e-3 * rng.normal(size=(300, 4))])
    monkeypatch.setattr(neighbours, "MOST_COMPARISONS", 2e6)
    found = nearest_rows(both, 3)
    assert np.mean([place in found[3_000 + place] for place in range(300)]) > 0.99
    assert not np.any(found == np.arange(3_300)[:, None])


@pytest.mark.parametrize("dimension", [2, 5, 12])
def test_chance_gives_as_few_pairs_below_the_limit_as_promised(dimension):
    rng = np.random.default_rng(dimension)
    below = []
    for _ in range(400):
        ratio = rng.random(1_000) ** (1 / dimension)
        below.append(np.count_nonzero(ratio <= copy_limit(ratio, np.ones(1_000), 50)))
    assert np.mean(below) == pytest.approx(CHANCE_PAIRS, abs=0.05)


def test_a_tenth_of_copies_makes_the_limit_stricter_but_no_more_than_half():
    ratio = np.random.default_rng(3).random(5_000) ** (1 / 8)
    clean = copy_limit(ratio, np.ones(5_000), 50)
    ratio[:500] = 1e-3
    assert 0.5 * clean < copy_limit(ratio, np.ones(5_000), 50) < clean


def test_the_limit_knows_that_few_columns_have_few_dimensions():
    even = np.linspace(0.999, 1.0, 1_000)
    assert copy_limit(even, np.ones(1_000), 3) < 0.1
    assert copy_limit(np.zeros(0), np.zeros(0), 3) == 0


def test_where_all_neighbours_coincide_nothing_is_close():
    assert closeness(np.zeros(3), np.array([0.0, 1.0, 2.0])).tolist() == [1.0, 1e-9, 1e-9]


def test_a_pair_is_near_only_where_it_is_so_around_both_rows():
    neighbours = np.array([[1, 2], [0, 2], [1, 0]])
    distance = np.array([[1.0, 9.0], [1.0, 9.0], [9.0, np.inf]])
    usual = np.array([4.0, 2.5, 30.0])
    pairs, apart = pairs_within(0.5, neighbours, distance, usual)
    assert pairs.tolist() == [[0, 1], [0, 1]]  # row 2 is far from both, though not by its own measure
    assert apart.tolist() == [1.0, 1.0]


def test_the_usual_distance_of_a_row_without_neighbours_is_zero():
    assert usual_distances(np.zeros((3, 0))).tolist() == [0.0, 0.0, 0.0]
    assert usual_distances(np.array([[1.0, 5.0, 3.0]])).tolist() == [3.0]
