"""A row that lies far from the others comes first by each detector, whatever the table is like."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vaeaudit.scoring import geometry
from vaeaudit.scoring.geometry import Geometry

pytestmark = pytest.mark.usefixtures("few_trees")
RNG = np.random.default_rng(6)
ROWS = (RNG.normal(size=(400, 1)) + 0.5 * RNG.normal(size=(400, 5))).astype(np.float32)


def scores_of(features: np.ndarray, *, seed: int = 0) -> np.ndarray:
    return Geometry.of(features, seed=seed).scores(features)


def with_far_row(features: np.ndarray) -> np.ndarray:
    return np.concatenate([features, np.full((1, features.shape[1]), 8, np.float32)])


def test_each_detector_ranks_a_row_far_from_the_others_first(all_trees: None) -> None:
    found = scores_of(with_far_row(ROWS))
    assert found.shape == (401, 3)
    np.testing.assert_array_equal(found.argmax(axis=0), 400)


def test_a_row_within_every_column_that_breaks_their_correlation_is_first_by_the_robust_distance() -> None:
    odd = np.concatenate([ROWS, np.array([[1.2, -1.2, 1.2, -1.2, 1.2]], np.float32)])
    assert np.abs(odd[400]).max() < np.abs(ROWS).max(axis=0).min()
    assert scores_of(odd)[:, 1].argmax() == 400


def test_a_few_rows_that_lie_together_do_not_hide_each_other_from_the_robust_distance() -> None:
    clump = np.concatenate([ROWS, np.full((20, 5), 6, np.float32) + RNG.normal(0, 0.1, (20, 5)).astype(np.float32)])
    distance = scores_of(clump)[:, 1]
    assert distance[400:].min() > distance[:400].max()


def test_of_one_column_the_farthest_row_is_first() -> None:
    np.testing.assert_array_equal(scores_of(with_far_row(ROWS[:, :1])).argmax(axis=0), 400)


def test_a_column_that_is_the_same_everywhere_changes_no_order() -> None:
    with_constant = np.column_stack([ROWS, np.zeros(400, np.float32)])
    found, alone = scores_of(with_far_row(with_constant)), scores_of(with_far_row(ROWS))
    np.testing.assert_array_equal(found.argmax(axis=0), 400)
    np.testing.assert_allclose(found[:400, 2], alone[:400, 2])


def test_rows_that_are_all_alike_are_none_more_atypical_than_another() -> None:
    found = scores_of(np.ones((50, 3), np.float32))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, found[:1].repeat(50, axis=0), atol=1e-6)


@pytest.mark.parametrize(("n_rows", "n_features"), [(30, 80), (9, 9), (3, 2), (1, 1), (300, 150)])
def test_fewer_rows_than_features_or_only_a_few_give_finite_scores(n_rows: int, n_features: int) -> None:
    features = RNG.normal(size=(n_rows, n_features)).astype(np.float32)
    found = scores_of(features)
    assert found.shape == (n_rows, 3)
    assert np.isfinite(found).all()


def test_where_most_rows_are_one_point_the_others_are_held_against_all() -> None:
    heaped = np.concatenate([np.zeros((250, 5), np.float32), ROWS[:150]])
    found = scores_of(with_far_row(heaped))
    np.testing.assert_array_equal(found.argmax(axis=0), 400)
    one_column = scores_of(with_far_row(heaped[:, :1]))
    np.testing.assert_array_equal(one_column.argmax(axis=0), 400)


def test_the_distance_to_neighbours_is_the_mean_over_every_bag_that_could_be_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(geometry, "BAG_SIZE", 3)
    rows = RNG.normal(size=(7, 2)).astype(np.float32)
    asked = RNG.normal(size=(4, 2)).astype(np.float32)
    apart = np.linalg.norm(asked[:, None] - rows, axis=2)
    bags = [apart[:, list(bag)].min(axis=1) for bag in combinations(range(7), 3)]
    np.testing.assert_allclose(Geometry(rows, 0).nearest(asked), np.mean(bags, axis=0), rtol=1e-6)


def test_the_distance_to_neighbours_owes_nothing_to_the_seed() -> None:
    np.testing.assert_array_equal(Geometry(ROWS, 0).nearest(ROWS), Geometry(ROWS, 9).nearest(ROWS))


def test_of_many_features_a_far_row_is_still_first() -> None:
    np.testing.assert_array_equal(scores_of(with_far_row(RNG.normal(size=(60, 90)).astype(np.float32))).argmax(0), 60)


def test_without_features_nothing_is_atypical() -> None:
    assert not scores_of(np.zeros((7, 0), np.float32)).any()


def test_rows_scored_again_alone_or_from_a_file_get_what_they_got() -> None:
    kept = Geometry.of(ROWS, seed=3)
    first = kept.scores(ROWS)
    again = Geometry.from_arrays({**kept.to_arrays(), "other": np.zeros(2)})
    np.testing.assert_array_equal(again.scores(ROWS), first)
    np.testing.assert_allclose(again.scores(ROWS[40:45]), first[40:45], rtol=1e-7, atol=1e-7)


def test_a_long_table_is_held_against_some_of_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geometry, "MOST_REFERENCE", 100)
    kept = Geometry.of(ROWS, seed=0)
    assert kept.reference.shape == (100, 5)
    assert {row.tobytes() for row in kept.reference} <= {row.tobytes() for row in ROWS}
    np.testing.assert_array_equal(kept.scores(with_far_row(ROWS)).argmax(axis=0), 400)


def test_the_distance_to_neighbours_is_the_mean_over_bags_of_that_to_the_nearest_of_each() -> None:
    # Of no more rows than a bag holds, every bag holds all: the distance is that to the nearest row.
    reference = RNG.normal(size=(20, 3)).astype(np.float32)
    rows = RNG.normal(size=(6, 3)).astype(np.float32)
    nearest = np.linalg.norm(rows[:, None] - reference, axis=2).min(axis=1)
    np.testing.assert_allclose(Geometry(reference, 0).scores(rows)[:, 2], nearest, rtol=1e-4)


def test_rows_beyond_a_chunk_are_scored_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = scores_of(ROWS)
    monkeypatch.setattr(geometry, "_CHUNK", 33)
    np.testing.assert_allclose(scores_of(ROWS), whole, rtol=1e-7, atol=1e-7)


def test_nothing_to_compare_with_is_refused() -> None:
    with pytest.raises(ValueError, match="reference"):
        Geometry.of(np.zeros((0, 2), np.float32), seed=0)


def test_where_half_of_few_rows_are_one_point_the_others_still_lie_farther_out() -> None:
    features = np.zeros((5, 8), np.float32)
    features[[0, 0, 2], [0, 5, 7]] = [-10.246885, -16.407034, 3.3580155]
    robust = scores_of(features, seed=0)[:, 1]
    assert robust.argmax() == 0
    assert np.isfinite(robust).all()


FEATURES = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=25),
    elements=st.floats(-20, 20, width=32) | st.integers(-2, 2),
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(features=FEATURES, seed=st.integers(0, 2**32 - 1))
def test_scores_of_any_features_are_finite(features: np.ndarray, seed: int) -> None:
    found = scores_of(features, seed=seed)
    assert found.shape == (len(features), 3)
    assert np.isfinite(found).all()
