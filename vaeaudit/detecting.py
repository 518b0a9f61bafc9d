"""The outlier score of a table without a run directory: what `fit` computes of it, held in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vaeaudit import data
from vaeaudit.config import FitConfig
from vaeaudit.data.encoding.table_encoding import Encoding, fit_encoding
from vaeaudit.data.schema.columns import Schema
from vaeaudit.scoring.table_score import table_score
from vaeaudit.table_scores import encode_other, encode_table

if TYPE_CHECKING:
    from vaeaudit.models import TableVAE


@dataclass(frozen=True)
class Detector:
    """A model of a table, and what other rows are compared with.

    Attributes
    ----------
    model, schema, config
        Trained; the columns it knows; all settings, as resolved.
    scoring
        What `vaeaudit.table_scores.encode_table` returned.
    training_score
        [N]; score of the rows that it was learned from, in nats.
    """

    model: TableVAE
    schema: Schema
    config: FitConfig
    scoring: dict[str, npt.NDArray[Any]]
    training_score: npt.NDArray[np.float64]

    def __getstate__(self) -> dict[str, Any]:
        """Return everything but the Keras model, which stands as its architecture and weights."""
        from vaeaudit import models  # noqa: PLC0415

        plain = {name: value for name, value in self.__dict__.items() if name != "model"}
        encoding = self.model.encoding.to_dict()
        return {**plain, "network": (models.architecture(self.model), models.weights(self.model), encoding)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Rebuild the Keras model."""
        from vaeaudit import models  # noqa: PLC0415

        document, weights, encoding = state.pop("network")
        model = models.rebuild(document, weights, Encoding.from_dict(encoding), seed=state["config"].seed)
        self.__dict__.update(state, model=model)

    def score(self, rows: data.OtherData) -> npt.NDArray[np.float64]:
        """Return the score [N] of rows in the columns of `schema`, in nats: the higher, the more atypical."""
        codes = encode_other(self.model, rows.as_met, self.schema, self.scoring, self.config)
        return table_score(codes, self.scoring["density_null"])


def learn_detector(dataset: data.Dataset, config: FitConfig) -> Detector:
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
    from vaeaudit import models  # noqa: PLC0415 - TensorFlow is imported only where a model is needed

    encoding = fit_encoding(dataset, max_levels=config.model.embed_levels)
    config = models.resolve(config, encoding)
    held_out = models.split_held_out(len(dataset), config.train.held_out, config.seed)
    rows = encoding.encode(dataset.frame)
    training = models.train(encoding, rows, held_out, config.model, config.train, seed=config.seed)
    if not isinstance(training.model, models.TableVAE):
        raise TypeError(f"expected a model of columns, found {type(training.model).__name__}")
    codes, scoring = encode_table(training.model, dataset.frame, dataset.schema, held_out, config)
    score = table_score(codes, scoring["density_null"])
    return Detector(training.model, dataset.schema, config, scoring, score)
