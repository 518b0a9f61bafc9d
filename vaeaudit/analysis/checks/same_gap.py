"""Regions that are the same gap as a group that is told already: one gap is told once, with one set of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from vaeaudit.analysis.checks.base import Seen
from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.grouping.rules import same_conditions, satisfies
from vaeaudit.analysis.representation.empty_combinations import empty_combinations
from vaeaudit.analysis.representation.representation import Representation
from vaeaudit.outputs.record import BoolArray
from vaeaudit.outputs.region_rules import Condition


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
            if columns[region.id] == set(cell.attributes) and same_conditions(cell.rule, region.rule, frame)
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
    masks = _Masks(seen.inputs.frame)
    for region in seen.measured.regions:
        if region.baseline == "population" and any(masks.explains(cell, region) for cell in short):
            told.add(region.id)
    return frozenset(told)


class _Masks:
    """Rows that satisfy single conditions, each found once."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame
        self._known: dict[str, BoolArray] = {}

    def explains(self, group: Representation, region: Region) -> bool:
        """Whether a region is no more than a group that is short: a part of it that is no shorter, or several together.

        A part that is shorter than its group for sure is a gap of its own.
        """
        by_column = {condition.column: condition for condition in region.rule}
        if not group.rule or not {condition.column for condition in group.rule} <= by_column.keys():
            return False
        pairs = [(by_column[condition.column], condition) for condition in group.rule]
        if all(self._lies_in(part, whole) for part, whole in pairs):
            return region.ci.high is None or group.ratio is None or region.ci.high >= group.ratio
        return len(pairs) == len(by_column) and all(self._lies_in(part, whole) for whole, part in pairs)

    def _lies_in(self, part: Condition, whole: Condition) -> bool:
        rows = self._rows(part)
        return part == whole or bool(rows.any() and not np.any(rows & ~self._rows(whole)))

    def _rows(self, condition: Condition) -> BoolArray:
        key = repr(condition)
        if key not in self._known:
            self._known[key] = satisfies(condition, self._frame[condition.column])
        return self._known[key]
