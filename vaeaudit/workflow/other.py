"""Other data under a run's model: read in the run's columns, encoded by its model, scored by its measures."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vaeaudit.config import ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.reading.load_like import OtherData, load_like
from vaeaudit.errors import UsageError
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.progress import Listener, Progress, Stopwatch
from vaeaudit.runs.contents import StoredReference
from vaeaudit.runs.directory import PartialRun
from vaeaudit.runs.reading import Run
from vaeaudit.workflow.builder import rebuild
from vaeaudit.workflow.reading import reading_progress

if TYPE_CHECKING:
    from vaeaudit.workflow.trained.base import Trained


@dataclass(frozen=True)
class Scored:
    """Other data under a trained model; all have its N rows.

    Attributes
    ----------
    data
        The rows, in the columns of the model's run.
    codes, scores
        What the model knows about each, and what follows from it; p-values are those of the run, flags are chosen over
        these rows.
    trained
        The model.
    """

    data: OtherData
    codes: LatentCodes
    scores: RowScores
    trained: Trained[Any, Any]


def other_reading(config: ReadConfig) -> ReadConfig:
    """Return how other data is read unless the user says otherwise: delimiter and encoding are its own.

    Parameters
    ----------
    config
        How the run's data was read.
    """
    return replace(config, delimiter=None, encoding=None)


def read_and_score(run: Run, source: Any, config: ReadConfig, watch: Stopwatch) -> Scored:
    """Read other data and score it by a run.

    Parameters
    ----------
    run
        Complete.
    source, config
        The data, and how to read it.
    watch
        Told about phases.

    Raises
    ------
    InputError, UsageError
        Where the data does not fit the run.
    RunError
        Where the run's model cannot be used.
    """
    with watch.phase("reading"):
        run.require_usable()  # before the data is read, and TensorFlow imported
        other = load_like(source, run.schema, config, form=run.form, on_progress=reading_progress(watch.listener))
    with watch.phase("starting"):
        trained = rebuild(run)
    with watch.phase("scoring"):
        return score_other(trained, other, watch.listener)


def score_other(trained: Trained[Any, Any], other: OtherData, listener: Listener) -> Scored:
    """Score other data by a model that is in memory.

    Parameters
    ----------
    trained
        The model.
    other
        The rows, in its columns.
    listener
        Told about rows.
    """
    n_rows = len(other.dataset)
    codes = trained.codes(other, lambda done: listener(Progress("scoring", done, n_rows)))
    return Scored(other, codes, trained.row_scores(codes), trained)


def as_stored(scored: Scored) -> StoredReference:
    """Return what a run keeps of a reference.

    Parameters
    ----------
    scored
        The reference, under the run's model.
    """
    dataset = scored.data.dataset
    facts = {
        "name": dataset.name,
        "fingerprint": dataset.fingerprint,
        "rows": asdict(dataset.accounting),
        "lacking": list(scored.data.lacking),
        "notes": list(dataset.notes),
    }
    return StoredReference(facts, scored.data.as_met, scored.codes, np.asarray(scored.scores.p_value, np.float64))


# --- the reference of a fit ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReferenceData:
    """What a run is to be compared with: the source, and what was read from it."""

    source: Any
    data: OtherData


def read_reference_of_fit(
    given: Any, partial: PartialRun | None, dataset: Dataset, config: ReadConfig, listener: Listener
) -> ReferenceData | None:
    """Read the reference of a fit in the columns of the dataset; None where there is none.

    Parameters
    ----------
    given
        What `fit` was given, or None.
    partial
        The interrupted run to go on with, if any: where none is given, its reference is read again.
    dataset, config
        The rows to compare, and how they were read.
    listener
        Told about pictures.

    Raises
    ------
    InputError, UsageError
        Where it does not fit the dataset, or is not what it was when the run was interrupted.
    """
    source = reference_source(partial, given)
    if source is None:
        return None
    form = dataset.images.form if dataset.images is not None else None
    other = load_like(source, dataset.schema, other_reading(config), form=form, on_progress=reading_progress(listener))
    require_same_reference(partial, other)
    return ReferenceData(source, other)


def reference_source(partial: PartialRun | None, given: Any) -> Any:
    """Return what to compare with: what is given, else what the interrupted run was to be compared with.

    Parameters
    ----------
    partial
        The interrupted run to go on with, if any.
    given
        What `fit` was given, or None.

    Raises
    ------
    UsageError
        Where the interrupted run had one that is no path.
    """
    stored = partial.metadata["reference"] if partial else None
    if given is not None or stored is None:
        return given
    if not Path(stored["source"]).is_absolute():
        raise UsageError(
            f"--resume: the reference of the interrupted run was a {stored['source']}.", hint="Give it again."
        )
    return stored["source"]


def require_same_reference(partial: PartialRun | None, reference: OtherData) -> None:
    """Raise UsageError where the reference of an interrupted run has changed since."""
    stored = partial.metadata["reference"] if partial else None
    if stored and stored["fingerprint"] != reference.dataset.fingerprint:
        raise UsageError(
            f"--resume: the reference {reference.dataset.name} is not what it was when the training was interrupted.",
            hint="Leave out --resume to start afresh.",
        )
