"""Rates of groups, each against all rows outside it: intervals, tests, and what could have been told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.statistics.fisher import fisher_exact
from vaeaudit.statistics.intervals import newcombe_difference, normal_quantile, ratio_interval, wilson
from vaeaudit.statistics.weighted import GroupSums

#: The power at which the smallest detectable difference is stated (Cohen 1988: the customary figure).
POWER = 0.8


@dataclass(frozen=True)
class RateComparison:
    """Rates of G groups, each against all rows outside it; arrays are [G].

    `n` counts rows; `worth` is how many they are worth where rows have weights, and `count` how many of those have the
    outcome. `difference` and `ratio` are NaN where either side has no rows (`ratio` also where nobody outside has the
    outcome); `p` is the two-sided p-value, NaN where a side has fewer rows than can be judged: Fisher's exact test, and
    with weights the score test at what the rows are worth.
    """

    n: IntArray
    worth: FloatArray
    count: FloatArray
    rate: FloatArray
    low: FloatArray
    high: FloatArray
    difference: FloatArray
    difference_low: FloatArray
    difference_high: FloatArray
    ratio: FloatArray
    ratio_low: FloatArray
    ratio_high: FloatArray
    minimum_detectable: FloatArray
    p: FloatArray


def compare_rates(
    codes: IntArray, has_outcome: BoolArray, groups: int, config: AnalysisConfig, weight: FloatArray | None = None
) -> RateComparison:
    """Compare each group's rate of the outcome with that of all rows outside the group.

    Parameters
    ----------
    codes, has_outcome
        [N]; the group of each row, 0 to `groups` - 1, and whether it has the outcome.
    groups
        G.
    config
        Gives the confidence of the intervals (Wilson 1927, Newcombe 1998) and the smallest group that is tested.
    weight
        [N]; how many of the population each row stands for; None: itself.
    """
    sums = GroupSums.of(codes, has_outcome, groups, weight)
    others = sums.others
    count, n, rest_count, rest = sums.count, sums.n, others.count, others.n
    level = config.confidence
    low, high = wilson(count, n, level)
    difference_low, difference_high = newcombe_difference(count, n, rest_count, rest, level)
    ratio_low, ratio_high = ratio_interval(count, n, rest_count, rest, level)
    both = (n > 0) & (rest > 0)
    judged = np.minimum(n, rest) >= config.smallest_group
    p = np.full(groups, np.nan)
    parts = [part[judged] for part in (count, n, rest_count, rest)]
    p[judged] = fisher_exact(*(part.astype(np.int64) for part in parts)) if weight is None else score_test(*parts)
    return RateComparison(
        n=np.bincount(codes[codes >= 0], minlength=groups),
        worth=n,
        count=count,
        rate=sums.share,
        low=low,
        high=high,
        difference=np.where(both, sums.share - others.share, np.nan),
        difference_low=difference_low,
        difference_high=difference_high,
        ratio=np.divide(sums.share, others.share, out=np.full(groups, np.nan), where=both & (rest_count > 0)),
        ratio_low=ratio_low,
        ratio_high=ratio_high,
        minimum_detectable=minimum_detectable_difference(n, rest, count + rest_count, level),
        p=p,
    )


def score_test(count: FloatArray, n: FloatArray, other_count: FloatArray, other_n: FloatArray) -> FloatArray:
    """Two-sided p-values of equal rates, by the pooled variance; 1 where nobody or everybody has the outcome.

    Parameters
    ----------
    count, n, other_count, other_n
        Any one shape, above 0 rows each; not necessarily whole.
    """
    pooled = (count + other_count) / (n + other_n)
    stderr = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / other_n))
    z = np.divide(count / n - other_count / other_n, stderr, out=np.zeros(n.shape), where=stderr > 0)
    return np.asarray(2 * stats.norm.sf(np.abs(z)))


def minimum_detectable_difference(
    n: npt.ArrayLike, rest: npt.ArrayLike, count: npt.ArrayLike, level: float, power: float = POWER
) -> FloatArray:
    """Smallest absolute difference of two rates that a two-sided test at 1 - `level` finds with `power`.

    The normal approximation with the pooled rate `count / (n + rest)` on both sides (Fleiss, Levin and Paik 2003,
    chapter 4); at most 1, and NaN where either side is empty.
    """
    size, others = np.asarray(n, dtype=np.float64), np.asarray(rest, dtype=np.float64)
    both = (size > 0) & (others > 0)
    pooled = np.clip(np.asarray(count) / np.maximum(size + others, 1), 0, 1)
    variance = pooled * (1 - pooled) * (1 / np.maximum(size, 1) + 1 / np.maximum(others, 1))
    detectable = (normal_quantile(level) + float(stats.norm.ppf(power))) * np.sqrt(variance)
    return np.where(both, np.minimum(detectable, 1.0), np.nan)
