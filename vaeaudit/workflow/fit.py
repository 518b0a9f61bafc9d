"""`fit`: read, learn, judge; leave a run directory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Unpack

from vaeaudit.analysis.audit.asking import read_mutes
from vaeaudit.analysis.audit.audit import Found, audit, find
from vaeaudit.analysis.audit.results import answers_of
from vaeaudit.analysis.coverage.regions import find_regions
from vaeaudit.analysis.duplicates.table_pairs import find_pairs
from vaeaudit.analysis.fairness.disparities import require_comparable
from vaeaudit.analysis.grouping.bands import banded
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.labels.doubts import doubts_of
from vaeaudit.analysis.latents.disentanglement import factors_of
from vaeaudit.analysis.order.changes import find_changes
from vaeaudit.config import FitConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.population_shares import Population
from vaeaudit.errors import InconclusiveError, InterruptedFit, UsageError, VaeauditError
from vaeaudit.outputs.changes import Changes
from vaeaudit.outputs.region_rules import regions_to_dict
from vaeaudit.outputs.table_rules import TableRules
from vaeaudit.progress import Listener, Stopwatch, ignore
from vaeaudit.runs import artifacts
from vaeaudit.runs.artifacts import DecodedRegions
from vaeaudit.runs.commands import describe_given, resuming
from vaeaudit.runs.contents import StoredReference, describe_run, describe_source, source_text, write_reference
from vaeaudit.runs.directory import PartialRun, RunWriter, find_partial, new_run_path
from vaeaudit.runs.reading import Run
from vaeaudit.scoring.rows_table import table_of_rows
from vaeaudit.settings import FitSettings, refuse_unknown, with_settings
from vaeaudit.workflow.inputs import as_compared, model_facts, run_facts, shares_of, sweep
from vaeaudit.workflow.learn import Learned, interruption, learn
from vaeaudit.workflow.other import as_stored, read_reference_of_fit, score_other
from vaeaudit.workflow.power import plant_faults
from vaeaudit.workflow.reading import read_data


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
    **settings: Unpack[FitSettings],
) -> Run:
    """Read, learn and score a dataset; leave a run directory.

    Parameters
    ----------
    source
        Path of a table, of a folder of tables or of pictures, or of an array; or a DataFrame of pandas, Polars or Dask,
        or an Arrow table.
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
    **settings
        Single settings by the names of the command line's options, which win over `config`: `label`, `sensitive`,
        `preset`, `beta` … (`vaeaudit.settings.FitSettings`).

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
    refuse_unknown(fit, settings, FitSettings)
    return fit_and_find(
        source,
        config,
        run=run,
        population=population,
        reference=reference,
        resume=resume,
        on_progress=on_progress,
        is_interrupted=is_interrupted,
        settings=settings,
    )[0]


def fit_and_find(
    source: Any,
    config: FitConfig | None,
    *,
    run: Path | str | None,
    population: Path | str | None,
    reference: Any,
    resume: bool,
    on_progress: Listener,
    is_interrupted: Callable[[], bool],
    settings: FitSettings,
) -> tuple[Run, Found]:
    """Make a run as `fit` does, with the same arguments; return what was found on the way, too, for a report."""
    if resume and settings:
        raise UsageError(f"resume goes on with the settings of the interrupted run; leave out {', '.join(settings)}.")
    watch = Stopwatch(on_progress)
    path = Path(run) if run is not None else None
    sweep(path)
    partial = find_partial(path, source_text(source)) if resume else None
    config = partial.config if partial else with_settings(config or FitConfig(), settings)
    read_mutes(config.analysis.mutes)  # a slip is told before the training, not after it
    with watch.phase("reading"):
        dataset, rules = read_data(source, config.read, config.seed, on_progress)
        _require_same_data(partial, dataset)
        shares = shares_of(population, dataset.schema, partial)
        factors_of(dataset.frame, dataset.schema, config.analysis.factors)
        schema, _ = banded(dataset.schema, config.analysis.bands, shares)
        require_comparable(dataset.frame, schema, config.analysis)
        compared = read_reference_of_fit(reference, partial, dataset, config.read, on_progress)
    writer = RunWriter(partial.path if partial else path or new_run_path(dataset.name), resume=resume)
    described = None if compared is None else describe_source(compared.source, compared.data.dataset)
    given = partial.metadata["given"] if partial else describe_given(config, population)
    metadata = {**describe_run(writer.path.name, source, dataset, config, shares, described), "given": given}
    try:
        writer.document(artifacts.RULES, asdict(rules))
        learned = learn(writer, dataset, config, metadata, partial, watch=watch, is_interrupted=is_interrupted)
        stored = None
        if compared is not None:
            with watch.phase("scoring"):
                stored = as_stored(score_other(learned.trained, compared.data, on_progress))
                write_reference(writer, stored)
        with watch.phase("analysing"):
            found = judge_rows(writer, dataset, rules, learned, shares=shares, reference=stored, listener=on_progress)
        with watch.phase("writing"):
            return Run(writer.complete()), found
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
    how = f"What was learned is kept; go on with: {resuming(writer.path, source)}"
    if isinstance(failure, VaeauditError):
        failure.hint = how
    else:
        failure.add_note(how)


