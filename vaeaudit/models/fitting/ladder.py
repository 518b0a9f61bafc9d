"""The ladder of the model family on the same rows: auto-encoder, VAE, beta-VAE."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from vaeaudit.config import ModelConfig, Objective
from vaeaudit.data.encoding.rows import Rows
from vaeaudit.models.inference import by_chunk
from vaeaudit.models.latent_space import measure_latent_space
from vaeaudit.models.vae import BetaVAE
from vaeaudit.outputs.ladder import Ladder
from vaeaudit.outputs.latents import active_latents

#: Objective and weight of the KL of each model, in turn; 4 is what the beta-VAE is mostly shown with (Higgins 2017).
RUNGS = ((Objective.AE, 1.0), (Objective.BETA, 1.0), (Objective.BETA, 4.0))
#: Rows that the models are compared on, at most, and rows of the picture of their latents.
_MOST_ROWS, _SHOWN = 6000, 500

Train = Callable[[ModelConfig], BetaVAE]


@dataclass(frozen=True)
class _Compared:
    """What `measure_latent_space` reads of N rows: posterior [N, L], held-out rows [N], active latents [L]."""

    mean: npt.NDArray[np.floating]
    stddev: npt.NDArray[np.floating]
    divergence: npt.NDArray[np.floating]
    log_likelihood: npt.NDArray[np.floating]
    held_out: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.mean)

    @property
    def n_latents(self) -> int:
        """L."""
        return self.mean.shape[1]

    @property
    def active(self) -> npt.NDArray[np.bool_]:
        """[L]; which latents carry information."""
        return active_latents(self.divergence, self.mean)

    @property
    def overlap(self) -> float:
        """Mean absolute correlation of the active latents; 0 for fewer than two."""
        means = self.mean[:, self.active]
        if means.shape[1] < 2:
            return 0.0
        return float(np.abs(np.corrcoef(means, rowvar=False)[np.triu_indices(means.shape[1], 1)]).mean())


def rungs_of(config: ModelConfig) -> list[ModelConfig]:
    """Return the settings of each model of the ladder: the run's own, but for what is minimised."""
    own = replace(config, capacity=0.0, label_weight=0.0)
    return [replace(own, objective=objective, beta=beta) for objective, beta in RUNGS]


def climb(train: Train, model: BetaVAE, rows: Rows, held_out: npt.NDArray[np.bool_], *, seed: int) -> Ladder:
    """Train what the ladder lacks, and measure all of it alike.

    Parameters
    ----------
    train
        Trains a model of these rows by other settings.
    model
        Trained; where it is one of the ladder's, it stands for itself.
    rows, held_out
        All N rows, and which of them training did not see.
    seed
        Of the rows that are compared and shown, and of what is measured.
    """
    order = np.random.default_rng(seed).permutation(len(rows))
    chosen = np.sort(order[np.argsort(~held_out[order], kind="stable")][:_MOST_ROWS])
    compared, apart = rows.take(chosen), held_out[chosen]
    shown = np.random.default_rng(seed).permutation(len(chosen))[:_SHOWN]
    found, spaces = [], []
    for wanted in rungs_of(model.config):
        is_own = (model.config.objective, model.config.weight) == (wanted.objective, wanted.weight)
        rung = model if is_own else train(wanted)
        codes = _encoded(rung, compared, apart)
        found.append(codes)
        spaces.append(measure_latent_space(rung, compared, codes, seed=seed))
    axes = [np.resize(np.argsort(-codes.divergence.mean(axis=0), kind="stable"), 2) for codes in found]
    return Ladder(
        objective=tuple(objective.value for objective, _ in RUNGS),
        beta=np.array([beta for _, beta in RUNGS]),
        log_likelihood=np.array([codes.log_likelihood[apart] for codes in found]),
        kl=np.array([codes.divergence[apart].sum(axis=1) for codes in found]),
        active=np.array([codes.active for codes in found]),
        overlap=np.array([codes.overlap for codes in found]),
        shown=chosen[shown],
        axes=np.array(axes),
        plane=np.array([codes.mean[shown][:, most] for codes, most in zip(found, axes, strict=True)]),
        near_length=tuple(space.step_lengths.sum(axis=1) for space in spaces),
        far_length=tuple(space.far_step_lengths.sum(axis=1) for space in spaces),
        far_distance=tuple(space.far_distance for space in spaces),
        prior_distance=tuple(space.prior_distance for space in spaces),
        held_out_distance=tuple(space.held_out_distance for space in spaces),
    )


def _encoded(model: BetaVAE, rows: Rows, held_out: npt.NDArray[np.bool_]) -> _Compared:
    return _Compared(*(*by_chunk(model, _of_batch, rows, 1), held_out))


def _of_batch(model: BetaVAE, *batch: tf.Tensor) -> tuple[tf.Tensor, ...]:
    own, condition = model.parted(batch)
    mean, stddev = model.encode(batch)
    log_likelihood = tf.reduce_sum(model.likelihood.log_prob(model.decode(mean, condition), *own), axis=-1)
    return mean, stddev, model.objective.divergence(mean, stddev), log_likelihood
