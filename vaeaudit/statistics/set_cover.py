"""The fewest rows that bring several shares to their floors at once: a small integer programme."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from scipy import optimize, sparse

from vaeaudit.statistics.intervals import FloatArray, IntArray

#: Seconds that a search for the best whole numbers may take before the best found so far must do.
_SECONDS = 2.0
_ROUNDING = 1e-6
#: What a unit of difficulty costs, in rows: so little that it never adds up to one.
_PREFERENCE = 1e-6
#: Up to so many kinds, the best whole numbers are sought.
_FEW_KINDS = 12
_MOST_REPAIRS = 2_000


@dataclass(frozen=True)
class Requirements:
    """Shares that K sets of rows must have once rows are added, of J kinds.

    Attributes
    ----------
    part
        [K, J]; which part of the rows of a kind lies in each set.
    grows
        [K, J]; which part of them lies in the universe that the set's share is taken of.
    floors
        [K]; least share, below 1.
    n, total
        [K]; rows in the set and in its universe now.
    """

    part: FloatArray
    grows: FloatArray
    floors: FloatArray
    n: FloatArray
    total: FloatArray

    @property
    def lacking(self) -> FloatArray:
        """[K]; rows that are short of the floor before the total grows."""
        return np.asarray(self.floors * self.total - self.n)

    @property
    def gain(self) -> FloatArray:
        """[K, J]; by how much one row of a kind reduces what is lacking: it also raises the total."""
        return np.asarray(self.part - self.floors[:, None] * self.grows)


@dataclass(frozen=True)
class Covering:
    """Rows per kind [J], whole numbers, and a number that no solution of the programme goes below."""

    rows: IntArray
    at_least: int


def cover(
    needed: Requirements,
    difficulty: FloatArray | None = None,
    *,
    least: IntArray | None = None,
    most: IntArray | None = None,
) -> Covering | None:
    """Find the fewest rows that meet all requirements, as a mixed-integer linear programme.

    Adding k_j rows of kind j makes a share (n + sum_j part_j k_j) / (total + sum_j grows_j k_j); that this be at least
    its floor is linear in k, although every added row raises the total. Of solutions with equally few rows the one of
    least total difficulty is preferred. Of few kinds the whole numbers are the best there are; of many, those of the
    solution in fractions (which uses no more kinds than there are requirements, and bounds every plan from below) are
    rounded up and what is then too much is taken away again.

    Parameters
    ----------
    needed
        The shares.
    difficulty
        [J]; of finding one row of a kind, such as the number of its conditions; None for no preference.
    least, most
        [J]; bounds of the rows per kind; from 0, open.

    Returns
    -------
    Covering or None
        None where no numbers of rows do it.
    """
    kinds = needed.part.shape[1]
    if kinds == 0:
        return Covering(np.zeros(0, np.int64), 0) if (needed.lacking <= _ROUNDING).all() else None
    low = np.zeros(kinds) if least is None else least.astype(np.float64)
    high = np.full(kinds, np.inf) if most is None else most.astype(np.float64)
    cost = np.ones(kinds) if difficulty is None else 1 + _PREFERENCE * difficulty
    everything = _Programme(cost, needed.gain, needed.lacking, low, high)
    fractions = everything.solve(whole=False)
    if fractions is None:
        return None
    exact = everything.solve(whole=True) if kinds <= _FEW_KINDS else None
    rows = everything.rounded(fractions) if exact is None else np.round(exact).astype(np.int64)
    return None if rows is None else Covering(rows, min(ceil(float(fractions.sum()) - 1e-3), int(rows.sum())))


@dataclass(frozen=True)
class _Programme:
    """Least `cost` of numbers between `low` and `high` [J] whose gains [K, J] make up for what is lacking [K]."""

    cost: FloatArray
    gain: FloatArray
    lacking: FloatArray
    low: FloatArray
    high: FloatArray

    def rounded(self, fractions: FloatArray) -> IntArray | None:
        """Return whole numbers [J] near a solution in fractions; None where no such were found."""
        counts = np.ceil(fractions - _ROUNDING)
        for _ in range(_MOST_REPAIRS):
            missing = self.lacking - self.gain @ counts
            if (missing <= _ROUNDING).all():
                break
            # the row that helps most with what is still lacking
            helps = np.minimum(self.gain, missing[:, None])[missing > _ROUNDING].sum(axis=0)
            helps[counts >= self.high] = -np.inf
            counts[int(np.argmax(helps))] += 1
        else:
            return None
        for kind in np.argsort(-self.cost, kind="stable"):
            spare = self.gain @ counts - self.lacking + _ROUNDING
            while counts[kind] > self.low[kind] and (spare >= self.gain[:, kind]).all():
                counts[kind] -= 1
                spare = spare - self.gain[:, kind]
        return counts.astype(np.int64)

    def solve(self, *, whole: bool) -> FloatArray | None:
        """Return the numbers [J], or None where there are none, or none was found in time."""
        free = np.flatnonzero(self.high > 0)
        found = optimize.milp(
            self.cost[free],
            constraints=optimize.LinearConstraint(
                sparse.csr_array(self.gain[:, free]), self.lacking - _ROUNDING, np.inf
            ),
            integrality=np.full(free.size, int(whole)),
            bounds=optimize.Bounds(self.low[free], self.high[free]),
            options={"time_limit": _SECONDS},
        )
        if found.x is None:
            return None
        numbers = np.zeros(self.cost.size)
        numbers[free] = found.x
        return numbers
