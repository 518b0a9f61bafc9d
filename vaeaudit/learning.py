"""Learning a dataset: encode, train, score, refit; the part of `fit` that needs TensorFlow."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial as with_arguments
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vaeaudit import runs
from vaeaudit.analysis.latents.model_summary import summarise_density
from vaeaudit.config import FitConfig
from vaeaudit.data import Dataset
from vaeaudit.data.encoding.image_encoding import ImageEncoding, ImageRows, fit_image_encoding
from vaeaudit.data.encoding.rows import AnyEncoding, Rows
from vaeaudit.data.encoding.table_encoding import fit_encoding
from vaeaudit.errors import InconclusiveError, InterruptedFit
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.progress import Listener, Progress
from vaeaudit.runs import PartialRun, RunWriter, artifacts
from vaeaudit.runs.artifacts import Members
from vaeaudit.scoring.image_score import fit_reference, image_outlier_score
from vaeaudit.scoring.rarity.density import LatentDensity, fit_density
from vaeaudit.scoring.rarity.rareness import Rareness
from vaeaudit.statistics.calibration import sample_of_scores
from vaeaudit.table_scores import encode_table

if TYPE_CHECKING:
    from vaeaudit.models import BetaVAE, Training, TrainingState

Arrays = dict[str, npt.NDArray[Any]]

#: Seconds between two checkpoints of a training that goes on.
_CHECKPOINT_SECONDS = 10.0


@dataclass
class Stopwatch:
    """Seconds per phase, and the listener that is told which phase begins."""

    listener: Listener
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Measure one phase."""
        self.listener(Progress(name))
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = round(time.monotonic() - started, 3)


@dataclass(frozen=True)
class Learned:
    """What `learn` leaves in memory, beside the files of the run.

    Attributes
    ----------
    model, rows
        Trained, and the encoded rows.
    codes, scoring
        What it knows about each row, and the arrays that scoring rows needs besides the weights.
    """

    model: BetaVAE
    rows: Rows
    codes: LatentCodes
    scoring: Arrays


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
        from vaeaudit import models  # noqa: PLC0415 - TensorFlow is imported only where a model is needed

        encoding, rows = _encode(dataset, config)
        config = models.resolve(config, encoding)
        runs.write_before_training(writer, dataset, encoding, config, metadata)
        held_out = models.split_held_out(len(dataset), config.train.held_out, config.seed)
    with watch.phase("training"):
        training = models.train(
            encoding,
            rows,
            held_out,
            config.model,
            config.train,
            seed=config.seed,
            on_progress=watch.listener,
            on_checkpoint=_checkpoints(writer),
            is_interrupted=is_interrupted,
            resume_from=models.TrainingState(arrays=partial.arrays, **partial.facts) if partial else None,
        )
        _require_finished(writer, training, metadata["data"]["source"])
    with watch.phase("scoring"):
        codes, scoring, training = _score(training, rows, dataset, held_out, config, listener=watch.listener)
    if config.train.members:
        with watch.phase("refitting"):
            members = models.train_members(
                codes.mean,
                encoding,
                rows,
                held_out=held_out,
                model_config=config.model,
                config=config.train,
                seed=config.seed,
                on_progress=lambda progress: watch.listener(replace(progress, phase="refitting")),
            )
        scoring["stability"] = members.stability
        writer.arrays(artifacts.MEMBERS.name, Members(members.mean).to_arrays())
    with watch.phase("writing"):
        _write(writer, training, codes, scoring, {**metadata, "timings": watch.seconds})
    return Learned(training.model, rows, codes, scoring)


def _encode(dataset: Dataset, config: FitConfig) -> tuple[AnyEncoding, Rows]:
    if dataset.images is not None:
        pictures = fit_image_encoding(dataset.images)
        return pictures, pictures.encode(dataset.images)
    columns = fit_encoding(dataset, max_levels=config.model.embed_levels)
    return columns, columns.encode(dataset.frame)


def _score(
    training: Training,
    rows: Rows,
    dataset: Dataset,
    held_out: npt.NDArray[np.bool_],
    config: FitConfig,
    *,
    listener: Listener,
) -> tuple[LatentCodes, Arrays, Training]:
    """Return the codes of all rows, the arrays that scoring needs, and the training in the units of the rows."""

    def on_rows(done: int) -> None:
        listener(Progress("scoring", done, len(dataset)))

    if isinstance(rows, ImageRows):
        codes, scoring = _score_pictures(training, rows, held_out, config, on_rows=on_rows)
    else:
        codes, scoring = _score_table(training, dataset, held_out, config, on_rows=on_rows)
        training = _with_base_density(training, dataset, held_out)
    if not codes.active.any():
        parts = "columns look" if dataset.images is None else "pixels look"
        raise InconclusiveError(
            f"No latent learned anything (mean KL {codes.kl.mean():.4f} nats) from {len(dataset):,} rows: the {parts} "
            "independent, the rows are too few, or beta is too high.",
            hint="Try a lower --beta or --preset thorough; `vaeaudit inspect` shows what enters the model.",
        )
    rareness = _fit_rareness(codes, config)
    return codes, {**scoring, **rareness.to_arrays()}, training


