"""Rows that occur more than once, exactly or nearly: found when the pixels are at hand, kept with the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self, cast, get_args

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]

#: Pairs that are listed one by one, and those among them that are shown in pictures.
MOST_LISTED, MOST_PICTURED = 50, 24
Basis = Literal["cells", "pixels"]


@dataclass(frozen=True)
class RowPairs:
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
    chances
        Sort of altered copy, in words -> share of such copies that would have been told from ordinary neighbours.
    """

    first: Rows
    near: Rows
    distance: npt.NDArray[np.float64]
    listed: Rows
    near_found: int
    look_alikes: int
    set_aside: int
    basis: Basis
    chances: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n_rows = len(self.first)
        if self.basis not in get_args(Basis):
            raise ValueError(f"basis must be one of {get_args(Basis)}, found {self.basis!r}")
        if np.any(self.first > np.arange(n_rows)) or np.any(self.first < 0):
            raise ValueError("first must hold positions of rows that come no later")
        if self.near.shape != (len(self.distance), 2):
            raise ValueError(f"near must be [{len(self.distance)}, 2] like distance, found {self.near.shape}")
        if self.listed.ndim != 2 or self.listed.shape[1] != 2:
            raise ValueError(f"listed must be [K, 2], found {self.listed.shape}")
        for name, pairs in (("near", self.near), ("listed", self.listed)):
            if pairs.size and not 0 <= pairs.min() <= pairs.max() < n_rows:
                raise ValueError(f"{name} must hold positions in [0, {n_rows})")
        if np.any(self.first[self.near] != self.near):
            raise ValueError("near must name the first of equal rows")

    def __len__(self) -> int:
        return len(self.first)

    def shown_rows(self, most: int = MOST_PICTURED) -> Rows:
        """Return the positions, rising, each once, of the rows in the first `most` listed pairs."""
        return np.unique(self.listed[:most])

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return plain arrays, as `pairs.npz` holds them."""
        arrays = {
            entry.name: np.asarray(getattr(self, entry.name)) for entry in fields(self) if entry.name != "chances"
        }
        names, shares = list(self.chances), list(self.chances.values())
        return {**arrays, "chance_of": np.array(names, np.str_), "chance": np.array(shares, np.float64)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Rebuild the pairs from `to_arrays`."""
        values: dict[str, Any] = {name: arrays[name] for name in ("first", "near", "distance", "listed")}
        values |= {name: int(arrays[name]) for name in ("near_found", "look_alikes", "set_aside")}
        chances = zip(arrays["chance_of"].tolist(), arrays["chance"].tolist(), strict=True)
        return cls(**values, basis=cast(Basis, str(arrays["basis"])), chances=dict(chances))


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
