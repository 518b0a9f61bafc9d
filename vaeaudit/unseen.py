"""Rows that a run's model has not seen: read as the run's own were, encoded by its model, scored by its measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vaeaudit import analysis, data, runs
from vaeaudit.cell_checks import check_cells
from vaeaudit.config import FitConfig, ReadConfig
from vaeaudit.data.encoding.image_encoding import ImageEncoding
from vaeaudit.data.encoding.rows import AnyEncoding
from vaeaudit.data.schema.columns import Schema
from vaeaudit.data.sources.image_store import PictureForm
from vaeaudit.errors import RunError, UsageError
from vaeaudit.learning import Arrays, Stopwatch
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.progress import Listener, Progress
from vaeaudit.runs import PartialRun, Run, StoredReference
from vaeaudit.table_scores import encode_other

if TYPE_CHECKING:
    from vaeaudit.models import BetaVAE


@dataclass(frozen=True)
class Unseen:
    """Other data under a run's model; all have its N rows.

    Attributes
    ----------
    data
        The rows, in the run's columns.
    codes, scores
        What the model knows about each, and what follows from it; p-values are those of the run, flags are chosen over
        these rows.
    model
        Of the run.
    """

    data: data.OtherData
    codes: LatentCodes
    scores: analysis.RowScores
    model: BetaVAE


def other_reading(config: ReadConfig) -> ReadConfig:
    """Return how other data is read unless the user says otherwise: delimiter and encoding are its own.

    Parameters
    ----------
    config
        How the run's data was read.
    """
    return replace(config, delimiter=None, encoding=None)


def score_unseen(run: Run, source: Any, config: ReadConfig, watch: Stopwatch) -> Unseen:
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
    encoding = run.encoding
    with watch.phase("reading"):
        run.require_usable()  # before the data is read, and TensorFlow imported
        other = read_other(source, run.schema, config, form_of(encoding), watch.listener)
    with watch.phase("starting"):
        model = _rebuilt(run, encoding)
    with watch.phase("scoring"):
        return _scored(model, run.scoring, other, run.config, watch.listener)


def suspicious_cells(run: Run, unseen: Unseen) -> pd.DataFrame | None:
    """Return the cells that contradict the rest of their rows, over these rows; None for pictures.

    Parameters
    ----------
    run
        That scored them.
    unseen
        What `score_unseen` returned.
    """
    frame, codes, scores = unseen.data.as_met, unseen.codes, unseen.scores
    cells = check_cells(unseen.model, frame, codes, run.scoring, scores, seed=run.config.seed)
    if cells is None:
        return None
    table = analysis.CheckedTable(frame, run.schema, codes.columns, cells)
    return analysis.suspicious_table(table, unseen.data.dataset.row_ids, scores)


def read_other(
    source: Any, schema: Schema, config: ReadConfig, form: PictureForm | None, listener: Listener
) -> data.OtherData:
    """Read other data in the columns of `schema`; see `load_like`."""
    return data.load_like(
        source,
        schema,
        config,
        form=form,
        on_progress=lambda done, total: listener(Progress("reading", done, total)),
    )


def form_of(encoding: AnyEncoding) -> PictureForm | None:
    """Return what pictures must be brought to; None for tables."""
    return encoding.form if isinstance(encoding, ImageEncoding) else None


def _rebuilt(run: Run, encoding: AnyEncoding) -> BetaVAE:
    from vaeaudit import models  # noqa: PLC0415 - TensorFlow is imported only where a model is needed

    document, weights = run.model_files()
    try:
        return models.rebuild(document, weights, encoding, seed=run.config.seed)
    except RunError as error:
        raise RunError(f"{run.path}/{error.message}", hint=error.hint) from error


def _scored(model: BetaVAE, scoring: Arrays, other: data.OtherData, config: FitConfig, listener: Listener) -> Unseen:
    n_rows = len(other.dataset)

    def on_rows(done: int) -> None:
        listener(Progress("scoring", done, n_rows))

    codes = _encoded(model, scoring, other, config, on_rows)
    return Unseen(other, codes, analysis.scores_of(codes, scoring, config.analysis), model)


def _encoded(
    model: BetaVAE, scoring: Arrays, other: data.OtherData, config: FitConfig, on_rows: Callable[[int], None]
) -> LatentCodes:
    """Encode as `learning` does, with the same seed; none of the rows was trained on."""
    from vaeaudit import models  # noqa: PLC0415

    if isinstance(model, models.TableVAE):
        return encode_other(model, other.as_met, other.dataset.schema, scoring, config, on_rows=on_rows)
    held_out = np.ones(len(other.dataset), dtype=bool)
    n_samples, seed = config.train.iwae_samples, config.seed
    if not isinstance(model, models.ImageVAE) or other.dataset.images is None:
        raise TypeError(f"expected pictures and a model of pictures, found {type(model).__name__}")
    rows, scales = model.encoding.encode(other.dataset.images), models.PatchScales.from_arrays(scoring)
    return models.encode_images(model, rows, held_out, scales, n_samples=n_samples, seed=seed, on_rows=on_rows)


# --- a reference ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReferenceData:
    """What a run is to be compared with: the source, and what was read from it."""

    source: Any
    data: data.OtherData


def read_reference_data(
    given: Any, partial: PartialRun | None, dataset: data.Dataset, config: ReadConfig, listener: Listener
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
    other = read_other(source, dataset.schema, other_reading(config), form, listener)
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
    stored = partial.metadata.get("reference") if partial else None
    if given is not None or stored is None:
        return given
    if not Path(stored["source"]).is_absolute():
        raise UsageError(
            f"--resume: the reference of the interrupted run was a {stored['source']}.", hint="Give it again."
        )
    return stored["source"]


def require_same_reference(partial: PartialRun | None, reference: data.OtherData) -> None:
    """Raise UsageError where the reference of an interrupted run has changed since."""
    stored = partial.metadata.get("reference") if partial else None
    if stored and stored["fingerprint"] != reference.dataset.fingerprint:
        raise UsageError(
            f"--resume: the reference {reference.dataset.name} is not what it was when the training was interrupted.",
            hint="Leave out --resume to start afresh.",
        )


def reference_under(
    model: BetaVAE, scoring: Arrays, other: data.OtherData, config: FitConfig, listener: Listener
) -> StoredReference:
    """Encode and score a reference by a model that is in memory.

    Parameters
    ----------
    model, scoring
        Trained, and the arrays that scoring needs besides.
    other
        The reference.
    config
        Of the run.
    listener
        Told about rows.
    """
    return as_stored(_scored(model, scoring, other, config, listener))


def as_stored(unseen: Unseen) -> StoredReference:
    """Return what a run keeps of a reference."""
    dataset = unseen.data.dataset
    facts = {
        "name": dataset.name,
        "fingerprint": dataset.fingerprint,
        "rows": runs.accounting_of(dataset),
        "lacking": list(unseen.data.lacking),
        "notes": list(dataset.notes),
    }
    p_value = np.asarray(unseen.scores.p_value, np.float64)
    return StoredReference(facts, dataset.frame, unseen.codes, p_value)
