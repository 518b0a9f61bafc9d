"""Rows that occur more than once, exactly or nearly: found when the pixels are at hand, kept with the run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt

from vaeaudit.outputs.record import Array, FloatArray, Record

Rows = npt.NDArray[np.int64]

#: Pairs that are listed one by one, and those among them that are shown in pictures.
MOST_LISTED, MOST_PICTURED = 50, 24
Basis = Literal["cells", "pixels"]


@dataclass(frozen=True)
class RowPairs(Record):
    """Exact and near duplicates among N rows.

    Attributes
    ----------
    first
        [N]; position of the first row that is equal to this one: its own where there is none before it.
    near
        [P, 2]; positions of pairs that are nearly equal, the smaller position first. A row stands for all rows that
        are equal to it, so that `first[near] == near`.
    distance
        [P]; how far apart they are. Pixels: root-mean-square difference, brightness and contrast set aside, 0 to 2.
        Cells: likewise over all columns, 1 for a cell that differs, numbers in standard deviations and at most 1.
    listed
        [K, 2]; the pairs to be shown one by one: pairs across splits first, exact before near, nearest first.
    near_found
        Near pairs found; more than P where there are too many to keep.
    look_alikes
        Rows as near to another as a copy would be that are not listed, since ordinary neighbours are as near here.
    set_aside
        Rows too plain to be compared: pictures of nearly one colour.
    basis
        What the rows were compared by: `cells` or `pixels`.
    chance_of, chance
        [Q]; sorts of altered copies, in words, and the share of such copies that would have been told from ordinary
        neighbours.
    """

    first: Annotated[Rows, Array("N", "whole numbers", least=0)]
    near: Annotated[Rows, Array("P 2", "whole numbers", least=0)]
    distance: Annotated[FloatArray, Array("P", least=0)]
    listed: Annotated[Rows, Array("K 2", "whole numbers", least=0)]
    near_found: Annotated[int, Array("", "whole numbers", least=0)]
    look_alikes: Annotated[int, Array("", "whole numbers", least=0)]
    set_aside: Annotated[int, Array("", "whole numbers", least=0)]
    basis: Annotated[Basis, Array("", "text")]
    chance_of: Annotated[tuple[str, ...], Array("Q", "text")] = ()
    chance: Annotated[FloatArray, Array("Q", least=0, most=1)] = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        super().__post_init__()
        n_rows = len(self.first)
        if np.any(self.first > np.arange(n_rows)):
            raise ValueError("first must hold positions of rows that come no later")
        for name, pairs in (("near", self.near), ("listed", self.listed)):
            if pairs.size and pairs.max() >= n_rows:
                raise ValueError(f"{name} must hold positions in [0, {n_rows})")
        if np.any(self.first[self.near] != self.near):
            raise ValueError("near must name the first of equal rows")

    def __len__(self) -> int:
        return len(self.first)

    def shown_rows(self, most: int = MOST_PICTURED) -> Rows:
        """Return the positions, rising, each once, of the rows in the first `most` listed pairs."""
        return np.unique(self.listed[:most])

    @property
    def chances(self) -> dict[str, float]:
        """Sort of altered copy, in words -> share of such copies that would have been told from ordinary neighbours."""
        return dict(zip(self.chance_of, self.chance.tolist(), strict=True))


def choose_listed(first: Rows, near: Rows, splits: npt.NDArray[np.integer], most: int = MOST_LISTED) -> Rows:
    """Choose the pairs [K, 2] to be listed: pairs across splits first, exact before near, in the order of `near`.

    Parameters
    ----------
    first, near
        As in `RowPairs`.
    splits
        [N]; code of the split of each row, below 0 where it has none.
    most
        How many to choose; near pairs get at least half of the places that they can fill.
    """
    later = np.flatnonzero(first != np.arange(len(first)))
    exact = np.stack([first[later], later], axis=1).astype(np.int64)
    chosen = [_across_first(exact, splits), _across_first(near, splits)]
    n_near = min(len(near), max(most // 2, most - len(exact)))
    pairs = np.concatenate([chosen[0][: most - n_near], chosen[1][:n_near]])
    return np.asarray(_across_first(pairs, splits), np.int64).reshape(-1, 2)


def _across_first(pairs: Rows, splits: npt.NDArray[np.integer]) -> Rows:
    left, right = splits[pairs].T if len(pairs) else (np.zeros(0, np.int64), np.zeros(0, np.int64))
    within = ~((left >= 0) & (right >= 0) & (left != right))
    return pairs[np.argsort(within, kind="stable")]
