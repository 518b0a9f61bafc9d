"""The way through the house, one call per room: source -> Dataset -> BetaVAE -> LatentCodes -> results -> report."""

from __future__ import annotations

import math
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit import analysis, data, runs
from vaeaudit.analysis.density import LatentDensity, fit_density
from vaeaudit.analysis.multiplicity import benjamini_hochberg
from vaeaudit.analysis.scoring import DEFINITION, score_rows
from vaeaudit.config import AnalysisConfig, FitConfig, ReadConfig
from vaeaudit.data import audit_toml, describe
from vaeaudit.data.encoding import Encoding, fit_encoding
from vaeaudit.data.population import Population, read_population
from vaeaudit.errors import InconclusiveError, InterruptedFit, UsageError
from vaeaudit.latents import LatentCodes
from vaeaudit.progress import Listener, Progress, ignore
from vaeaudit.report import write as write_report
from vaeaudit.runs import PartialRun, Run, RunWriter, load_run

if TYPE_CHECKING:
    from vaeaudit.models import Training, TrainingState

__all__ = ["Run", "audit", "audit_toml", "describe", "fit", "inspect", "load_run", "report"]

#: Seconds between two checkpoints of a training that goes on.
_CHECKPOINT_SECONDS = 10.0


def inspect(source: Any, config: ReadConfig | None = None) -> data.Dataset:
    """Read a source and say what `fit` would do with it; trains nothing.

    Parameters
    ----------
    source
        Path of a table or of a folder of tables, or a DataFrame.
    config
        How to read it.
    """
    return data.load(source, config or ReadConfig())


def fit(
    source: Any,
    config: FitConfig | None = None,
    *,
    run: Path | str | None = None,
    population: Path | str | None = None,
    resume: bool = False,
    on_progress: Listener = ignore,
    is_interrupted: Callable[[], bool] = lambda: False,
) -> Run:
    """Read, learn and score a dataset; leave a run directory.

    Parameters
    ----------
    source
        Path of a table or of a folder of tables, or a DataFrame.
    config
        All settings; defaults where None.
    run
        Where the run directory goes; `runs/<name>-<time>` where None. Must not exist.
    population
        Population file to compare the sensitive groups with.
    resume
        Go on with the interrupted training of `run`, or with the newest one of `source`, with its settings.
    on_progress, is_interrupted
        See `vaeaudit.progress`; training ends cleanly once `is_interrupted()` is true.

    Returns
    -------
    Run
        The complete run.

    Raises
    ------
    InputError, UsageError
        Where the data or a setting cannot be used.
    InconclusiveError
        Where there are too few rows, or no latent carries information.
    InterruptedFit
        Where training was interrupted; what was learned is kept for `resume`.
    """
    watch = _Stopwatch(on_progress)
    path = Path(run) if run is not None else None
    partial = runs.find_partial(path, runs.source_text(source)) if resume else None
    config = partial.config if partial else config or FitConfig()
    with watch.phase("reading"):
        dataset = data.load(source, config.read)
        _require_same_data(partial, dataset)
        shares = _population_of(partial) if population is None else read_population(population, dataset.schema)
    writer = RunWriter(partial.path if partial else path or runs.new_run_path(dataset.name), resume=resume)
    metadata = runs.describe_run(writer.path.name, source, dataset, config, shares)
    try:
        codes = _learn(writer, dataset, config, metadata, partial, watch=watch, is_interrupted=is_interrupted)
        with watch.phase("writing"):
            _write_rows(writer, dataset, codes, shares)
            return load_run(writer.complete())
    except InterruptedFit:
        raise
    except KeyboardInterrupt as stopped_at_once:
        if writer.is_resumable:
            raise _interruption(writer, "Interrupted", metadata["data"]["source"]) from stopped_at_once
        writer.discard()
        raise
    except InconclusiveError:
        writer.discard()  # to go on with the same training would end in the same way
        raise
    except BaseException:
        writer.discard_unless_resumable()
        raise


