"""What the model and its small ensemble know about the rows of a table: the codes that scores are made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from vaeaudit.config import FitConfig
from vaeaudit.data.encoding.features import fit_features
from vaeaudit.data.schema.columns import Schema
from vaeaudit.models.table.inference import encode_rows, typical_column_nats
from vaeaudit.models.table.posterior_ensemble import PosteriorEnsemble, plan_members, posterior_spread, train_ensemble
from vaeaudit.models.table.vae import TableVAE
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.record import BoolArray, FloatArray
from vaeaudit.scoring.state import TableScore
from vaeaudit.scoring.table_score import density_null, fit_isolation
from vaeaudit.statistics.cross_fit import can_cross_fit, content_folds


def encode_table(
    model: TableVAE,
    frame: pd.DataFrame,
    schema: Schema,
    held_out: BoolArray,
    config: FitConfig,
    *,
    on_rows: Callable[[int], None] = lambda done: None,
) -> tuple[LatentCodes, TableScore]:
    """Encode the rows that a model was trained on, and learn what other rows are to be compared with.

    Each row is judged by members of the ensemble that never saw it.

    Parameters
    ----------
    model
        Trained.
    frame, schema
        [N] typed rows, stored as in `Dataset.frame`, and their columns.
    held_out
        [N]; which of them took no part in training.
    config
        As resolved.
    on_rows
        Told the number of rows done.
    """
    n_samples, seed = config.train.iwae_samples, config.seed
    typical = typical_column_nats(model, frame, seed=seed)
    codes = encode_rows(model, frame, held_out, typical, n_samples=n_samples, seed=seed, on_rows=on_rows)
    scaling = fit_features(frame, schema)
    features = scaling.encode(frame, schema)
    fold = content_folds(features)
    if not can_cross_fit(fold):
        fold = np.zeros_like(fold)
    ensemble = train_ensemble(features, fold, config.ensemble, seed=seed)
    spread = posterior_spread(ensemble, features, fold)
    isolation, nats = fit_isolation(spread, fold, trees=config.ensemble.trees, seed=seed)
    score = TableScore(density_null(codes, seed=seed), typical, scaling, isolation, tuple(ensemble.get_weights()))
    return replace(codes, isolation_nats=nats), score


def encode_other(
    model: TableVAE,
    frame: pd.DataFrame,
    schema: Schema,
    score: TableScore,
    config: FitConfig,
    *,
    on_rows: Callable[[int], None] = lambda done: None,
) -> LatentCodes:
    """Encode other rows by the same measures; rows that the model was trained on get the codes that they got then.

    Parameters
    ----------
    model, schema, config
        As given to `encode_table`.
    frame
        [N] typed rows in the columns of `schema`; levels never seen may stand behind those that are known.
    score
        What `encode_table` returned.
    on_rows
        Told the number of rows done.
    """
    held_out, n_samples = np.ones(len(frame), dtype=bool), config.train.iwae_samples
    codes = encode_rows(model, frame, held_out, score.typical, n_samples=n_samples, seed=config.seed, on_rows=on_rows)
    return replace(codes, isolation_nats=_isolation(frame, schema, score, config))


def _isolation(frame: pd.DataFrame, schema: Schema, score: TableScore, config: FitConfig) -> FloatArray:
    """Return `LatentCodes.isolation_nats` of other rows."""
    features, n_folds = score.feature.encode(frame, schema), score.isolation.n_folds
    fold = content_folds(features) if n_folds > 1 else np.zeros(len(features), np.int64)
    plan = plan_members(features.shape[1], n_folds, config.ensemble, seed=config.seed)
    ensemble = PosteriorEnsemble(plan, config.ensemble, seed=config.seed)
    ensemble.set_weights(list(score.ensemble))
    return score.isolation.nats(posterior_spread(ensemble, features, fold), fold)
