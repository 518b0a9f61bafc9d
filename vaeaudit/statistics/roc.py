"""Area under the ROC curve, one group against the rest, with its interval."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from vaeaudit.statistics.intervals import normal_quantile, wilson
from vaeaudit.statistics.measures import Interval

FloatArray = npt.NDArray[np.floating]


def macro_auc_interval(scores: FloatArray, member: npt.NDArray[np.bool_], level: float) -> tuple[float, Interval]:
    """Return the mean over groups of the one-against-rest AUC, and its interval by the method of DeLong (1988).

    Ties count half: it is `sklearn.metrics.roc_auc_score(member, scores)`, which gives no interval.

    Each row's placement values give its influence on every group's AUC; the variance of the mean over groups is taken
    from the sum of these influences, so that the covariances between the groups' AUCs are in it. The interval is made
    on the logit scale. Where the groups part perfectly no variance is left to see; the lower bound is then Wilson's for
    a proportion of 1 among the rows of the smallest group.

    The models that gave the scores are taken as they are: how much they would differ on another sample is not in it.
    """
    n_rows, n_groups = scores.shape
    areas = np.empty(n_groups)
    influence = np.zeros(n_rows)
    for group in range(n_groups):
        inside = member[:, group]
        areas[group], placement = _placements(scores[:, group], inside)
        n_in = int(inside.sum())
        weight = np.where(inside, 1 / n_in, 1 / (n_rows - n_in))
        influence += weight * (placement - areas[group]) / n_groups
    auc = float(areas.mean())
    stderr = float(np.sqrt(np.square(influence).sum()))
    if stderr == 0 or not 0 < auc < 1:
        bound = float(wilson(member.sum(axis=0).min(), member.sum(axis=0).min(), level)[0])
        low, high = (bound, 1.0) if auc > 0.5 else (0.0, 1 - bound)
        return auc, Interval(min(low, auc), max(high, auc), level)
    half = normal_quantile(level) * stderr / (auc * (1 - auc))
    centre = np.log(auc / (1 - auc))
    low, high = (float(1 / (1 + np.exp(-value))) for value in (centre - half, centre + half))
    return auc, Interval(low, high, level)


def _placements(scores: FloatArray, inside: npt.NDArray[np.bool_]) -> tuple[float, FloatArray]:
    """AUC, and per row the share of the other side that it is placed rightly against [N]."""
    n_in = int(inside.sum())
    n_out = len(inside) - n_in
    among_all = stats.rankdata(scores)
    placement = np.empty(len(scores))
    placement[inside] = (among_all[inside] - stats.rankdata(scores[inside])) / n_out
    placement[~inside] = 1 - (among_all[~inside] - stats.rankdata(scores[~inside])) / n_in
    return float(placement[inside].mean()), placement


def binned_auc(score: FloatArray, n_in: npt.NDArray[Any], n_out: npt.NDArray[Any]) -> float:
    """Return the AUC where rows share a score per bin.

    As `sklearn.metrics.roc_auc_score` with the rows of a bin as weights, in an eightieth of its time: it is asked for
    each group on each column.

    Parameters
    ----------
    score, n_in, n_out
        [bins]; the score of each bin, and its rows inside and outside the group.
    """
    _, place = np.unique(score, return_inverse=True)
    inside = np.bincount(place, weights=n_in)
    outside = np.bincount(place, weights=n_out)
    below = np.cumsum(outside) - outside
    return float((inside * (below + outside / 2)).sum() / (inside.sum() * outside.sum()))
