"""How far one column fixes another: held-out modes, steps, orders, and the grain to which numbers are printed."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
from scipy import special

from vaeaudit.statistics.intervals import FloatArray, IntArray, Mask

#: Decimals that a column of printed numbers may have.
_DECIMALS = 6
#: Part of its size to which a number that was computed is exact.
_RELATIVE = 1e-6


@dataclass(frozen=True)
class Foretold:
    """How well the rows of a column are foretold by another.

    Attributes
    ----------
    counted
        Rows that could be foretold.
    errors
        Those foretold wrongly.
    guessing
        Errors of guessing the most frequent level in all these rows.
    wrong
        [N]; which rows are not of the one most frequent level of all rows with their given level, themselves among
        them: of two equally frequent levels both.
    """

    counted: int
    errors: int
    guessing: int
    wrong: Mask


def foretold_by_mode(given: IntArray, told: IntArray) -> Foretold:
    """Foretell each row's level by the most frequent one among the *other* rows with the same given level.

    Rows that have no such other row are not counted; where two levels are as frequent, the row counts as an error.

    Parameters
    ----------
    given, told
        [N] codes of the two columns, none negative.
    """
    if given.size == 0:
        return Foretold(0, 0, 0, np.zeros(0, bool))
    width = int(told.max()) + 1
    pairs, place, held = np.unique(given.astype(np.int64) * width + told, return_inverse=True, return_counts=True)
    group = pairs // width
    first = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    member = np.repeat(np.arange(first.size), np.diff(np.r_[first, group.size]))
    largest = np.maximum.reduceat(held, first)
    others = held.copy()
    others[_first_largest(held, largest, member, first)] = 0
    second = np.maximum.reduceat(others, first)
    rows = np.add.reduceat(held, first)[member]
    ahead = np.where(held == largest[member], held - second[member], 0)
    counted = (rows >= 2)[place]
    errors, wrong = counted & (ahead <= 1)[place], counted & (ahead == 0)[place]
    of_level = np.bincount(told[counted], minlength=1)
    return Foretold(int(counted.sum()), int(errors.sum()), int(counted.sum() - of_level.max(initial=0)), wrong)


def _first_largest(held: IntArray, largest: IntArray, member: IntArray, first: IntArray) -> IntArray:
    """Return, group by group, the place of the first entry that is as large as any."""
    places = np.where(held == largest[member], np.arange(held.size), held.size)
    return np.asarray(np.minimum.reduceat(places, first))


def steps(given: IntArray, told: IntArray, *, smallest: int, most: int) -> tuple[IntArray, IntArray] | None:
    """Describe a column as a step function of an ordered one.

    Parameters
    ----------
    given, told
        [N] codes of the two columns, none negative; those of `given` are ranks.
    smallest
        Steps of fewer rows are taken for exceptions.
    most
        Steps at most.

    Returns
    -------
    tuple or None
        [S] the first rank of each step, and [S] the level on it; None where more steps are needed.
    """
    counts = np.zeros((int(given.max()) + 1, int(told.max()) + 1), dtype=np.int64)
    np.add.at(counts, (given, told), 1)
    starts = np.flatnonzero(counts.any(axis=1))
    counts = counts[starts]
    while True:
        level = counts.argmax(axis=1)
        begins = np.flatnonzero(np.r_[True, level[1:] != level[:-1]])
        counts, starts = np.add.reduceat(counts, begins), starts[begins]
        size = counts.sum(axis=1)
        stays = (size >= smallest) | (size == size.max())
        if stays.all():
            break
        owner = np.maximum(np.cumsum(stays) - 1, 0)  # a small step joins the one before it, the first the one behind it
        begins = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
        counts, starts = np.add.reduceat(counts, begins), starts[begins]
    return (starts, counts.argmax(axis=1)) if starts.size <= most else None


def out_of_order(given: FloatArray, told: FloatArray) -> Mask:
    """Mark the fewest rows without which `told` never falls while `given` rises.

    The rest is a longest non-decreasing subsequence (Schensted 1961, Canad. J. Math. 13), after sorting by both.
    """
    order = np.lexsort((told, given))
    ends: list[float] = []
    at: list[int] = []
    before = np.full(order.size, -1)
    for place, value in enumerate(told[order].tolist()):
        length = bisect_right(ends, value)
        before[place] = at[length - 1] if length else -1
        ends[length : length + 1], at[length : length + 1] = [value], [place]
    wrong = np.ones(order.size, dtype=bool)
    place = at[-1] if at else -1
    while place >= 0:
        wrong[order[place]] = False
        place = int(before[place])
    return wrong


def above_by_chance(first: FloatArray, second: FloatArray) -> float:
    """Return the share of all pairs of a value of the first with one of the second in which the first is larger."""
    ranked = np.sort(second)
    return float(np.searchsorted(ranked, first, side="left").mean() / max(ranked.size, 1))


def grain(values: FloatArray) -> float:
    """Return the power of ten to which numbers are printed, or to which computed numbers are exact.

    >>> grain(np.array([1.25, 3.5])), grain(np.array([200.0, 10.0]))
    (0.01, 1.0)
    """
    size = float(np.abs(values).max(initial=0.0))
    for decimals in range(_DECIMALS + 1):
        scaled = values * 10.0**decimals
        if np.abs(scaled - np.rint(scaled)).max(initial=0.0) <= 1e-12 * size * 10.0**decimals:
            return float(10.0**-decimals)
    return _RELATIVE * size


def chance_of_so_few(errors: int, counted: int, expected: float) -> float:
    """Return how likely at most so many errors are where chance makes `expected` of them (binomial)."""
    return float(special.bdtr(errors, counted, min(expected / max(counted, 1), 1.0)))
