"""The half of the rows that lies closest together: its mean and spread, whatever the others do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.covariance import MinCovDet

from vaeaudit.statistics.robust_covariance import RobustCovariance, minimum_covariance_determinant


def normal_rows(n_rows: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_rows, 3)) @ np.array([[1.0, 0.5, 0.0], [0.0, 1.0, 0.3], [0.0, 0.0, 0.6]])


def test_rows_without_outliers_give_distances_that_follow_chi_square():
    rows = normal_rows(4000)
    distance = minimum_covariance_determinant(rows).squared_distance(rows)
    np.testing.assert_allclose(np.quantile(distance, [0.5, 0.9]), [2.37, 6.25], rtol=0.08)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.4])
def test_a_clump_of_up_to_two_fifths_of_the_rows_moves_nothing(share):
    rows = normal_rows(1000)
    clump = np.arange(1000) < 1000 * share
    rows[clump] = np.random.default_rng(1).normal([6, -6, 6], 0.1, (clump.sum(), 3))
    distance = minimum_covariance_determinant(rows).squared_distance(rows)
    assert distance[clump].min() > np.quantile(distance[~clump], 0.99)


def test_it_ranks_rows_as_the_search_from_many_drawn_starts_does():
    rows = normal_rows(600)
    rows[:60] += np.array([4.0, -4.0, 0.0])
    own = minimum_covariance_determinant(rows).squared_distance(rows)
    drawn = MinCovDet(random_state=0).fit(rows).mahalanobis(rows)
    assert np.corrcoef(np.argsort(np.argsort(own)), np.argsort(np.argsort(drawn)))[0, 1] > 0.98


def test_directions_in_which_most_rows_do_not_differ_tell_nothing():
    rows = normal_rows(500)
    same = np.column_stack([rows, rows[:, 0] - rows[:, 1], np.ones(500)])
    found = minimum_covariance_determinant(same)
    assert found.whitening.shape == (5, 3)
    expected = minimum_covariance_determinant(rows).squared_distance(rows)
    np.testing.assert_allclose(np.median(found.squared_distance(same)), np.median(expected), rtol=0.05)


def test_where_most_rows_are_one_point_there_is_no_direction():
    rows = np.vstack([np.ones((90, 2)), np.random.default_rng(0).normal(size=(10, 2))])
    assert minimum_covariance_determinant(rows).whitening.shape == (2, 0)


def test_what_rounding_leaves_of_equal_rows_is_no_direction():
    rows = np.zeros((9, 2))
    rows[:3, 0], rows[6:, 0] = 7.1e-34, 1.0
    assert minimum_covariance_determinant(rows).whitening.shape == (2, 0)


@given(st.integers(0, 2**32 - 1))
def test_distances_do_not_hang_on_the_order_of_rows(seed):
    rows = normal_rows(60, seed)
    order = np.random.default_rng(seed).permutation(60)
    one, other = minimum_covariance_determinant(rows), minimum_covariance_determinant(rows[order])
    np.testing.assert_allclose(one.squared_distance(rows), other.squared_distance(rows), rtol=1e-6)


def test_of_all_rows_it_is_the_mahalanobis_distance_of_the_textbook():
    rows = normal_rows(200)
    centred = rows - rows.mean(axis=0)
    expected = np.einsum("nf,fg,ng->n", centred, np.linalg.inv(np.cov(rows.T, bias=True)), centred)
    np.testing.assert_allclose(RobustCovariance.of(rows).squared_distance(rows), expected, rtol=1e-9)
