"""Dataset -> BetaVAE -> LatentCodes: the only room that imports TensorFlow."""

from __future__ import annotations

from vaeaudit.models.quiet import native_stderr_held_back

with native_stderr_held_back():
    import tensorflow
    import tensorflow_probability  # noqa: F401

    tensorflow.constant(0)  # the first tensor makes it announce the processor

from vaeaudit.models.inference import TRAVERSAL, drawn_bounds, encode_rows, traversals, typical_column_nats
from vaeaudit.models.persistence import architecture, rebuild, weights
from vaeaudit.models.stability import latent_stability
from vaeaudit.models.training import (
    Training,
    TrainingState,
    resolve_latents,
    split_held_out,
    train,
)
from vaeaudit.models.vae import BetaVAE

__all__ = [
    "TRAVERSAL",
    "BetaVAE",
    "Training",
    "TrainingState",
    "architecture",
    "drawn_bounds",
    "encode_rows",
    "latent_stability",
    "rebuild",
    "resolve_latents",
    "split_held_out",
    "train",
    "traversals",
    "typical_column_nats",
    "weights",
]
