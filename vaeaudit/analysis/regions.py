"""Regions: combinations of columns with fewer rows than independence, or a population, leads one to expect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.latent_columns import uncrossed, with_latents
from vaeaudit.analysis.region_axes import Axis, search_axes
from vaeaudit.analysis.region_blocks import (
    TRIPLE_COLUMNS,
    defining_pairs,
    pair_blocks,
    pair_tables,
    population_blocks,
    triple_blocks,
)
from vaeaudit.analysis.region_search import Shortfall, find_shortfalls, prune
from vaeaudit.analysis.results.measures import Interval
from vaeaudit.analysis.results.regions import Condition, LatentRange, Region
from vaeaudit.analysis.rules import apply_rule, satisfies
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.population import Population
from vaeaudit.data.schema import Schema
from vaeaudit.latents import LatentCodes

Mask = npt.NDArray[np.bool_]

#: Regions over latents alone that are listed: that latents depend on one another is what clusters look like, and more
#: of them would only say so again.
MOST_OF_LATENTS = 6
#: The part of a region's rows that its box in the latents encloses, on each latent.
BOX_PERCENTILES = (5.0, 95.0)


@dataclass(frozen=True)
class RegionSearch:
    """What was found and how hard was looked for it.

    Attributes
    ----------
    regions
        Ranked by `region_search.strength`, the most nearly empty first; of pictures, those over known columns before
        those over latents.
    tested
        Cells tested.
    row_region
        [N] object; id of the highest-ranked region whose rule the row satisfies, or None.
    notes
        What was set aside or not searched.
    """

    regions: tuple[Region, ...]
    tested: int
    row_region: npt.NDArray[np.object_]
    notes: tuple[str, ...]


def find_regions(  # noqa: PLR0917 - what is searched, what is set aside, and what it is judged by
    frame: pd.DataFrame,
    schema: Schema,
    codes: LatentCodes,
    outlier: Mask,
    config: AnalysisConfig,
    population: Population | None = None,
) -> RegionSearch:
    """Search pairs and triples of columns, and the cells of a population, for cells that are short of rows.

    Parameters
    ----------
    frame, schema
        [N, C] typed frame and its schema; all columns are crossed but excluded ones, ids and text.
    codes
        Say where in the latents a region lies; of pictures, the latents themselves are searched as columns too.
    outlier
        [N]; rows that are set aside before anything is counted.
    config
        Gives `fdr`, `min_ratio`, `confidence`, `smallest_group` and `max_regions`.
    population
        Shares that its own columns are compared with, beside the search against independence.
    """
    latents: frozenset[str] = frozenset()
    if codes.image_statistics is not None:
        known = frozenset(schema.names)
        frame, schema = with_latents(frame, schema, codes)
        latents = frozenset(schema.names) - known
    counted = frame.loc[~outlier].reset_index(drop=True)
    found, tested, notes = _against_independence(counted, schema, config, latents)
    if population is not None:
        short, cells = _against_population(counted, population, config)
        found, tested = [*short, *found], tested + cells
        notes.extend(population.outside(frame))
    if outlier.any():
        notes.insert(0, f"{int(outlier.sum()):,} outlying rows were set aside before regions were counted.")
    # What a person knows comes before what only the model knows.
    found.sort(key=lambda entry: (_latent_conditions(entry.region, latents), -entry.strength))
    regions: list[Region] = []
    row_region = np.full(len(frame), None, dtype=object)
    for entry in found:
        inside = apply_rule(entry.region.rule, frame)
        filled = inside.sum() >= config.min_ratio * entry.region.expected
        if filled or len(regions) == config.max_regions:
            continue  # a cell that is short only because its rows were set aside is no gap
        box = _latent_box(entry.region.rule, frame, codes, ~outlier, config)
        region = replace(entry.region, id=f"R{len(regions) + 1}", latent_box=box)
        regions.append(region)
        row_region[inside & pd.isna(row_region)] = region.id
    return RegionSearch(tuple(regions), tested, row_region, tuple(notes))


def _latent_conditions(region: Region, latents: frozenset[str]) -> int:
    return sum(condition.column in latents for condition in region.rule)


@dataclass(frozen=True)
class _Candidate:
    region: Region
    strength: float


def _against_independence(
    frame: pd.DataFrame, schema: Schema, config: AnalysisConfig, latents: frozenset[str]
) -> tuple[list[_Candidate], int, list[str]]:
    axes, notes = search_axes(frame, schema)
    tables = pair_tables(axes)
    determined = defining_pairs(tables)
    skipped = determined | uncrossed(schema, tuple(axis.column for axis in axes), latents)
    blocks = [*pair_blocks(axes, tables, skipped), *triple_blocks(axes, skipped)]
    found, tested = find_shortfalls(blocks, axes, config)
    unknown = [latents.issuperset(axes[axis].column for axis in entry.axes) for entry in found]
    kept = prune(_where(found, unknown, False), axes, tables, config.max_regions)
    kept += prune(_where(found, unknown, True), axes, tables, MOST_OF_LATENTS)
    named = [f"{axes[i].column} and {axes[j].column}" for i, j in sorted(determined)]
    said = list(notes)
    if len(axes) > TRIPLE_COLUMNS:
        said.append(f"Three columns at a time were searched among {TRIPLE_COLUMNS} of {len(axes)} columns.")
    if sum(unknown) > MOST_OF_LATENTS:
        said.append(f"Of the combinations of latents alone, the {MOST_OF_LATENTS} most nearly empty ones are listed.")
    if named:
        said.append(
            f"Not searched for regions, because one column nearly determines the other: {'; '.join(named[:10])}"
            f"{f' and {len(named) - 10} more pairs' if len(named) > 10 else ''}."
        )
    return [_candidate(entry, axes, frame, "independence", config) for entry in kept], tested, said


def _where(found: Sequence[Shortfall], of_latents: Sequence[bool], wanted: bool) -> list[Shortfall]:
    return [entry for entry, only_latents in zip(found, of_latents, strict=True) if only_latents is wanted]


def _against_population(
    frame: pd.DataFrame, population: Population, config: AnalysisConfig
) -> tuple[list[_Candidate], int]:
    axes, blocks = population_blocks(frame, population)
    found, tested = find_shortfalls(blocks, axes, config)
    kept = prune(found, axes, pair_tables(axes), config.max_regions)
    return [_candidate(entry, axes, frame, "population", config) for entry in kept], tested


def _candidate(
    entry: Shortfall, axes: Sequence[Axis], frame: pd.DataFrame, baseline: str, config: AnalysisConfig
) -> _Candidate:
    conditions = (axes[axis].condition(groups) for axis, groups in zip(entry.axes, entry.groups, strict=True))
    rule = tuple(condition for condition in conditions if not satisfies(condition, frame[condition.column]).all())
    region = Region(
        id="",
        baseline=baseline,
        rule=rule,
        latent_box=(),
        observed=entry.observed,
        expected=entry.expected,
        ratio=entry.observed / entry.expected,
        ci=Interval(entry.low, entry.high, entry.level),
        p_adjusted=entry.p_adjusted,
        rows_to_collect=entry.rows_to_collect,
        stability=None,
    )
    return _Candidate(region, entry.strength)


def _latent_box(
    rule: tuple[Condition, ...], frame: pd.DataFrame, codes: LatentCodes, counted: Mask, config: AnalysisConfig
) -> tuple[LatentRange, ...]:
    """Range of the posterior means of the rows in a region, on each active latent.

    Where the region has too few rows to say, the rows that satisfy all conditions but one stand in for it.
    """
    active = np.flatnonzero(codes.active)
    satisfied = np.array([satisfies(condition, frame[condition.column]) for condition in rule]).sum(axis=0)
    rows = counted & (satisfied == len(rule))
    if rows.sum() < config.smallest_group:
        rows = counted & (satisfied >= len(rule) - 1)
    if rows.sum() < config.smallest_group or active.size == 0:
        return ()
    low, high = np.percentile(codes.mean[rows][:, active], BOX_PERCENTILES, axis=0)
    return tuple(
        LatentRange(int(latent), float(start), float(end)) for latent, start, end in zip(active, low, high, strict=True)
    )
