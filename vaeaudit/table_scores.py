"""What the model and its ensemble know about the rows of a table: the codes that scores are made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.config import FitConfig
from vaeaudit.data.schema.columns import Schema
from vaeaudit.isolating import isolation_of, learn_isolation
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.scoring.table_score import density_null

if TYPE_CHECKING:
    from vaeaudit.models import TableVAE

Arrays = dict[str, npt.NDArray[Any]]


def encode_table(
    model: TableVAE,
    frame: pd.DataFrame,
    schema: Schema,
    held_out: npt.NDArray[np.bool_],
    config: FitConfig,
    *,
    on_rows: Callable[[int], None] = lambda done: None,
) -> tuple[LatentCodes, Arrays]:
    """Encode the rows that a model was trained on, and learn what other rows are to be compared with.

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

    Returns
    -------
    codes
        Of all rows, with `isolation_nats`.
    scoring
        What `encode_other` needs, and `density_null`.
    """
    from vaeaudit import models  # noqa: PLC0415 - it has been imported to train the model

    n_samples, seed = config.train.iwae_samples, config.seed
    typical = models.typical_column_nats(model, frame, seed=seed)
    codes = models.encode_rows(model, frame, held_out, typical, n_samples=n_samples, seed=seed, on_rows=on_rows)
    isolation, ensemble = learn_isolation(frame, schema, config.ensemble, seed=seed)
    return replace(codes, isolation_nats=isolation), {
        "density_null": density_null(codes, seed=seed),
        "typical": typical,
        **ensemble,
    }


def encode_other(
    model: TableVAE,
    frame: pd.DataFrame,
    schema: Schema,
    scoring: Mapping[str, npt.NDArray[Any]],
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
    scoring
        What `encode_table` returned.
    on_rows
        Told the number of rows done.
    """
    from vaeaudit import models  # noqa: PLC0415

    held_out, n_samples = np.ones(len(frame), dtype=bool), config.train.iwae_samples
    codes = models.encode_rows(
        model, frame, held_out, scoring["typical"], n_samples=n_samples, seed=config.seed, on_rows=on_rows
    )
    return replace(codes, isolation_nats=isolation_of(frame, schema, scoring, config.ensemble, seed=config.seed))
