"""Rows that occur more than once, and those of them that lie in two splits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Ge

from vaeaudit.outputs.row_pairs import Basis
from vaeaudit.statistics.measures import Count, Interval, NonNegative, Share


@dataclass(frozen=True)
class DuplicatePair:
    """Two rows that are equal (`exact`), or nearly so at a `distance` (see `vaeaudit.outputs.row_pairs`).

    `splits` are those of the two rows, None where a row has none; `differs` names the columns whose cells differ.
    """

    rows: tuple[str, str]
    positions: tuple[Count, Count]
    exact: bool
    distance: NonNegative
    splits: tuple[str | None, str | None]
    differs: tuple[str, ...]


@dataclass(frozen=True)
class Leak:
    """How many of the `n` rows of a split have an exact, or else a near copy in another, larger split.

    `share` counts both, with interval `ci`; `other_rows` are the rows of the larger split that are copied.
    """

    split: str
    other: str
    n: Annotated[int, Ge(1)]
    exact: Count
    near: Count
    share: Share
    ci: Interval
    other_rows: Count


@dataclass(frozen=True)
class EqualRows:
    """A group of equal rows: the id of the first, and how many they are."""

    row_id: str
    rows: Count


@dataclass(frozen=True)
class Duplicates:
    """Rows that occur more than once, exactly (over all columns but id and split, or pixel for pixel) or nearly.

    Attributes
    ----------
    rows_in_groups, groups
        Rows that are equal to another, and groups of equal rows.
    largest
        The largest groups.
    expected_pairs
        Pairs of equal rows that chance would give under independent columns: a low estimate, and above 1 a sign that
        the table is too coarse for equal rows to mean copies.
    basis
        What rows were compared by: `cells` or `pixels`.
    searched
        Whether near duplicates were looked for.
    near_pairs, near_rows
        Near pairs found, and rows in them.
    pairs
        Exact and near pairs that are listed, pairs across splits first.
    chances
        Sort of altered copy -> share of such copies that would have been found here.
    look_alikes
        Rows as near to another as a copy would be, in a place where ordinary neighbours are as near: not listed.
    set_aside
        Pictures too plain to be compared.
    splits, without_split
        Split -> its rows, where splits were declared; rows without one.
    leakage
        For each pair of splits, how much of the smaller one occurs in the larger one.
    """

    rows_in_groups: Count
    groups: Count
    largest: tuple[EqualRows, ...]
    expected_pairs: NonNegative = 0.0
    basis: Basis = "cells"
    searched: bool = False
    near_pairs: Count = 0
    near_rows: Count = 0
    pairs: tuple[DuplicatePair, ...] = ()
    chances: Mapping[str, Share] = field(default_factory=dict)
    look_alikes: Count = 0
    set_aside: Count = 0
    splits: Mapping[str, Count] = field(default_factory=dict)
    without_split: Count = 0
    leakage: tuple[Leak, ...] = ()
