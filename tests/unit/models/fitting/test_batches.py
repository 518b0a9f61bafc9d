"""With --debias rare rows are drawn more often, common ones evenly, and the same way after an interruption."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vaeaudit.models.fitting.batches import MOST_OFTEN, AdaptiveResampling, draw_weights, drawn_batches
from vaeaudit.models.fitting.training import TrainingState
from vaeaudit.outputs.histograms import effective_sample_size

RNG = np.random.default_rng(6)


def test_a_rare_mode_is_drawn_more_often_than_its_share() -> None:
    rare = np.arange(2000) < 60
    mean = RNG.normal(0, 0.3, (2000, 3)) + np.where(rare[:, None], [4.0, 0.0, 0.0], 0.0)
    weight = draw_weights(mean, alpha=0.01)
    assert weight[rare].sum() / weight.sum() > 4 * rare.mean()
    assert weight.max() <= MOST_OFTEN * np.median(weight) * (1 + 1e-9)


def test_latents_that_are_spread_evenly_are_left_alone() -> None:
    weight = draw_weights(RNG.uniform(-2, 2, (20_000, 2)), alpha=0.01)
    assert effective_sample_size(weight) > 0.98 * len(weight)


def test_latents_that_hardly_vary_take_no_part() -> None:
    np.testing.assert_array_equal(draw_weights(RNG.normal(0, 0.05, (500, 4)), alpha=0.01), np.ones(500))


def test_a_broken_model_draws_evenly() -> None:
    np.testing.assert_array_equal(draw_weights(np.full((5, 2), np.nan), alpha=0.01), np.ones(5))


def test_over_many_latents_no_row_fills_the_batches() -> None:
    weight = draw_weights(RNG.normal(size=(3000, 32)), alpha=0.001)
    assert effective_sample_size(weight) > 300


def test_the_first_epoch_draws_evenly_and_the_next_by_the_model(learned: Any) -> None:
    resampling = AdaptiveResampling(learned.training.model, learned.rows, alpha=0.01, seed=0)
    first, second = resampling.draw(0, 4000), resampling.draw(1, 4000)
    assert first.effective_sample_size == pytest.approx(len(learned.rows))
    assert second.effective_sample_size < 0.9 * len(learned.rows)

    weight = draw_weights(learned.codes.mean, alpha=0.01)
    rare = weight > np.quantile(weight, 0.9)
    assert rare[first.index].mean() == pytest.approx(0.1, abs=0.03)
    assert rare[second.index].mean() > 0.2


def test_the_draw_depends_on_seed_and_epoch_alone(learned: Any) -> None:
    def draw(seed: int, epoch: int) -> list[int]:
        resampling = AdaptiveResampling(learned.training.model, learned.rows, alpha=0.01, seed=seed)
        return list(resampling.draw(epoch, 200).index)

    assert draw(0, 2) == draw(0, 2)
    assert draw(0, 2) != draw(0, 3)
    assert draw(0, 2) != draw(1, 2)


def test_drawn_batches_are_the_rows_that_were_drawn(learned: Any) -> None:
    index = np.array([5, 5, 9, 0, 3, 7])
    batches = iter(drawn_batches(learned.rows, index, 2))
    for expected in (index[:2], index[2:4], index[4:], index[:2]):
        found = [part.numpy() for part in next(batches)]
        for part, whole in zip(found, learned.rows.take(expected).arrays(), strict=True):
            np.testing.assert_array_equal(part, whole)


def test_training_says_how_far_each_draw_departed_and_the_same_seed_gives_the_same_model(learned: Any) -> None:
    config = replace(learned.config, epochs=3, debias=True)
    one, again = (learned.train_again(config=config) for _ in range(2))
    drawn = one.history["effective_sample_size"]
    assert len(drawn) == one.epochs == 3
    assert drawn[0] == pytest.approx((~learned.held_out).sum())
    assert (drawn[1:] < drawn[0]).all()
    assert one.stopped == "epochs"
    for first, second in zip(one.model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)
    assert "effective_sample_size" not in learned.training.history


def test_an_interrupted_training_goes_on_as_it_would_have(learned: Any) -> None:
    config = replace(learned.config, epochs=4, debias=True)
    states: list[TrainingState] = []
    whole = learned.train_again(config=config, on_checkpoint=states.append)
    resumed = learned.train_again(config=config, resume_from=states[1])

    assert resumed.epochs == 4
    np.testing.assert_allclose(
        resumed.history["effective_sample_size"], whole.history["effective_sample_size"], rtol=0.05
    )
    assert resumed.history["effective_sample_size"][2] == whole.history["effective_sample_size"][2]


def test_training_that_is_interrupted_keeps_the_epochs_that_were_whole(learned: Any) -> None:
    config = replace(learned.config, epochs=4, debias=True)
    told: list[int] = []
    stopped = learned.train_again(
        config=config, on_progress=lambda progress: told.append(progress.done), is_interrupted=lambda: len(told) > 2
    )
    assert stopped.stopped == "interrupted"
    assert stopped.epochs == 2
