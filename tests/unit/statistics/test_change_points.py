from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.statistics.change_points import find_drift, locate, scan, scan_p

ROWS, BINS = 3_000, 200


def drift_of(values, *, years=4.0):
    """Put rows into equal bins in their order."""
    bins = np.arange(len(values)) * BINS // len(values)
    sums, rows = np.bincount(bins, values)[:, None], np.bincount(bins).astype(float)[:, None]
    place = (np.arange(BINS) + 0.5) / BINS
    return find_drift(sums, rows, np.array([values.var()]), place, years=years, most_p=0.01)


def drawn(share, rng):
    return (rng.random(ROWS) < share).astype(float)


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.fixture
def at():
    return np.arange(ROWS) / ROWS


def test_a_level_that_changes_is_a_step_at_its_bin(rng, at):
    found = drift_of(drawn(np.where(at < 0.8, 0.3, 0.9), rng))
    assert (found.shape, found.edges) == ("step", (160,))
    assert max(found.p_values) < 1e-9


def test_a_level_that_comes_and_goes_is_two_steps(rng, at):
    found = drift_of(drawn(np.where((at > 0.4) & (at < 0.6), 0.9, 0.2), rng))
    assert found.edges == (80, 120)


def test_a_step_is_seen_through_the_seasons(rng, at):
    found = drift_of(drawn(np.where(at < 0.3, 0.7, 0.2) + 0.15 * np.sin(8 * np.pi * at), rng))
    assert found.shape == "step"
    assert abs(found.edges[0] - 60) <= 2


@pytest.mark.parametrize("name", ["line", "season", "half a season", "random walk", "curve"])
def test_what_moves_without_a_jump_is_no_step(name, rng, at):
    walk = np.cumsum(rng.normal(size=ROWS))
    values = {
        "line": drawn(0.1 + 0.8 * at, rng),
        "season": drawn(0.5 + 0.4 * np.sin(8 * np.pi * at), rng),
        "half a season": drawn(0.2 + 0.6 * np.sin(np.pi * at), rng),
        "random walk": np.argsort(np.argsort(walk)) / ROWS,
        "curve": drawn(1 / (1 + np.exp(-8 * (at - 0.5))), rng),
    }[name]
    assert drift_of(values, years=0.5 if name == "half a season" else 4.0).shape == "trend"


def test_rows_without_order_drift_no_more_often_than_the_bound_says():
    rng = np.random.default_rng(0)
    z = np.array([scan(rng.random((BINS, 1)), np.ones((BINS, 1)), np.array([1 / 12]))[0] for _ in range(400)])
    for level in (0.05, 0.2):
        assert np.mean(scan_p(z, float(BINS)) <= level) <= level + 0.02


def test_too_few_rows_have_no_difference():
    assert scan(np.array([[1.0], [0.0]]), np.array([[5.0], [5.0]]), np.array([0.25])).tolist() == [0.0]


def test_the_place_of_a_share_has_an_interval_that_grows_with_the_spread():
    hits, rows = [2, 3, 2, 6, 5, 7, 6], [10] * 7
    place, low, high = locate(hits, rows)
    assert (place, low <= 3 <= high) == (3, True)
    wide = locate(hits, rows, spread=4.0)
    assert wide[1] <= low
    assert wide[2] >= high


def test_a_level_that_is_constant_since_has_the_exact_place():
    assert locate([3, 4, 6, 1, 3, 9], [9, 9, 9, 1, 3, 9])[0] == 3
