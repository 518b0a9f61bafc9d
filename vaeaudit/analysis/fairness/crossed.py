"""The groups between which people are compared: each sensitive column alone, and what meets in two or three of them."""

from __future__ import annotations

from collections.abc import Iterator

from vaeaudit.analysis.grouping.groups import Grouping, GroupProduct, group_column, product, product_size
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.representation.representation import attribute_sets
from vaeaudit.wording import numbers

#: A sensitive column of more groups is not compared: every group would be too small to judge, or the list too long.
MAX_GROUPS = 200
#: Combinations of attributes that are compared, of one set and of all together.
MAX_CELLS_PER_SET, MAX_CELLS = 500, 2_000


def crossed_groups(inputs: AuditInputs, notes: list[str]) -> Iterator[GroupProduct]:
    """Yield each attribute alone, then crossed, but for columns that a rule of the table ties together.

    Parameters
    ----------
    inputs
        The rows.
    notes
        Hear what is too much to compare.
    """
    groupings: list[Grouping] = []
    for column in inputs.schema.sensitive:
        grouping = group_column(inputs.frame[column.name], column)
        if len(grouping) <= MAX_GROUPS:
            groupings.append(grouping)
        else:
            notes.append(f"The {numbers.count(len(grouping))} groups of {column.name} are too many to compare.")
    listed = 0
    for chosen in attribute_sets(groupings):
        names, size = [grouping.column for grouping in chosen], product_size(chosen)
        if inputs.rules.any_tied(names):
            continue
        if len(chosen) > 1 and (size > MAX_CELLS_PER_SET or listed + size > MAX_CELLS):
            notes.append(f"The {numbers.count(size)} combinations of {' x '.join(names)} are too many to compare.")
            continue
        listed += size if len(chosen) > 1 else 0
        yield product(chosen)
