"""The test of all cells that one baseline has, and what a cell must meet to be called short once all are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Generic, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt

from vaeaudit.config import AnalysisConfig
from vaeaudit.statistics.two_samples import Counted

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


CountedT = TypeVar("CountedT", bound=Counted)
CountedT_co = TypeVar("CountedT_co", bound=Counted, covariant=True)


class Testable(Protocol[CountedT_co]):
    """The cells of one set of columns under a null model."""

    def tested(self) -> tuple[IntArray, CountedT_co]:
        """Return the positions [M] of the cells in which enough rows are expected to tell, and these cells."""


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


@dataclass(frozen=True)
class Candidates(Generic[CountedT]):
    """The cells of one table that hold too few rows.

    Attributes
    ----------
    table
        Position of the table among those tested together.
    places, cells, p_values
        [M]; positions of the cells, their counts, and p-values.
    """

    table: int
    places: IntArray
    cells: CountedT
    p_values: FloatArray


def tested_together(
    tables: Sequence[Testable[CountedT]], config: AnalysisConfig, baselines: int
) -> tuple[list[Candidates[CountedT]], Family]:
    """Test all cells of all tables together; return those that hold too few rows, and the family of all.

    Of cells that are not short the p-values need not be known.

    Parameters
    ----------
    tables
        The cells, by set of columns.
    config
        Gives `min_ratio`.
    baselines
        How many baselines share the false-discovery rate.
    """
    found, n_tested = [], 0
    for position, table in enumerate(tables):
        places, cells = table.tested()
        n_tested += places.size
        short = np.flatnonzero(cells.observed < config.min_ratio * cells.expected)
        if short.size:
            cells = cells.subset(short)
            found.append(Candidates(position, places[short], cells, cells.lower_tail()))
    p_values = np.concatenate([each.p_values for each in found] or [np.empty(0)])
    return found, Family(np.sort(p_values), n_tested, baselines)
