"""The whole analysis: from what the model knows about the rows to everything that the report shows."""

from __future__ import annotations

import math
from dataclasses import replace

from vaeaudit.analysis.audit.asking import ask_all
from vaeaudit.analysis.audit.columns import describe_columns
from vaeaudit.analysis.audit.policy import judge
from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.checks.base import Seen
from vaeaudit.analysis.checks.measurements import Measurements
from vaeaudit.analysis.coverage.comparison import compare_with_reference
from vaeaudit.analysis.coverage.descriptions import with_decoded
from vaeaudit.analysis.coverage.regions import RegionSearch, find_regions
from vaeaudit.analysis.duplicates.clusters import Clusters
from vaeaudit.analysis.duplicates.duplicates import summarise_duplicates
from vaeaudit.analysis.duplicates.splits import compare_splits
from vaeaudit.analysis.fairness.disparities import assess_disparities
from vaeaudit.analysis.fairness.group_accuracy import compare_accuracy
from vaeaudit.analysis.fairness.proxies import find_proxies
from vaeaudit.analysis.grouping.groups import Grouping, group_column
from vaeaudit.analysis.grouping.together import rows_together
from vaeaudit.analysis.images.image_summary import summarise_pictures
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.labels.summary import summarise_label
from vaeaudit.analysis.latents.beta_choice import summarise_beta_choice
from vaeaudit.analysis.latents.disentanglement import summarise_disentanglement
from vaeaudit.analysis.latents.given import describe_given
from vaeaudit.analysis.latents.grades import graded
from vaeaudit.analysis.latents.ladder import maps_of, summarise_ladder
from vaeaudit.analysis.latents.latent_map import sample_map
from vaeaudit.analysis.latents.latent_summary import summarise_latents
from vaeaudit.analysis.latents.model_summary import summarise_model
from vaeaudit.analysis.latents.traversals import describe_traversals
from vaeaudit.analysis.outliers.summary import summarise_outliers
from vaeaudit.analysis.power.groups import smallest_gaps
from vaeaudit.analysis.power.summary import summarise_power
from vaeaudit.analysis.quality.columns import QuarantinedRecord
from vaeaudit.analysis.quality.missingness import measure_missingness
from vaeaudit.analysis.representation.representation import assess_representation
from vaeaudit.analysis.review.lists import review_lists
from vaeaudit.analysis.rules.find import summarise_rules
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.population_shares import Population
from vaeaudit.errors import InputError
from vaeaudit.wording import numbers

#: A sensitive column of more groups is not shown group by group: the groups would be too small, the list too long.
MOST_GROUPS = 50
#: Quarantined records listed in the results; the run directory lists all.
MOST_QUARANTINED = 100


