"""A trained model of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self, cast

import pandas as pd

from vaeaudit.analysis.coverage.descriptions import USUAL
from vaeaudit.analysis.coverage.latent_points import points_of_regions, usual_points
from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.config import FitConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.table_encoding import EncodedRows, Encoding, fit_encoding
from vaeaudit.data.reading.load_like import OtherData
from vaeaudit.models.fitting.training import Training
from vaeaudit.models.inference import TRAVERSAL
from vaeaudit.models.table.cell_expectations import cell_null
from vaeaudit.models.table.inference import decode_columns, traversals
from vaeaudit.models.table.vae import TableVAE
from vaeaudit.outputs.latents import CellExpectations, LatentCodes
from vaeaudit.outputs.record import FloatArray
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.runs.artifacts import Traversals
from vaeaudit.scoring.state import TableScoring
from vaeaudit.workflow.trained.base import OnRows, Prepared, Shown, Trained, fit_densities
from vaeaudit.workflow.trained.cells import check_cells
from vaeaudit.workflow.trained.table_score import encode_other, encode_table

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
        drawn = {"n_rows": config.train.null_rows, "n_samples": config.train.iwae_samples, "seed": config.seed}
        densities = fit_densities(codes, config, "columns")
        scoring = TableScoring(score, cell_null(model, codes, score.typical, **drawn), densities)
        # What no latent can change is counted in, so that curves and baseline are comparable with the rows' ELBO.
        base = float(model.encoding.base_log_density(dataset.frame.loc[held_out]).sum(axis=1).mean())
        history = {**training.history, "val_elbo": training.history["val_elbo"] + base}
        training = replace(training, history=history, baseline=training.baseline + base)
        return cls(model, dataset.schema, config, scoring), codes, training

    def codes(self, other: OtherData, on_rows: OnRows) -> LatentCodes:
        return encode_other(self.model, other.as_met, self.schema, self.scoring.score, self.config, on_rows=on_rows)

    def cells(self, frame: pd.DataFrame, codes: LatentCodes, scores: RowScores) -> CellExpectations:
        return check_cells(self.model, frame, codes, self.scoring, scores, seed=self.config.seed)

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
