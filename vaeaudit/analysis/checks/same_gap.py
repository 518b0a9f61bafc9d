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
from vaeaudit.outputs.region_rules import Condition, Rule


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
        if region.baseline == "population" and any(masks.nested(cell.rule, region.rule) for cell in short):
            told.add(region.id)
    return frozenset(told)


class _Masks:
    """Rows that satisfy single conditions, each found once."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame
        self._known: dict[str, BoolArray] = {}

    def nested(self, group: Rule, region: Rule) -> bool:
        """Whether a group that is short takes part in a region: on each of its columns one holds the other.

        A region may be a group that is short, cut smaller, or several that are short, taken together.
        """
        by_column = {condition.column: condition for condition in region}
        return all(
            condition.column in by_column and self._one_holds_the_other(condition, by_column[condition.column])
            for condition in group
        )

    def _one_holds_the_other(self, one: Condition, other: Condition) -> bool:
        first, second = self._rows(one), self._rows(other)
        return bool(np.sum(first & second) == min(first.sum(), second.sum()))

    def _rows(self, condition: Condition) -> BoolArray:
        key = repr(condition)
        if key not in self._known:
            self._known[key] = satisfies(condition, self._frame[condition.column])
        return self._known[key]
