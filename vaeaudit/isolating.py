"""How isolated the posterior of each row of a table is under a small ensemble: learned once, applied to any rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.config import EnsembleConfig
from vaeaudit.data.encoding.features import FeatureScaling, fit_features
from vaeaudit.data.schema.columns import Schema
from vaeaudit.errors import RunError
from vaeaudit.scoring.isolation import PosteriorIsolation, fit_isolation
from vaeaudit.statistics.folds import can_cross_fit, content_folds

Arrays = dict[str, npt.NDArray[Any]]
_WEIGHT = "ensemble_"
_AGAIN = "Run `vaeaudit fit` again."


def learn_isolation(
    frame: pd.DataFrame, schema: Schema, config: EnsembleConfig, *, seed: int
) -> tuple[npt.NDArray[np.float64], Arrays]:
    """Train the ensemble on a table and judge its rows, each by members that never saw it.

    Parameters
    ----------
    frame, schema
        [N] typed rows, stored as in `Dataset.frame`, and their columns.
    config
        Of the ensemble.
    seed
        Of weights, batches, noise and forests.

    Returns
    -------
    nats
        [N]; see `LatentCodes.isolation_nats`.
    arrays
        What `isolation_of` needs.
    """
    from vaeaudit import models  # noqa: PLC0415 - TensorFlow is imported only where a model is needed

    scaling = fit_features(frame, schema)
    features = scaling.encode(frame, schema)
    fold = content_folds(features)
    if not can_cross_fit(fold):
        fold = np.zeros_like(fold)
    ensemble = models.train_ensemble(features, fold, config, seed=seed)
    spread = models.posterior_spread(ensemble, features, fold)
    isolation, nats = fit_isolation(spread, fold, trees=config.trees, seed=seed)
    weights = {f"{_WEIGHT}{index}": value for index, value in enumerate(ensemble.get_weights())}
    return nats, {**scaling.to_arrays(), **isolation.to_arrays(), **weights}


def isolation_of(
    frame: pd.DataFrame, schema: Schema, arrays: Mapping[str, npt.NDArray[Any]], config: EnsembleConfig, *, seed: int
) -> npt.NDArray[np.float64]:
    """Judge rows by what `learn_isolation` left; rows that it was learned from get the nats that they got then.

    Parameters
    ----------
    frame
        [N] typed rows in the columns of `schema`.
    schema, config, seed
        As given to `learn_isolation`.
    arrays
        What it returned; others are passed over.
    """
    from vaeaudit import models  # noqa: PLC0415

    scaling, isolation = FeatureScaling.from_arrays(arrays), PosteriorIsolation.from_arrays(arrays)
    features = scaling.encode(frame, schema)
    fold = content_folds(features) if isolation.n_folds > 1 else np.zeros(len(features), np.int64)
    plan = models.plan_members(features.shape[1], isolation.n_folds, config, seed=seed)
    ensemble = models.PosteriorEnsemble(plan, config, seed=seed)
    weights = [arrays[name] for place in range(len(arrays)) if (name := f"{_WEIGHT}{place}") in arrays]
    if [value.shape for value in weights] != [value.shape for value in ensemble.get_weights()]:
        raise RunError("model: the ensemble's weights are not those of the run's columns.", hint=_AGAIN)
    ensemble.set_weights(weights)
    spread = models.posterior_spread(ensemble, features, fold)
    if spread.shape[1] != isolation.letters["P"]:
        raise RunError("model: the forests are not those of the ensemble.", hint=_AGAIN)
    return isolation.nats(spread, fold)
