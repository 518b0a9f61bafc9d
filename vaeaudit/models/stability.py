"""Whether a latent comes back when the model is trained again from another seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from vaeaudit.config import ModelConfig, TrainConfig
from vaeaudit.data.rows import AnyEncoding, Rows
from vaeaudit.models.inference import posterior_means
from vaeaudit.models.training import train
from vaeaudit.progress import Listener, ignore

#: Rows that the latents of two models are compared on.
_COMPARED_ROWS = 5000


def latent_stability(
    mean: npt.NDArray[np.floating],
    encoding: AnyEncoding,
    rows: Rows,
    *,
    held_out: npt.NDArray[np.bool_],
    model_config: ModelConfig,
    config: TrainConfig,
    seed: int,
    on_progress: Listener = ignore,
) -> npt.NDArray[np.float64]:
    """Return [L]; how well each latent is matched by one latent of a model trained from another seed.

    The figure is the largest absolute rank correlation with any latent of the refit, averaged over
    `config.refits` refits; 1 where the axis returns, near 0 where it was an accident of the seed (the idea of UDR,
    Duan 2020). A refit takes a third of the epochs.

    Parameters
    ----------
    mean
        [N, L] posterior means of the model in question.
    encoding, rows, held_out, model_config, config, seed
        What that model was trained with.
    on_progress
        Told about each refit's epochs.
    """
    sample = np.random.default_rng(seed).permutation(len(rows))[:_COMPARED_ROWS]
    epochs = max(config.warmup_epochs + 1, config.epochs // 3)
    short = replace(config, epochs=epochs, warmup_epochs=min(config.warmup_epochs, epochs // 3))
    matches = []
    for refit in range(config.refits):
        other = train(
            encoding,
            rows,
            held_out,
            model_config,
            short,
            seed=(seed + 1 + refit) % 2**32,
            on_progress=on_progress,
        )
        matches.append(best_match(mean[sample], posterior_means(other.model, rows.take(sample))))
    return np.asarray(np.mean(matches, axis=0), np.float64)


def best_match(one: npt.NDArray[np.floating], other: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return [L]; the largest |Spearman correlation| of each column of `one` [N, L] with any of `other` [N, M]."""
    ranks = [np.apply_along_axis(stats.rankdata, 0, part) for part in (one, other)]
    centred = [rank - rank.mean(axis=0) for rank in ranks]
    norms = [np.maximum(np.linalg.norm(part, axis=0), np.finfo(np.float64).tiny) for part in centred]
    correlation = (centred[0] / norms[0]).T @ (centred[1] / norms[1])
    return np.asarray(np.abs(correlation).max(axis=1))
