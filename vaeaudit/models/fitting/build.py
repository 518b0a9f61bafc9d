"""What a model is made of, chosen by what the rows are: the one place that knows both tables and pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from vaeaudit.config import FitConfig, ModelConfig
from vaeaudit.data.encoding.image_encoding import ImageEncoding
from vaeaudit.data.encoding.rows import AnyEncoding
from vaeaudit.models.image.vae import ImageVAE
from vaeaudit.models.objectives import OBJECTIVES
from vaeaudit.models.table.vae import TableVAE
from vaeaudit.models.vae import BetaVAE

#: Pictures of a shorter side than this get 16 latents, others 32.
_SMALL_PICTURE = 32


def build(encoding: AnyEncoding, config: ModelConfig, *, seed: int, trim: float = 0.0) -> BetaVAE:
    """Build an untrained model.

    Parameters
    ----------
    encoding
        Of columns or of pictures.
    config
        `config.latents` must be resolved (not 0).
    seed
        Of initial weights and of the noise.
    trim
        Share of each training batch that takes no part in the step; tables only.
    """
    if config.latents < 1:
        raise ValueError(f"the number of latents must be resolved before building, found {config.latents}")
    objective = OBJECTIVES[config.objective]()
    if isinstance(encoding, ImageEncoding):
        return ImageVAE(encoding, config, objective=objective, seed=seed)
    return TableVAE(encoding, config, objective=objective, seed=seed, trim=trim)


def resolve(config: FitConfig, encoding: AnyEncoding) -> FitConfig:
    """Return the configuration with every "auto" of `model` and `train` replaced by a number.

    Latents: as many as columns, between 2 and 16; for pictures 16 below 32 pixels, else 32. Those that the data does
    not need lose their KL while training and are reported as dead, so too many cost time, too few cost structure.
    Batches of 256 rows or 64 pictures, and a learning rate of 0.002 or 0.001: on faces of 64 x 64 pixels, larger
    batches reached a lower held-out ELBO in the same time. 16 samples for the bound of a row; 4 for a picture, whose
    score does not rest on it.

    Parameters
    ----------
    config
        Kept where it names a number.
    encoding
        Of columns or of pictures.
    """
    if isinstance(encoding, ImageEncoding):
        latents = 16 if min(encoding.height, encoding.width) < _SMALL_PICTURE else 32
        auto: dict[str, Any] = {"batch_size": 64, "learning_rate": 1e-3, "iwae_samples": 4}
    else:
        latents = int(np.clip(len(encoding.columns), 2, 16))
        auto = {"batch_size": 256, "learning_rate": 2e-3, "iwae_samples": 16}
    left = {name: value for name, value in auto.items() if not getattr(config.train, name)}
    return replace(
        config,
        model=replace(config.model, latents=config.model.latents or latents),
        train=replace(config.train, **left),
    )
