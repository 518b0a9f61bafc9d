"""Training: batches from memory, KL warm-up, early stopping on held-out rows, best weights, clean interruption."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from vaeaudit.config import ModelConfig, TrainConfig
from vaeaudit.data.encoding.label_encoding import LabelledRows, RowLabels
from vaeaudit.data.encoding.rows import AnyEncoding, Rows
from vaeaudit.errors import InconclusiveError
from vaeaudit.models.fitting.batches import AdaptiveResampling, drawn_batches, training_batches
from vaeaudit.models.fitting.build import build
from vaeaudit.models.graphs import repeat, run_as_written
from vaeaudit.models.inference import by_chunk, chunk_size, tensors
from vaeaudit.models.vae import Batch, BetaVAE
from vaeaudit.outputs.latents import active_latents
from vaeaudit.progress import Listener, Progress, ignore

#: Held-out rows are a share of the data, but never more than this: evaluation then costs little beside an epoch.
MOST_HELD_OUT = 10_000
#: Optimiser steps per call into the graph, so that Python is not returned to after each.
STEPS_PER_CALL = 16
#: S of the held-out ELBO.
_HELD_OUT_SAMPLES = 4
#: Fewest rows that can be split into training and held-out rows.
FEWEST_ROWS = 20


@dataclass(frozen=True)
class TrainingState:
    """What is needed to go on with an interrupted training; plain arrays, so that it can be stored without pickle.

    Attributes
    ----------
    epoch, seconds
        Epochs done, and how long they took.
    best_loss, waited
        Best held-out loss so far, and epochs since.
    arrays
        `current/<i>`, `best/<i>` and `optimizer/<i>`.
    history
        One list per curve.
    """

    epoch: int
    best_loss: float
    waited: int
    seconds: float
    arrays: Mapping[str, npt.NDArray[Any]]
    history: Mapping[str, list[float]]


@dataclass(frozen=True)
class Training:
    """A trained model and how it came to be.

    Attributes
    ----------
    model
        With the weights of least held-out loss.
    history
        One array [epochs] per curve.
    stopped
        Why training ended: `converged` (no better held-out loss for `patience` epochs), `epochs` (the most allowed)
        or `interrupted`.
    epochs, seconds
        How long it took.
    baseline
        Log-likelihood of each held-out row under independent columns or pixels, in nats.
    state
        At the end: an interrupted training goes on from it, a finished one ends at once with the same result.
    """

    model: BetaVAE
    history: Mapping[str, npt.NDArray[np.float64]]
    stopped: str
    epochs: int
    seconds: float
    baseline: npt.NDArray[np.floating]
    state: TrainingState


def split_held_out(
    n_rows: int, share: float, seed: int, together: npt.NDArray[np.int64] | None = None
) -> npt.NDArray[np.bool_]:
    """Return a mask [N] of the rows that training does not see.

    Parameters
    ----------
    n_rows, share
        N, and the share held out: at least 5 rows, at most `MOST_HELD_OUT`.
    seed
        Of the choice.
    together
        [N]; rows of one number, copies of one another, are held out together or not at all. Where the smallest of these
        sets has more rows than are to be held out, each row stands alone, as where None.

    Raises
    ------
    InconclusiveError
        For fewer than `FEWEST_ROWS` rows.
    """
    if n_rows < FEWEST_ROWS:
        raise InconclusiveError(
            f"A model needs at least {FEWEST_ROWS} usable rows, found {n_rows}.",
            hint="`vaeaudit inspect DATA` shows what was read and what was left out.",
        )
    n_held_out = min(max(round(n_rows * share), FEWEST_ROWS // 4), MOST_HELD_OUT)
    _, place, sizes = np.unique(
        np.arange(n_rows) if together is None else together, return_inverse=True, return_counts=True
    )
    if sizes.min() > n_held_out:
        place, sizes = np.arange(n_rows), np.ones(n_rows, np.int64)
    drawn = np.random.default_rng(seed).permutation(len(sizes))
    drawn = drawn[sizes[drawn] <= n_held_out]
    before = np.cumsum(sizes[drawn]) - sizes[drawn]
    chosen = np.zeros(len(sizes), bool)
    chosen[drawn[before < n_held_out]] = True
    return np.asarray(chosen[place])


def train(
    encoding: AnyEncoding,
    rows: Rows,
    held_out: npt.NDArray[np.bool_],
    model_config: ModelConfig,
    config: TrainConfig,
    *,
    seed: int,
    labels: RowLabels | None = None,
    on_progress: Listener = ignore,
    on_checkpoint: Callable[[TrainingState], None] = lambda state: None,
    is_interrupted: Callable[[], bool] = lambda: False,
    resume_from: TrainingState | None = None,
) -> Training:
    """Train a `BetaVAE` on the rows that are not held out; keep the weights that do best on those that are.

    Parameters
    ----------
    encoding, rows
        How rows become numbers, and all N rows encoded.
    held_out
        [N]; see `split_held_out`.
    model_config, config
        As resolved (see `vaeaudit.models.fitting.build.resolve`): nothing is left at "auto".
    seed
        Of weights, noise and order; the same seed gives the same result on the same machine.
    labels
        Of all N rows, for an objective that reads them; None for any other.
    on_progress, on_checkpoint
        Called after each epoch.
    is_interrupted
        Asked after each call into the graph; training then ends with `stopped = "interrupted"`.
    resume_from
        State of an interrupted training with the same data and configuration.
    """
    n_classes = 0 if labels is None else len(labels.classes)
    model = build(encoding, model_config, seed=seed, trim=config.trim, n_classes=n_classes)
    train_rows, test_rows = rows.take(np.flatnonzero(~held_out)), rows.take(np.flatnonzero(held_out))
    on_progress(Progress("training", 0, config.epochs))
    baseline = model.start_from(train_rows, test_rows, seed=seed)
    evenly = np.unique(np.linspace(0, len(train_rows) - 1, chunk_size(model, 1)).astype(np.int64))
    batch = tensors(train_rows.take(evenly))
    schedule = _Schedule.plan(len(train_rows), config, model, batch)
    model.compile(optimizer=keras.optimizers.Adam(schedule.learning_rate(config)))
    model.optimizer.build(model.trainable_variables)  # variables made in the first step would have it traced twice
    learned = train_rows if labels is None else LabelledRows(train_rows, labels.codes[~held_out])
    keeper = _Keeper(
        model=model,
        config=config,
        schedule=schedule,
        batch_of_training_rows=batch,
        test_rows=test_rows if labels is None else LabelledRows(test_rows, labels.codes[held_out]),
        on_progress=on_progress,
        on_checkpoint=on_checkpoint,
        is_interrupted=is_interrupted,
    )
    if resume_from is not None:
        keeper.restore(resume_from)
    steps = _Steps(model, min(STEPS_PER_CALL, schedule.steps_per_epoch))
    if config.debias:
        within = None if labels is None else labels.codes[~held_out]
        resampling = AdaptiveResampling(model, train_rows, alpha=config.debias_alpha, seed=seed, within=within)
        _fit_resampled(resampling, learned, keeper, steps)
    elif keeper.goes_on:
        batches = training_batches(
            learned, schedule.batch_size, schedule.steps_per_epoch, seed=seed, epoch=keeper.epoch
        )
        _fit_until(schedule.epochs, batches, steps, keeper)
    return keeper.finish(baseline)


def _fit_resampled(resampling: AdaptiveResampling, train_rows: Rows, keeper: _Keeper, steps: _Steps) -> None:
    """Fit epoch by epoch: batches that were fetched ahead would still be drawn by the histograms before."""
    schedule = keeper.schedule
    while keeper.goes_on:
        drawn = resampling.draw(keeper.epoch, schedule.steps_per_epoch * schedule.batch_size)
        keeper.effective_sample_size = drawn.effective_sample_size
        batches = drawn_batches(train_rows, drawn.index, schedule.batch_size)
        _fit_until(keeper.epoch + 1, batches, steps, keeper)


def _fit_until(epoch: int, batches: Any, steps: _Steps, keeper: _Keeper) -> None:
    keeper.begin()
    iterator = iter(batches)
    while keeper.epoch < epoch and keeper.goes_on:
        keeper.begin_epoch()
        for _ in range(keeper.schedule.steps_per_epoch // steps.per_call):
            steps.take(iterator)
            if keeper.asks_to_stop():
                return  # the epoch is not whole; the state of the one before it stands
        keeper.end_epoch()


class _Steps:
    """Takes several optimiser steps per call into the graph, which is traced once.

    As `keras.Model.fit` does with `steps_per_execution`, whose own graph about them took a small table longer than its
    steps. XLA cost seconds of compilation and gained nothing on a CPU (METHODS).
    """

    def __init__(self, model: BetaVAE, per_call: int) -> None:
        self.per_call = per_call
        several = tf.function(
            lambda iterator: repeat(per_call, lambda step: model.train_step(next(iterator))), autograph=False
        )
        self.take = several if model.is_rewritten else run_as_written(several)


@dataclass(frozen=True)
class _Schedule:
    """Steps and epochs for a number of training rows; on large tables an epoch is a part of a pass."""

    batch_size: int
    steps_per_epoch: int
    epochs: int
    rising_epochs: int
    from_weight: float | None = None

    def risen(self, epoch: int) -> float:
        """How far what rises while training has risen in an epoch, counted from 0: the one place that says it.

        Where it falls, from `from_weight` times its last value, how many times that it is: by the same factor an epoch.
        """
        share = min(1.0, (epoch + 1) / (self.rising_epochs + 1))
        return share if self.from_weight is None else self.from_weight ** (1 - share)

    def learning_rate(self, config: TrainConfig) -> Any:
        """Cosine decay (Loshchilov 2017) to a twentieth over all planned steps."""
        steps = self.epochs * self.steps_per_epoch
        return keras.optimizers.schedules.CosineDecay(config.learning_rate, steps, alpha=0.05)

    @classmethod
    def plan(cls, n_rows: int, config: TrainConfig, model: BetaVAE, batch: Batch) -> Self:
        # Small tables get at least some ten steps per pass, or the KL weight and Adam never settle.
        batch_size = int(np.clip(n_rows // 10, 1, config.batch_size))
        whole_pass = max(1, n_rows // batch_size)
        fewest = min(config.fewest_steps, model.most_passes * whole_pass)
        steps_per_epoch = int(np.clip(whole_pass, fewest, config.most_steps))
        if steps_per_epoch > STEPS_PER_CALL:  # whole calls, or the learning rate would end before the steps do
            steps_per_epoch = STEPS_PER_CALL * math.ceil(steps_per_epoch / STEPS_PER_CALL)
        from_weight = max(1.0, model.collapse(batch) / model.config.weight) if model.objective.falls else None
        return cls(batch_size, steps_per_epoch, config.epochs, model.objective.rising_epochs(config), from_weight)


def _group(arrays: Mapping[str, npt.NDArray[Any]], name: str) -> Iterator[npt.NDArray[Any]]:
    index = 0
    while f"{name}/{index}" in arrays:
        yield arrays[f"{name}/{index}"]
        index += 1


def _held_out_rows(model: BetaVAE, *batch: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Return loss when all has risen, its label's part and log-likelihood [B], divergence and mean [B, L].

    The first three are means over samples.
    """
    batch, label = model.unlabelled(batch)
    shape = [_HELD_OUT_SAMPLES, tf.shape(batch[0])[0], model.config.latents]
    noise = tf.random.stateless_normal(shape, seed=[3, 5])  # the same each epoch
    rows = model.losses_per_row(batch, noise, label=label)
    of_label = tf.broadcast_to(rows.of_label, shape[:2])
    loss, of_label, log_likelihood = (
        tf.reduce_mean(part, axis=0) for part in (rows.loss, of_label, rows.log_likelihood)
    )
    return loss, of_label, log_likelihood, model.objective.divergence(rows.mean, rows.stddev), rows.mean


