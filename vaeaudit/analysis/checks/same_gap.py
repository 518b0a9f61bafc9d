"""Regions that are the same gap as a group that is told already: one gap is told once, with one set of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vaeaudit.analysis.checks.base import Seen
from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.grouping.rules import ConditionRows, same_conditions
from vaeaudit.analysis.representation.empty_combinations import empty_combinations
from vaeaudit.analysis.representation.representation import Representation


def regions_of_groups(cells: Sequence[Representation], seen: Seen) -> Mapping[int, Sequence[Region]]:
    """Return, by `id` of the cell, the regions whose rule says much the same as the group.

    Parameters
    ----------
    cells
        Groups that are told as findings.
    seen
        Its regions, and the rows by which two rules are compared.
    """
    frame = seen.inputs.frame
    ruled = [region for region in seen.measured.regions if all(part.column in frame for part in region.rule)]
    columns = {region.id: {part.column for part in region.rule} for region in ruled}
    found: dict[int, Sequence[Region]] = {}
    for cell in cells:
        alike = [
            region
            for region in ruled
            if columns[region.id] == set(cell.attributes) and same_conditions(cell.rule, region.rule, seen.rows_of)
        ]
        if alike:
            found[id(cell)] = alike
    return found


def told_by_groups(seen: Seen) -> frozenset[str]:
    """Return the ids of the regions that the checks of groups tell already.

    Parameters
    ----------
    seen
        What was measured.
    """
    cells = seen.measured.representation
    short = [cell for cell in cells if cell.status == "under"]
    empty = [entry.cell for entry in empty_combinations(cells, seen.config.fdr)]
    alike = regions_of_groups([*short, *empty], seen)
    told = {region.id for regions in alike.values() for region in regions}
    for region in seen.measured.regions:
        if region.baseline == "population" and any(_explains(cell, region, seen.rows_of) for cell in short):
            told.add(region.id)
    return frozenset(told)


def _explains(group: Representation, region: Region, rows_of: ConditionRows) -> bool:
    """Whether a region is no more than a group that is short: a part of it that is no shorter, or several together.

    A part that is shorter than its group for sure is a gap of its own.
    """
    by_column = {condition.column: condition for condition in region.rule}
    if not group.rule or not {condition.column for condition in group.rule} <= by_column.keys():
        return False
    pairs = [(by_column[condition.column], condition) for condition in group.rule]
    if all(rows_of.lies_in(part, whole) for part, whole in pairs):
        return region.ci.high is None or group.ratio is None or region.ci.high >= group.ratio
    return len(pairs) == len(by_column) and all(rows_of.lies_in(part, whole) for whole, part in pairs)
