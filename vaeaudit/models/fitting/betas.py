"""Short trainings that differ in beta alone: what a choice of beta without labels starts from."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from vaeaudit.config import FitConfig
from vaeaudit.data.encoding.label_encoding import RowLabels
from vaeaudit.data.encoding.rows import AnyEncoding, Rows
from vaeaudit.models.fitting.training import train
from vaeaudit.models.inference import by_chunk
from vaeaudit.models.vae import BetaVAE
from vaeaudit.outputs.beta_trials import BetaTrials
from vaeaudit.outputs.latents import active_latents
from vaeaudit.progress import Listener, Progress, ignore

#: Rows that a trial trains on, and held-out rows that it is judged on, at most.
TRAINED_ROWS, JUDGED_ROWS = 2000, 1000
#: How a trial is trained: with small batches, some 600 steps on as many rows as it may have; Adult has settled by then.
_EPOCHS = 10
_SHORT: dict[str, Any] = {"warmup_epochs": 2, "batch_size": 64, "debias": False}
#: S of the ELBO.
_SAMPLES = 4


def try_betas(
    encoding: AnyEncoding,
    rows: Rows,
    held_out: npt.NDArray[np.bool_],
    config: FitConfig,
    *,
    betas: Sequence[float],
    n_seeds: int,
    labels: RowLabels | None = None,
    on_progress: Listener = ignore,
    is_interrupted: Callable[[], bool] = lambda: False,
) -> BetaTrials | None:
    """Train with each beta and seed on the same few rows, and judge all on the same others; None where interrupted.

    Parameters
    ----------
    encoding, rows, held_out
        How rows become numbers, all N of them, and [N] which of them training does not see.
    config
        As resolved, but for beta.
    betas, n_seeds
        B values, rising, and S.
    labels
        Of all N rows, for an objective that reads them: the trials learn them, and are not judged by them.
    on_progress, is_interrupted
        Told about the epochs of each trial; asked whether to stop.
    """
    order = np.random.default_rng(config.seed).permutation(len(rows))
    learned, judged = order[~held_out[order]][:TRAINED_ROWS], order[held_out[order]][:JUDGED_ROWS]
    few, apart = rows.take(np.concatenate([learned, judged])), np.arange(learned.size + judged.size) >= learned.size
    known = None if labels is None else labels.take(np.concatenate([learned, judged]))
    epochs = min(_EPOCHS, config.train.epochs)
    short, shape = replace(config.train, epochs=epochs, patience=epochs, **_SHORT), (len(betas), n_seeds)
    told = _Told(on_progress, short.epochs, len(betas) * n_seeds)
    found = []
    for beta, seed in product(betas, range(n_seeds)):
        done = train(
            encoding,
            few,
            apart,
            replace(config.model, beta=beta),
            short,
            seed=(config.seed + 1 + seed) % 2**32,
            labels=known,
            on_progress=told.listen,
            is_interrupted=is_interrupted,
        )
        if done.stopped == "interrupted":
            return None
        told.trials_done += 1
        found.append((*by_chunk(done.model, _of_batch, few.take(np.flatnonzero(apart)), _SAMPLES), done.baseline))
    elbo, mean, stddev, kl, baseline = (np.stack(part) for part in zip(*found, strict=True))
    active = np.stack([active_latents(*pair) for pair in zip(kl, mean, strict=True)])
    return BetaTrials(
        beta=np.array(betas, np.float64),
        elbo=elbo.reshape(*shape, -1),
        baseline=baseline[0],
        mean=mean.reshape(*shape, *mean.shape[1:]),
        stddev=stddev.reshape(*shape, *mean.shape[1:]),
        active=active.reshape(*shape, -1),
    )


class _Told:
    """Tells the epochs of all trials as those of one task."""

    def __init__(self, listener: Listener, epochs: int, trials: int) -> None:
        self._listener, self._epochs, self._total = listener, epochs, epochs * trials
        self._started = time.monotonic()
        self.trials_done = 0

    def listen(self, progress: Progress) -> None:
        done = self.trials_done * self._epochs + (progress.done or 0)
        if not progress.done and done:
            return  # a trial begins where the one before it ended
        left = (time.monotonic() - self._started) * (self._total / done - 1) if done else None
        self._listener(replace(progress, phase="choosing", done=done, total=self._total, seconds_left=left))


def _of_batch(model: BetaVAE, *batch: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Return the ELBO [B], and mean, stddev and KL [B, L]."""
    noise = tf.random.stateless_normal([_SAMPLES, tf.shape(batch[0])[0], model.config.latents], seed=[3, 5])
    rows = model.losses_per_row(batch, noise)
    kl = model.objective.divergence(rows.mean, rows.stddev)
    elbo = tf.reduce_mean(rows.log_likelihood, axis=0) - tf.reduce_sum(kl, axis=-1)
    return elbo, rows.mean, rows.stddev, kl
