"""A latent that comes back from another seed is told from an accident of the seed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vaeaudit.models.fitting.stability import best_match, train_members
from vaeaudit.models.inference import posterior_means
from vaeaudit.progress import Progress

RNG = np.random.default_rng(2)


def test_an_axis_is_matched_whatever_its_place_sign_and_stretch() -> None:
    z = RNG.normal(size=(800, 3))
    other = np.column_stack([RNG.normal(size=800), -np.exp(z[:, 0]), z[:, 2] ** 3])
    first, second, third = best_match(z, other)
    assert first == pytest.approx(1)
    assert third == pytest.approx(1)
    assert second < 0.15


def test_a_latent_that_never_moves_matches_nothing() -> None:
    z = np.column_stack([np.zeros(50), RNG.normal(size=50)])
    found = best_match(z, z)
    assert found[0] == 0
    assert found[1] == pytest.approx(1)


def test_stability_is_a_figure_per_latent_and_each_refit_is_told_about(learned: Any) -> None:
    told: list[Progress] = []
    config = replace(learned.config, epochs=9, members=2)
    members = train_members(
        learned.codes.mean,
        learned.encoding,
        learned.rows,
        held_out=learned.held_out,
        model_config=learned.training.model.config,
        config=config,
        seed=0,
        on_progress=told.append,
    )
    found = members.stability
    assert found.shape == (4,)
    assert ((found >= 0) & (found <= 1)).all()
    assert found.max() > 0.6  # two causes were planted
    assert sum(progress.done == 0 for progress in told) == 2

    assert members.mean.shape == (2, len(learned.rows), 4)
    assert members.mean.dtype == np.float32
    assert np.isfinite(members.mean).all()
    again = [best_match(learned.codes.mean, member) for member in members.mean]
    np.testing.assert_allclose(np.mean(again, axis=0), found)  # fewer rows than are compared at most


def test_posterior_means_are_those_of_the_codes(learned: Any) -> None:
    found = posterior_means(learned.training.model, learned.rows)
    np.testing.assert_allclose(found, learned.codes.mean, rtol=1e-4, atol=1e-5)
