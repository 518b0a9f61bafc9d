"""Rotations find causes: by the columns that go with them, or by their sharing nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vaeaudit.models.rotations import to_few_features, to_independence, varimax

RNG = np.random.default_rng(3)
#: Where a thing stands, across and up, and how large it is: each as likely within bounds; standardised.
PLACES = RNG.uniform(-(3**0.5), 3**0.5, (3000, 3))


def found_again(scores: Any, causes: Any) -> float:
    """Return how far the worst found cause goes with one score."""
    size = causes.shape[1]
    return float(np.abs(np.corrcoef(causes, scores, rowvar=False)[:size, size:]).max(axis=1).min())


def test_what_stands_in_columns_already_stays_there() -> None:
    loadings = np.kron(np.eye(3), np.ones((4, 1)))
    assert np.abs(loadings @ varimax(loadings)) == pytest.approx(loadings, abs=1e-6)


@given(st.integers(0, 1000))
def test_what_shares_nothing_is_found_from_whichever_side_it_was_learned(seed: int) -> None:
    scores = PLACES @ stats.ortho_group(3, seed=seed).rvs()
    rotation = to_independence(scores)
    np.testing.assert_allclose(rotation.T @ rotation, np.eye(3), atol=1e-8)
    assert found_again(scores @ rotation, PLACES) > 0.98


def test_what_is_independent_already_stays() -> None:
    assert np.abs(to_independence(PLACES)) == pytest.approx(np.eye(3), abs=0.12)


def test_of_a_thing_that_moves_pixels_do_not_tell_the_axes_and_independence_does() -> None:
    places, grid = PLACES[:, :2], np.linspace(-2, 2, 12)
    across, up = (np.exp(-2 * np.square(place[:, None] - grid)) for place in places.T)
    pixels = (across[:, :, None] * up[:, None, :]).reshape(len(places), -1)
    pixels -= pixels.mean(axis=0)
    scores = places @ stats.ortho_group(2, seed=2).rvs()
    by_pixels, by_independence = to_few_features(scores, pixels), to_independence(scores)
    assert found_again(scores @ by_independence, places) > 0.99
    assert found_again(scores @ by_pixels, places) < 0.8


def test_one_score_has_nothing_to_be_turned_against() -> None:
    assert to_independence(PLACES[:, :1]) == pytest.approx(np.eye(1))
