"""Short trainings with several betas on rows that lie along two hidden axes."""

from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.config import FitConfig, ModelConfig, TrainConfig
from vaeaudit.data.schema.columns import Kind
from vaeaudit.statistics.beta_choice import choose_beta
from vaeaudit.workflow.builder import kind_for

BETAS = (0.5, 1.0, 8.0)


@pytest.fixture(scope="module")
def prepared(dataset_of):
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(900, 2))
    columns = {f"x{place}": (hidden @ rng.normal(size=2) + 0.3 * rng.normal(size=900), Kind.REAL) for place in range(6)}
    dataset = dataset_of(columns)
    train = TrainConfig(epochs=6, learning_rate=0.01, members=0)
    config = FitConfig(model=ModelConfig(latents=4, hidden=(32,), beta="auto"), train=train)
    return kind_for(dataset).prepare(dataset, config)


@pytest.fixture(scope="module")
def tried(prepared):
    told = []
    return prepared.try_betas(betas=BETAS, n_seeds=2, on_progress=told.append), told


def test_what_is_kept_is_of_held_out_rows_and_of_every_beta_and_seed(prepared, tried):
    trials, _ = tried
    assert trials.beta.tolist() == list(BETAS)
    assert trials.mean.shape == (3, 2, prepared.held_out.sum(), 4)
    assert trials.active.shape == (3, 2, 4)


def test_too_large_a_beta_leaves_nothing_and_is_not_taken(tried):
    trials, _ = tried
    assert trials.fewest_active[1] >= 2  # as many as there are axes
    assert trials.fewest_active[2] == 0
    assert trials.gain[1].mean() > 1 > trials.gain[2].mean()
    assert choose_beta(trials.beta, trials.gain, trials.fewest_active) == 1


def test_progress_counts_the_epochs_of_all_trials_once(tried):
    told = tried[1]
    assert {progress.phase for progress in told} == {"choosing"}
    assert [progress.done for progress in told] == list(range(3 * 2 * 6 + 1))
    assert told[-1].done == told[-1].total
    assert told[-1].seconds_left == 0


def test_it_stops_when_asked(prepared):
    assert prepared.try_betas(betas=BETAS, n_seeds=1, is_interrupted=lambda: True) is None
