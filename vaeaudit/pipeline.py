"""The way through the house, one call per room: source -> Dataset -> BetaVAE -> LatentCodes -> results -> report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from vaeaudit import analysis, data, runs, unseen
from vaeaudit.config import AnalysisConfig, FitConfig, ReadConfig, Weighting
from vaeaudit.data import audit_toml, describe
from vaeaudit.data.population import read_population
from vaeaudit.data.population_shares import Population
from vaeaudit.data.schema.columns import Schema
from vaeaudit.decoding import with_decoded_regions
from vaeaudit.errors import InconclusiveError, InterruptedFit, UsageError, VaeauditError
from vaeaudit.judging import judge_rows
from vaeaudit.learning import Stopwatch, interruption, learn
from vaeaudit.progress import Listener, Progress, ignore
from vaeaudit.report import write as write_report
from vaeaudit.report import write_rebalance
from vaeaudit.run_inputs import inputs_of
from vaeaudit.runs import PartialRun, Run, RunWriter, load_run
from vaeaudit.storage.leftovers import sweep_results
from vaeaudit.unseen import other_reading

__all__ = [
    "Run",
    "audit",
    "audit_toml",
    "describe",
    "fit",
    "inspect",
    "load_run",
    "other_reading",
    "rebalance",
    "report",
    "score",
]

REPORTS = Path("reports")
REBALANCINGS = Path("rebalance")


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
    reference: Any = None,
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
    reference
        Another dataset to compare with, given as `source` is; the run keeps it as its model sees it.
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
    _sweep(path)
    partial = runs.find_partial(path, runs.source_text(source)) if resume else None
    config = partial.config if partial else config or FitConfig()
    with watch.phase("reading"):
        dataset = data.load(
            source, config.read, on_progress=lambda done, total: on_progress(Progress("reading", done, total))
        )
        _require_same_data(partial, dataset)
        shares = _shares(population, dataset.schema, partial)
        compared = unseen.read_reference_data(reference, partial, dataset, config.read, on_progress)
    writer = RunWriter(partial.path if partial else path or runs.new_run_path(dataset.name), resume=resume)
    described = None if compared is None else runs.describe_source(compared.source, compared.data.dataset)
    given = (partial and partial.metadata.get("given")) or runs.describe_given(config, population)
    metadata = {**runs.describe_run(writer.path.name, source, dataset, config, shares, described), "given": given}
    try:
        learned = learn(writer, dataset, config, metadata, partial, watch=watch, is_interrupted=is_interrupted)
        if compared is not None:
            with watch.phase("scoring"):
                settings = Run(writer.folder).config
                kept = unseen.reference_under(learned.model, learned.scoring, compared.data, settings, on_progress)
                runs.write_reference(writer, kept)
        with watch.phase("analysing"):
            judge_rows(writer, dataset, learned, shares)
        with watch.phase("writing"):
            return load_run(writer.complete())
    except InterruptedFit:
        raise
    except InconclusiveError:
        writer.discard()  # to go on with the same training would end in the same way
        raise
    except BaseException as failure:
        _keep_what_was_learned(writer, metadata["data"]["source"], failure)
        raise
    finally:
        writer.release()


def _keep_what_was_learned(writer: RunWriter, source: str, failure: BaseException) -> None:
    """Let the error of a fit that can be resumed say how; remove what is left of any other."""
    if not writer.is_resumable:
        writer.discard()
        return
    if isinstance(failure, KeyboardInterrupt):
        raise interruption(writer, "Interrupted", source) from failure
    how = f"What was learned is kept; go on with: {runs.resuming(writer.path, source)}"
    if isinstance(failure, VaeauditError):
        failure.hint = how
    else:
        failure.add_note(how)


def report(
    run: Run | Path | str | None = None,
    *,
    out: Path | str | None = None,
    population: Path | str | None = None,
    reference: Any = None,
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
    reference
        Another dataset to compare with, given as for `fit`, and scored here by the run's model (with TensorFlow); that
        of the run where None.
    config
        What counts as a finding; that of the run where None.
    on_progress
        See `vaeaudit.progress`.

    Returns
    -------
    pathlib.Path
        Of `report.html`; `report.json`, `rows.parquet`, `flagged.csv` and, for a table, `cells.csv` lie beside it.
    """
    watch = Stopwatch(on_progress)
    _sweep()
    with watch.phase("reading"):
        run = _loaded(run)
        config = config or run.config.analysis
        shares = _shares(population, run.schema, run)
    other = None
    if reference is not None:
        other = unseen.score_unseen(run, reference, other_reading(run.config.read), watch)
    with watch.phase("reading"):
        inputs = inputs_of(run, config, None if other is None else unseen.as_stored(other))
    with watch.phase("analysing"):
        search = analysis.search_regions(inputs, config, shares)
        if other is not None:
            inputs = with_decoded_regions(other.model, inputs, search.regions, seed=run.config.seed)
        results = analysis.audit(inputs, config, shares, run.config.seed, search=search)
        commands = runs.commands_again(run, config, population=population, reference=reference)
        results = replace(results, run=replace(results.run, commands=commands))
    with watch.phase("writing"):
        folder = Path(out) if out is not None else REPORTS / run.id
        rows = analysis.row_table(inputs, search.row_region)
        cells = None
        if inputs.cells is not None:
            checked = analysis.CheckedTable(inputs.frame, inputs.schema, inputs.codes.columns, inputs.cells)
            cells = analysis.suspicious_table(checked, inputs.row_ids, inputs.scores)
        return write_report(results, rows, analysis.flagged_table(inputs), folder, cells=cells)


