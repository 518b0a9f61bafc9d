from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from vaeaudit.data.schema.columns import Kind
from vaeaudit.outputs.row_scores import CompanionScores
from vaeaudit.scoring import companions as room
from vaeaudit.scoring.companions import NEIGHBOUR, companion_scores, distance_to_neighbour, isolation_scores


def test_a_row_far_from_all_others_is_first_for_both(build):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 400))
    x[7], y[7] = 9.0, -9.0
    inputs = build({"x": (np.zeros(400), Kind.REAL)}, np.stack([x, y], axis=1))
    scores = companion_scores(inputs.codes, seed=0)
    assert len(scores) == 400
    assert {int(score.argmax()) for score in scores.by_name.values()} == {7}


def test_copies_of_a_row_do_not_hide_it(build):
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.normal(size=500), np.full(30, 12.0)])
    y = np.concatenate([rng.normal(size=500), np.full(30, -12.0)])
    inputs = build({"x": (np.zeros(530), Kind.REAL)}, np.stack([x, y], axis=1))
    distance = companion_scores(inputs.codes, seed=0).neighbour_distance
    assert distance[500:].min() > distance[:500].max()
    assert np.ptp(distance[500:]) == 0


def test_the_distance_is_that_of_the_kth_other_row():
    points = np.random.default_rng(3).normal(size=(200, 4)).astype(np.float32)
    found = distance_to_neighbour(points, np.arange(200), seed=0)
    distances, _ = NearestNeighbors(n_neighbors=NEIGHBOUR + 1).fit(points).kneighbors(points)
    assert found == pytest.approx(distances[:, -1], abs=1e-3)


def test_where_rows_are_many_neighbours_are_sought_in_a_sample_and_all_rows_are_scored(monkeypatch):
    points = np.random.default_rng(4).normal(size=(3_000, 3)).astype(np.float32)
    points[11] = 30.0
    monkeypatch.setattr(room, "MOST_PRODUCTS", 3_000 * 3 * 600)
    found = distance_to_neighbour(points, np.arange(3_000), seed=0)
    distances, _ = NearestNeighbors(n_neighbors=NEIGHBOUR + 1).fit(points).kneighbors(points)
    assert int(found.argmax()) == 11
    assert (found >= distances[:, -1] - 1e-3).all()  # fewer rows to choose from: no neighbour is nearer
    assert np.corrcoef(found, distances[:, -1])[0, 1] > 0.8
    assert np.array_equal(found, distance_to_neighbour(points, np.arange(3_000), seed=0))


@pytest.mark.parametrize("n_rows", [1, 2, 3])
def test_few_rows_have_the_neighbours_that_there_are(n_rows):
    points = np.arange(n_rows, dtype=np.float32)[:, None]
    found = distance_to_neighbour(points, np.arange(n_rows), seed=0)
    assert found.tolist() == [[0.0], [1.0, 1.0], [2.0, 1.0, 2.0]][n_rows - 1]


def test_rows_that_are_all_equal_lie_nowhere_far():
    points = np.ones((50, 2), np.float32)
    assert (distance_to_neighbour(points, np.zeros(50, int), seed=0) == 0).all()
    assert np.ptp(isolation_scores(points, seed=0)) == 0


def test_without_any_feature_no_row_stands_out():
    nothing = np.zeros((6, 0), np.float32)
    assert np.ptp(isolation_scores(nothing, seed=0)) == 0
    assert (distance_to_neighbour(nothing, np.arange(6), seed=0) == 0).all()


def test_pictures_are_compared_by_their_active_latents(build):
    rng = np.random.default_rng(5)
    mean = np.stack([rng.normal(size=300), rng.normal(size=300), np.full(300, 0.001)], axis=1)
    mean[42, :2] = 8.0
    mean[100:120] = mean[42]
    inputs = build({"x": (np.zeros(300), Kind.REAL)}, mean, image_statistics=np.zeros((300, 4)))
    scores = companion_scores(inputs.codes, seed=0)
    odd = np.r_[42, 100:120]
    assert set(np.argsort(-scores.neighbour_distance, kind="stable")[: len(odd)].tolist()) == set(odd.tolist())


def test_scores_survive_being_written():
    scores = CompanionScores(np.array([0.5, 0.25], np.float32), np.array([1.0, 2.0], np.float32))
    back = CompanionScores.from_arrays(scores.to_arrays())
    assert back.isolation_forest.tolist() == [0.5, 0.25]
    assert back.neighbour_distance.tolist() == [1.0, 2.0]


def test_what_cannot_be_scores_is_refused():
    with pytest.raises(ValueError, match="neighbour_distance must have shape"):
        CompanionScores(np.zeros(2), np.zeros(3))
