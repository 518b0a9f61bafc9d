"""A trained model of a table, with a run directory or, as a detector, without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.coverage.descriptions import USUAL
from vaeaudit.analysis.coverage.latent_points import points_of_regions, usual_points
from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.config import FitConfig, Objective
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.decoding import CellValues
from vaeaudit.data.encoding.table_encoding import EncodedRows, Encoding, fit_encoding
from vaeaudit.data.reading.load_like import OtherData
from vaeaudit.data.schema.columns import Schema
from vaeaudit.errors import UsageError
from vaeaudit.models.condition_swaps import Expected
from vaeaudit.models.fitting.training import Training
from vaeaudit.models.inference import TRAVERSAL
from vaeaudit.models.table.inference import decode_columns, encode_rows, expected_cells, traversals
from vaeaudit.models.table.sampling import sample_cells
from vaeaudit.models.table.vae import TableVAE
from vaeaudit.outputs.latents import CellExpectations, LatentCodes
from vaeaudit.outputs.record import FloatArray
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.runs.artifacts import Traversals
from vaeaudit.scoring.joined import row_p_values
from vaeaudit.scoring.state import TableScore, TableScoring
from vaeaudit.scoring.vector_score import VectorScore
from vaeaudit.workflow.trained.base import OnRows, Prepared, Sample, Sampler, Shown, Trained, fit_densities
from vaeaudit.workflow.trained.cells import check_cells
from vaeaudit.workflow.trained.table_score import folds_of, judge, judge_other, network_of

#: Rows decoded per region, and rows that say what is usual.
_ROWS_PER_REGION = 24
_USUAL_ROWS = 500


@dataclass(frozen=True)
class TrainedTable(Trained[EncodedRows, TableScoring]):
    """See `Trained`."""

    model: TableVAE

    @classmethod
    def encode(cls, dataset: Dataset, config: FitConfig) -> tuple[Encoding, EncodedRows]:
        if config.model.objective is Objective.FALLING:
            raise UsageError(
                "--objective falling: is for pictures; of a table no latent comes into use by it.",
                hint="--objective beta is what suits tables.",
            )
        encoding = fit_encoding(dataset, max_levels=config.model.embed_levels)
        return encoding, encoding.encode_for_latents(dataset.frame)

    @classmethod
    def learn(
        cls, training: Training, dataset: Dataset, prepared: Prepared[EncodedRows], on_rows: OnRows
    ) -> tuple[Self, LatentCodes, Training]:
        model, held_out, config = cast(TableVAE, training.model), prepared.held_out, prepared.config
        drawn = {"n_samples": config.train.iwae_samples, "seed": config.seed}
        codes = encode_rows(model, dataset.frame, held_out, **drawn, on_rows=on_rows)
        judged, score = judge(model.encoding, dataset, config)
        codes = judged.join(codes)
        densities = fit_densities(codes, config, "columns")
        scoring = TableScoring(score, densities)
        # What no latent can change is counted in, so that curves and baseline are comparable with the rows' ELBO.
        base = model.encoding.decoded.base_log_density(dataset.frame.loc[held_out]).sum(axis=1, dtype=np.float64)
        history = {**training.history, "val_elbo": training.history["val_elbo"] + float(base.mean())}
        training = replace(training, history=history, baseline=training.baseline + base)
        return cls(model, dataset.schema, config, scoring), codes, training

    def codes(self, other: OtherData, on_rows: OnRows) -> LatentCodes:
        frame, config = other.as_met, self.config
        drawn = {"n_samples": config.train.iwae_samples, "seed": config.seed}
        codes = encode_rows(self.model, frame, np.ones(len(frame), dtype=bool), **drawn, on_rows=on_rows)
        return judge_other(self.model.encoding, frame, self.schema, self.scoring.score, config).join(codes)

    def cells(self, frame: pd.DataFrame, codes: LatentCodes, scores: RowScores) -> CellExpectations | None:
        score = self.scoring.score
        if isinstance(score, VectorScore):  # what a single element says means nothing
            return None
        fold = folds_of(score.feature.encode(frame, self.schema), score)
        network = network_of(self.model.encoding, score, self.config)
        return check_cells(network, frame, codes, scores, fold=fold, typical=score.typical)

    def traversals(self) -> Traversals:
        return Traversals(traversals(self.model), TRAVERSAL)

    def expected(self, z: FloatArray, condition: FloatArray) -> Expected:
        return expected_cells(self.model, z, condition)

    def sampler(self, frame: pd.DataFrame, z: FloatArray) -> Sampler:
        values = CellValues.of(self.model.encoding.decoded, self.schema, frame)
        rng = np.random.default_rng(self.config.seed)
        values = values.with_usual(sample_cells(self.model, z, self.condition_of(frame), values, rng))

        def sample(z: FloatArray, condition: FloatArray | None, rng: np.random.Generator) -> Sample:
            return Sample(values.decode(sample_cells(self.model, z, condition, values, rng), rng))

        return sample

    def shown(self, rows: EncodedRows, inputs: AuditInputs, regions: Sequence[Region]) -> Shown:
        return Shown(decoded_regions=self._decoded(inputs, regions))

    def decoded_in(self, inputs: AuditInputs, regions: Sequence[Region]) -> AuditInputs:
        return replace(inputs, decoded_regions=self._decoded(inputs, regions))

    def _decoded(self, inputs: AuditInputs, regions: Sequence[Region]) -> dict[str, FloatArray]:
        """Return, by key of the region and of what is usual, [P, C] what the decoder expects at P points."""
        seed = self.config.seed
        points = points_of_regions(inputs, regions, n_points=_ROWS_PER_REGION, midway=False, seed=seed)
        points[USUAL] = usual_points(inputs, n_points=_USUAL_ROWS, seed=seed)
        return {key: decode_columns(self.model, z, self.given_to(inputs, row)) for key, (z, row) in points.items()}


@dataclass(frozen=True)
class Detector:
    """What judges the rows of a table, and what other rows are compared with; no beta-VAE takes part in the score.

    Attributes
    ----------
    encoding, schema, config
        How columns become numbers; the columns it knows; all settings.
    compared
        What other rows are compared with.
    training_score, training_p
        [N]; score of the rows that it was learned from, in nats, and their p-values.
    """

    encoding: Encoding
    schema: Schema
    config: FitConfig
    compared: TableScore | VectorScore
    training_score: npt.NDArray[np.float64]
    training_p: npt.NDArray[np.float64]

    def score(self, rows: OtherData) -> npt.NDArray[np.float64]:
        """Return the score [N] of rows in the columns of `schema`, in nats: the higher, the more atypical."""
        judged = judge_other(self.encoding, rows.as_met, self.schema, self.compared, self.config)
        return self.compared.joined.score(judged.surprises)


def learn_detector(dataset: Dataset, config: FitConfig) -> Detector:
    """Learn to judge a table; the scores are those of `vaeaudit fit` with the same settings, to the last bit.

    Parameters
    ----------
    dataset
        The rows.
    config
        All settings.
    """
    encoding = fit_encoding(dataset, max_levels=config.model.embed_levels)
    judged, compared = judge(encoding, dataset, config)
    score = compared.joined.score(judged.surprises)
    return Detector(encoding, dataset.schema, config, compared, score, row_p_values(score, judged.surprises))
