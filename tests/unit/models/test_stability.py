"""How well axes return from another seed."""

from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.config import TrainConfig
from vaeaudit.models.stability import best_match, latent_stability


def test_an_axis_that_returns_turned_round_and_bent_matches_fully():
    axis = np.random.default_rng(0).normal(size=(500, 1))
    other = np.column_stack([np.random.default_rng(1).normal(size=500), -np.exp(axis[:, 0])])
    assert best_match(axis, other) == pytest.approx([1.0])


def test_unrelated_axes_match_little_and_a_dead_one_not_at_all():
    one = np.column_stack([np.random.default_rng(0).normal(size=2000), np.zeros(2000)])
    match = best_match(one, np.random.default_rng(1).normal(size=(2000, 3)))
    assert match[0] < 0.1
    assert match[1] == 0


def test_an_axis_that_the_data_dictates_is_more_stable_than_chance(learned):
    model = learned.training.model.config
    config = TrainConfig(epochs=9, warmup_epochs=2, fewest_steps=60, most_steps=60, batch_size=32, learning_rate=0.01)
    found = latent_stability(
        learned.codes.mean,
        learned.encoding,
        learned.rows,
        held_out=learned.held_out,
        model_config=model,
        config=config,
        seed=0,
    )
    assert found.shape == (model.latents,)
    assert 0 <= found.min()
    assert found.max() > 0.6
