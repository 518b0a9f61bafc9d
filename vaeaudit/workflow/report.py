"""`report`: analyse a complete run, and write its page; `audit`: `fit`, then `report`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from vaeaudit.analysis.audit.audit import Found, find
from vaeaudit.analysis.audit.audit import audit as analyse
from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.coverage.regions import find_regions
from vaeaudit.analysis.duplicates.clusters import duplicates_table
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.labels.suspects import labels_table
from vaeaudit.analysis.outliers.cell_summary import cells_table
from vaeaudit.analysis.outliers.summary import flagged_table
from vaeaudit.config import AnalysisConfig, FitConfig
from vaeaudit.progress import Listener, Stopwatch, ignore
from vaeaudit.report.files import write as write_report
from vaeaudit.runs.commands import commands_again
from vaeaudit.runs.reading import Run
from vaeaudit.scoring.rows_table import table_of_rows
from vaeaudit.settings import FitSettings, ReportSettings, refuse_unknown, section_with
from vaeaudit.workflow.audited import Audit
from vaeaudit.workflow.fit import fit_and_find
from vaeaudit.workflow.inputs import REPORTS, asked_of, inputs_of, loaded, sweep
from vaeaudit.workflow.other import as_stored, other_reading, read_and_score


@dataclass(frozen=True)
class Analysed:
    """What an analysis of a run came to, and what it was made of."""

    inputs: AuditInputs
    found: Found
    results: AuditResults


def analysed(
    run: Run,
    config: AnalysisConfig,
    *,
    population: Path | str | None,
    reference: Any,
    watch: Stopwatch,
    found: Found | None = None,
) -> Analysed:
    """Analyse a complete run, and write nothing.

    Parameters
    ----------
    run, config
        The run, and what counts as a finding.
    population, reference
        What to compare with; those of the run where None.
    watch
        Told about the phases.
    found
        What is known of a run that was made just now, with the same settings.
    """
    with watch.phase("reading"):
        schema, shares = asked_of(run, config, population)
    other = None
    if reference is not None:
        other = read_and_score(run, reference, other_reading(run.config.read), watch)
    with watch.phase("reading"):
        inputs = inputs_of(run, config, schema, None if other is None else as_stored(other))
    with watch.phase("analysing"):
        search = find_regions(inputs, config, shares) if found is None else found.search
        if other is not None:
            inputs = other.trained.decoded_in(inputs, search.regions)
        found = found or find(inputs, config, shares, run.config.seed, search=search)
        results = analyse(inputs, config, shares, run.config.seed, found=found)
        commands = commands_again(run, config, population=population, reference=reference)
        results = replace(results, run=replace(results.run, commands=commands))
    return Analysed(inputs, found, results)


def report(
    run: Run | Path | str | None = None,
    *,
    out: Path | str | None = None,
    population: Path | str | None = None,
    reference: Any = None,
    config: AnalysisConfig | None = None,
    on_progress: Listener = ignore,
    **settings: Unpack[ReportSettings],
) -> Audit:
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
    **settings
        Single settings, which win over `config`: `fdr`, `uniform`, `factors`, `mute`, `bands`, `control`,
        `favourable`, `threshold`, `min_cell`.

    Returns
    -------
    Audit
        What was found; its `page` is `report.html`, beside which lie `report.json`, `rows.parquet`, `flagged.csv`,
        `duplicates.csv`, for a table `cells.csv` and, where there is a label, `labels.csv`.

    Raises
    ------
    UsageError
        Where something given cannot be used.
    RunError
        Where the run cannot be used.
    """
    refuse_unknown(report, settings, ReportSettings)
    return _report(
        run,
        out=out,
        population=population,
        reference=reference,
        config=config,
        on_progress=on_progress,
        settings=settings,
    )


def _report(
    run: Run | Path | str | None,
    *,
    out: Path | str | None,
    on_progress: Listener,
    population: Path | str | None = None,
    reference: Any = None,
    config: AnalysisConfig | None = None,
    settings: ReportSettings | None = None,
    found: Found | None = None,
) -> Audit:
    """Report as `report` does, with the same arguments; of a run that was made just now is known what was `found`."""
    watch = Stopwatch(on_progress)
    sweep()
    with watch.phase("reading"):
        run = loaded(run)
    config = section_with(config or run.config.analysis, settings or {})
    seen = analysed(run, config, population=population, reference=reference, watch=watch, found=found)
    with watch.phase("writing"):
        folder = Path(out) if out is not None else REPORTS / run.id
        inputs, found, results = seen.inputs, seen.found, seen.results
        copied = found.clusters.duplicate_of(inputs.row_ids)
        doubts = inputs.label_doubts
        suspicion = None if doubts is None else doubts.suspicion
        rows = table_of_rows(
            inputs.row_ids, inputs.scores, inputs.codes, found.search.row_region, copied, label_suspicion=suspicion
        )
        cells = cells_table(inputs)
        flagged, duplicates = flagged_table(inputs), duplicates_table(inputs, found.clusters)
        labels = labels_table(inputs)
        page = write_report(results, rows, flagged, folder, cells=cells, duplicates=duplicates, labels=labels)
        return Audit(run, results, rows, flagged, cells, duplicates, page, labels)


def audit(
    source: Any,
    config: FitConfig | None = None,
    *,
    out: Path | str | None = None,
    run: Path | str | None = None,
    population: Path | str | None = None,
    reference: Any = None,
    resume: bool = False,
    on_progress: Listener = ignore,
    is_interrupted: Callable[[], bool] = lambda: False,
    **settings: Unpack[FitSettings],
) -> Audit:
    """Learn a dataset and report on it: `fit`, then `report`.

    Parameters
    ----------
    source, config
        As for `fit`.
    out
        Folder of the report; `reports/<run>/` where None.
    run, population, reference, resume, on_progress, is_interrupted, **settings
        As for `fit`.

    Returns
    -------
    Audit
        What was found; its `run` is the run, its `page` the path of `report.html`.
    """
    refuse_unknown(audit, settings, FitSettings)
    made, found = fit_and_find(
        source,
        config,
        run=run,
        population=population,
        reference=reference,
        resume=resume,
        on_progress=on_progress,
        is_interrupted=is_interrupted,
        settings=settings,
    )
    return _report(made, out=out, on_progress=on_progress, found=found)
