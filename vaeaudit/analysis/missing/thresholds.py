"""What a cell must meet to be called short, once everything that was tested is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


class Counted(Protocol):
    """Cells that can be tested for too few rows."""

    def lower_tail(self) -> FloatArray:
        """[M]; exact probability of a count as low as the observed one, or lower, under the baseline."""

    def ratio_interval(self, level: float) -> tuple[FloatArray, FloatArray]:
        """[M], [M]; exact interval of observed over expected."""


@dataclass(frozen=True)
class Threshold:
    """A cell is short if its p-value is at most `p` and its interval at `level` ends below `min_ratio`."""

    p: float
    level: float
    min_ratio: float

    def is_short(self, cells: Counted) -> npt.NDArray[np.bool_]:
        """[M]; which cells are short."""
        return np.asarray((cells.lower_tail() <= self.p) & (cells.ratio_interval(self.level)[1] < self.min_ratio))


@dataclass(frozen=True)
class Family:
    """Everything that one baseline tested.

    Attributes
    ----------
    p_values
        Rising; those of the cells that could be significant. The others need not be known.
    tested
        Cells tested in all.
    baselines
        How many baselines share the false-discovery rate: adjusted p-values are multiplied by it, so that the rate
        holds over all of them together.
    """

    p_values: FloatArray
    tested: int
    baselines: int = 1

    def rejected(self, fdr: float) -> tuple[int, float]:
        """Return how many cells Benjamini and Hochberg (1995) reject, and the largest of their p-values (or 0)."""
        rank = np.arange(1, self.p_values.size + 1)
        below = np.flatnonzero(self.p_values * (self.tested * self.baselines / rank) < fdr)
        if below.size == 0:
            return 0, 0.0
        return int(below[-1]) + 1, float(self.p_values[below[-1]])

    def adjusted(self, p: float) -> float:
        """Return the adjusted p-value of a cell with p-value `p`."""
        rank = int(np.searchsorted(self.p_values, p, side="right"))
        least = p / max(rank, 1)
        if rank < self.p_values.size:
            least = min(least, float(self._least_above[rank]))
        return min(1.0, least * self.tested * self.baselines)

    @cached_property
    def _least_above(self) -> FloatArray:
        """[p-values]; the least quotient of p-value and rank from each on."""
        quotients = self.p_values / np.arange(1, self.p_values.size + 1)
        return np.asarray(np.minimum.accumulate(quotients[::-1])[::-1])

    def with_more(self, tried: int) -> Self:
        """Return the same family with cells that were tried beside those tested."""
        return replace(self, tested=self.tested + tried)
