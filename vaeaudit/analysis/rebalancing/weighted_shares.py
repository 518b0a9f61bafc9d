"""Shares of weighted rows, with intervals that know that weighted rows are worth less than their number."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.rebalancing.results import Judgement, WeightedShare
from vaeaudit.outputs.histograms import effective_sample_size
from vaeaudit.statistics.intervals import wilson
from vaeaudit.statistics.measures import Interval

FloatArray = npt.NDArray[np.floating]
Mask = npt.NDArray[np.bool_]


def weighted_share(weight: FloatArray, members: Mask, universe: Mask, level: float) -> WeightedShare:
    """Estimate the weighted share of the universe that its members hold.

    The interval is Wilson's at an effective size (Korn and Graubard 1998, Survey Methodology 24): the number of equally
    weighted rows that would give the share the variance of its linearisation, `sum w^2 (y - p)^2 / (sum w)^2`, or
    Kish's `(sum w)^2 / sum w^2` (1965) where that is smaller; at most the rows there are. Weights are taken as given.

    Parameters
    ----------
    weight
        [N], not negative.
    members, universe
        [N]; only members inside the universe count.
    level
        Confidence in (0, 1).

    Returns
    -------
    WeightedShare
        Share 0 and the interval (0, 1) where the universe holds no weight.
    """
    w = np.asarray(weight[universe], np.float64)
    total = float(w.sum())
    if total <= 0:
        return WeightedShare(0.0, Interval(0.0, 1.0, level), 0.0)
    y = members[universe]
    share = min(float(w[y].sum()) / total, 1.0)
    size = effective_sample_size(w)
    variance = float((np.square(w) * np.square(y - share)).sum()) / total**2
    if variance > 0:
        size = min(size, share * (1 - share) / variance)
    size = min(size, float(w.size))
    low, high = wilson(share * size, size, level)
    return WeightedShare(share, Interval(float(low), float(high), level), size)


def judge_share(found: WeightedShare, tolerance: float) -> Judgement:
    """Say whether a share reaches the least that is accepted: its whole interval does, or none of it, or neither."""
    assert found.ci.low is not None  # noqa: S101 - `weighted_share` leaves no bound open
    assert found.ci.high is not None  # noqa: S101
    if found.ci.low >= tolerance:
        return "passes"
    return "still fails" if found.ci.high < tolerance else "too few to tell"
