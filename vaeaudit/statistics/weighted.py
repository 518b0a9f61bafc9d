"""Counts of groups in which rows count for as much as their weights say, at the size that they are worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from vaeaudit.statistics.intervals import FloatArray, Mask

#: As callers have them.
Codes = npt.NDArray[np.integer]
Weights = npt.NDArray[np.floating]


@dataclass(frozen=True)
class GroupSums:
    """Sums over the rows of groups; arrays share a shape, of which the first axis is that of the groups.

    Attributes
    ----------
    weight, having, squares
        Of the rows' weights; of those of the rows that have something; and of the squares of the weights.
    """

    weight: FloatArray
    having: FloatArray
    squares: FloatArray

    @classmethod
    def of(cls, codes: Codes, has: Mask, shape: int | tuple[int, ...], weight: Weights | None = None) -> Self:
        """Sum over groups.

        Parameters
        ----------
        codes, has
            [N]; the group of each row, rows of a negative code being left out; and whether it counts.
        shape
            Of the arrays; codes are positions in them, row by row.
        weight
            [N], 0 or more; None: each row is one.
        """
        inside = codes >= 0
        codes, has = codes[inside], has[inside]
        held = np.ones(len(codes)) if weight is None else weight[inside]
        size = int(np.prod(shape))
        parts = (held, held * has, held**2)
        return cls(*(np.bincount(codes, part, minlength=size).astype(np.float64).reshape(shape) for part in parts))

    @property
    def others(self) -> Self:
        """The sums over all rows outside each group."""
        parts = (part.sum(axis=0) - part for part in (self.weight, self.having, self.squares))
        return type(self)(*(np.maximum(part, 0.0) for part in parts))

    @property
    def n(self) -> FloatArray:
        """Rows that each group is worth: (sum w)^2 / sum w^2, Kish's effective size; without weights, the rows.

        It is right for weights that do not depend on what is counted (Kish 1965, Survey Sampling, 11.7).
        """
        worth = np.divide(self.weight**2, self.squares, out=np.zeros(self.weight.shape), where=self.squares > 0)
        return np.where(np.isclose(worth, np.rint(worth), rtol=1e-12, atol=0), np.rint(worth), worth)

    @property
    def share(self) -> FloatArray:
        """Weighted share of the rows that have it; 0 where there is no row."""
        share = np.divide(self.having, self.weight, out=np.zeros(self.weight.shape), where=self.weight > 0)
        return np.clip(share, 0.0, 1.0)

    @property
    def count(self) -> FloatArray:
        """Rows that have it among those that each group is worth: what intervals and tests of counts are made of."""
        return np.minimum(self.share * self.n, self.n)


def effective_counts(
    codes: Codes, has: Mask, groups: int, weight: Weights | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return how many rows of each group have something, and how many it is worth; see `GroupSums`.

    Examples
    --------
    >>> has = np.array([True, False, False, False])
    >>> count, n = effective_counts(np.zeros(4, int), has, 1, np.array([3.0, 1, 1, 1]))
    >>> count.tolist(), n.tolist()
    ([1.5], [3.0])
    """
    sums = GroupSums.of(codes, has, groups, weight)
    return sums.count, sums.n
