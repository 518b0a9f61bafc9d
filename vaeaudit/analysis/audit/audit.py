"""The whole analysis: from what the model knows about the rows to everything that the report shows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from vaeaudit.analysis.audit.asking import ask_all
from vaeaudit.analysis.audit.columns import describe_columns
from vaeaudit.analysis.audit.policy import judge
from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.audit.row_views import cleaning_of, views_of
from vaeaudit.analysis.checks.base import Seen
from vaeaudit.analysis.checks.measurements import Measurements
from vaeaudit.analysis.coverage.comparison import compare_with_reference
from vaeaudit.analysis.coverage.descriptions import with_decoded
from vaeaudit.analysis.coverage.regions import RegionSearch, find_regions
from vaeaudit.analysis.duplicates.clusters import Clusters, find_clusters
from vaeaudit.analysis.duplicates.duplicates import summarise_duplicates
from vaeaudit.analysis.duplicates.splits import compare_splits
from vaeaudit.analysis.fairness.crossed import crossed_groups
from vaeaudit.analysis.fairness.disparities import assess_disparities
from vaeaudit.analysis.fairness.group_accuracy import compare_accuracy
from vaeaudit.analysis.fairness.predictions import assess_predictions
from vaeaudit.analysis.fairness.proxies import ProxySearch, find_proxies
from vaeaudit.analysis.grouping.groups import Grouping, group_column
from vaeaudit.analysis.grouping.together import rows_together
from vaeaudit.analysis.images.image_summary import summarise_pictures
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.labels.summary import LabelSummary, summarise_label
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


@dataclass(frozen=True)
class Found:
    """What an analysis spends most of its time on: who needs it twice, as `fit` and then `report` do, has it once.

    Attributes
    ----------
    search, clusters, proxies, labels
        What `find_regions`, `find_clusters`, `find_proxies` and `summarise_label` give for the same rows and settings.
    """

    search: RegionSearch
    clusters: Clusters
    proxies: ProxySearch
    labels: LabelSummary | None


def find(
    inputs: AuditInputs,
    config: AnalysisConfig,
    population: Population | None = None,
    seed: int = 0,
    *,
    search: RegionSearch | None = None,
) -> Found:
    """Search and measure, before anything is judged.

    Parameters
    ----------
    inputs, config, population, seed
        As for `audit`.
    search
        Of regions, where it was made; None to search.
    """
    together = rows_together(inputs)
    return Found(
        search=find_regions(inputs, config, population) if search is None else search,
        clusters=find_clusters(inputs),
        proxies=find_proxies(inputs, config, seed, together),
        labels=summarise_label(inputs, config.confidence, seed, together, sensitive_groupings(inputs)[0]),
    )


def audit(
    inputs: AuditInputs,
    config: AnalysisConfig,
    population: Population | None = None,
    seed: int = 0,
    *,
    found: Found | None = None,
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
    found
        What `find` gave for the same arguments, where the caller needs it too; None to find it.

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
    table = assess_representation(inputs.frame, inputs.schema, config, population, inputs.rules, weight=inputs.weight)
    together = rows_together(inputs)
    found = find(inputs, config, population, seed) if found is None else found
    search, proxies, labels = found.search, found.proxies, found.labels
    disparities = assess_disparities(inputs, config)
    outliers = summarise_outliers(inputs, groupings, config)
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
        graded_disparities=disparities.graded,
        proxies=proxies.proxies,
        duplicates=summarise_duplicates(inputs, confidence=config.confidence, clusters=found.clusters),
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
        predictions=assess_predictions(inputs, [*crossed_groups(inputs, [])], config, seed, together),
        group_views=views_of(inputs, groupings, found.clusters, config, together),
        cleaning=cleaning_of(inputs, groupings, found.clusters, config),
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
