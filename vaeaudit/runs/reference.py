"""The dataset that a run is compared with, as its model sees it: kept with the run, so that a report needs no model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.runs import artifacts, store
from vaeaudit.runs.artifacts import ReferenceScores
from vaeaudit.runs.directory import RunWriter
from vaeaudit.runs.reading import Run

_FOLDER = Path(artifacts.REFERENCE_FACTS.name).parent


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
    writer.subfolder(str(_FOLDER))
    writer.document(artifacts.REFERENCE_FACTS, reference.facts)
    writer.table(artifacts.REFERENCE_COLUMNS, reference.frame)
    writer.record(artifacts.REFERENCE_LATENTS, reference.codes)
    writer.record(artifacts.REFERENCE_SCORES, ReferenceScores(reference.p_value))


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
    if not run.metadata["reference"]:
        return None
    run.read(artifacts.REFERENCE_FACTS)
    facts = store.read_json(run.path / artifacts.REFERENCE_FACTS.name)
    n_rows = facts["rows"]["scored"]
    p_value = run.read(artifacts.REFERENCE_SCORES).p_value
    if len(p_value) != n_rows:
        raise run.refuse(artifacts.REFERENCE_SCORES, f"expected {n_rows:,} rows, found {len(p_value):,}")
    return StoredReference(
        facts=facts,
        frame=run.frame_of(artifacts.REFERENCE_COLUMNS, n_rows),
        codes=run.codes_of(artifacts.REFERENCE_LATENTS, n_rows),
        p_value=p_value,
    )
