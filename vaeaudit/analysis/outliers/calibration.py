"""P-values of scores: how often a row that belongs would score as high."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

FloatArray = npt.NDArray[np.floating]

#: Upper share of the null scores that the tail is fitted to (peaks over threshold, Pickands 1975).
TAIL = 0.05
#: Order statistics between which a contaminated null is trusted: from the median up to its top tenth.
BULK = (0.5, 0.9)
#: How much twice the log-likelihood may fall before a tail counts as contradicted: one-sided 99.5 % (Wilks 1938).
_CONTRADICTED = 6.63
#: Scores that lie closer together than this, relative to their size, are ties.
_RESOLUTION = 1e-9


def tail_p_values(score: FloatArray, null: FloatArray) -> FloatArray:
    """Return P(null >= score) [N] for null scores [M].

    Empirical below the upper `TAIL` of the null; above, the generalised Pareto distribution fitted to the null's
    exceedances by maximum likelihood, so that p-values do not end at 1 / M.
    """
    ordered = np.sort(np.asarray(null, np.float64))
    empirical = _empirical_p_values(score, ordered)
    threshold = float(np.quantile(ordered, 1 - TAIL))
    excess = ordered[ordered > threshold] - threshold
    if len(excess) < 20 or excess.max() == 0:
        return np.asarray(empirical)
    # An exponential tail is the lightest that is trusted: a fitted end point would make p-values 0.
    shape, _, scale = stats.genpareto.fit(excess, floc=0)
    if shape < 0:
        shape, scale = 0.0, float(excess.mean())
    beyond = TAIL * stats.genpareto.sf(np.maximum(score - threshold, 0.0), shape, loc=0, scale=scale)
    return np.asarray(np.where(score > threshold, np.maximum(beyond, np.finfo(np.float64).tiny), empirical))


def bulk_p_values(score: FloatArray, null: FloatArray) -> FloatArray:
    """Return P(null >= score) [N] for null scores [M] of which up to a tenth, the highest, may not belong.

    `tail_p_values` on such a null would fit its tail to the very outliers that are sought. Here the tail above the
    median is learned from what lies below the top tenth, of which only the number counts (right-censored): a hazard
    that rises linearly from the median, `S(e) = exp(-a (e + r e^2 / 2))`, exponential for r = 0 and close to a normal
    for large r. r is the least, that is the tail the heaviest, that the bulk does not contradict (profile likelihood).
    Given r, `(1 + H(e) / T)^-n` with `H(e) = e + r e^2 / 2` and T the sum of H over all n uncensored and the censored
    excesses is the exact predictive tail (Lawless 1971, Technometrics 13), so few null scores make it heavy.

    Measured at a false-discovery rate of 0.05, 10 % of N rows held out. Clean scores: normal, Gumbel or exponential,
    at most 0.03 % of the rows flagged from N = 500 to 50,000 (0.5 % at N = 50), and any at all in at most 4 % of the
    data sets (Gumbel, N = 50,000: 28 %); t with 5 degrees of freedom, N = 50,000: 0.14 % of the rows. With 1 to 5 %
    of the rows 1.5 (2) times as far from the median as the largest of 10,000 clean ones: 10 to 93 % (50 to 100 %) of
    them flagged at N = 500, 34 to 100 % (98 to 100 %) at N = 5000; of the flags at most 6 % wrong (exponential), else
    3 %; by `tail_p_values` at most 10 % flagged. Where rows outside the null score half a standard deviation lower, up
    to 40 points less.

    Parameters
    ----------
    score
        [N].
    null
        [M], M >= 1; need not belong entirely.
    """
    ordered = np.sort(np.asarray(null, np.float64))
    empirical = _empirical_p_values(score, ordered)
    start, end = ordered[int(BULK[0] * len(ordered))], ordered[int(np.ceil(BULK[1] * len(ordered))) - 1]
    resolution = _RESOLUTION * max(1.0, abs(float(start)))
    excess = ordered[(ordered > start + resolution) & (ordered <= end)] - start
    if len(excess) == 0:
        return np.asarray(empirical)
    n_censored = int(np.sum(ordered > end))
    rises = np.concatenate([[0.0], np.geomspace(0.01, 100, 81)])
    scaled = excess / excess[-1]
    total = scaled.sum() + n_censored + rises * (np.square(scaled).sum() + n_censored) / 2
    likelihood = np.array([np.log1p(rise * scaled).sum() for rise in rises]) - len(scaled) * np.log(total)
    heaviest = int(np.argmax(2 * (likelihood.max() - likelihood) <= _CONTRADICTED))
    beyond = np.maximum(np.asarray(score, np.float64) - start, 0.0) / excess[-1]
    hazard = beyond + rises[heaviest] * np.square(beyond) / 2
    share = (1 + len(excess) + n_censored) / (1 + len(ordered))
    tail = share * np.exp(-len(excess) * np.log1p(hazard / total[heaviest]))
    return np.asarray(np.where(score > start + resolution, np.maximum(tail, np.finfo(np.float64).tiny), empirical))


def _empirical_p_values(score: FloatArray, ordered: FloatArray) -> FloatArray:
    """Return the share of null scores [M], sorted, that reach each score [N]; never 0."""
    at_least = len(ordered) - np.searchsorted(ordered, score, side="left")
    return np.asarray((1 + at_least) / (1 + len(ordered)))
