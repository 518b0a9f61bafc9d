"""A trained model of a table, with a run directory or, as a detector, without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.coverage.descriptions import USUAL
from vaeaudit.analysis.coverage.latent_points import points_of_regions, usual_points
from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.config import FitConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.table_encoding import EncodedRows, Encoding, fit_encoding
from vaeaudit.data.reading.load_like import OtherData
from vaeaudit.data.schema.columns import Schema
from vaeaudit.models.fitting.build import architecture, rebuild
from vaeaudit.models.fitting.build import weights as weights_
from vaeaudit.models.fitting.training import Training
from vaeaudit.models.inference import TRAVERSAL
from vaeaudit.models.table.inference import decode_columns, traversals
from vaeaudit.models.table.vae import TableVAE
from vaeaudit.outputs.latents import CellExpectations, LatentCodes
from vaeaudit.outputs.record import FloatArray
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.runs.artifacts import Traversals
from vaeaudit.scoring.state import TableScore, TableScoring
from vaeaudit.scoring.table_score import table_score
from vaeaudit.workflow.trained.base import OnRows, Prepared, Shown, Trained, fit_densities
from vaeaudit.workflow.trained.cells import check_cells
from vaeaudit.workflow.trained.table_score import encode_other, encode_table, folds_of, network_of

#: Rows decoded per region, and rows that say what is usual.
_ROWS_PER_REGION = 24
_USUAL_ROWS = 500


@dataclass(frozen=True)
class TrainedTable(Trained[EncodedRows, TableScoring]):
    """See `Trained`."""

    model: TableVAE

    @classmethod
    def encode(cls, dataset: Dataset, config: FitConfig) -> tuple[Encoding, EncodedRows]:
        encoding = fit_encoding(dataset, max_levels=config.model.embed_levels)
        return encoding, encoding.encode(dataset.frame)

    @classmethod
    def learn(
        cls, training: Training, dataset: Dataset, prepared: Prepared[EncodedRows], on_rows: OnRows
    ) -> tuple[Self, LatentCodes, Training]:
        model, held_out, config = cast(TableVAE, training.model), prepared.held_out, prepared.config
        codes, score = encode_table(model, dataset.frame, dataset.schema, held_out, config, on_rows=on_rows)
        densities = fit_densities(codes, config, "columns")
        scoring = TableScoring(score, densities)
        # What no latent can change is counted in, so that curves and baseline are comparable with the rows' ELBO.
        base = float(model.encoding.base_log_density(dataset.frame.loc[held_out]).sum(axis=1).mean())
        history = {**training.history, "val_elbo": training.history["val_elbo"] + base}
        training = replace(training, history=history, baseline=training.baseline + base)
        return cls(model, dataset.schema, config, scoring), codes, training

    def codes(self, other: OtherData, on_rows: OnRows) -> LatentCodes:
        return encode_other(self.model, other.as_met, self.schema, self.scoring.score, self.config, on_rows=on_rows)

    def cells(self, frame: pd.DataFrame, codes: LatentCodes, scores: RowScores) -> CellExpectations:
        score = self.scoring.score
        fold = folds_of(score.feature.encode(frame, self.schema), score)
        network = network_of(self.model, score, self.config)
        return check_cells(network, frame, codes, scores, fold=fold, typical=score.typical)

    def traversals(self) -> Traversals:
        return Traversals(traversals(self.model), TRAVERSAL)

    def shown(self, rows: EncodedRows, inputs: AuditInputs, regions: Sequence[Region]) -> Shown:
        return Shown(decoded_regions=self._decoded(inputs, regions))

    def decoded_in(self, inputs: AuditInputs, regions: Sequence[Region]) -> AuditInputs:
        return replace(inputs, decoded_regions=self._decoded(inputs, regions))

    def _decoded(self, inputs: AuditInputs, regions: Sequence[Region]) -> dict[str, FloatArray]:
        """Return, by key of the region and of what is usual, [P, C] what the decoder expects at P points."""
        seed = self.config.seed
        points = points_of_regions(inputs, regions, n_points=_ROWS_PER_REGION, midway=False, seed=seed)
        points[USUAL] = usual_points(inputs, n_points=_USUAL_ROWS, seed=seed)
        return {key: decode_columns(self.model, z) for key, z in points.items()}


@dataclass(frozen=True)
class Detector:
    """A model of a table, and what other rows are compared with.

    Attributes
    ----------
    model, schema, config
        Trained; the columns it knows; all settings, as resolved.
    compared
        What other rows are compared with.
    training_score
        [N]; score of the rows that it was learned from, in nats.
    """

    model: TableVAE
    schema: Schema
    config: FitConfig
    compared: TableScore
    training_score: npt.NDArray[np.float64]

    def __getstate__(self) -> dict[str, Any]:
        """Return everything but the Keras model, which stands as its architecture and weights."""
        plain = {name: value for name, value in self.__dict__.items() if name != "model"}
        return {**plain, "network": (architecture(self.model), weights_(self.model), self.model.encoding)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Rebuild the Keras model."""
        document, weights, encoding = state.pop("network")
        model = rebuild(document, weights, encoding, seed=state["config"].seed)
        self.__dict__.update(state, model=model)

    def score(self, rows: OtherData) -> npt.NDArray[np.float64]:
        """Return the score [N] of rows in the columns of `schema`, in nats: the higher, the more atypical."""
        codes = encode_other(self.model, rows.as_met, self.schema, self.compared, self.config)
        return table_score(codes, self.compared.compared)


def learn_detector(dataset: Dataset, config: FitConfig) -> Detector:
    """Learn a table; the scores are those of `vaeaudit fit` with the same settings, to the last bit.

    Parameters
    ----------
    dataset
        The rows.
    config
        All settings.

    Raises
    ------
    InconclusiveError
        For fewer than 20 rows.
    """
    prepared = TrainedTable.prepare(dataset, config)
    model = prepared.train().model
    codes, compared = encode_table(model, dataset.frame, dataset.schema, prepared.held_out, prepared.config)
    return Detector(model, dataset.schema, prepared.config, compared, table_score(codes, compared.compared))
