"""How well a score ranks the rows of each group, and whether the same score means the same in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vaeaudit.analysis.fairness.predicted import Predicted
from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.statistics.binning import number_cuts
from vaeaudit.statistics.cross_fit import macro_auc_interval
from vaeaudit.statistics.intervals import normal_quantile
from vaeaudit.statistics.measures import Count, Interval, Share
from vaeaudit.statistics.stratified import compare_within_strata
from vaeaudit.statistics.weighted import GroupSums

#: Bins of about equally many rows within which a score counts as the same.
BINS = 10
#: Rows with the outcome, and rows without, that a ranking is judged on at least.
FEWEST_OF_EACH = 10


@dataclass(frozen=True)
class ScoreInGroup:
    """A score within one group; None for what its rows are too few to judge.

    Attributes
    ----------
    auc, auc_ci
        The probability that a row with the outcome has a higher score than one without (DeLong 1988).
    given_score, given_score_ci
        By how much more often rows of the group have the outcome than all others of the same score: the mean over
        `bins` of it (Mantel and Haenszel 1959; variance of Sato 1989). 0 where a score means the same in both.
    bins
        Bins of the score that hold rows of both.
    excess, excess_ci
        Of a score within 0 and 1: its mean less the share of rows with the outcome (calibration in the large, Cox
        1958); above 0 where it says too much.
    """

    auc: Share | None = None
    auc_ci: Interval | None = None
    given_score: float | None = None
    given_score_ci: Interval | None = None
    bins: Count = 0
    excess: float | None = None
    excess_ci: Interval | None = None


def score_in_groups(
    told: Predicted, codes: IntArray, groups: int, weight: FloatArray | None, config: AnalysisConfig
) -> Sequence[ScoreInGroup] | None:
    """Describe a score within each group [G]; None where values of the label are predicted.

    Parameters
    ----------
    told
        M rows with a score.
    codes, groups
        [M], the group of each; and G.
    weight
        [M], how many rows each stands for; None: itself.
    config
        Gives the confidence of the intervals, and what is too small to judge.
    """
    if told.score is None or told.has is None:
        return None
    score = np.asarray(told.score, np.float64)
    place = np.searchsorted(np.array(number_cuts(score, BINS)), score, side="right")
    bins = int(place.max(initial=0)) + 1
    sums = GroupSums.of(np.where(codes >= 0, codes * bins + place, -1), told.has, (groups, bins), weight)
    rows, held = np.bincount(codes[codes >= 0], minlength=groups), np.ones(len(codes)) if weight is None else weight
    found = []
    for group in range(groups):
        inside, level = codes == group, config.confidence
        if not config.smallest_group <= rows[group] <= len(codes) - config.smallest_group:
            found.append(ScoreInGroup())
            continue
        of_group = score[inside], told.has[inside], held[inside]
        auc, auc_ci = _ranking(*of_group, level)
        given_score, given_score_ci, shared = _given_score(sums, group, level)
        excess, excess_ci = _excess(*of_group, level) if told.is_probability else (None, None)
        found.append(ScoreInGroup(auc, auc_ci, given_score, given_score_ci, shared, excess, excess_ci))
    return found


def _given_score(sums: GroupSums, group: int, level: float) -> tuple[float | None, Interval | None, int]:
    others = sums.others
    same = compare_within_strata(sums.count[group], sums.n[group], others.count[group], others.n[group], level)
    if same is None:
        return None, None, 0
    return same.difference, Interval(float(same.low), float(same.high), level), same.strata


def _ranking(
    score: FloatArray, has: BoolArray, weight: FloatArray, level: float
) -> tuple[float, Interval] | tuple[None, None]:
    counted = weight > 0
    score, has, weight = score[counted], has[counted], weight[counted]
    if min(int(has.sum()), int((~has).sum())) < FEWEST_OF_EACH:
        return None, None
    return macro_auc_interval(score[:, None], has[:, None], level, weight=weight)


def _excess(
    score: FloatArray, has: BoolArray, weight: FloatArray, level: float
) -> tuple[float, Interval] | tuple[None, None]:
    total = weight.sum()
    if total == 0:
        return None, None
    apart = score - has
    mean = float((weight * apart).sum() / total)
    half = normal_quantile(level) * float(np.sqrt((weight**2 * (apart - mean) ** 2).sum()) / total)
    return mean, Interval(max(mean - half, -1.0), min(mean + half, 1.0), level)
