"""Gaps: groups and regions with fewer rows than they ought to have, as masks of rows and a share to reach."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.grouping.groups import OUTSIDE
from vaeaudit.analysis.grouping.rules import apply_rule, satisfies
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.rebalancing.results import GapSummary
from vaeaudit.analysis.representation.representation import Representation, group_sensitive
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.population_shares import Population
from vaeaudit.outputs.record import BoolArray
from vaeaudit.outputs.region_rules import Rule, region_id, region_key
from vaeaudit.statistics.measures import Interval
from vaeaudit.wording import phrases
from vaeaudit.wording.rules import describe

#: Baselines whose expected share stays where it is when rows are added or weighted; that of independence moves.
FIXED_BASELINES = ("reference", "population", "uniform")


@dataclass(frozen=True)
class Gap:
    """One gap of N rows.

    Attributes
    ----------
    summary
        What is told of it.
    members, universe
        [N]; its rows, and the rows that its share is taken of.
    """

    summary: GapSummary
    members: BoolArray
    universe: BoolArray

    @property
    def is_fault(self) -> bool:
        """Whether something ought to be done about it."""
        return self.summary.question is None


@dataclass(frozen=True)
class Group:
    """A cell of one or two sensitive attributes: its rule, its rows [N], and the share it ought to have, if known."""

    cell: Representation
    rule: Rule
    members: BoolArray
    universe: BoolArray

    @property
    def name(self) -> str:
        """In words."""
        return phrases.group(self.cell.attributes, self.cell.group)


@dataclass(frozen=True)
class Asked:
    """What weights and a plan start from: the rows, their gaps and groups, and what they are judged by."""

    inputs: AuditInputs
    gaps: Sequence[Gap]
    groups: Sequence[Group]
    config: AnalysisConfig
    population: Population | None
    seed: int


def find_groups(
    inputs: AuditInputs, cells: Sequence[Representation], population: Population | None
) -> tuple[Group, ...]:
    """Find the rows of every cell that representation was counted in.

    Cells of values that a population does not divide (missing ones, unknown levels) are left out: nothing says how
    many there ought to be, and they have no rule.
    """
    conditions = {}
    for name in dict.fromkeys(name for cell in cells for name in cell.attributes):
        grouping = group_sensitive(inputs.frame, inputs.schema[name], population)
        conditions[name] = dict(zip(grouping.labels, grouping.conditions, strict=True))
    masks = {
        (name, label): satisfies(condition, inputs.frame[name])
        for name, groups in conditions.items()
        for label, condition in groups.items()
    }
    everybody = np.ones(len(inputs.frame), dtype=bool)
    inside = everybody if population is None else population.cell_codes(inputs.frame) != OUTSIDE
    found = []
    for cell in cells:
        parts = list(zip(cell.attributes, cell.group, strict=True))
        if not all(part in masks for part in parts):
            continue
        universe = inside if cell.baseline == "population" else everybody
        members = np.logical_and.reduce([universe, *(masks[part] for part in parts)])
        rule = tuple(conditions[name][label] for name, label in parts)
        found.append(Group(cell, rule, members, universe))
    return tuple(found)


def find_gaps(
    inputs: AuditInputs,
    groups: Sequence[Group],
    regions: Sequence[Region],
    config: AnalysisConfig,
    population: Population | None,
    *,
    close: Collection[str] = (),
) -> tuple[Gap, ...]:
    """Gather the groups and regions that are short, groups first; what is both is told as the region, as in the report.

    Parameters
    ----------
    inputs
        The rows.
    groups
        What `find_groups` gave; those of status `under` are gaps.
    regions
        Of the search over the same rows. One that is short against independence, or that resamples did not confirm,
        is a question, not a fault.
    config
        Gives `min_ratio`.
    population
        Its cells are the universe of the regions that are short against it.
    close
        Ids of regions that somebody who knows the world calls faults; what is expected of them now is their target.
    """
    short = [group for group in groups if group.cell.status == "under"]
    gaps = [_gap_of_group(group, config) for group in short]
    both = {region_key(gap.summary) for gap in gaps} & {region_key(region) for region in regions}
    gaps = [gap for gap in gaps if region_key(gap.summary) not in both]
    counted = ~inputs.scores.outlier
    inside = counted if population is None else counted & (population.cell_codes(inputs.frame) != OUTSIDE)
    for region in regions:
        universe = inside if region.baseline == "population" else counted
        if universe.any():
            question = None if region.id in close or region_key(region) in both else _question(region)
            gaps.append(_gap_of_region(region, inputs, universe, config, question))
    return tuple(gaps)


def rows_to_floor(n: float, total: float, floor: float) -> int:
    """Fewest rows that, added to n of `total`, raise their share to `floor`, below 1; each also raises the total.

    Examples
    --------
    >>> rows_to_floor(10, 100, 0.2), rows_to_floor(30, 100, 0.2)
    (13, 0)
    """
    return max(0, ceil((floor * total - n) / (1 - floor) - 1e-9))


def _gap_of_group(group: Group, config: AnalysisConfig) -> Gap:
    cell = group.cell
    target = cell.reference_share or 0.0
    n, total = int(group.members.sum()), int(group.universe.sum())
    tolerance = config.min_ratio * target
    low, high = (0.0 if bound is None else bound for bound in (cell.ci.low, cell.ci.high))
    return Gap(
        GapSummary(
            id=f"G{region_id('population', group.rule)[1:]}",
            name=group.name,
            kind="group",
            baseline="population",  # without one no group is short,
            rule=group.rule,
            n=n,
            total=total,
            share=n / max(total, 1),
            ci=cell.ci,
            target=target,
            tolerance=tolerance,
            rows_to_collect=rows_to_floor(n, total, tolerance),
            rows_to_collect_range=(
                rows_to_floor(high * total, total, tolerance),
                rows_to_floor(low * total, total, tolerance),
            ),
            question=None,
        ),
        group.members,
        group.universe,
    )


def _gap_of_region(
    region: Region, inputs: AuditInputs, universe: BoolArray, config: AnalysisConfig, question: str | None
) -> Gap:
    members = universe & apply_rule(region.rule, inputs.frame)
    total = int(universe.sum())
    target = min(region.expected / total, 1.0)
    low, high = region.ci.low or 0.0, region.ci.high
    return Gap(
        GapSummary(
            id=region.id,
            name=describe(region.rule),
            kind="region",
            baseline=region.baseline,
            rule=region.rule,
            n=int(members.sum()),
            total=total,
            share=float(members.sum() / total),
            ci=Interval(min(low * target, 1.0), None if high is None else min(high * target, 1.0), region.ci.level),
            target=target,
            tolerance=config.min_ratio * target,
            rows_to_collect=region.rows_to_collect,
            rows_to_collect_range=region.rows_to_collect_range,
            question=question,
        ),
        members,
        universe,
    )


def _question(region: Region) -> str | None:
    if region.baseline not in FIXED_BASELINES:
        return "short only if its columns ought to be independent"
    if region.stable is False:
        return "did not come back in enough resamples"
    return None
