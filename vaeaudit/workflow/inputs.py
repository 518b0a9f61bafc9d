"""What an analysis starts from: a run, complete or in memory; and where results go unless somebody says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from vaeaudit.analysis.grouping.bands import banded
from vaeaudit.analysis.inputs import AuditInputs, ModelFacts, Reference, RunFacts, SourceFacts
from vaeaudit.config import AnalysisConfig, FitConfig
from vaeaudit.data.dataset import RowAccounting
from vaeaudit.data.population import read_population
from vaeaudit.data.population_shares import Population
from vaeaudit.data.schema.columns import Schema
from vaeaudit.outputs.record import FloatArray
from vaeaudit.runs.artifacts import Traversals
from vaeaudit.runs.contents import StoredReference, read_reference
from vaeaudit.runs.directory import RUNS, PartialRun, sweep_partial_runs
from vaeaudit.runs.reading import Run, load_run
from vaeaudit.runs.store import SCORES
from vaeaudit.scoring.rows_table import stored_scores
from vaeaudit.statistics.multiplicity import benjamini_hochberg
from vaeaudit.storage.locks import sweep_results

REPORTS = Path("reports")
REBALANCINGS = Path("rebalance")
REVIEWS = Path("reviews")
GENERATED = Path("generated")


def asked_of(
    run: Run, config: AnalysisConfig, population: Path | str | None = None
) -> tuple[Schema, Population | None]:
    """Return the columns of a run and the shares to compare with, if any, both divided as `config` says.

    Parameters
    ----------
    run, config
        Complete; and what counts as a finding.
    population
        Population file; that of the run where None.
    """
    return banded(run.schema, config.bands, shares_of(population, run.schema, run))


def inputs_of(
    run: Run, config: AnalysisConfig, schema: Schema | None = None, reference: StoredReference | None = None
) -> AuditInputs:
    """Return everything an audit starts from, out of a complete run; flags are chosen anew at the rate of `config`.

    Parameters
    ----------
    run
        Complete.
    config
        What counts as a finding.
    schema
        As `asked_of` gives it; that of the run where None.
    reference
        The dataset to compare with; that of the run where None.
    """
    scores = stored_scores(run.rows, run.scoring.score.definition, fdr=config.fdr)
    reference = reference or read_reference(run)
    history = {name: run.history[name].to_numpy(np.float64) for name in run.history.columns if name != "epoch"}
    return AuditInputs(
        frame=run.frame,
        schema=schema or run.schema,
        row_ids=run.rows["row_id"].to_numpy(object),
        codes=run.codes,
        scores=scores,
        model=model_facts(run.config, run.metadata["training"], history, run.traversals),
        accounting=RowAccounting(**run.metadata["rows"]),
        quarantine=run.quarantine,
        notes=tuple(run.metadata["notes"]),
        pictures=run.pictures,
        latent_space=run.latent_space,
        swaps=run.swaps,
        pairs=run.pairs,
        rules=run.table_rules,
        changes=run.changes,
        reference=None if reference is None else as_compared(reference, fdr=scores.fdr),
        aspects=run.scoring.aspects(run.codes),
        rareness=run.scoring.densities.rareness(run.config.analysis),
        cells=run.cells,
        plantings=run.plantings,
        label_doubts=run.label_doubts,
        judgements=run.judgements.latest,
        member_means=None if run.members is None else run.members.mean,
        ladder=run.ladder,
        beta_trials=run.beta_trials,
        label_predictions=run.label_predictions,
        decoded_regions=run.decoded_regions,
        run=run_facts(run.config, run.metadata),
    )


def model_facts(
    config: FitConfig,
    training: Mapping[str, Any],
    history: Mapping[str, FloatArray],
    traversals: Traversals,
) -> ModelFacts:
    """Return what training left behind.

    Parameters
    ----------
    config, training
        As resolved, and as `metadata.json` holds it.
    history
        One array [epochs] per curve.
    traversals
        What the decoder expects along each latent.
    """
    return ModelFacts(
        objective=config.model.objective,
        beta=config.model.weight,
        history=history,
        traversals=traversals.values,
        traversal_positions=traversals.positions,
        iwae_samples=config.train.iwae_samples,
        **training,
    )


def run_facts(config: FitConfig, metadata: Mapping[str, Any]) -> RunFacts:
    """Return what `report.json` says of the run.

    Parameters
    ----------
    config, metadata
        As resolved, and as `metadata.json` holds it.
    """
    source = metadata["data"]
    return RunFacts(
        config=config.to_dict(),
        data=SourceFacts(source["name"], source["kind"], source["fingerprint"]),
        **{name: metadata[name] for name in ("id", "created", "seed", "versions", "timings")},
    )


def as_compared(stored: StoredReference, *, fdr: float) -> Reference:
    """Return a reference as the analysis takes it.

    Parameters
    ----------
    stored
        What a run keeps of it.
    fdr
        False-discovery rate of the rows that are set aside.
    """
    facts = stored.facts
    return Reference(
        name=facts["name"],
        fingerprint=facts["fingerprint"],
        frame=stored.frame,
        codes=stored.codes,
        outlier=benjamini_hochberg(stored.p_value) <= fdr,
        lacking=tuple(facts["lacking"]),
        notes=tuple(facts["notes"]),
    )


def shares_of(given: Path | str | None, schema: Schema, made: Run | PartialRun | None) -> Population | None:
    """Read the population that was given, else take that of the run; None where there is none.

    Parameters
    ----------
    given
        Population file, or None.
    schema
        Columns that it names.
    made
        The run, complete or interrupted, if there is one.
    """
    if given is not None:
        return read_population(given, schema)
    stored = made.metadata["population"] if made else None
    return TypeAdapter(Population).validate_python(stored) if stored else None


def sweep(run: Path | None = None) -> None:
    """Remove what killed commands left where results go.

    Parameters
    ----------
    run
        The run that is to be made, if any: its folder is swept, too.
    """
    for folder in {RUNS, RUNS if run is None else run.parent}:
        sweep_partial_runs(folder)
    for folder in (REPORTS, SCORES, REBALANCINGS, GENERATED):
        sweep_results(folder)


def loaded(run: Run | Path | str | None) -> Run:
    """Return a run, whether it or its folder is given; the newest complete one of `runs/` where None."""
    return run if isinstance(run, Run) else load_run(run)
