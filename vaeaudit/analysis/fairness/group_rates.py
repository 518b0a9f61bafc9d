"""How often rows of a group are hit by something, against all other rows, and what that says of the group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from vaeaudit.analysis.fairness.rates import RateComparison
from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.record import FloatArray
from vaeaudit.statistics.intervals import rate_ratio_interval
from vaeaudit.statistics.measures import Count, Interval, NonNegative, Share, finite

#: How a group fares against all others: surely and clearly worse, or better; or why nothing is said.
RateStatus = Literal["harder", "less", "unclear", "small", "empty"]
#: Sets of attributes with more combinations are not crossed: nearly all would be too small to judge.
MOST_COMBINATIONS = 200
#: Sets of attributes that are crossed, in the order in which the attributes were declared.
MOST_SETS = 10


@dataclass(frozen=True)
class GroupRate:
    """Share of a group's rows that are hit.

    Attributes
    ----------
    n, hits, rate, ci
        Rows, those that are hit, and their share with its interval (Wilson 1927).
    n_others, rate_of_others
        Rows outside the group, and the share hit among them; None where there are none.
    difference, difference_ci
        The one share minus the other, with Newcombe's interval (1998, method 10); None where a side has no row.
    ratio, ratio_ci
        The one share over the other; None where nobody outside is hit. The interval is exact given the number hit.
    p_adjusted
        Of Fisher's exact test, over all that was asked beside it; None for groups too small to judge.
    minimum_detectable
        The smallest absolute difference that 80 % power would have found at these sizes.
    status
        `harder` or `less`: surely and by more than the tolerance; `unclear`: neither is shown; `small`: too few rows,
        inside or outside, to judge; `empty`.
    """

    n: Count
    hits: Count
    rate: Share
    ci: Interval
    n_others: Count
    rate_of_others: Share | None
    difference: float | None
    difference_ci: Interval | None
    ratio: NonNegative | None
    ratio_ci: Interval
    p_adjusted: Share | None
    minimum_detectable: NonNegative | None
    status: RateStatus


def against_others(compared: RateComparison, p_adjusted: FloatArray, config: AnalysisConfig) -> list[GroupRate]:
    """Judge each group by its rate and that of all rows outside it.

    Parameters
    ----------
    compared
        Of G groups.
    p_adjusted
        [G]; NaN for those that are not judged.
    config
        Gives `confidence`, `fdr` and the tolerance (`max_ratio`, `min_ratio`).
    """
    n, level = compared.n, config.confidence
    hits = np.rint(compared.count).astype(np.int64)
    others, others_hits = n.sum() - n, hits.sum() - hits
    low, high = rate_ratio_interval(hits, n, others_hits, others, level)
    return [
        GroupRate(
            n=int(n[place]),
            hits=int(hits[place]),
            rate=float(compared.rate[place]),
            ci=Interval(float(compared.low[place]), float(compared.high[place]), level),
            n_others=int(others[place]),
            rate_of_others=float(others_hits[place] / others[place]) if others[place] else None,
            difference=finite(compared.difference[place]),
            difference_ci=Interval(float(compared.difference_low[place]), float(compared.difference_high[place]), level)
            if np.isfinite(compared.difference[place])
            else None,
            ratio=finite(compared.ratio[place]),
            ratio_ci=Interval(float(low[place]), finite(high[place]), level),
            p_adjusted=finite(p_adjusted[place]),
            minimum_detectable=finite(compared.minimum_detectable[place]),
            status=status_of(int(n[place]), p_adjusted[place], low[place], high[place], config),
        )
        for place in range(len(n))
    ]


def status_of(n: int, p_adjusted: float, low: float, high: float, config: AnalysisConfig) -> RateStatus:
    """Judge a group of `n` rows by the adjusted p-value, NaN for none, and the interval of a ratio, 1 if all is equal.

    Both must speak: the p-value be below `fdr`, and the whole interval lie beyond the tolerance.
    """
    if n == 0:
        return "empty"
    if not np.isfinite(p_adjusted):
        return "small"
    if p_adjusted < config.fdr and low > config.max_ratio:
        return "harder"
    if p_adjusted < config.fdr and high < config.min_ratio:
        return "less"
    return "unclear"
