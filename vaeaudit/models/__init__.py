"""Dataset -> BetaVAE -> LatentCodes: the only room that imports TensorFlow."""

from __future__ import annotations

from vaeaudit.models.quiet import native_stderr_held_back

with native_stderr_held_back():
    import tensorflow
    import tensorflow_probability  # noqa: F401

    tensorflow.constant(0)  # the first tensor makes it announce the processor

from vaeaudit.models.fitting.build import build, resolve
from vaeaudit.models.fitting.persistence import architecture, rebuild, weights
from vaeaudit.models.fitting.stability import Members, train_members
from vaeaudit.models.fitting.training import Training, TrainingState, split_held_out, train
from vaeaudit.models.flow import fit_flow
from vaeaudit.models.image.inference import decode_pictures, encode_images, fit_image_scales, make_pictures
from vaeaudit.models.image.vae import ImageVAE
from vaeaudit.models.inference import TRAVERSAL, posterior_means
from vaeaudit.models.latent_space import measure_latent_space
from vaeaudit.models.table.cell_expectations import TableCells, cell_null, expect_cells, surprise_without
from vaeaudit.models.table.inference import (
    decode_columns,
    encode_rows,
    traversals,
    typical_column_nats,
)
from vaeaudit.models.table.posterior_ensemble import PosteriorEnsemble, plan_members, posterior_spread, train_ensemble
from vaeaudit.models.table.vae import TableVAE
from vaeaudit.models.vae import BetaVAE
from vaeaudit.outputs.patch_scales import PatchScales

__all__ = [
    "TRAVERSAL",
    "BetaVAE",
    "ImageVAE",
    "Members",
    "PatchScales",
    "PosteriorEnsemble",
    "TableCells",
    "TableVAE",
    "Training",
    "TrainingState",
    "architecture",
    "build",
    "cell_null",
    "decode_columns",
    "decode_pictures",
    "encode_images",
    "encode_rows",
    "expect_cells",
    "fit_flow",
    "fit_image_scales",
    "make_pictures",
    "measure_latent_space",
    "plan_members",
    "posterior_means",
    "posterior_spread",
    "rebuild",
    "resolve",
    "split_held_out",
    "surprise_without",
    "train",
    "train_ensemble",
    "train_members",
    "traversals",
    "typical_column_nats",
    "weights",
]
