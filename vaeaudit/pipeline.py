"""The way through the house, one call per room: source -> Dataset -> BetaVAE -> LatentCodes -> results -> report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vaeaudit import analysis, data, runs
from vaeaudit.config import AnalysisConfig, FitConfig, ReadConfig
from vaeaudit.data import audit_toml, describe
from vaeaudit.data.image_encoding import ImageRows
from vaeaudit.data.population import Population, read_population
from vaeaudit.errors import InconclusiveError, InterruptedFit, UsageError
from vaeaudit.learning import Learned, Stopwatch, interruption, learn
from vaeaudit.progress import Listener, Progress, ignore
from vaeaudit.report import write as write_report
from vaeaudit.runs import PartialRun, Run, RunWriter, load_run

__all__ = ["Run", "audit", "audit_toml", "describe", "fit", "inspect", "load_run", "report"]


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
    watch = Stopwatch(on_progress)
    path = Path(run) if run is not None else None
    partial = runs.find_partial(path, runs.source_text(source)) if resume else None
    config = partial.config if partial else config or FitConfig()
    with watch.phase("reading"):
        dataset = data.load(
            source, config.read, on_progress=lambda done, total: on_progress(Progress("reading", done, total))
        )
        _require_same_data(partial, dataset)
        shares = _population_of(partial) if population is None else read_population(population, dataset.schema)
    writer = RunWriter(partial.path if partial else path or runs.new_run_path(dataset.name), resume=resume)
    metadata = runs.describe_run(writer.path.name, source, dataset, config, shares)
    try:
        learned = learn(writer, dataset, config, metadata, partial, watch=watch, is_interrupted=is_interrupted)
        with watch.phase("analysing"):
            _judge_rows(writer, dataset, learned, shares)
        with watch.phase("writing"):
            return load_run(writer.complete())
    except InterruptedFit:
        raise
    except KeyboardInterrupt as stopped_at_once:
        if writer.is_resumable:
            raise interruption(writer, "Interrupted", metadata["data"]["source"]) from stopped_at_once
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
    watch = Stopwatch(on_progress)
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


def _judge_rows(writer: RunWriter, dataset: data.Dataset, learned: Learned, shares: Population | None) -> None:
    """Score the rows, place them in regions, find their copies, and keep what a report shows of them."""
    from vaeaudit import models  # noqa: PLC0415 - it has been imported by `learn`

    codes, unfinished = learned.codes, Run(writer.folder)
    config, seed = unfinished.config.analysis, unfinished.config.seed
    space = models.measure_latent_space(learned.model, learned.rows, codes, seed=seed)
    writer.arrays("latent_space.npz", space.to_arrays())
    pairs = analysis.find_pairs(dataset, codes, seed=seed)
    writer.arrays("pairs.npz", pairs.to_arrays())
    scores = analysis.scores_of(codes, unfinished.scoring, fdr=config.fdr)
    inputs = _inputs(unfinished, dataset.row_ids, scores)
    search = analysis.search_regions(inputs, config, shares)
    if isinstance(learned.model, models.ImageVAE) and isinstance(learned.rows, ImageRows):
        further = np.concatenate([pairs.shown_rows(), analysis.region_rows(inputs, search.regions)])
        pictures = models.make_pictures(
            learned.model,
            learned.rows,
            models.PatchScales.from_arrays(learned.scoring),
            kept=analysis.rows_to_picture(scores, codes, further=further, seed=seed),
            thumbnails=analysis.thumbnail_rows(codes, seed),
            regions=analysis.points_of_regions(inputs, search.regions, seed=seed),
            seed=seed,
        )
        writer.arrays("pictures.npz", pictures.to_arrays())
    writer.table("rows.parquet", analysis.row_table(inputs, search.row_region), note=scores.definition)


def _inputs_of(run: Run, config: AnalysisConfig) -> analysis.AuditInputs:
    """Everything an audit starts from, out of a complete run; flags are chosen anew at the rate of `config`."""
    scores = analysis.stored_scores(run.rows, run.codes, fdr=config.fdr)
    return _inputs(run, run.rows["row_id"].to_numpy(object), scores)


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
        pictures=run.pictures,
        latent_space=run.latent_space,
        pairs=_pairs_of(run),
        aspects=analysis.aspects_of(run.codes, run.scoring),
        run={"id": metadata["id"], "config": run.config.to_dict(), "data": source, **shown},
    )


def _pairs_of(run: Run) -> analysis.RowPairs | None:
    arrays = run.optional_arrays("pairs.npz")
    return None if arrays is None else analysis.RowPairs.from_arrays(arrays)


def _population_of(made: Run | PartialRun | None) -> Population | None:
    stored = made.metadata["population"] if made else None
    return Population.from_dict(stored) if stored else None


def _require_same_data(partial: PartialRun | None, dataset: data.Dataset) -> None:
    if partial and partial.metadata["data"]["fingerprint"] != dataset.fingerprint:
        raise UsageError(
            f"--resume: {dataset.name} is not what it was when {partial.path} was interrupted.",
            hint="Leave out --resume to start afresh.",
        )
