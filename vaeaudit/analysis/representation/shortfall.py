"""How many rows a group lacks, and what a finding says of it."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from vaeaudit.analysis.conclusions import facts, subject
from vaeaudit.analysis.representation.representation import Representation
from vaeaudit.statistics.intervals import normal_quantile
from vaeaudit.wording import phrases


def rows_to_collect(cell: Representation, ratio: float) -> int:
    """Return how many rows of this group, added to the rest, bring its share to `ratio` times the reference share.

    Solves (n + k) / (N + k) = ratio * reference for k, where N = n / share are all rows that were compared.
    """
    target = ratio * (cell.reference_share or 0.0)
    total = cell.n / cell.share if cell.share > 0 else _total_of_empty(cell)
    if target >= 1 or cell.n >= target * total:
        return 0
    return ceil((target * total - cell.n) / (1 - target))


def _total_of_empty(cell: Representation) -> float:
    """Rows compared, from Wilson's upper bound of an empty cell, z^2 / (N + z^2)."""
    z_squared = normal_quantile(cell.ci.level) ** 2
    high = cell.ci.high or 1.0
    return max(0.0, z_squared / high - z_squared)


def name_of(cell: Representation) -> str:
    """Name a group by its columns."""
    return phrases.group(cell.attributes, cell.group)


def subject_of(cells: Sequence[Representation]) -> str:
    """Name groups by their attributes, those of several attribute sets together."""
    sets = {cell.attributes for cell in cells}
    return subject(*next(iter(sets))) if len(sets) == 1 else "combinations"


def group_of(cell: Representation) -> dict[str, str]:
    """Return the group as column -> level."""
    return dict(zip(cell.attributes, cell.group, strict=True))


def cell_facts(cell: Representation) -> dict[str, object]:
    """Return the evidence that stands for a group."""
    return {"group": group_of(cell), **facts(cell, "n", "share", "ci", "reference_share", "ratio", "p_adjusted")}
