"""The same data learned again from other seeds: which latents come back, and what the others say of each row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from vaeaudit.config import ModelConfig, TrainConfig
from vaeaudit.data.encoding.rows import AnyEncoding, Rows
from vaeaudit.models.fitting.training import train
from vaeaudit.models.inference import posterior_means
from vaeaudit.outputs.latents import Members
from vaeaudit.progress import Listener, ignore

#: Rows that the latents of two models are compared on.
_COMPARED_ROWS = 5000


def train_members(
    mean: npt.NDArray[np.floating],
    encoding: AnyEncoding,
    rows: Rows,
    *,
    held_out: npt.NDArray[np.bool_],
    model_config: ModelConfig,
    config: TrainConfig,
    seed: int,
    on_progress: Listener = ignore,
) -> Members:
    """Train `config.members` models from other seeds, each for a third of the epochs, one after the other.

    Not side by side: TensorFlow already spreads a training over cores, and a process of its own takes 4.6 s of
    processor time and 750 MB before it has seen a row (a member of Adult: 14 s), so that two members on two cores gain
    nothing. Besides, a spawned process runs the caller's script again unless that guards against it.

    Parameters
    ----------
    mean
        [N, L] posterior means of the model in question.
    encoding, rows, held_out, model_config, config, seed
        What that model was trained with; `config.members` is at least 1.
    on_progress
        Told about each refit's epochs.
    """
    if config.members < 1:
        raise ValueError(f"expected at least one member, found {config.members}")
    sample = np.random.default_rng(seed).permutation(len(rows))[:_COMPARED_ROWS]
    epochs = max(config.warmup_epochs + 1, config.epochs // 3)
    short = replace(config, epochs=epochs, warmup_epochs=min(config.warmup_epochs, epochs // 3))
    means = np.empty((config.members, *mean.shape), np.float32)
    matches = np.empty((config.members, mean.shape[1]))
    for member in range(config.members):
        other = train(
            encoding, rows, held_out, model_config, short, seed=(seed + 1 + member) % 2**32, on_progress=on_progress
        )
        means[member] = posterior_means(other.model, rows)
        matches[member] = best_match(mean[sample], means[member, sample])
    return Members(means, matches.mean(axis=0))


def best_match(one: npt.NDArray[np.floating], other: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return [L]; the largest |Spearman correlation| of each column of `one` [N, L] with any of `other` [N, M]."""
    ranks = [np.apply_along_axis(stats.rankdata, 0, part) for part in (one, other)]
    centred = [rank - rank.mean(axis=0) for rank in ranks]
    norms = [np.maximum(np.linalg.norm(part, axis=0), np.finfo(np.float64).tiny) for part in centred]
    correlation = (centred[0] / norms[0]).T @ (centred[1] / norms[1])
    return np.asarray(np.abs(correlation).max(axis=1))