class _Keeper:
    """Warm-up, held-out evaluation, best weights, early stopping, progress, checkpoints and interruption."""

    def __init__(
        self,
        *,
        model: BetaVAE,
        config: TrainConfig,
        schedule: _Schedule,
        batch_of_training_rows: Batch,
        test_rows: Rows,
        on_progress: Listener,
        on_checkpoint: Callable[[TrainingState], None],
        is_interrupted: Callable[[], bool],
    ) -> None:
        self.vae, self.config, self.schedule = model, config, schedule
        self.test_rows = test_rows
        self.batch_of_training_rows = batch_of_training_rows
        self.on_progress, self.on_checkpoint, self.is_interrupted = on_progress, on_checkpoint, is_interrupted
        self.epoch, self.best_loss, self.waited, self.earlier_seconds = 0, math.inf, 0, 0.0
        self.best = model.get_weights()
        self.effective_sample_size: float | None = None  # of the rows that the epoch draws, where it is not all
        names = ("loss", "val_loss", "kl", "val_elbo", "active") + (("effective_sample_size",) if config.debias else ())
        self.history: dict[str, list[float]] = {name: [] for name in names}
        self.started: float | None = None
        self.first_epoch = 0
        self.stopped = "epochs"

    @property
    def goes_on(self) -> bool:
        """Whether another epoch is due."""
        is_due = self.epoch < self.schedule.epochs and self.waited < self.config.patience
        return is_due and self.stopped == "epochs"

    def begin(self) -> None:
        """Start the clock, unless it runs."""
        if self.started is None:
            self.started, self.first_epoch = time.monotonic(), self.epoch

    def begin_epoch(self) -> None:
        """Say how far what rises has risen, and let the mean of the loss begin."""
        self.vae.risen.assign(self.schedule.risen(self.epoch))
        self.vae.mean_loss.reset_state()

    def asks_to_stop(self) -> bool:
        """Whether training was interrupted."""
        if self.is_interrupted():
            self.stopped = "interrupted"
        return self.stopped == "interrupted"

    def end_epoch(self) -> None:
        """Judge the epoch by the held-out rows."""
        self.vae.after_epoch(self.batch_of_training_rows)
        loss, kl, elbo, active = self._evaluate_held_out()
        self.epoch += 1
        entries = [float(self.vae.mean_loss.result()), loss, kl, elbo, float(active)]
        if self.effective_sample_size is not None:
            entries.append(self.effective_sample_size)
        for name, value in zip(self.history, entries, strict=True):
            self.history[name].append(value)
        self._judge(loss)
        self.on_progress(Progress("training", self.epoch, self.schedule.epochs, loss, kl, active, self._seconds_left()))
        self.on_checkpoint(self.state())

    def _judge(self, loss: float) -> None:
        if not math.isfinite(loss):
            self._take_back()
        if loss < self.best_loss:
            self.best_loss, self.best, self.waited = loss, self.vae.get_weights(), 0
            return
        if self.epoch <= self.schedule.rising_epochs:
            return  # patience begins when the weight of the KL, or its capacity, stands
        self.waited += 1
        if self.waited >= self.config.patience:
            self.stopped = "converged"

    def _take_back(self) -> None:
        """Undo steps that broke the weights: a NaN left in the optimiser's moments would break the next step too."""
        self.vae.set_weights(self.best)
        for variable in self.vae.optimizer.variables:
            value = variable.numpy()
            variable.assign(np.where(np.isfinite(value), value, 0) if value.dtype.kind == "f" else value)

    def _evaluate_held_out(self) -> tuple[float, float, float, int]:
        """Return objective and KL without the rows of largest loss, the ELBO of all rows, and the active latents."""
        # What is estimated from a batch is as wide of the mark here as in training.
        most = self.schedule.batch_size if self.vae.objective.of_batch else None
        signature = self.vae.training_signature
        found = by_chunk(self.vae, _held_out_rows, self.test_rows, _HELD_OUT_SAMPLES, most, signature=signature)
        loss, of_label, log_likelihood, kl, mean = found
        active = active_latents(kl, mean)
        # What is trimmed from training must not decide when to stop either.
        kept = np.argsort(loss - of_label)[: max(1, math.ceil((1 - self.vae.trim) * len(loss)))]
        kl = kl.sum(axis=1)
        elbo = float((log_likelihood - kl).mean())
        return float(loss[kept].mean()), float(kl[kept].mean()), elbo, int(active.sum())

    def _seconds_left(self) -> float:
        done = max(1, self.epoch - self.first_epoch)
        return self._seconds_here() / done * (self.schedule.epochs - self.epoch)

    def _seconds_here(self) -> float:
        return 0.0 if self.started is None else time.monotonic() - self.started

    def _seconds(self) -> float:
        return self.earlier_seconds + self._seconds_here()

    def state(self) -> TrainingState:
        """Return what `restore` needs."""
        groups = {
            "current": self.vae.get_weights(),
            "best": self.best,
            "optimizer": [variable.numpy() for variable in self.vae.optimizer.variables],
        }
        arrays = {f"{name}/{i}": value for name, values in groups.items() for i, value in enumerate(values)}
        history = {name: list(values) for name, values in self.history.items()}
        return TrainingState(self.epoch, self.best_loss, self.waited, self._seconds(), arrays, history)

    def restore(self, state: TrainingState) -> None:
        """Set model, optimiser and counters to a saved state."""
        self.vae.set_weights(list(_group(state.arrays, "current")))
        self.best = list(_group(state.arrays, "best"))
        for variable, value in zip(self.vae.optimizer.variables, _group(state.arrays, "optimizer"), strict=True):
            variable.assign(value)
        self.epoch, self.best_loss, self.waited = state.epoch, state.best_loss, state.waited
        self.earlier_seconds = state.seconds
        self.history = {name: list(values) for name, values in state.history.items()}
        if self.waited >= self.config.patience:
            self.stopped = "converged"

    def finish(self, baseline: npt.NDArray[np.floating]) -> Training:
        """Put the best weights in place and say how training went."""
        state = self.state()
        self.vae.set_weights(self.best)
        history = {name: np.array(values, np.float64) for name, values in self.history.items()}
        return Training(self.vae, history, self.stopped, self.epoch, self._seconds(), baseline, state)