def report(
    run: Run | Path | str | None = None,
    *,
    out: Path | str | None = None,
    population: Path | str | None = None,
    config: AnalysisConfig | None = None,
    on_progress: Listener = ignore,
) -> Path:
    """Analyse a complete run and write its report.

    Parameters
    ----------
    run
        A run or its folder; the newest complete run of `runs/` where None.
    out
        Folder of the report; `reports/<run>/` where None. A report that is there is replaced.
    population
        Population file; that of the run where None.
    config
        What counts as a finding; that of the run where None.
    on_progress
        See `vaeaudit.progress`.

    Returns
    -------
    pathlib.Path
        Of `report.html`; `report.json`, `rows.parquet` and `flagged.csv` lie beside it.
    """
    watch = _Stopwatch(on_progress)
    with watch.phase("reading"):
        run = run if isinstance(run, Run) else load_run(run)
        config = config or run.config.analysis
        inputs = _inputs_of(run, config)
        shares = _population_of(run) if population is None else read_population(population, run.schema)
    with watch.phase("analysing"):
        search = analysis.search_regions(inputs, config, shares)
        results = analysis.audit(inputs, config, shares, run.config.seed, search=search)
    with watch.phase("writing"):
        folder = Path(out) if out is not None else Path("reports") / run.id
        rows = analysis.row_table(inputs, search.row_region)
        return write_report(results, rows, analysis.flagged_table(inputs), folder)


def audit(source: Any, config: FitConfig | None = None, *, out: Path | str | None = None, **options: Any) -> Path:
    """Learn a dataset and report on it: `fit`, then `report`.

    Parameters
    ----------
    source, config
        As for `fit`.
    out
        Folder of the report; `reports/<run>/` where None.
    **options
        Further ones of `fit`.

    Returns
    -------
    pathlib.Path
        Of `report.html`.
    """
    return report(fit(source, config, **options), out=out, on_progress=options.get("on_progress", ignore))


@dataclass
class _Stopwatch:
    """Seconds per phase, and the listener that is told which phase begins."""

    listener: Listener
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        self.listener(Progress(name))
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = round(time.monotonic() - started, 3)


def _learn(
    writer: RunWriter,
    dataset: data.Dataset,
    config: FitConfig,
    metadata: dict[str, Any],
    partial: PartialRun | None,
    *,
    watch: _Stopwatch,
    is_interrupted: Callable[[], bool],
) -> LatentCodes:
    """Encode, train, score; write all files of the run but `rows.parquet` and the manifest."""
    with watch.phase("starting"):
        from vaeaudit import models  # noqa: PLC0415 - TensorFlow is imported only where a model is needed

        encoding = fit_encoding(dataset, max_levels=config.model.embed_levels)
        config = replace(config, model=models.resolve_latents(config.model, len(encoding.columns)))
        runs.write_before_training(writer, dataset, encoding, config, metadata)
        held_out = models.split_held_out(len(dataset), config.train.held_out, config.seed)
    with watch.phase("training"):
        rows = encoding.encode(dataset.frame)
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
        training = _with_base_density(training, encoding, dataset.frame.loc[held_out])
    with watch.phase("scoring"):
        codes, scoring = _score(training, dataset, held_out, config, watch.listener)
    if config.train.refits:
        with watch.phase("refitting"):
            scoring["stability"] = models.latent_stability(
                codes.mean,
                encoding,
                rows,
                held_out=held_out,
                model_config=config.model,
                config=config.train,
                seed=config.seed,
                on_progress=lambda progress: watch.listener(replace(progress, phase="refitting")),
            )
    runs.write_after_training(
        writer,
        architecture=models.architecture(training.model),
        weights=models.weights(training.model),
        scoring=scoring,
        history=training.history,
        codes=codes,
        traversals={"values": models.traversals(training.model), "positions": models.TRAVERSAL},
    )
    facts = {name: getattr(training, name) for name in ("stopped", "epochs", "seconds")}
    writer.document(
        "metadata.json",
        {**metadata, "timings": watch.seconds, "training": {**facts, "baseline_nats": training.baseline}},
    )
    return codes


def _with_base_density(training: Training, encoding: Encoding, held_out: pd.DataFrame) -> Training:
    """Count in what no latent can change, so that curves and baseline are comparable with the rows' ELBO."""
    base = float(encoding.base_log_density(held_out).sum(axis=1).mean())
    history = {**training.history, "val_elbo": training.history["val_elbo"] + base}
    return replace(training, history=history, baseline=training.baseline + base)


