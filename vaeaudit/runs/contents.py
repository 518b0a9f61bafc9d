"""What a run directory says about itself before and after training, and the reference that it keeps."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.config import FitConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.image_encoding import ImageEncoding
from vaeaudit.data.encoding.rows import AnyEncoding
from vaeaudit.data.population_shares import Population
from vaeaudit.data.reading.load_like import OtherData
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.record import FloatArray
from vaeaudit.runs import artifacts, store
from vaeaudit.runs.artifacts import ReferenceScores, Traversals
from vaeaudit.runs.directory import RunWriter
from vaeaudit.runs.reading import Run
from vaeaudit.scoring.state import AnyScoring
from vaeaudit.storage.files import make_folder

_VERSIONS = ("vaeaudit", "tensorflow", "keras", "tensorflow-probability", "numpy", "pandas", "scikit-learn", "scipy")


def source_text(source: Any) -> str:
    """Return how a source is named in `metadata.json`: an absolute path, or the type of an object in memory.

    Parameters
    ----------
    source
        What `fit` was given.
    """
    return str(Path(source).resolve()) if isinstance(source, (str, Path)) else type(source).__name__


def describe_run(  # noqa: PLR0917 - what was read, and what it is compared with
    run_id: str,
    source: Any,
    dataset: Dataset,
    config: FitConfig,
    population: Population | None,
    reference: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return `metadata.json` as far as it is known before training.

    Parameters
    ----------
    run_id
        Name of the run's folder.
    source, dataset
        What `fit` was given, and what was read from it.
    config
        All settings.
    population
        Shares to compare with, if any.
    reference
        What `describe_source` returned for the dataset to compare with, if any.
    """
    return {
        "id": run_id,
        **_made(),
        "seed": config.seed,
        "data": describe_source(source, dataset),
        "rows": asdict(dataset.accounting),
        "notes": list(dataset.notes),
        "population": asdict(population) if population else None,
        "reference": dict(reference) if reference else None,
    }


def describe_source(source: Any, dataset: Dataset) -> dict[str, str]:
    """Return name, kind, source and fingerprint of data.

    Parameters
    ----------
    source, dataset
        What was given, and what was read from it.
    """
    return {
        "name": dataset.name,
        "kind": "images" if dataset.images is not None else "table",
        "source": source_text(source),
        "fingerprint": dataset.fingerprint,
    }


def describe_scores(
    run: Run, source: Any, other: OtherData, outliers: Mapping[str, Any], regions: Mapping[str, int]
) -> dict[str, Any]:
    """Return `score.json`.

    Parameters
    ----------
    run
        That scored.
    source, other
        What it scored, as given and as read.
    outliers
        `definition`, `fdr` and `flagged`.
    regions
        Region -> how many rows lie in it.
    """
    dataset = other.dataset
    return {
        **_made(),
        "run": {"id": run.id, "model": run.model_fingerprint},
        "data": describe_source(source, dataset),
        "rows": asdict(dataset.accounting),
        "outliers": dict(outliers),
        "regions": dict(regions),
        "lacking": list(other.lacking),
        "notes": list(dataset.notes),
    }


def _made() -> dict[str, Any]:
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": sys.version.split()[0], **{name: version(name) for name in _VERSIONS}},
    }


def write_before_training(
    writer: RunWriter, dataset: Dataset, encoding: AnyEncoding, config: FitConfig, metadata: Mapping[str, Any]
) -> None:
    """Write everything that is known before training, so that an interrupted run can be gone on with.

    Parameters
    ----------
    writer
        Of the run.
    dataset, encoding
        The rows, and how they are encoded.
    config, metadata
        All settings as resolved, and what `describe_run` returned.
    """
    writer.document(artifacts.CONFIG, config.to_dict())
    encoded = {"images": asdict(encoding)} if isinstance(encoding, ImageEncoding) else asdict(encoding)
    writer.document(artifacts.SCHEMA, {**asdict(dataset.schema), "encoding": encoded})
    writer.document(artifacts.METADATA, metadata)
    writer.table(artifacts.COLUMNS, dataset.frame)
    writer.table(artifacts.QUARANTINE, dataset.quarantine)


def write_after_training(
    writer: RunWriter,
    *,
    architecture: Mapping[str, Any],
    weights: Mapping[str, npt.NDArray[Any]],
    scoring: AnyScoring,
    history: Mapping[str, FloatArray],
    codes: LatentCodes,
    traversals: Traversals,
) -> None:
    """Write what training and scoring gave; `rows.parquet` and the manifest are still to come.

    Parameters
    ----------
    writer
        Of the run.
    architecture, weights
        The model, as plain JSON and arrays.
    scoring
        What scoring rows needs besides.
    history
        One array [epochs] per curve.
    codes
        Of all rows.
    traversals
        What the decoder expects along each latent.
    """
    writer.document(artifacts.ARCHITECTURE, architecture)
    writer.arrays(artifacts.WEIGHTS, weights)
    writer.record(artifacts.SCORING, scoring)
    n_epochs = max((len(curve) for curve in history.values()), default=0)
    writer.table(artifacts.HISTORY, pd.DataFrame({"epoch": np.arange(1, n_epochs + 1), **history}))
    writer.record(artifacts.LATENTS, codes)
    writer.record(artifacts.TRAVERSALS, traversals)


@dataclass(frozen=True)
class StoredReference:
    """Another dataset under the run's model; all have its M rows.

    Attributes
    ----------
    facts
        `name`, `fingerprint`, `lacking`, `notes`, and the accounting `rows`.
    frame
        [M, C]; in the run's columns; levels that the run does not know stand behind its own.
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
    make_folder((writer.folder / artifacts.REFERENCE_FACTS.name).parent)
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
        frame=run.frame_of(artifacts.REFERENCE_COLUMNS, n_rows, more_levels=True),
        codes=run.codes_of(artifacts.REFERENCE_LATENTS, n_rows),
        p_value=p_value,
    )
