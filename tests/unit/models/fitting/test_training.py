"""Training: order of rows, warm-up, early stopping, seeds, beta, interruption and going on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import chain, islice
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from vaeaudit.config import FitConfig, ModelConfig, Objective, TrainConfig
from vaeaudit.data.encoding.column_encoding import ColumnEncoding, Likelihood
from vaeaudit.data.encoding.image_encoding import ImageEncoding, PixelLikelihood
from vaeaudit.data.encoding.label_encoding import RowLabels
from vaeaudit.data.encoding.table_encoding import EncodedRows, Encoding
from vaeaudit.data.schema.columns import Kind
from vaeaudit.errors import InconclusiveError
from vaeaudit.models.fitting.batches import training_batches
from vaeaudit.models.fitting.build import resolve
from vaeaudit.models.fitting.training import FEWEST_ROWS, MOST_HELD_OUT, TrainingState, split_held_out
from vaeaudit.models.inference import tensors
from vaeaudit.models.objectives import OBJECTIVES, TotalCorrelationObjective, kl_parts
from vaeaudit.progress import Progress

SHORT = TrainConfig(epochs=2, warmup_epochs=1, fewest_steps=20, most_steps=20, batch_size=64, learning_rate=0.01)


def interrupt_after(n_calls: int) -> Callable[[], bool]:
    calls = iter(range(10**6))
    return lambda: next(calls) >= n_calls


def numbered(n_rows: int) -> EncodedRows:
    return EncodedRows(
        np.arange(n_rows, dtype=np.float32)[:, None], np.zeros((n_rows, 0), np.int32), np.ones((n_rows, 1), bool)
    )


def passes(n_rows: int, batch_size: int, n_batches: int, **more: int) -> list[list[int]]:
    options = {"seed": 3, "epoch": 0, **more}
    batches = training_batches(numbered(n_rows), batch_size, 5, **options)
    return [batch[0].numpy()[:, 0].astype(int).tolist() for batch in islice(batches, n_batches)]


# --- the order of rows ----------------------------------------------------------------------------------------------


def test_each_pass_shows_every_row_once_and_in_another_order() -> None:
    batches = passes(60, 12, 10)
    first, second = list(chain(*batches[:5])), list(chain(*batches[5:]))

    assert sorted(first) == sorted(second) == list(range(60))
    assert first != second
    assert first != list(range(60))


def test_rows_that_do_not_fill_a_batch_wait_for_another_pass() -> None:
    seen = set(chain(*passes(61, 12, 100)))
    assert seen == set(range(61))
    assert all(len(set(batch)) == 12 for batch in passes(61, 12, 20))


def test_a_later_epoch_goes_on_where_the_one_before_ended() -> None:
    assert passes(60, 12, 10)[5:] == passes(60, 12, 5, epoch=1)


def test_the_seed_decides_the_order() -> None:
    assert passes(60, 12, 5) == passes(60, 12, 5)
    assert passes(60, 12, 5) != passes(60, 12, 5, seed=4)


def test_the_parts_of_a_row_stay_together() -> None:
    n_rows = 50
    rows = EncodedRows(
        np.arange(n_rows, dtype=np.float32)[:, None],
        np.arange(n_rows, dtype=np.int32)[:, None],
        np.stack([np.arange(n_rows) % 2 == 0] * 2, axis=1),
    )
    values, codes, observed = (part.numpy() for part in next(iter(training_batches(rows, 16, 1, seed=0, epoch=0))))
    np.testing.assert_array_equal(values, codes)
    np.testing.assert_array_equal(observed[:, 0], codes[:, 0] % 2 == 0)


# --- held-out rows and latents --------------------------------------------------------------------------------------


def test_a_share_of_the_rows_is_held_out_and_the_seed_says_which() -> None:
    mask = split_held_out(1000, 0.1, seed=1)
    assert mask.sum() == 100
    np.testing.assert_array_equal(mask, split_held_out(1000, 0.1, seed=1))
    assert (mask != split_held_out(1000, 0.1, seed=2)).any()


def test_small_tables_hold_out_a_few_rows_and_large_ones_no_more_than_needed() -> None:
    assert split_held_out(FEWEST_ROWS, 0.01, seed=0).sum() == 5
    assert split_held_out(1_000_000, 0.1, seed=0).sum() == MOST_HELD_OUT


def test_copies_are_held_out_together_unless_they_are_too_many() -> None:
    together = np.arange(1000) % 400
    mask = split_held_out(1000, 0.1, 1, together)
    assert 100 <= mask.sum() <= 102
    assert not set(together[mask]) & set(together[~mask])
    assert split_held_out(1000, 0.1, 1, np.zeros(1000, np.int64)).sum() == 100


def test_too_few_rows_are_inconclusive() -> None:
    with pytest.raises(InconclusiveError, match="at least 20 usable rows, found 19"):
        split_held_out(FEWEST_ROWS - 1, 0.1, seed=0)


@pytest.mark.parametrize(("asked", "n_columns", "latents"), [(0, 1, 2), (0, 9, 9), (0, 400, 16), (5, 400, 5)])
def test_auto_latents_follow_the_number_of_columns(asked: int, n_columns: int, latents: int) -> None:
    columns = tuple(ColumnEncoding(f"c{place}", Kind.REAL, Likelihood.NORMAL) for place in range(n_columns))
    resolved = resolve(FitConfig(model=ModelConfig(latents=asked)), Encoding(columns))
    assert resolved.model.latents == latents


def test_every_auto_of_training_is_resolved_and_what_was_asked_for_is_kept() -> None:
    table = Encoding((ColumnEncoding("x", Kind.REAL, Likelihood.NORMAL),))
    pictures = ImageEncoding(28, 28, 1, PixelLikelihood.NORMAL, 0.3)
    large = ImageEncoding(64, 64, 3, PixelLikelihood.NORMAL, 0.3)
    asked = FitConfig(train=TrainConfig(batch_size=7))
    found = [resolve(config, encoding).train for config, encoding in ((FitConfig(), table), (FitConfig(), pictures))]
    assert [(one.batch_size, one.learning_rate, one.iwae_samples) for one in found] == [(256, 2e-3, 16), (64, 1e-3, 4)]
    assert resolve(asked, pictures).train.batch_size == 7
    assert [resolve(FitConfig(), one).model.latents for one in (pictures, large)] == [16, 32]
    annealed = FitConfig(model=ModelConfig(objective="capacity"))
    assert [resolve(annealed, one).model.capacity for one in (table, pictures)] == [4, 25]
    assert (resolve(annealed, table).model.beta, resolve(FitConfig(), table).model.capacity) == (3, 0)


# --- what training does ---------------------------------------------------------------------------------------------


def test_training_beats_independent_columns_on_held_out_rows(learned: Any) -> None:
    elbo = learned.codes.elbo[learned.held_out].mean()
    assert elbo > learned.training.baseline.mean() + 1
    assert learned.codes.active.sum() >= 2
    assert len(learned.training.history["val_loss"]) == learned.training.epochs == 6


def test_the_same_seed_gives_the_same_weights_and_codes_and_another_does_not(learned: Any) -> None:
    again, other = learned.train_again(seed=0), learned.train_again(seed=1)

    for one, two in zip(learned.training.model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    codes = learned.codes_of(again)
    for name, array in learned.codes.to_arrays().items():
        np.testing.assert_array_equal(array, codes.to_arrays()[name], err_msg=name)
    assert (learned.codes_of(other).mean != codes.mean).any()


def test_the_largest_seed_is_a_seed(learned: Any) -> None:
    training = learned.train_again(seed=2**32 - 1, config=SHORT)
    assert np.isfinite(learned.codes_of(training, seed=2**32 - 1).iwae).all()


def test_a_higher_beta_buys_a_lower_kl(learned: Any) -> None:
    high = learned.train_again(model=ModelConfig(latents=4, hidden=(16,), beta=8.0))
    assert learned.codes_of(high).kl.sum(axis=1).mean() < 0.6 * learned.codes.kl.sum(axis=1).mean()


@pytest.mark.parametrize(
    ("objective", "rises"), [("beta", [0.5, 1, 1, 1, 1, 1, 1, 1]), ("capacity", [0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1])]
)
def test_the_weight_of_the_kl_or_its_capacity_rises_linearly_and_then_stands(
    learned: Any, objective: str, rises: list[float]
) -> None:
    states: list[TrainingState] = []
    config = replace(SHORT, epochs=8, warmup_epochs=1, patience=8)
    model = ModelConfig(objective=objective, latents=4, hidden=(16,))
    training = learned.train_again(model=model, config=config, on_checkpoint=states.append)
    position = next(i for i, weight in enumerate(training.model.weights) if weight.path.endswith("risen"))
    assert [float(state.arrays[f"current/{position}"]) for state in states] == pytest.approx(rises)


def test_a_falling_weight_begins_where_no_latent_is_worth_it_and_falls_by_the_same_factor_to_beta(learned: Any) -> None:
    states: list[TrainingState] = []
    config, model = (
        replace(SHORT, epochs=8, patience=8),
        ModelConfig(objective="falling", latents=4, hidden=(16,), beta=0.5),
    )
    training = learned.train_again(model=model, config=config, on_checkpoint=states.append)
    position = next(i for i, weight in enumerate(training.model.weights) if weight.path.endswith("risen"))
    times = np.array([float(state.arrays[f"current/{position}"]) for state in states])
    train_rows = learned.rows.take(np.flatnonzero(~learned.held_out))
    collapse = training.model.collapse(tensors(train_rows))
    assert times[6:] == pytest.approx(1)
    assert times[1:7] / times[:6] == pytest.approx((0.5 / collapse) ** (1 / 7), rel=1e-3)


def test_no_latent_is_worth_more_than_the_beta_of_collapse_and_some_are_worth_less(learned: Any) -> None:
    collapse = learned.training.model.collapse(tensors(learned.rows))
    kl = []
    for beta in (1.5 * collapse, 0.3 * collapse):
        model = ModelConfig(latents=4, hidden=(16,), beta=beta)
        codes = learned.codes_of(learned.train_again(model=model))
        kl.append(float(codes.kl.sum(axis=1).mean()))
    assert kl[0] < 0.02
    assert kl[1] > 0.3


def test_a_loss_that_hangs_on_the_batch_is_judged_on_batches_as_large_as_those_of_training(
    learned: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    class Watched(TotalCorrelationObjective):
        def divergence(self, mean: Any, stddev: Any) -> Any:
            tf.py_function(lambda rows: seen.append(len(rows)), [mean], [])
            return super().divergence(mean, stddev)

    monkeypatch.setitem(OBJECTIVES, "beta-tc", Watched)
    model = ModelConfig(objective="beta-tc", latents=4, hidden=(16,))
    learned.train_again(model=model, config=replace(SHORT, epochs=1, warmup_epochs=0))
    assert set(seen) == {64, 150 % 64}  # 150 rows are held out


def test_the_capacity_is_what_the_kl_comes_to(learned: Any) -> None:
    for capacity in (1.0, 4.0):
        model = ModelConfig(objective="capacity", latents=4, hidden=(16,), capacity=capacity, beta=10.0)
        codes = learned.codes_of(learned.train_again(model=model))
        assert codes.kl[learned.held_out].sum(axis=1).mean() == pytest.approx(capacity, abs=0.5)


def test_weighing_the_total_correlation_lowers_it(learned: Any) -> None:
    model = ModelConfig(objective="beta-tc", latents=4, hidden=(16,), beta=10.0)
    total = []
    for codes in (learned.codes, learned.codes_of(learned.train_again(model=model))):
        noise = np.random.default_rng(0).normal(size=codes.mean.shape).astype(np.float32)
        parts = kl_parts(*map(tf.constant, (codes.mean + codes.stddev * noise, codes.mean, codes.stddev)))
        total.append(float(np.mean(parts.total_correlation)))
    assert total[1] < 0.5 * total[0]


def test_denoising_that_corrupts_nothing_is_the_beta_vae(learned: Any) -> None:
    model = ModelConfig(objective="denoising", latents=4, hidden=(16,), corruption=0.0)
    again = learned.train_again(model=model)
    for one, other in zip(again.model.get_weights(), learned.training.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(again.history["val_loss"], learned.training.history["val_loss"])


@pytest.mark.parametrize("objective", [word for word in Objective if word != Objective.BETA])
def test_an_interrupted_training_of_any_objective_goes_on(learned: Any, objective: Objective) -> None:
    weights = {"capacity": 3.0 * (objective == "capacity"), "label_weight": 7.0 * objective.reads_label}
    model = ModelConfig(objective=objective, latents=4, hidden=(16,), **weights)
    config = replace(SHORT, epochs=4, debias=objective in {"dip", "db-vae"})
    codes = np.arange(len(learned.rows), dtype=np.int32) % 2
    more = {"labels": RowLabels(codes, ("even", "odd")) if objective.reads_label else None}
    broken_off = learned.train_again(model=model, config=config, is_interrupted=interrupt_after(4), **more)
    went_on = learned.train_again(model=model, config=config, resume_from=broken_off.state, **more)

    assert (broken_off.stopped, broken_off.epochs, went_on.epochs) == ("interrupted", 2, 4)
    np.testing.assert_array_equal(went_on.history["val_loss"][:2], broken_off.history["val_loss"])
    codes = learned.codes_of(went_on)
    assert np.isfinite(went_on.history["val_loss"]).all()
    assert (codes.iwae >= codes.elbo - 1).mean() > 0.95 or objective == Objective.AE


def test_early_stopping_ends_training_and_keeps_the_best_weights(learned: Any) -> None:
    states: list[TrainingState] = []
    hasty = replace(SHORT, epochs=40, warmup_epochs=1, patience=2, learning_rate=0.2)
    training = learned.train_again(config=hasty, on_checkpoint=states.append)
    losses = training.history["val_loss"]

    assert training.stopped == "converged"
    assert training.epochs == len(losses) == len(states) < 40
    best = int(np.argmin(losses))
    assert training.epochs == max(best + 1, hasty.warmup_epochs) + hasty.patience
    for index, weight in enumerate(training.model.get_weights()):
        np.testing.assert_array_equal(weight, states[best].arrays[f"current/{index}"])


def test_progress_tells_epoch_loss_kl_active_latents_and_time_left(learned: Any) -> None:
    told: list[Progress] = []
    learned.train_again(config=SHORT, on_progress=told.append)

    assert [(p.phase, p.done, p.total) for p in told] == [("training", epoch, 2) for epoch in range(3)]
    assert told[0].loss is None
    for progress in told[1:]:
        assert progress.loss is not None and math.isfinite(progress.loss)
        assert progress.kl is not None and progress.kl >= 0
        assert progress.active is not None and 0 <= progress.active <= 4
        assert progress.seconds_left is not None and progress.seconds_left >= 0
    assert told[-1].seconds_left == 0


def test_an_interrupted_training_can_go_on_to_the_same_end(learned: Any) -> None:
    # 60 steps an epoch, 16 a call: four calls each, so the fifteenth is in the fourth epoch.
    broken_off = learned.train_again(is_interrupted=interrupt_after(14))
    assert broken_off.stopped == "interrupted"
    assert broken_off.epochs == 3

    went_on = learned.train_again(resume_from=broken_off.state)
    assert went_on.epochs == learned.training.epochs
    assert len(went_on.history["val_loss"]) == 6
    np.testing.assert_array_equal(went_on.history["val_loss"][:3], broken_off.history["val_loss"])
    np.testing.assert_allclose(went_on.history["val_loss"][-1], learned.training.history["val_loss"][-1], atol=0.5)


def test_a_finished_training_that_is_gone_on_with_ends_at_once_with_the_same_weights(learned: Any) -> None:
    again = learned.train_again(resume_from=learned.training.state)
    assert (again.stopped, again.epochs) == (learned.training.stopped, learned.training.epochs)
    np.testing.assert_array_equal(again.baseline, learned.training.baseline)
    for one, other in zip(again.model.get_weights(), learned.training.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_training_that_converged_is_not_gone_on_with(learned: Any) -> None:
    state = replace(learned.training.state, epoch=1, waited=learned.config.patience)
    again = learned.train_again(resume_from=state)
    assert (again.stopped, again.epochs) == ("converged", 1)


def test_an_interruption_in_the_first_epoch_leaves_the_columns_on_their_own(learned: Any) -> None:
    broken_off = learned.train_again(is_interrupted=lambda: True)

    assert (broken_off.stopped, broken_off.epochs) == ("interrupted", 0)
    assert broken_off.state.history["val_loss"] == []
    went_on = learned.train_again(config=SHORT, resume_from=broken_off.state)
    assert went_on.epochs == 2


def test_training_survives_a_rate_that_throws_the_weights_about(learned: Any) -> None:
    wild = replace(SHORT, epochs=4, warmup_epochs=0, patience=9, learning_rate=0.99, trim=0.0)
    training = learned.train_again(config=wild)
    assert all(np.isfinite(weight).all() for weight in training.model.get_weights())


def test_the_trimmed_objective_and_the_elbo_of_all_rows_are_told_apart(learned: Any) -> None:
    history = learned.training.history
    assert (history["val_loss"] < -history["val_elbo"]).all()  # the rows of largest loss are in the ELBO alone
    elbo = learned.codes.elbo[learned.held_out].mean()
    best = int(np.argmin(history["val_loss"]))
    assert history["val_elbo"][best] == pytest.approx(elbo, abs=0.15)


def test_a_table_of_twenty_rows_trains(learned: Any) -> None:
    few = learned.rows.take(np.arange(20))
    held_out = split_held_out(20, 0.1, seed=0)
    small = replace(learned, rows=few, held_out=held_out)
    training = small.train_again(config=SHORT)
    assert np.isfinite(training.history["val_loss"]).all()
