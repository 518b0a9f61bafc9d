"""What is judged of every row once the model is trained: scores, regions, copies; the last part of `fit`."""

from __future__ import annotations

from vaeaudit.analysis.coverage.regions import find_regions
from vaeaudit.analysis.duplicates.table_pairs import find_pairs
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.population_shares import Population
from vaeaudit.outputs.region_rules import regions_to_dict
from vaeaudit.runs import artifacts
from vaeaudit.runs.artifacts import DecodedRegions
from vaeaudit.runs.contents import StoredReference
from vaeaudit.runs.directory import RunWriter
from vaeaudit.scoring.companions import companion_scores
from vaeaudit.scoring.table_score import table_of_rows
from vaeaudit.workflow.inputs import as_compared, model_facts, run_facts
from vaeaudit.workflow.learn import Learned


def judge_rows(
    writer: RunWriter, dataset: Dataset, learned: Learned, shares: Population | None, reference: StoredReference | None
) -> None:
    """Score the rows, place them in regions, find their copies, and keep what a report shows of them.

    Parameters
    ----------
    writer
        Of the run, which holds everything that `learn` wrote.
    dataset, learned
        The rows, and what was learned from them.
    shares, reference
        Population and dataset to compare with, if any.
    """
    trained, codes = learned.trained, learned.codes
    config, seed = trained.config, trained.config.seed
    space = trained.latent_space(learned.rows, codes)
    writer.record(artifacts.LATENT_SPACE, space)
    pairs = find_pairs(dataset, codes, seed=seed)
    writer.record(artifacts.PAIRS, pairs)
    scores = trained.row_scores(codes)
    companions = companion_scores(dataset.frame, dataset.schema, codes, seed=seed)
    writer.record(artifacts.COMPANIONS, companions)
    cells = trained.cells(dataset.frame, codes, scores)
    if cells is not None:
        writer.record(artifacts.CELLS, cells)
    inputs = AuditInputs(
        frame=dataset.frame,
        schema=dataset.schema,
        row_ids=dataset.row_ids,
        codes=codes,
        scores=scores,
        model=model_facts(config, learned.metadata["training"], learned.history, learned.traversals, learned.members),
        accounting=dataset.accounting,
        quarantine=dataset.quarantine,
        notes=dataset.notes,
        latent_space=space,
        pairs=pairs,
        reference=None if reference is None else as_compared(reference, fdr=scores.fdr),
        aspects=trained.scoring.aspects(codes),
        rareness=trained.scoring.densities.rareness(config.analysis),
        companions=companions,
        cells=cells,
        member_means=None if learned.members is None else learned.members.mean,
        run=run_facts(config, learned.metadata),
    )
    search = find_regions(inputs, config.analysis, shares)
    writer.document(artifacts.REGIONS, regions_to_dict(search.regions))
    shown = trained.shown(learned.rows, inputs, search.regions)
    if shown.pictures is not None:
        writer.record(artifacts.PICTURES, shown.pictures)
    if shown.decoded_regions is not None:
        writer.record(artifacts.DECODED_REGIONS, DecodedRegions.of(shown.decoded_regions))
    writer.table(
        artifacts.ROWS, table_of_rows(inputs.row_ids, inputs.scores, inputs.codes, search.row_region), note=scores.note
    )
