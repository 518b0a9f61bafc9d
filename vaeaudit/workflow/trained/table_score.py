"""What is known about a table's rows: by its model, by where they lie, by what their cells say of each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from vaeaudit.config import FitConfig
from vaeaudit.data.encoding.features import fit_features
from vaeaudit.data.encoding.table_encoding import EncodedRows
from vaeaudit.data.schema.columns import Schema
from vaeaudit.models.inference import tensors
from vaeaudit.models.table.conditionals import CellSurprise, Conditionals, judge_cells, train_conditionals
from vaeaudit.models.table.inference import encode_rows
from vaeaudit.models.table.vae import TableVAE
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.scoring.cells import cell_p_values, tail_scales
from vaeaudit.scoring.geometry import Geometry
from vaeaudit.scoring.state import TableScore
from vaeaudit.scoring.table_score import Compared, beyond_rarity
from vaeaudit.statistics.cross_fit import can_cross_fit, content_folds

#: Cells kept per row, those that tell most against it.
REASONS = 5


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

    Each row is judged by a member of the network that never saw it.

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
    seed = config.seed
    codes = encode_rows(model, frame, held_out, n_samples=config.train.iwae_samples, seed=seed, on_rows=on_rows)
    scaling = fit_features(frame, schema)
    features = scaling.encode(frame, schema)
    n_folds = config.conditionals.folds
    fold = content_folds(features, n_folds)
    if not can_cross_fit(fold, n_folds):
        n_folds, fold = 1, np.zeros_like(fold)
    rows = model.encoding.encode(frame)
    network = train_conditionals(model.encoding, rows, fold, config.conditionals, seed=seed)
    surprise = _surprise(network, model, frame, rows, fold, seed=seed)
    geometry = Geometry.of(features, seed=seed)
    lies = geometry.scores(features)
    compared = Compared.of(lies, surprise.beyond, seed=seed)
    typical = np.median(surprise.cells.nats, axis=0)
    scale = tail_scales(surprise.cells.tail_nats)
    score = TableScore(
        scaling,
        geometry,
        compared,
        typical,
        scale,
        n_folds,
        tuple(network.get_weights()),
    )
    return _judged(codes, lies, surprise, score), score


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
    held_out, seed = np.ones(len(frame), dtype=bool), config.seed
    codes = encode_rows(model, frame, held_out, n_samples=config.train.iwae_samples, seed=seed, on_rows=on_rows)
    features = score.feature.encode(frame, schema)
    network, fold = network_of(model, score, config), folds_of(features, score)
    surprise = _surprise(network, model, frame, model.encoding.encode(frame), fold, seed=seed)
    return _judged(codes, score.geometry.scores(features), surprise, score)


def network_of(model: TableVAE, score: TableScore, config: FitConfig) -> Conditionals:
    """Return the network that judges cells, with the weights that it learned."""
    network = Conditionals(model.encoding, score.n_folds, config.conditionals, seed=config.seed)
    network.set_weights(list(score.network))
    return network


def folds_of(features: FloatArray, score: TableScore) -> IntArray:
    """Return the fold [N] of rows as features [N, F]: the same for a row as when the network was trained."""
    return content_folds(features, score.n_folds) if score.n_folds > 1 else np.zeros(len(features), np.int64)


@dataclass(frozen=True)
class _Surprise:
    """How much cells surprise, and how much beyond what they are improbable by themselves."""

    cells: CellSurprise
    beyond: FloatArray


def _surprise(
    network: Conditionals, model: TableVAE, frame: pd.DataFrame, rows: EncodedRows, fold: IntArray, *, seed: int
) -> _Surprise:
    found, encoding = judge_cells(network, rows, fold, seed=seed), model.encoding
    base = encoding.base_log_density(frame)
    # Beyond its edges a number is the less probable the farther it lies; which of some rare levels it is, is no matter.
    of_numbers = np.where([column.kind.is_levelled for column in encoding.columns], 0.0, base)
    alone = model.nats_alone(tensors(rows)).numpy()
    cells = CellSurprise(found.nats - base, found.tail_nats - of_numbers)
    return _Surprise(cells, beyond_rarity(found.nats - of_numbers, alone))


def _judged(codes: LatentCodes, lies: FloatArray, surprise: _Surprise, score: TableScore) -> LatentCodes:
    """Add to the codes how surprising the rows are, and which of their cells tell most against them."""
    ranks = score.compared.cell_ranks(surprise.beyond)
    excess = surprise.cells.nats - score.typical
    telling = ranks * np.maximum(excess, 0.0)
    top = np.argsort(-telling, axis=1, kind="stable")[:, : min(REASONS, telling.shape[1])]
    added: dict[str, Any] = {
        "reason_column": top.astype(np.int32),
        "reason_nats": np.take_along_axis(excess, top, axis=1).astype(np.float32),
        "reason_p": cell_p_values(
            np.take_along_axis(surprise.cells.tail_nats, top, axis=1), score.tail_scale[top]
        ).astype(np.float64),
        "surprises": score.compared.surprises(lies, ranks),
    }
    return replace(codes, **added)
