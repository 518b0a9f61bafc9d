"""How many rows a group lacks, and what a finding says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


#: A combination explains that its group is short only where the rest of the group is at least this part of it.
_LEAST_REST = 0.25


@dataclass(frozen=True)
class Shortfalls:
    """Groups that are short, each shortfall once.

    Attributes
    ----------
    groups, combinations
        Single groups, and combinations of groups; those whose shortfall follows from another's are left out.
    explained
        `id` of a combination -> the single groups that are short only since it is.
    """

    groups: tuple[Representation, ...]
    combinations: tuple[Representation, ...]
    explained: Mapping[int, tuple[Representation, ...]]


def told_once(cells: Sequence[Representation], min_ratio: float) -> Shortfalls:
    """Tell every shortfall once, where it lies.

    A group without its short combinations may have what it ought to have: then these are the gap. Else the group is,
    and a combination of it is told only where its ratio is surely below `min_ratio` times that of the group.

    Parameters
    ----------
    cells
        Every group and combination that was compared.
    min_ratio
        Tolerance: part of its share from which a group is not short.
    """
    under = [cell for cell in cells if cell.status == "under"]
    explained: dict[int, tuple[Representation, ...]] = {}
    told: list[Representation] = []
    for group in (cell for cell in under if len(cell.attributes) == 1):
        parts = _explaining(group, cells, min_ratio)
        for part in parts:
            explained[id(part)] = (*explained.get(id(part), ()), group)
        if not parts:
            told.append(group)
    groups = tuple(told)
    for cell in sorted((cell for cell in under if len(cell.attributes) > 1), key=lambda cell: len(cell.attributes)):
        if id(cell) in explained or not any(_follows(cell, whole, min_ratio) for whole in told):
            told.append(cell)
    return Shortfalls(groups, tuple(told[len(groups) :]), explained)


def _explaining(group: Representation, cells: Sequence[Representation], min_ratio: float) -> list[Representation]:
    """Return the short combinations without which a group is not short; none where it is short all the same."""
    own = group_of(group).items()
    pairs = [cell for cell in cells if len(cell.attributes) == 2 and own <= group_of(cell).items()]
    for attributes in dict.fromkeys(cell.attributes for cell in pairs):
        of_set = [cell for cell in pairs if cell.attributes == attributes and cell.reference_share is not None]
        rest = [cell for cell in of_set if cell.status != "under"]
        expected = sum(cell.reference_share or 0.0 for cell in rest)
        enough = expected >= _LEAST_REST * (group.reference_share or 0.0) > 0
        if enough and sum(cell.share for cell in rest) >= min_ratio * expected:
            return [cell for cell in of_set if cell.status == "under"]
    return []


def _follows(cell: Representation, whole: Representation, min_ratio: float) -> bool:
    """Whether a combination is short since what it is a part of is: it is not surely shorter, beyond tolerance."""
    if len(whole.attributes) >= len(cell.attributes) or not group_of(whole).items() <= group_of(cell).items():
        return False
    most = cell.ci.high
    return most is None or most >= min_ratio * (whole.ratio or 0.0) * (cell.reference_share or 0.0)
