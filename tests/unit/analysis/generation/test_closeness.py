"""Copies, membership and support, on generators whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.analysis.generation.closeness import closeness


def judged(generated, n=1500, seed=0, d=6):
    rng = np.random.default_rng(seed)
    trained, held_out = rng.normal(size=(n, d)), rng.normal(size=(n // 3, d))
    return closeness(generated(trained, rng), trained, held_out, 0.95, rng)


def test_fresh_rows_give_nothing_away():
    found = judged(lambda trained, rng: rng.normal(size=(1000, 6)))
    assert found.membership.ci.low < 0.5 < found.membership.ci.high
    assert found.nearer.ci.low < 0.5 < found.nearer.ci.high
    assert found.outside.value == pytest.approx(0.05, abs=0.03)
    assert found.equal == 0


def test_a_generator_that_returns_the_rows_is_caught():
    found = judged(lambda trained, rng: trained[rng.integers(len(trained), size=1500)])
    assert found.equal == 1.0
    assert found.nearer.value > 0.99
    assert found.membership.ci.low > 0.75
    assert found.outside.value == 0.0


def test_rows_near_trained_ones_are_caught_though_none_is_equal():
    found = judged(lambda trained, rng: trained + 0.05 * rng.normal(size=trained.shape))
    assert found.equal == 0.0
    assert found.nearer.ci.low > 0.9
    assert found.membership.ci.low > 0.9


def test_rows_beyond_the_data_are_outside():
    assert judged(lambda trained, rng: rng.normal(size=(500, 6)) + 4).outside.value > 0.9


def test_too_few_rows_tell_nothing():
    assert judged(lambda trained, rng: trained[:5]) is None