def _fit_rareness(codes: LatentCodes, config: FitConfig) -> Rareness:
    from vaeaudit import models  # noqa: PLC0415

    density = fit_density(
        codes.mean,
        codes.active,
        seed=config.seed,
        family=config.analysis.density,
        fit_flow=with_arguments(models.fit_flow, seed=config.seed),
    )
    return Rareness.of(density, codes.mean, config.analysis)


def _score_table(
    training: Training,
    dataset: Dataset,
    held_out: npt.NDArray[np.bool_],
    config: FitConfig,
    on_rows: Callable[[int], None],
) -> tuple[LatentCodes, Arrays]:
    from vaeaudit import models  # noqa: PLC0415

    model = training.model
    if not isinstance(model, models.TableVAE):
        raise TypeError(f"expected a model of columns, found {type(model).__name__}")
    codes, scoring = encode_table(model, dataset.frame, dataset.schema, held_out, config, on_rows=on_rows)
    drawn = {"n_rows": config.train.null_rows, "n_samples": config.train.iwae_samples, "seed": config.seed}
    return codes, {**scoring, **models.cell_null(model, codes, scoring["typical"], **drawn).to_arrays()}


def _score_pictures(
    training: Training,
    rows: ImageRows,
    held_out: npt.NDArray[np.bool_],
    config: FitConfig,
    on_rows: Callable[[int], None],
) -> tuple[LatentCodes, Arrays]:
    from vaeaudit import models  # noqa: PLC0415

    model = training.model
    if not isinstance(model, models.ImageVAE):
        raise TypeError(f"expected a model of pictures, found {type(model).__name__}")
    scales = models.fit_image_scales(model, rows, seed=config.seed)
    codes = models.encode_images(
        model, rows, held_out, scales, n_samples=config.train.iwae_samples, seed=config.seed, on_rows=on_rows
    )
    statistics = np.asarray(codes.image_statistics)
    reference = fit_reference(statistics)
    null = sample_of_scores(image_outlier_score(statistics, reference), seed=config.seed)
    return codes, {**scales.to_arrays(), **reference.to_arrays(), "null_scores": null}


def _with_base_density(training: Training, dataset: Dataset, held_out: npt.NDArray[np.bool_]) -> Training:
    """Count in what no latent can change, so that curves and baseline are comparable with the rows' ELBO."""
    encoding = training.model.encoding
    if isinstance(encoding, ImageEncoding):
        return training
    base = float(encoding.base_log_density(dataset.frame.loc[held_out]).sum(axis=1).mean())
    history = {**training.history, "val_elbo": training.history["val_elbo"] + base}
    return replace(training, history=history, baseline=training.baseline + base)


def _write(
    writer: RunWriter, training: Training, codes: LatentCodes, scoring: Arrays, metadata: Mapping[str, Any]
) -> None:
    """Write the model and what it knows about the rows."""
    from vaeaudit import models  # noqa: PLC0415

    model = training.model
    columns = models.traversals(model) if isinstance(model, models.TableVAE) else np.zeros((codes.n_latents, 0, 0))
    runs.write_after_training(
        writer,
        architecture=models.architecture(model),
        weights=models.weights(model),
        scoring=scoring,
        history=training.history,
        codes=codes,
        traversals={"values": columns, "positions": models.TRAVERSAL},
    )
    facts = {name: getattr(training, name) for name in ("stopped", "epochs", "seconds")}
    chosen = summarise_density(LatentDensity.from_arrays(scoring))
    found = {
        "training": {**facts, "baseline_nats": training.baseline},
        "density": None if chosen is None else asdict(chosen),
    }
    writer.document(artifacts.METADATA.name, {**metadata, **found})


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
    facts: Mapping[str, Any] = {
        "epoch": state.epoch,
        "best_loss": min(state.best_loss, sys.float_info.max),  # strict JSON has no infinity
        "waited": state.waited,
        "seconds": state.seconds,
        "history": state.history,
    }
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
        hint=f"Go on with: {runs.resuming(writer.path, source)}",
    )
