"""Combinations of groups that hold no row at all although each of their groups has enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from vaeaudit.analysis.representation.representation import Representation
from vaeaudit.statistics.measures import NonNegative, Share
from vaeaudit.statistics.multiplicity import holm


@dataclass(frozen=True)
class EmptyCombination:
    """An empty cell, the rows that independent attributes lead one to expect in it, and how surely it is no chance."""

    cell: Representation
    expected: NonNegative
    p_adjusted: Share


def empty_combinations(cells: Sequence[Representation], fdr: float) -> list[EmptyCombination]:
    """Return the empty combinations that chance does not explain, those that lack the most rows first.

    With E rows expected, an empty cell has p = exp(-E), adjusted by Holm over all empty cells. Only sets without a
    population are looked at: shares that were given judge the others.

    Parameters
    ----------
    cells
        Every group and every combination.
    fdr
        Below which an adjusted p-value tells.
    """
    alone = {(cell.attributes[0], cell.group[0]): cell for cell in cells if len(cell.attributes) == 1}
    empty = [
        cell
        for cell in cells
        if len(cell.attributes) > 1 and cell.n == 0 and cell.baseline == "balance" and _parts(cell) <= alone.keys()
    ]
    expected = np.array([_expected_if_independent([alone[part] for part in sorted(_parts(cell))]) for cell in empty])
    adjusted = holm(np.exp(-expected))
    return [
        EmptyCombination(empty[place], float(expected[place]), float(adjusted[place]))
        for place in np.argsort(-expected, kind="stable")
        if adjusted[place] < fdr
    ]


def _parts(cell: Representation) -> set[tuple[str, str]]:
    return set(zip(cell.attributes, cell.group, strict=True))


def _expected_if_independent(groups: Sequence[Representation]) -> float:
    """Rows that the sizes of single groups lead one to expect in their intersection."""
    total = max((group.n / group.share for group in groups if group.share > 0), default=0.0)
    return total * prod(group.share for group in groups)
