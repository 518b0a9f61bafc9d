"""The outlier score of a table without a run directory: what `fit` computes of it, held in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vaeaudit.config import FitConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.reading.load_like import OtherData
from vaeaudit.data.schema.columns import Schema
from vaeaudit.models.fitting.persistence import architecture, rebuild
from vaeaudit.models.fitting.persistence import weights as weights_
from vaeaudit.models.table.vae import TableVAE
from vaeaudit.scoring.state import TableScore
from vaeaudit.scoring.table_score import table_score
from vaeaudit.workflow.trained.table import TrainedTable
from vaeaudit.workflow.trained.table_score import encode_other, encode_table


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
        return table_score(codes, self.compared.density_null)


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
    return Detector(model, dataset.schema, prepared.config, compared, table_score(codes, compared.density_null))