def score(
    run: Run | Path | str,
    source: Any,
    *,
    out: Path | str | None = None,
    config: ReadConfig | None = None,
    on_progress: Listener = ignore,
) -> Path:
    """Score rows that the model of a run has not seen.

    Parameters
    ----------
    run
        A run or its folder.
    source
        As for `fit`; columns are matched by name, kinds and levels are those of the run.
    out
        Folder of the scores; `scores/<run>/<data>/` where None. Scores that are there are replaced.
    config
        How to read the source; as the run's data was, with its own delimiter and encoding, where None. Roles, kinds and
        levels in it are not looked at.
    on_progress
        See `vaeaudit.progress`.

    Returns
    -------
    pathlib.Path
        Of `rows.parquet`; `quarantine.csv`, `score.json` and, for a table, `cells.parquet` lie beside it.

    Raises
    ------
    InputError, UsageError
        Where the source cannot be read, or lacks a column that the model needs.
    RunError
        Where the run cannot be used.
    """
    watch = Stopwatch(on_progress)
    _sweep()
    with watch.phase("reading"):
        run = _loaded(run)
        rules = run.regions
    found = unseen.score_unseen(run, source, config or other_reading(run.config.read), watch)
    other, scores = found.data, found.scores
    with watch.phase("scoring"):
        cells = unseen.suspicious_cells(run, found)
    with watch.phase("writing"):
        placed = analysis.place_rows(rules, other.as_met, found.codes, lacking=other.lacking)
        outliers = {"definition": scores.definition, "fdr": scores.fdr, "flagged": int(scores.outlier.sum())}
        regions = {rule.id: int((placed == rule.id).sum()) for rule in rules}
        return runs.write_scores(
            Path(out) if out is not None else runs.score_path(run.id, other.dataset.name),
            analysis.table_of_rows(other.dataset.row_ids, scores, found.codes, placed),
            other.dataset.quarantine,
            runs.describe_scores(run, source, other, outliers, regions),
            note=scores.note,
            cells=cells,
        )


def rebalance(
    run: Run | Path | str | None = None,
    *,
    method: str = Weighting.TARGETS.value,
    close: Sequence[str] = (),
    out: Path | str | None = None,
    population: Path | str | None = None,
    config: AnalysisConfig | None = None,
    on_progress: Listener = ignore,
) -> Path:
    """Weight the rows of a complete run, plan what to collect, and say what either would change.

    Parameters
    ----------
    run
        A run or its folder; the newest complete run of `runs/` where None.
    method
        Whose weights stand in the column `weight`: one of `vaeaudit.config.Weighting`.
    close
        Ids of regions, as the report names them, that are to be closed although they are only questions.
    out
        Folder of the results; `rebalance/<run>/` where None. What is there is replaced.
    population, config, on_progress
        As for `report`.

    Returns
    -------
    pathlib.Path
        Of the folder: `rebalance.json`, `weights.parquet` and `plan.csv`.
    """
    watch = Stopwatch(on_progress)
    _sweep()
    with watch.phase("reading"):
        run = _loaded(run)
        config = config or run.config.analysis
        inputs = inputs_of(run, config)
        shares = _shares(population, run.schema, run)
    with watch.phase("analysing"):
        search = analysis.search_regions(inputs, config, shares)
        made = analysis.rebalance(
            inputs, search, config, shares, method=Weighting(method), close=close, seed=run.config.seed
        )
    with watch.phase("writing"):
        folder = Path(out) if out is not None else REBALANCINGS / run.id
        return write_rebalance(made.results, made.weights, folder)


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


def _sweep(run: Path | None = None) -> None:
    """Remove what killed commands left where results go, and in the folder of the run that is to be made."""
    for folder in {runs.RUNS, runs.RUNS if run is None else run.parent}:
        runs.sweep_partial_runs(folder)
    for folder in (REPORTS, runs.SCORES, REBALANCINGS):
        sweep_results(folder)


def _loaded(run: Run | Path | str | None) -> Run:
    return run if isinstance(run, Run) else load_run(run)


def _shares(given: Path | str | None, schema: Schema, made: Run | PartialRun | None) -> Population | None:
    """Read the population that was given, else take that of the run."""
    if given is not None:
        return read_population(given, schema)
    stored = made.metadata["population"] if made else None
    return Population.from_dict(stored) if stored else None


def _require_same_data(partial: PartialRun | None, dataset: data.Dataset) -> None:
    if partial and partial.metadata["data"]["fingerprint"] != dataset.fingerprint:
        raise UsageError(
            f"--resume: {dataset.name} is not what it was when {partial.path} was interrupted.",
            hint="Leave out --resume to start afresh.",
        )
