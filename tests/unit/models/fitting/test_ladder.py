"""The ladder on rows that lie along two hidden axes: what recreates best, and what neighbours are."""

from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.analysis.latents.ladder import summarise_ladder
from vaeaudit.config import FitConfig, ModelConfig, Objective, TrainConfig
from vaeaudit.data.schema.columns import Kind
from vaeaudit.models.fitting.ladder import RUNGS, rungs_of
from vaeaudit.workflow.builder import kind_for


@pytest.fixture(scope="module")
def climbed(dataset_of):
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(800, 2))
    columns = {f"x{place}": (hidden @ rng.normal(size=2) + 0.3 * rng.normal(size=800), Kind.REAL) for place in range(6)}
    dataset = dataset_of(columns)
    train = TrainConfig(epochs=8, warmup_epochs=1, fewest_steps=40, most_steps=40, learning_rate=0.01, members=0)
    config = FitConfig(model=ModelConfig(latents=4, hidden=(32,)), train=train)
    prepared = kind_for(dataset).prepare(dataset, config)
    own = prepared.train().model
    return own, prepared.climb(own, lambda progress: None)


def test_the_models_are_an_autoencoder_a_vae_and_a_beta_vae_of_the_same_rows(climbed):
    _, ladder = climbed
    assert ladder.objective == ("ae", "beta", "beta")
    assert ladder.beta.tolist() == [1, 1, 4]
    assert ladder.log_likelihood.shape == (3, 80)


def test_the_autoencoder_recreates_best_and_the_vae_leads_straighter_between_rows(climbed):
    autoencoder, vae, beta_vae = summarise_ladder(climbed[1], 0.95)
    assert autoencoder.log_likelihood.value > vae.log_likelihood.value > beta_vae.log_likelihood.value
    assert vae.kl.ci.low > beta_vae.kl.ci.high
    assert vae.active_latents <= 4
    assert autoencoder.detour.value > vae.detour.value


@pytest.mark.parametrize("objective", list(Objective))
def test_a_run_of_any_objective_has_the_same_ladder(objective):
    config = ModelConfig(objective=objective, latents=4, capacity=4.0 if objective is Objective.CAPACITY else 0.0)
    assert [(rung.objective, rung.weight) for rung in rungs_of(config)] == list(RUNGS)
    assert all(rung.latents == 4 for rung in rungs_of(config))


def test_the_runs_own_model_stands_for_itself(climbed):
    own, ladder = climbed
    vae = summarise_ladder(ladder, 0.95)[1]
    assert own.config.objective == "beta"
    assert vae.log_likelihood.n == 80