def _score(
    training: Training,
    dataset: data.Dataset,
    held_out: npt.NDArray[np.bool_],
    config: FitConfig,
    listener: Listener,
) -> tuple[LatentCodes, dict[str, npt.NDArray[Any]]]:
    """Return the codes of all rows, and the arrays that scoring rows needs besides the weights."""
    from vaeaudit import models  # noqa: PLC0415

    model, n_samples = training.model, config.train.iwae_samples
    typical = models.typical_column_nats(model, dataset.frame, seed=config.seed)
    codes = models.encode_rows(
        model,
        dataset.frame,
        held_out,
        typical,
        n_samples=n_samples,
        seed=config.seed,
        on_rows=lambda done: listener(Progress("scoring", done, len(dataset))),
    )
    if not codes.active.any():
        raise InconclusiveError(
            f"No latent learned anything (mean KL {codes.kl.mean():.4f} nats) from {len(dataset):,} rows: the columns "
            "look independent, the rows are too few, or beta is too high.",
            hint="Try a lower --beta or --preset thorough; `vaeaudit inspect` shows which columns enter the model.",
        )
    null = models.drawn_bounds(model, codes, n_rows=config.train.null_rows, n_samples=n_samples, seed=config.seed)
    density = fit_density(codes.mean, codes.active, seed=config.seed)
    return codes, {"null_bounds": null, "typical": typical, **density.to_arrays()}


def _write_rows(writer: RunWriter, dataset: data.Dataset, codes: LatentCodes, shares: Population | None) -> None:
    """Score the rows and place them in regions: `rows.parquet`."""
    unfinished = Run(writer.folder)
    config = unfinished.config.analysis
    scores = score_rows(
        codes, unfinished.scoring["null_bounds"], LatentDensity.from_arrays(unfinished.scoring), fdr=config.fdr
    )
    inputs = _inputs(unfinished, dataset.row_ids, scores)
    search = analysis.search_regions(inputs, config, shares)
    writer.table("rows.parquet", analysis.row_table(inputs, search.row_region), note=scores.definition)


def _inputs_of(run: Run, config: AnalysisConfig) -> analysis.AuditInputs:
    """Everything an audit starts from, out of a complete run; flags are chosen anew at the rate of `config`."""
    rows = run.rows
    p_value = rows["outlier_p_value"].to_numpy(np.float64)
    scores = analysis.RowScores(
        outlier_score=rows["outlier_score"].to_numpy(np.float64),
        p_value=p_value,
        outlier=benjamini_hochberg(p_value) <= config.fdr,
        rarity=rows["rarity"].to_numpy(np.float64),
        weight=rows["weight"].to_numpy(np.float64),
        definition=DEFINITION,
        fdr=config.fdr,
    )
    return _inputs(run, rows["row_id"].to_numpy(object), scores)


def _inputs(run: Run, row_ids: npt.NDArray[np.object_], scores: analysis.RowScores) -> analysis.AuditInputs:
    metadata, history = run.metadata, run.history
    shown = {name: metadata[name] for name in ("created", "seed", "versions", "timings")}
    source = {name: metadata["data"][name] for name in ("name", "kind", "fingerprint")}
    return analysis.AuditInputs(
        frame=run.frame,
        schema=run.schema,
        row_ids=row_ids,
        codes=run.codes,
        scores=scores,
        model=analysis.ModelFacts(
            objective=run.config.model.objective,
            beta=run.config.model.beta,
            history={name: history[name].to_numpy(np.float64) for name in history.columns if name != "epoch"},
            traversals=run.traversals["values"],
            traversal_positions=run.traversals["positions"],
            stability=run.scoring.get("stability"),
            **metadata["training"],
        ),
        accounting=data.RowAccounting(**metadata["rows"]),
        quarantine=run.quarantine,
        notes=tuple(metadata["notes"]),
        run={"id": metadata["id"], "config": run.config.to_dict(), "data": source, **shown},
    )


def _population_of(made: Run | PartialRun | None) -> Population | None:
    stored = made.metadata["population"] if made else None
    return Population.from_dict(stored) if stored else None


def _require_same_data(partial: PartialRun | None, dataset: data.Dataset) -> None:
    if partial and partial.metadata["data"]["fingerprint"] != dataset.fingerprint:
        raise UsageError(
            f"--resume: {dataset.name} is not what it was when {partial.path} was interrupted.",
            hint="Leave out --resume to start afresh.",
        )


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
    if training.state is None:
        return
    _keep_state(writer, training.state)
    raise _interruption(writer, f"Interrupted after epoch {training.epochs}", source)


def _interruption(writer: RunWriter, when: str, source: str) -> InterruptedFit:
    return InterruptedFit(
        f"{when}; the best weights so far are kept in {writer.folder}.",
        hint=f"Go on with: vaeaudit fit {shlex.quote(source)} --run {shlex.quote(str(writer.path))} --resume",
    )