def audit(
    inputs: AuditInputs,
    config: AnalysisConfig,
    population: Population | None = None,
    seed: int = 0,
    *,
    search: RegionSearch | None = None,
    clusters: Clusters | None = None,
) -> AuditResults:
    """Analyse a dataset through its latents.

    Parameters
    ----------
    inputs
        The rows, what the model knows about them, and the facts of the run.
    config
        What counts as a finding.
    population
        Shares to compare the sensitive groups with; without them only their balance is described.
    seed
        Of the random halves, folds, shuffles and samples; the same seed gives the same results.
    search
        What `find_regions` gave for the same arguments, where the caller needs its `row_region` too; None to search.
    clusters
        What `find_clusters` gave for the same rows, likewise.

    Raises
    ------
    InputError
        Where there is no row at all.
    """
    if len(inputs.frame) == 0:
        raise InputError(
            "There is no row to audit.", hint="Look into quarantine.csv: it says why each record was left out."
        )
    groupings, notes = sensitive_groupings(inputs)
    table = assess_representation(inputs.frame, inputs.schema, config, population, inputs.rules)
    together = rows_together(inputs)
    search = find_regions(inputs, config, population) if search is None else search
    disparities = assess_disparities(inputs.frame, inputs.schema, config)
    proxies = find_proxies(inputs, config, seed, together)
    outliers = summarise_outliers(inputs, groupings, config)
    labels = summarise_label(inputs, config.confidence, seed, together, groupings)
    columns, left_out = describe_columns(
        inputs, config, seed, labels=labels, proxies=proxies.proxies, cells=outliers.cells
    )
    measured = Measurements(
        rows=inputs.accounting,
        latents=graded(
            summarise_latents(inputs, groupings, config, seed, together),
            [(region.rule, region.expected) for region in search.regions if region.observed == 0],
        ),
        outliers=outliers,
        regions=with_decoded(search.regions, inputs, inputs.decoded_regions),
        regions_tested=search.tested,
        representation=table.cells,
        disparities=disparities.disparities,
        proxies=proxies.proxies,
        duplicates=summarise_duplicates(inputs, confidence=config.confidence, clusters=clusters),
        model=summarise_model(
            inputs.codes,
            inputs.model,
            inputs.latent_space,
            confidence=config.confidence,
            rareness=inputs.rareness,
            weight=inputs.scores.weight,
            given=describe_given(inputs, config.confidence),
            dimensions=None if inputs.pictures is None else math.prod(inputs.pictures.originals.shape[1:]),
            disentanglement=summarise_disentanglement(inputs, config, seed),
            ladder=() if inputs.ladder is None else summarise_ladder(inputs.ladder, config.confidence),
            beta_choice=None
            if inputs.beta_trials is None
            else summarise_beta_choice(
                inputs.beta_trials, inputs.model.objective, inputs.model.beta, config.confidence, seed
            ),
        ),
        columns=columns,
        rules_of_the_table=summarise_rules(inputs.rules, inputs.row_ids),
        comparison=compare_with_reference(inputs, config, seed, together),
        splits=compare_splits(inputs, together, confidence=config.confidence),
        labels=labels,
        missingness=measure_missingness(inputs.frame, inputs.schema, config, seed),
        changes=inputs.changes,
        label_accuracy=compare_accuracy(inputs, groupings, config, seed, together),
    )
    if inputs.plantings is not None:
        measured = replace(
            measured,
            power=summarise_power(inputs.plantings, config.confidence),
            smallest_gaps=smallest_gaps(inputs, config, table.cells, search.tested),
        )
    seen = Seen(measured, inputs, config, population)
    checks, findings = ask_all(seen)
    latent_map = sample_map(inputs, measured.latents, groupings, seed)
    planted = () if inputs.plantings is None else inputs.plantings.notes
    said = [*inputs.notes, *notes, *planted, *table.notes, *search.notes, *disparities.notes, *proxies.notes, *left_out]
    return AuditResults(
        **vars(measured),
        run=inputs.run,
        quarantine=tuple(
            QuarantinedRecord(str(record["file"]), int(record["row"]), str(record["reason"]))
            for record in inputs.quarantine.head(MOST_QUARANTINED).to_dict("records")
        ),
        verdict=judge(checks, findings),
        checks=checks,
        findings=findings,
        latent_map=latent_map,
        ladder_maps=() if inputs.ladder is None else maps_of(inputs.ladder, groupings),
        traversals=describe_traversals(inputs),
        reviews=review_lists(inputs, search.regions, config.confidence),
        settled_regions=seen.settled,
        missing_regions=seen.missing,
        notes=tuple(dict.fromkeys(said)),
        pictures=summarise_pictures(
            inputs, measured.regions, latent_map, seed, pairs=None if inputs.pairs is None else inputs.pairs.listed
        ),
    )


def sensitive_groupings(inputs: AuditInputs) -> tuple[list[Grouping], list[str]]:
    """Group every sensitive column that has few enough groups to show one by one; says which have not."""
    groupings, notes = [], []
    for column in inputs.schema.sensitive:
        grouping = group_column(inputs.frame[column.name], column)
        if len(grouping) <= MOST_GROUPS:
            groupings.append(grouping)
        else:
            notes.append(f"The {numbers.count(len(grouping))} groups of {column.name} are too many to show one by one.")
    return groupings, notes
