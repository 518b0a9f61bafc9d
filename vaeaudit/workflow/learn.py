"""Learning a dataset: encode, train, score, refit; what a killed fit has learned is kept in the run."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from vaeaudit.analysis.latents.model_summary import summarise_density
from vaeaudit.config import FitConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.errors import InterruptedFit
from vaeaudit.outputs.beta_trials import BetaTrials
from vaeaudit.outputs.label_predictions import LabelPredictions
from vaeaudit.outputs.ladder import Ladder
from vaeaudit.outputs.latents import LatentCodes, Members
from vaeaudit.outputs.record import FloatArray
from vaeaudit.progress import Progress, Stopwatch
from vaeaudit.runs import artifacts
from vaeaudit.runs.artifacts import Traversals
from vaeaudit.runs.commands import resuming
from vaeaudit.runs.contents import write_after_training, write_before_training
from vaeaudit.runs.directory import PartialRun, RunWriter
from vaeaudit.workflow.betas import with_chosen_beta
from vaeaudit.workflow.builder import kind_for

if TYPE_CHECKING:
    from vaeaudit.data.encoding.rows import Rows
    from vaeaudit.models.fitting.training import Training, TrainingState
    from vaeaudit.workflow.trained.base import Trained

#: Seconds between two checkpoints of a training that goes on.
_CHECKPOINT_SECONDS = 10.0


@dataclass(frozen=True)
class Learned:
    """What `learn` leaves in memory, beside the files of the run.

    Attributes
    ----------
    trained, rows
        The model with what scoring rows needs, and the rows as it reads them.
    codes
        What it knows about each row.
    history, traversals, members, ladder, beta_trials, label_predictions
        One array [epochs] per curve; what the decoder expects along each latent; what refits, other models and trials
        of beta found, and a classifier on the latents says, if there were any.
    metadata
        As `metadata.json` holds it.
    """

    trained: Trained[Any, Any]
    rows: Rows
    codes: LatentCodes
    history: Mapping[str, FloatArray]
    traversals: Traversals
    members: Members | None
    ladder: Ladder | None
    beta_trials: BetaTrials | None
    label_predictions: LabelPredictions | None
    metadata: Mapping[str, Any]


def learn(
    writer: RunWriter,
    dataset: Dataset,
    config: FitConfig,
    metadata: Mapping[str, Any],
    partial: PartialRun | None,
    *,
    watch: Stopwatch,
    is_interrupted: Callable[[], bool],
) -> Learned:
    """Encode, train, score; write what can be written before the rows are judged.

    Parameters
    ----------
    writer
        Of the run.
    dataset, config, metadata
        The rows, all settings, and what `describe_run` returned.
    partial
        The interrupted run to go on with, if any.
    watch, is_interrupted
        Told about phases; asked whether to stop.

    Raises
    ------
    InconclusiveError
        Where there are too few rows, or no latent carries information.
    InterruptedFit
        Where training was interrupted; what was learned is kept.
    """
    with watch.phase("starting"):
        kind = kind_for(dataset)
        prepared = kind.prepare(dataset, config)
        write_before_training(writer, dataset, prepared.encoding, prepared.config, metadata)
    trials = None
    if config.model.beta == "auto":
        with watch.phase("choosing"):
            prepared, trials = with_chosen_beta(writer, prepared, watch.listener, is_interrupted)
    elif metadata["given"]["config"]["model"]["beta"] == "auto":  # chosen before the fit was interrupted
        trials = artifacts.BETA_TRIALS.read(writer.folder / artifacts.BETA_TRIALS.name)
    with watch.phase("training"):
        training = prepared.train(
            partial, on_progress=watch.listener, on_checkpoint=_checkpoints(writer), is_interrupted=is_interrupted
        )
        _require_finished(writer, training, metadata["data"]["source"])
    with watch.phase("scoring"):
        trained, codes, training = kind.learn(
            training, dataset, prepared, lambda done: watch.listener(Progress("scoring", done, len(dataset)))
        )

    def refitting(progress: Progress) -> None:
        watch.listener(replace(progress, phase="refitting"))

    members = None
    if prepared.config.train.members:
        with watch.phase("refitting"):
            members = prepared.refit(refitting)
            writer.record(artifacts.MEMBERS, members)
    ladder = None
    if prepared.config.train.ladder:
        with watch.phase("refitting"):
            ladder = prepared.climb(trained.model, refitting)
            writer.record(artifacts.LADDER, ladder)
    told = None
    if prepared.labels is not None:
        with watch.phase("refitting"):
            told = prepared.tell_labels(prepared.labels, trained.model, refitting)
            writer.record(artifacts.LABEL_PREDICTIONS, told)
    with watch.phase("writing"):
        traversals = trained.traversals()
        metadata = {**metadata, "timings": watch.seconds, **_facts(training, trained, codes)}
        write_after_training(
            writer,
            architecture=trained.architecture,
            weights=trained.weights,
            scoring=trained.scoring,
            history=training.history,
            codes=codes,
            traversals=traversals,
        )
        writer.document(artifacts.METADATA, metadata)
    return Learned(trained, prepared.rows, codes, training.history, traversals, members, ladder, trials, told, metadata)


def _facts(training: Training, trained: Trained[Any, Any], codes: LatentCodes) -> dict[str, Any]:
    gain = codes.elbo[codes.held_out] - training.baseline
    chosen = summarise_density(trained.scoring.densities.density)
    facts = {name: getattr(training, name) for name in ("stopped", "epochs", "seconds")}
    return {
        "training": {**facts, "baseline_nats": float(training.baseline.mean()), "gain_sd": float(gain.std(ddof=1))},
        "density": None if chosen is None else asdict(chosen),
    }


def _checkpoints(writer: RunWriter) -> Callable[[TrainingState], None]:
    """Keep the state after the first epoch and then every few seconds; a killed fit can then be resumed too."""
    last = -math.inf

    def keep(state: TrainingState) -> None:
        nonlocal last
        if time.monotonic() - last >= _CHECKPOINT_SECONDS:
            _keep_state(writer, state)
            last = time.monotonic()

    return keep


def _keep_state(writer: RunWriter, state: TrainingState) -> None:
    facts = {name: getattr(state, name) for name in ("epoch", "waited", "seconds", "history")}
    facts["best_loss"] = min(state.best_loss, sys.float_info.max)  # strict JSON has no infinity
    writer.training_state(facts, state.arrays)


def _require_finished(writer: RunWriter, training: Training, source: str) -> None:
    _keep_state(writer, training.state)  # of a finished training, too: what comes now may fail
    if training.stopped == "interrupted":
        raise interruption(writer, f"Interrupted after epoch {training.epochs}", source)


def interruption(writer: RunWriter, when: str, source: str) -> InterruptedFit:
    """Return the error that says how to go on with an interrupted fit.

    Parameters
    ----------
    writer
        Of the run.
    when
        What was interrupted, in words.
    source
        As `describe_run` names it.
    """
    return InterruptedFit(
        f"{when}; the best weights so far are kept in {writer.folder}.",
        hint=f"Go on with: {resuming(writer.path, source)}",
    )
