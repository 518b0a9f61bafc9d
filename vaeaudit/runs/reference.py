"""The dataset that a run is compared with, as its model sees it: kept with the run, so that a report needs no model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.errors import RunError
from vaeaudit.latents import LatentCodes
from vaeaudit.runs import store
from vaeaudit.runs.directory import Run, RunWriter

_FOLDER = "reference"
_FACTS = ("name", "fingerprint", "lacking", "notes", "rows")


@dataclass(frozen=True)
class StoredReference:
    """Another dataset under the run's model; all have its M rows.

    Attributes
    ----------
    facts
        `name`, `fingerprint`, `lacking`, `notes`, and the accounting `rows`.
    frame
        [M, C]; in the run's columns.
    codes
        Of its rows.
    p_value
        [M]; of its outlier scores.
    """

    facts: Mapping[str, Any]
    frame: pd.DataFrame
    codes: LatentCodes
    p_value: npt.NDArray[np.float64]


def write_reference(writer: RunWriter, reference: StoredReference) -> None:
    """Write the reference into a run that is being made.

    Parameters
    ----------
    writer
        Of the run.
    reference
        What to keep.
    """
    writer.subfolder(_FOLDER)
    writer.document(f"{_FOLDER}/reference.json", reference.facts)
    writer.table(f"{_FOLDER}/columns.parquet", reference.frame)
    writer.arrays(f"{_FOLDER}/latents.npz", reference.codes.to_arrays())
    writer.arrays(f"{_FOLDER}/scores.npz", {"p_value": reference.p_value})


def read_reference(run: Run) -> StoredReference | None:
    """Return the reference that a run keeps, or None where `fit` was given none.

    Parameters
    ----------
    run
        Complete, or about to be.

    Raises
    ------
    RunError
        Where a file of it is missing or damaged.
    """
    folder = run.path / _FOLDER
    if not folder.is_dir():
        return None
    facts = store.read_json(folder / "reference.json")
    if not set(_FACTS) <= set(facts):
        raise RunError(f"{folder}: reference.json must hold {', '.join(_FACTS)}.")
    return StoredReference(
        facts=facts,
        frame=store.read_frame(folder / "columns.parquet", run.schema, facts["rows"]["scored"]),
        codes=LatentCodes.from_arrays(store.read_arrays(folder / "latents.npz")),
        p_value=store.read_arrays(folder / "scores.npz")["p_value"],
    )
