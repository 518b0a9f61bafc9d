"""How a table's rows are judged: by where they lie, and by what their cells say of each other."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.config import FitConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.column_encoding import cell_numbers
from vaeaudit.data.encoding.features import fit_features
from vaeaudit.data.encoding.shares import CodeShares
from vaeaudit.data.encoding.table_encoding import EncodedRows, Encoding
from vaeaudit.data.schema.columns import Schema
from vaeaudit.models.table.conditionals import CellSurprise, Conditionals, judge_cells, train_conditionals
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.record import FloatArray, IntArray
from vaeaudit.scoring.cells import cell_p_values, tail_quantiles
from vaeaudit.scoring.geometry import Geometry
from vaeaudit.scoring.state import TableScore
from vaeaudit.scoring.table_score import Compared, beyond_rarity
from vaeaudit.scoring.vector_score import LEAST_ELEMENTS, VectorScore
from vaeaudit.statistics.cross_fit import can_cross_fit, content_folds

#: Cells kept per row, those that tell most against it.
REASONS = 5


@dataclass(frozen=True)
class RowEvidence:
    """What is known of N rows of a table beside what the beta-VAE says; see the fields of `LatentCodes`."""

    reason_column: IntArray
    reason_nats: FloatArray
    reason_p: FloatArray
    surprises: FloatArray

    def join(self, codes: LatentCodes) -> LatentCodes:
        """Return the codes of the same rows with all this."""
        return replace(codes, **vars(self))


@dataclass(frozen=True)
class VectorEvidence:
    """What is known of N vectors beside what the beta-VAE says: no element of theirs is a reason."""

    surprises: FloatArray

    def join(self, codes: LatentCodes) -> LatentCodes:
        """Return the codes of the same rows with this."""
        return replace(codes, surprises=self.surprises)


def judge(
    encoding: Encoding, dataset: Dataset, config: FitConfig
) -> tuple[RowEvidence | VectorEvidence, TableScore | VectorScore]:
    """Judge the rows of a run, of a table or of vectors, and learn what other rows are to be compared with.

    Parameters
    ----------
    encoding
        Fitted to the rows.
    dataset
        The rows.
    config
        As resolved.
    """
    if not are_vectors(dataset):
        return judge_own(encoding, dataset.frame, dataset.schema, config)
    vectors = _vectors(dataset.frame, dataset.schema)
    score = VectorScore.of(vectors, seed=config.seed)
    return VectorEvidence(score.surprises(vectors)), score


def are_vectors(dataset: Dataset) -> bool:
    """Whether what is modelled are the elements of long vectors, and nothing else."""
    modelled = [column.name for column in dataset.schema.modelled]
    return len(modelled) >= LEAST_ELEMENTS and set(modelled) <= set(dataset.elements)


def _vectors(frame: pd.DataFrame, schema: Schema) -> npt.NDArray[np.float64]:
    return np.column_stack([cell_numbers(frame[column.name]) for column in schema.modelled])


def judge_own(
    encoding: Encoding, frame: pd.DataFrame, schema: Schema, config: FitConfig
) -> tuple[RowEvidence, TableScore]:
    """Judge the rows of a run, and learn what other rows are to be compared with.

    Each row is judged by a member of the network that never saw it.

    Parameters
    ----------
    encoding
        Fitted to the rows.
    frame, schema
        [N] typed rows, stored as in `Dataset.frame`, and their columns.
    config
        As resolved.
    """
    seed, scaling = config.seed, fit_features(frame, schema)
    features, rows = scaling.encode(frame, schema), encoding.encode(frame)
    n_folds = config.conditionals.folds
    fold = content_folds(features, n_folds)
    if not can_cross_fit(fold, n_folds):
        n_folds, fold = 1, np.zeros_like(fold)
    network = train_conditionals(encoding, rows, fold, config.conditionals, steps=config.network_steps, seed=seed)
    shares, geometry = CodeShares.of(encoding, rows), Geometry.of(features, seed=seed)
    base, lies = encoding.base_log_density(frame), geometry.scores(features)
    surprise = _surprise(network, shares, rows, base, fold=fold, seed=seed)
    tail = tail_quantiles(surprise.cells.tail_nats)
    p_value = surprise.p_values(encoding, tail, len(frame))
    score = TableScore(
        feature=scaling,
        geometry=geometry,
        shares=shares,
        compared=Compared.of(lies, surprise.beyond, _clearest(p_value), seed=seed),
        typical=np.median(surprise.cells.nats, axis=0),
        tail=tail,
        n_rows=len(frame),
        n_folds=n_folds,
        network=tuple(network.get_weights()),
    )
    return _judged(lies, surprise, p_value, score), score


def judge_other(
    encoding: Encoding, frame: pd.DataFrame, schema: Schema, score: TableScore | VectorScore, config: FitConfig
) -> RowEvidence | VectorEvidence:
    """Judge other rows by the same measures; rows of the run are judged as they were then.

    Parameters
    ----------
    encoding, schema, config
        As given to `judge`.
    frame
        [N] typed rows in the columns of `schema`; levels never seen may stand behind those that are known.
    score
        What `judge` returned.
    """
    if isinstance(score, VectorScore):
        return VectorEvidence(score.surprises(_vectors(frame, schema)))
    features = score.feature.encode(frame, schema)
    network = network_of(encoding, score, config)
    rows, base = encoding.encode(frame), encoding.base_log_density(frame)
    surprise = _surprise(network, score.shares, rows, base, fold=folds_of(features, score), seed=config.seed)
    p_value = surprise.p_values(encoding, score.tail, score.n_rows)
    return _judged(score.geometry.scores(features), surprise, p_value, score)


def network_of(encoding: Encoding, score: TableScore, config: FitConfig) -> Conditionals:
    """Return the network that judges cells, with the weights that it learned."""
    network = Conditionals(encoding, score.n_folds, config.conditionals, seed=config.seed)
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

    def p_values(self, encoding: Encoding, tail: FloatArray, n_rows: int) -> npt.NDArray[np.float64]:
        """Return the probability [N, C] that a cell of the same column surprises as much."""
        is_number = np.arange(len(encoding.columns)) < len(encoding.numeric)
        column = np.arange(len(encoding.columns))
        return cell_p_values(self.cells.tail_nats, column, tail, n_rows, is_number=is_number)


def _clearest(p_value: FloatArray) -> npt.NDArray[np.float64]:
    """Return -log of the smallest p-value [N] of the cells [N, C] of each row."""
    return np.asarray(-np.log(p_value.min(axis=1, initial=1.0)))


def _surprise(
    network: Conditionals,
    shares: CodeShares,
    rows: EncodedRows,
    base: npt.NDArray[np.float32],
    *,
    fold: IntArray,
    seed: int,
) -> _Surprise:
    found = judge_cells(network, rows, fold, seed=seed)
    # Beyond its edges a number is the less probable the farther it lies; which of some rare levels it is, is no matter.
    of_numbers = np.where([column.kind.is_levelled for column in network.encoding.columns], 0.0, base)
    cells = CellSurprise(found.nats - base, found.tail_nats - of_numbers)
    return _Surprise(cells, beyond_rarity(found.nats - of_numbers, shares.nats(rows)))


def _judged(lies: FloatArray, surprise: _Surprise, p_value: FloatArray, score: TableScore) -> RowEvidence:
    """Say how surprising the rows are, and which of their cells tell most against them."""
    ranks = score.compared.cell_ranks(surprise.beyond)
    excess = surprise.cells.nats - score.typical
    telling = ranks * np.maximum(excess, 0.0)
    top = np.argsort(-telling, axis=1, kind="stable")[:, : min(REASONS, telling.shape[1])]
    return RowEvidence(
        reason_column=top.astype(np.int32),
        reason_nats=np.take_along_axis(excess, top, axis=1).astype(np.float32),
        reason_p=np.take_along_axis(p_value, top, axis=1),
        surprises=score.compared.surprises(lies, ranks, _clearest(p_value)),
    )