def _require_same_data(partial: PartialRun | None, dataset: Dataset) -> None:
    if partial and partial.metadata["data"]["fingerprint"] != dataset.fingerprint:
        raise UsageError(
            f"--resume: {dataset.name} is not what it was when {partial.path} was interrupted.",
            hint="Leave out --resume to start afresh.",
        )


def judge_rows(
    writer: RunWriter,
    dataset: Dataset,
    rules: TableRules,
    learned: Learned,
    *,
    shares: Population | None,
    reference: StoredReference | None,
    listener: Listener = ignore,
) -> Found:
    """Score the rows, place them in regions, find their copies, and keep what a report shows of them.

    What was found is returned, for a report that is written at once.

    Parameters
    ----------
    writer
        Of the run, which holds everything that `learn` wrote.
    dataset, rules, learned
        The rows, what holds in their table by construction, and what was learned from them.
    shares, reference
        Population and dataset to compare with, if any.
    listener
        Told about faults that are planted.
    """
    trained, codes = learned.trained, learned.codes
    config, seed = trained.config, trained.config.seed
    schema, shares = banded(dataset.schema, config.analysis.bands, shares)
    space = trained.latent_space(learned.rows, codes)
    writer.record(artifacts.LATENT_SPACE, space)
    swaps = trained.swaps(dataset.frame, codes)
    if swaps is not None:
        writer.record(artifacts.SWAPS, swaps)
    pairs = find_pairs(dataset, codes, seed=seed)
    writer.record(artifacts.PAIRS, pairs)
    scores = trained.row_scores(codes)
    cells = trained.cells(dataset.frame, codes, scores)
    if cells is not None:
        writer.record(artifacts.CELLS, cells)
    changes = find_changes(dataset.frame, schema, config.analysis, rules)
    writer.document(artifacts.CHANGES, asdict(Changes(changes)))
    inputs = AuditInputs(
        frame=dataset.frame,
        schema=schema,
        row_ids=dataset.row_ids,
        codes=codes,
        scores=scores,
        model=model_facts(config, learned.metadata["training"], learned.history, learned.traversals),
        accounting=dataset.accounting,
        quarantine=dataset.quarantine,
        notes=dataset.notes,
        latent_space=space,
        swaps=swaps,
        pairs=pairs,
        rules=rules,
        changes=changes,
        reference=None if reference is None else as_compared(reference, fdr=scores.fdr),
        aspects=trained.scoring.aspects(codes),
        rareness=trained.scoring.densities.rareness(config.analysis),
        cells=cells,
        member_means=None if learned.members is None else learned.members.mean,
        ladder=learned.ladder,
        beta_trials=learned.beta_trials,
        label_predictions=learned.label_predictions,
        run=run_facts(config, learned.metadata),
    )
    doubts = doubts_of(inputs)
    if doubts is not None:
        writer.record(artifacts.LABEL_DOUBTS, doubts)
        inputs = replace(inputs, label_doubts=doubts)
    search = find_regions(inputs, config.analysis, shares)
    writer.document(artifacts.REGIONS, regions_to_dict(search.regions))
    shown = trained.shown(learned.rows, inputs, search.regions)
    if shown.pictures is not None:
        writer.record(artifacts.PICTURES, shown.pictures)
    if shown.decoded_regions is not None:
        writer.record(artifacts.DECODED_REGIONS, DecodedRegions.of(shown.decoded_regions))
    seen = replace(inputs, pictures=shown.pictures, decoded_regions=shown.decoded_regions or {})
    if config.train.power:
        planted = plant_faults(trained, dataset, inputs, shares, listener)
        writer.document(artifacts.POWER, asdict(planted))
        seen = replace(seen, plantings=planted)
    answered = replace(config.analysis, factors=())  # no check asks for them
    found = find(seen, answered, shares, seed, search=search)
    judged = audit(seen, answered, shares, seed, found=found)
    writer.document(artifacts.ANSWERS, answers_of(judged))
    copied = found.clusters.duplicate_of(inputs.row_ids)
    suspicion = None if doubts is None else doubts.suspicion
    rows = table_of_rows(inputs.row_ids, scores, codes, search.row_region, copied, label_suspicion=suspicion)
    writer.table(artifacts.ROWS, rows, note=scores.note)
    return found
