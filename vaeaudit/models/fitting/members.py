"""The same data learned again from other seeds: what each refit makes of every row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from vaeaudit.config import ModelConfig, TrainConfig
from vaeaudit.data.encoding.label_encoding import RowLabels
from vaeaudit.data.encoding.rows import AnyEncoding, Rows
from vaeaudit.models.fitting.training import train
from vaeaudit.models.inference import posterior_means
from vaeaudit.outputs.latents import Members
from vaeaudit.progress import Listener, ignore


def train_members(
    encoding: AnyEncoding,
    rows: Rows,
    *,
    held_out: npt.NDArray[np.bool_],
    model_config: ModelConfig,
    config: TrainConfig,
    seed: int,
    labels: RowLabels | None = None,
    on_progress: Listener = ignore,
) -> Members:
    """Train `config.members` models from other seeds, each for two thirds of the epochs, one after the other.

    With a third, fewer axes had settled: of German and attrition 2.5 and 1.0 latents agreed at .8 or more, with two
    thirds 4.0 and 3.1, with all epochs 3.8 and 3.5 (eight pairs each).

    Not side by side: TensorFlow already spreads a training over cores, and a process of its own takes 4.6 s of
    processor time and 750 MB before it has seen a row (a member of Adult: 14 s), so that two members on two cores gain
    nothing. Besides, a spawned process runs the caller's script again unless that guards against it.

    Parameters
    ----------
    encoding, rows, held_out, model_config, config, seed, labels
        What that model was trained with; `config.members` is at least 1.
    on_progress
        Told about each refit's epochs.
    """
    if config.members < 1:
        raise ValueError(f"expected at least one member, found {config.members}")
    epochs = max(config.warmup_epochs + 1, 2 * config.epochs // 3)
    short = replace(config, epochs=epochs, warmup_epochs=min(config.warmup_epochs, epochs // 3))
    means = np.empty((config.members, len(rows), model_config.latents), np.float32)
    for member in range(config.members):
        other = train(
            encoding,
            rows,
            held_out,
            model_config,
            short,
            seed=(seed + 1 + member) % 2**32,
            labels=labels,
            on_progress=on_progress,
        )
        means[member] = posterior_means(other.model, rows)
    return Members(means)
