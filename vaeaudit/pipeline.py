"""The way through the house, one call per room: source -> Dataset -> BetaVAE -> LatentCodes -> results -> report."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vaeaudit import analysis, data
from vaeaudit import report as report_room
from vaeaudit.analysis.density import fit_density
from vaeaudit.analysis.multiplicity import benjamini_hochberg
from vaeaudit.analysis.scoring import DEFINITION, score_rows
from vaeaudit.config import AnalysisConfig, FitConfig, ReadConfig
from vaeaudit.data.encoding import Encoding, fit_encoding
from vaeaudit.data.population import Population, read_population
from vaeaudit.errors import InconclusiveError, InterruptedFit, UsageError
from vaeaudit.progress import Listener, Progress, ignore
from vaeaudit.runs import PartialRun, Run, RunWriter, find_partial, load_run, new_run_path

if TYPE_CHECKING:
    from vaeaudit.models import Training, TrainingState

_VERSIONS = ("vaeaudit", "tensorflow", "keras", "tensorflow-probability", "numpy", "pandas", "scikit-learn", "scipy")
#: Seconds between two checkpoints of a training that goes on.
_CHECKPOINT_SECONDS = 10.0


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


def inspect(source: Any, config: ReadConfig | None = None) -> data.Dataset:
    """Read a source and say what `fit` would do with it; trains nothing."""
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
    partial = find_partial(path, _source_text(source)) if resume else None
    config = partial.config if partial else config or FitConfig()
    with watch.phase("reading"):
        dataset = data.load(source, config.read)
        shares = _population(dataset.schema, population, partial)
        encoding = fit_encoding(dataset, max_levels=config.model.embed_levels)
    _require_same_data(partial, dataset)
    writer = RunWriter(partial.path if partial else path or new_run_path(dataset.name))
    try:
        return _fit(writer, dataset, encoding, config, shares, source, partial, watch, is_interrupted)
    except InterruptedFit:
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
        if population is not None:
            shares: Population | None = read_population(population, run.schema)
        else:
            stored = run.metadata["population"]
            shares = Population.from_dict(stored) if stored else None
    with watch.phase("analysing"):
        search = analysis.search_regions(inputs, config, shares)
        results = analysis.audit(inputs, config, shares, run.config.seed, search=search)
    with watch.phase("writing"):
        folder = Path(out) if out is not None else Path("reports") / run.id
        rows = analysis.row_table(inputs, search.row_region)
        return report_room.write(results, rows, analysis.flagged_table(inputs), folder)


def audit(source: Any, config: FitConfig | None = None, *, out: Path | str | None = None, **options: Any) -> Path:
    """`fit` and then `report`; `options` are those of `fit`. Returns the path of `report.html`."""
    return report(fit(source, config, **options), out=out, on_progress=options.get("on_progress", ignore))


def _fit(
    writer: RunWriter,
    dataset: data.Dataset,
    encoding: Encoding,
    config: FitConfig,
    shares: Population | None,
    source: Any,
    partial: PartialRun | None,
    watch: _Stopwatch,
    is_interrupted: Callable[[], bool],
) -> Run:
    with watch.phase("starting"):
        from vaeaudit import models  # noqa: PLC0415 - TensorFlow is imported only where a model is needed

    config = replace(config, model=models.resolve_latents(config.model, len(encoding.columns)))
    metadata = _metadata(writer.path.name, dataset, config, shares, source)
    _describe(writer, dataset, encoding, config, metadata)
    held_out = models.split_held_out(len(dataset), config.train.held_out, config.seed)
    with watch.phase("training"):
        training = models.train(
            encoding,
            encoding.encode(dataset.frame),
            held_out,
            config.model,
            config.train,
            seed=config.seed,
            on_progress=watch.listener,
            on_checkpoint=_checkpoints(writer),
            is_interrupted=is_interrupted,
            resume_from=_training_state(partial) if partial else None,
        )
    _require_finished(writer, training, source)
    with watch.phase("scoring"):
        codes, null = _score(training, dataset, held_out, config, watch.listener)
        _require_active(codes)
        density = fit_density(codes.mean, codes.active, seed=config.seed)
        scores = score_rows(codes, null, density, fdr=config.analysis.fdr)
    metadata |= {"timings": watch.seconds, "training": _training_facts(training)}
    with watch.phase("writing"):
        _store(writer, training, codes, {"null_bounds": null, **density.to_arrays()})
        writer.document("metadata.json", metadata)
        inputs = analysis.AuditInputs(
            frame=dataset.frame,
            schema=dataset.schema,
            row_ids=dataset.row_ids,
            codes=codes,
            scores=scores,
            model=_facts(metadata, config, training.history, models.traversals(training.model), models.TRAVERSAL),
            accounting=dataset.accounting,
            quarantine=dataset.quarantine,
            notes=dataset.notes,
        )
        search = analysis.search_regions(inputs, config.analysis, shares)
        writer.table("rows.parquet", analysis.row_table(inputs, search.row_region), note=scores.definition)
        return load_run(writer.complete())


def _population(
    schema: data.Schema, population: Path | str | None, partial: PartialRun | None
) -> Population | None:
    if population is not None:
        return read_population(population, schema)
    stored = partial.metadata["population"] if partial else None
    return Population.from_dict(stored) if stored else None


def _require_same_data(partial: PartialRun | None, dataset: data.Dataset) -> None:
    if partial and partial.metadata["data"]["fingerprint"] != dataset.fingerprint:
        raise UsageError(
            f"--resume: {dataset.name} is not what it was when {partial.path} was interrupted.",
            hint="Leave out --resume to start afresh.",
        )


def _source_text(source: Any) -> str:
    return str(Path(source).resolve()) if isinstance(source, (str, Path)) else type(source).__name__


def _metadata(
    run_id: str, dataset: data.Dataset, config: FitConfig, shares: Population | None, source: Any
) -> dict[str, Any]:
    return {
        "id": run_id,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": sys.version.split()[0], **{name: version(name) for name in _VERSIONS}},
        "seed": config.seed,
        "data": {
            "name": dataset.name,
            "kind": "table",
            "source": _source_text(source),
            "fingerprint": dataset.fingerprint,
        },
        "rows": {name: getattr(dataset.accounting, name) for name in ("read", "scored", "quarantined", "skipped")},
        "notes": list(dataset.notes),
        "population": shares.to_dict() if shares else None,
    }


def _describe(
    writer: RunWriter, dataset: data.Dataset, encoding: Encoding, config: FitConfig, metadata: Mapping[str, Any]
) -> None:
    """Write everything that is known before training, so that an interrupted run can be gone on with."""
    writer.document("config.json", config.to_dict())
    writer.document("schema.json", {**dataset.schema.to_dict(), "encoding": encoding.to_dict()})
    writer.document("metadata.json", metadata)
    writer.table("columns.parquet", dataset.frame)
    writer.table("quarantine.csv", dataset.quarantine)


def _checkpoints(writer: RunWriter) -> Callable[[TrainingState], None]:
    """Keep the state of the training every few seconds; a killed fit can then be resumed too."""
    last = time.monotonic()

    def keep(state: TrainingState) -> None:
        nonlocal last
        if time.monotonic() - last >= _CHECKPOINT_SECONDS:
            _keep_state(writer, state)
            last = time.monotonic()

    return keep


def _keep_state(writer: RunWriter, state: TrainingState) -> None:
    facts = {name: getattr(state, name) for name in ("epoch", "best_loss", "waited", "seconds", "history")}
    writer.training_state({**facts, "best_loss": min(state.best_loss, sys.float_info.max)}, state.arrays)


def _training_state(partial: PartialRun) -> TrainingState:
    from vaeaudit.models import TrainingState  # noqa: PLC0415

    return TrainingState(arrays=partial.arrays, **partial.facts)


def _require_finished(writer: RunWriter, training: Training, source: Any) -> None:
    if training.state is None:
        return
    _keep_state(writer, training.state)
    what = source if isinstance(source, (str, Path)) else "DATA"
    raise InterruptedFit(
        f"Interrupted after epoch {training.epochs}; the best weights so far are kept in {writer.folder}.",
        hint=f"Go on with: vaeaudit fit {what} --run {writer.path} --resume",
    )


def _score(
    training: Training, dataset: data.Dataset, held_out: np.ndarray, config: FitConfig, listener: Listener
) -> tuple[Any, np.ndarray]:
    from vaeaudit import models  # noqa: PLC0415

    model, samples = training.model, config.train.iwae_samples
    typical = models.typical_column_nats(model, dataset.frame, seed=config.seed)
    codes = models.encode_rows(
        model,
        dataset.frame,
        held_out,
        typical,
        n_samples=samples,
        seed=config.seed,
        on_rows=lambda done: listener(Progress("scoring", done, len(dataset))),
    )
    null = models.drawn_bounds(
        model, codes, n_rows=config.train.null_rows, n_samples=samples, seed=config.seed
    )
    return codes, null


def _require_active(codes: Any) -> None:
    if not codes.active.any():
        raise InconclusiveError(
            f"No latent learned anything (mean KL {codes.kl.mean():.4f} nats): the columns look independent, or beta is "
            "too high.",
            hint="Try a lower --beta or --preset thorough; check with `vaeaudit inspect` which columns enter the model.",
        )


def _training_facts(training: Training) -> dict[str, Any]:
    return {
        "stopped": training.stopped,
        "epochs": training.epochs,
        "seconds": round(training.seconds, 3),
        "baseline_nats": training.baseline,
    }


def _store(writer: RunWriter, training: Training, codes: Any, scoring: Mapping[str, np.ndarray]) -> None:
    import pandas as pd  # noqa: PLC0415

    from vaeaudit import models  # noqa: PLC0415

    writer.document("model/architecture.json", models.architecture(training.model))
    writer.arrays("model/weights.npz", models.weights(training.model))
    writer.arrays("model/scoring.npz", scoring)
    writer.table("history.csv", pd.DataFrame({"epoch": np.arange(1, training.epochs + 1), **training.history}))
    writer.arrays("latents.npz", codes.to_arrays())
    writer.arrays(
        "traversals.npz", {"values": models.traversals(training.model), "positions": models.TRAVERSAL}
    )


def _facts(
    metadata: Mapping[str, Any],
    config: FitConfig,
    history: Mapping[str, np.ndarray],
    traversals: np.ndarray,
    positions: np.ndarray,
) -> analysis.ModelFacts:
    return analysis.ModelFacts(
        objective=config.model.objective,
        beta=config.model.beta,
        history=history,
        traversals=traversals,
        traversal_positions=positions,
        **metadata["training"],
    )


def _inputs_of(run: Run, config: AnalysisConfig) -> analysis.AuditInputs:
    """Everything an audit starts from, read from a complete run; flags are chosen anew at the rate of `config`."""
    rows, metadata = run.rows, run.metadata
    p_value = rows["outlier_p_value"].to_numpy()
    scores = analysis.RowScores(
        outlier_score=rows["outlier_score"].to_numpy(),
        p_value=p_value,
        outlier=benjamini_hochberg(p_value) <= config.fdr,
        rarity=rows["rarity"].to_numpy(),
        weight=rows["weight"].to_numpy(),
        definition=DEFINITION,
        fdr=config.fdr,
    )
    history = {name: run.history[name].to_numpy(np.float64) for name in run.history.columns if name != "epoch"}
    traversals = run.traversals
    return analysis.AuditInputs(
        frame=run.frame,
        schema=run.schema,
        row_ids=rows["row_id"].to_numpy(object),
        codes=run.codes,
        scores=scores,
        model=_facts(metadata, run.config, history, traversals["values"], traversals["positions"]),
        accounting=data.RowAccounting(**metadata["rows"]),
        quarantine=run.quarantine,
        notes=tuple(metadata["notes"]),
        run={
            "id": run.id,
            "created": metadata["created"],
            "seed": metadata["seed"],
            "config": run.config.to_dict(),
            "data": {name: metadata["data"][name] for name in ("name", "kind", "fingerprint")},
            "versions": metadata["versions"],
            "timings": metadata["timings"],
        },
    )
