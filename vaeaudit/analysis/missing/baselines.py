"""What every baseline gives: the cells that are short against it, and what was tested on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.missing.thresholds import Counted, Threshold
from vaeaudit.analysis.results.coverage import GAP, Baseline, Condition

IntArray = npt.NDArray[np.int64]
Tables = tuple[IntArray, ...]

#: Baselines that somebody stated: a shortfall against them is a fault of the sample.
STATED = frozenset({"reference", "population"})
#: Two cells are the same gap where the rows expected in them overlap by at least this F1.
SAME = 0.5


@dataclass(frozen=True)
class Recount:
    """What it takes to test a cell again on other rows.

    Attributes
    ----------
    tables
        Joint counts of the rows, of any shape: one table per dataset.
    cells
        Counts, from such tables, the cell and those on the same columns that overlap it by an F1 of at least `SAME`.
    """

    tables: Tables
    cells: Callable[[Tables], Counted]


@dataclass(frozen=True)
class Shortage:
    """A cell that is short against its baseline.

    Attributes
    ----------
    rule
        Conditions that its rows satisfy.
    observed, expected
        Rows counted, and rows the baseline leads one to expect.
    low, high
        Interval of their quotient, at the level of `threshold`.
    p_adjusted
        Adjusted over everything that was tested against all baselines.
    strength
        Ranks the shortages of one baseline.
    rows_to_collect
        Fewest rows that close it if the ratio stands at the upper, and at the lower, end of the interval.
    threshold
        What it had to meet.
    recount
        To see whether it comes back on other rows.
    gap_share
        See `Region.gap_share`.
    """

    rule: tuple[Condition, ...]
    observed: int
    expected: float
    low: float
    high: float
    p_adjusted: float
    strength: float
    rows_to_collect: tuple[int, int]
    threshold: Threshold
    recount: Recount
    gap_share: float | None = None

    @property
    def rank(self) -> tuple[int, float]:
        """Sorts the shortages of one baseline: gaps, what may be either, signs of dependence; the strongest first."""
        if self.gap_share is None:
            return 1, -self.strength
        return 0 if self.gap_share >= GAP else 2, -self.strength


@dataclass(frozen=True)
class BaselineSearch:
    """What was found against one baseline, and how hard was looked for it.

    Attributes
    ----------
    baseline
        `reference`, `population`, `independence` or `uniform`.
    shortages
        By rank.
    tested
        Cells tested.
    notes
        What was not searched, and why.
    """

    baseline: Baseline
    shortages: tuple[Shortage, ...]
    tested: int
    notes: tuple[str, ...]


def rows_to_collect(
    min_ratio: float, expected: float, ratio_bounds: tuple[float, float], total: float | None
) -> tuple[int, int]:
    """Fewest rows that bring a cell to `min_ratio`, from the upper and from the lower end of its ratio's interval.

    Parameters
    ----------
    min_ratio
        Goal in (0, 1].
    expected
        Rows the baseline leads one to expect now.
    ratio_bounds
        Lower and upper end of the interval of the ratio.
    total
        Rows in all, which those added raise, and with them what is expected; None: the expectation stays as it is.

    Examples
    --------
    >>> rows_to_collect(0.8, 100.0, (0.1, 0.3), None), rows_to_collect(0.8, 100.0, (0.1, 0.3), 1000.0)
    ((50, 70), (55, 77))
    """
    growth = 0.0 if total is None else min_ratio * expected / total
    low, high = (
        max(1, ceil(expected * (min_ratio - ratio) / max(1 - growth, 1e-9) - 1e-9)) for ratio in reversed(ratio_bounds)
    )
    return low, high
