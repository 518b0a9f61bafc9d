"""Regions: combinations of columns that are short of rows, against every baseline there is, in one ranking."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.coverage.against_reference import against_reference
from vaeaudit.analysis.coverage.axes import Axis, fine_axes
from vaeaudit.analysis.coverage.baselines import (
    against_independence,
    against_population,
    against_uniform,
    empty_combination_notes,
)
from vaeaudit.analysis.coverage.both_tables import coded, common_schema
from vaeaudit.analysis.coverage.descriptions import describe_conditions, describe_rows, latent_box
from vaeaudit.analysis.coverage.latent_points import nearest_rows, place_rows, searched_latents, with_latents
from vaeaudit.analysis.coverage.results import Baseline, Region
from vaeaudit.analysis.coverage.shortages import BaselineSearch, Shortage, ranked_shortages
from vaeaudit.analysis.coverage.stability import latent_axes, share_of_members, share_of_resamples
from vaeaudit.analysis.grouping.rules import apply_rule, satisfies
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.population_shares import Population
from vaeaudit.data.schema.columns import Schema
from vaeaudit.outputs.changes import told_by_changes
from vaeaudit.outputs.record import BoolArray
from vaeaudit.outputs.region_rules import Rule, region_id
from vaeaudit.wording.phrases import listed, plural


@dataclass(frozen=True)
class RegionSearch:
    """What was found and how hard was looked for it.

    Attributes
    ----------
    regions
        By rank.
    tested
        Cells tested, over all baselines.
    row_region
        [N] object; id of the highest-ranked region whose rule the row satisfies, or None.
    notes
        What was set aside or not searched.
    """

    regions: tuple[Region, ...]
    tested: int
    row_region: npt.NDArray[np.object_]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Tables:
    """The tables that regions are searched in: columns, and latents where they are searched too.

    `frame` [N] and `reference` [M] have the columns of `schema`, of which `latents` are latents; `counted` [N] are no
    outliers.
    """

    frame: pd.DataFrame
    schema: Schema
    latents: frozenset[str]
    counted: BoolArray
    reference: pd.DataFrame | None

    def names_latents(self, rule: Rule) -> bool:
        """Whether any condition of a rule is on a latent."""
        return not self.latents.isdisjoint(condition.column for condition in rule)


def find_regions(inputs: AuditInputs, config: AnalysisConfig, population: Population | None = None) -> RegionSearch:
    """Search for regions against independence, and against a reference, a population and an even spread where asked.

    Outliers are set aside first. Empty combinations of declared columns lead; then come regions against a stated
    expectation, then those that a person's columns tell, then those over latents. What does not come back on resampled
    rows comes last. A gap that a baseline ahead names already is not named again.

    Parameters
    ----------
    inputs
        The rows, their latents and outlier flags, and the reference to compare with.
    config
        What counts as short.
    population
        Shares to compare with.
    """
    tables = _tables(inputs)
    searches = _searches(inputs, tables, config, population)
    regions = _ranked(searches, inputs, tables, config)
    counted, smallest = tables.counted, config.smallest_group
    boxes = [latent_box(region.rule, tables.frame, inputs.codes, counted, smallest) for region in regions]
    nearest_to = nearest_rows(inputs, regions, seed=inputs.run.seed)
    regions = [
        replace(region, latent_box=box, nearest=nearest)
        for region, box, nearest in zip(regions, boxes, nearest_to, strict=True)
    ]
    regions = _described(regions, inputs, tables)
    return RegionSearch(
        tuple(regions),
        sum(search.tested for search in searches),
        place_rows(regions, inputs.frame, inputs.codes),
        tuple(_notes(searches, inputs, tables, config)),
    )


def regions_against_reference(
    inputs: AuditInputs, config: AnalysisConfig, population: Population | None = None
) -> list[Region]:
    """Return the regions that `find_regions` lists against the reference, by rank, as far as their rules and counts.

    In half of its time: independence is not asked about, and no region is described.
    """
    tables = _tables(inputs)
    searches = _searches(inputs, tables, config, population, independence=False)
    return [region for region in _ranked(searches, inputs, tables, config) if region.baseline == "reference"]


def _tables(inputs: AuditInputs) -> _Tables:
    frame, schema = with_latents(inputs.frame, inputs.schema, inputs.codes)
    latents = frozenset(schema.names) - frozenset(inputs.schema.names)
    other, other_frame = inputs.reference, None
    if other is not None:
        # the latents that are searched are chosen by the audited rows
        other_frame, _ = with_latents(other.frame, inputs.schema, other.codes, searched_latents(inputs.codes))
    return _Tables(frame, schema, latents, ~inputs.scores.outlier, other_frame)


def _ranked(
    searches: Sequence[BaselineSearch], inputs: AuditInputs, tables: _Tables, config: AnalysisConfig
) -> list[Region]:
    listed = ranked_shortages(searches, tables.frame, tables.schema, tables.latents, config)
    regions = [
        _region(baseline, shortage, stability, tables, config)
        for baseline, shortage, stability in _with_stability(listed, inputs, tables, config)
    ]
    return sorted(regions, key=lambda region: region.stable is False)


def _with_stability(
    listed: Sequence[tuple[Baseline, Shortage]], inputs: AuditInputs, tables: _Tables, config: AnalysisConfig
) -> Iterator[tuple[Baseline, Shortage, float | None]]:
    """Yield each shortage with the share of resamples, or of refits where it names latents, in which it came back."""
    rng = np.random.default_rng(inputs.run.seed)
    counted = tables.frame.loc[tables.counted].reset_index(drop=True)
    members: list[list[Axis]] = []
    for baseline, shortage in listed:
        stability = None
        if not tables.names_latents(shortage.rule):
            if config.bootstraps:
                stability = share_of_resamples(shortage, config.bootstraps, rng)
        elif inputs.member_means is not None and len(inputs.member_means) and baseline == "independence":
            members = members or [latent_axes(means[tables.counted]) for means in inputs.member_means]
            stability = share_of_members(shortage, counted, tables.latents, members)
        yield baseline, shortage, stability


def _described(regions: Sequence[Region], inputs: AuditInputs, tables: _Tables) -> list[Region]:
    """Say regions over latents in known columns, by the rows of the reference where that is their baseline."""
    axes: dict[bool, tuple[Axis, ...]] = {}

    def describe(region: Region) -> Region:
        if not tables.names_latents(region.rule):
            return region
        by_reference = region.baseline == "reference"
        frame = tables.reference if by_reference and tables.reference is not None else tables.frame
        if by_reference not in axes:
            schema = common_schema(inputs.schema, frame)
            axes[by_reference] = fine_axes(coded(frame, schema), schema)
        if region.baseline == "independence":
            met = [satisfies(condition, frame[condition.column]) for condition in region.rule]
            found = describe_conditions(met, axes[by_reference])
        else:
            found = describe_rows(apply_rule(region.rule, frame), axes[by_reference])
        if found is None:
            return region
        return replace(region, description=found.rule, precision=found.precision, recall=found.recall)

    return [describe(region) for region in regions]


def _notes(
    searches: Sequence[BaselineSearch], inputs: AuditInputs, tables: _Tables, config: AnalysisConfig
) -> Iterator[str]:
    set_aside = int(inputs.scores.outlier.sum())
    if set_aside:
        yield f"Regions were sought without {plural(set_aside, 'outlying row')}; their figures count all rows."
    reference = inputs.reference
    if reference is not None:
        yield from reference.notes
        if reference.lacking:
            yield f"Not compared with {reference.name}, which lacks them: {listed(reference.lacking)}."
        if len(reference.frame) < config.smallest_group:
            yield (
                f"{reference.name} has {plural(len(reference.frame), 'row')}: too few to tell any but the grossest gap."
            )
    for search in searches:
        yield from search.notes
    yield from empty_combination_notes(inputs.frame.loc[tables.counted], inputs.schema, config, inputs.rules)


def _searches(
    inputs: AuditInputs,
    tables: _Tables,
    config: AnalysisConfig,
    population: Population | None,
    *,
    independence: bool = True,
) -> list[BaselineSearch]:
    reference = inputs.reference
    asked = [reference is not None, population is not None, config.uniform]
    baselines = 1 + sum(asked)
    counted = tables.counted if not tables.counted.all() else None
    searches = []
    if reference is not None and tables.reference is not None:
        shared = Schema(tuple(column for column in tables.schema if column.name not in reference.lacking))
        searches.append(
            against_reference(
                tables.frame,
                tables.reference,
                shared,
                config,
                counted=(tables.counted, ~reference.outlier),
                latents=tables.latents,
                baselines=baselines,
            )
        )
    if population is not None:
        searches.append(against_population(tables.frame, population, config, counted=counted, baselines=baselines))
    if independence:
        of_pictures = inputs.codes.image_statistics is not None
        searches.append(
            against_independence(
                tables.frame,
                tables.schema if of_pictures else inputs.schema,
                config,
                counted=counted,
                rules=inputs.rules,
                told=told_by_changes(inputs.changes),
                latents=tables.latents if of_pictures else frozenset(),
                baselines=baselines,
            )
        )
    if config.uniform:
        searches.append(
            against_uniform(
                tables.frame, inputs.schema, config, counted=counted, rules=inputs.rules, baselines=baselines
            )
        )
    return searches


def _region(
    baseline: Baseline, shortage: Shortage, stability: float | None, tables: _Tables, config: AnalysisConfig
) -> Region:
    inside = apply_rule(shortage.rule, tables.frame)
    return Region(
        id=region_id(baseline, shortage.rule),
        baseline=baseline,
        rule=shortage.rule,
        latent_box=(),
        observed=shortage.observed,
        set_aside=int(np.count_nonzero(inside & ~tables.counted)),
        expected=shortage.expected,
        ratio=shortage.observed / shortage.expected,
        ci=shortage.ci,
        p_adjusted=shortage.p_adjusted,
        rows_to_collect=shortage.rows_to_collect[1],
        rows_to_collect_range=shortage.rows_to_collect,
        stability=stability,
        stable=None if stability is None else stability >= config.min_stability,
        gap_share=shortage.gap_share,
    )
