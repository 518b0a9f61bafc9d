"""P-values of scores: how often a row that belongs would score as high."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import stats

from vaeaudit.analysis.outliers.bulk_tail import fit_bulk_tail

FloatArray = npt.NDArray[np.floating]

#: Scores that others are compared with, at most.
MOST_NULL = 20_000
#: Upper share of the null scores that the tail is fitted to (peaks over threshold, Pickands 1975).
TAIL = 0.05


def p_values_of(nats: FloatArray) -> npt.NDArray[np.float64]:
    """Return exp(-nats) [N], never 0: where it underflows, the smallest normal double.

    Parameters
    ----------
    nats
        [N] at least 0; see `tail_nats` and `bulk_nats`.
    """
    return np.maximum(np.exp(-np.asarray(nats, np.float64)), np.finfo(np.float64).tiny)


def tail_p_values(score: FloatArray, null: FloatArray) -> npt.NDArray[np.float64]:
    """Return P(null >= score) [N] for null scores [M]; see `tail_nats`."""
    return p_values_of(tail_nats(score, null))


def bulk_p_values(score: FloatArray, null: FloatArray) -> npt.NDArray[np.float64]:
    """Return P(null >= score) [N] for null scores [M] that need not all belong; see `bulk_nats`."""
    return p_values_of(bulk_nats(score, null))


def tail_nats(score: FloatArray, null: FloatArray) -> npt.NDArray[np.float64]:
    """Return -log P(null >= score) [N] for null scores [M].

    Empirical below the upper `TAIL` of the null; above, the generalised Pareto distribution fitted to the null's
    exceedances by maximum likelihood, so that p-values do not end at 1 / M.
    """
    ordered = np.sort(np.asarray(null, np.float64))
    empirical = _empirical_nats(score, ordered)
    threshold = float(np.quantile(ordered, 1 - TAIL))
    excess = ordered[ordered > threshold] - threshold
    if len(excess) < 20 or excess.max() == 0:
        return empirical
    # An exponential tail is the lightest that is trusted: a fitted end point would make p-values 0.
    shape, _, scale = stats.genpareto.fit(excess, floc=0)
    if shape < 0:
        shape, scale = 0.0, float(excess.mean())
    beyond = np.maximum(np.asarray(score, np.float64) - threshold, 0.0) / scale
    hazard = np.log1p(shape * beyond) / shape if shape > 0 else beyond
    return np.where(score > threshold, hazard - np.log(TAIL), empirical)


def bulk_nats(score: FloatArray, null: FloatArray) -> npt.NDArray[np.float64]:
    """Return -log P(a row that belongs scores as high) [N] for null scores [M] of which some need not belong.

    `tail_nats` on such a null would fit its tail to the very outliers that are sought. Here the tail is learned from
    the part of the null that one law explains, with a share of strangers beyond it (`fit_bulk_tail`); below the start
    of that law p-values are empirical, as they are everywhere where the null is too small or too tied for a law.
    What that gave on simulated scores stands in docs/methods.md.

    Parameters
    ----------
    score
        [N].
    null
        [M]; need not belong entirely. Without any, all rows are taken to belong (0 nats).
    """
    score, ordered = np.asarray(score, np.float64), np.sort(np.asarray(null, np.float64))
    nats = _empirical_nats(score, ordered)
    tail = fit_bulk_tail(ordered)
    if tail is None:
        return nats
    above = score > tail.lowest
    if above.any():
        nats[above] = np.maximum(tail.nats(score[above]), _empirical_nats(np.array([tail.lowest]), ordered))
    return nats


def fold_nats(score: FloatArray, fold: npt.NDArray[np.integer], nulls: Sequence[FloatArray]) -> npt.NDArray[np.float64]:
    """Return `bulk_nats` [N] where each row is compared with the null of its own fold.

    Cross-fitting and held-out rows: models that were trained on other rows give scores on another scale, so rows are
    compared only with rows that were treated alike (cross-conformal prediction, Vovk 2015).

    Parameters
    ----------
    score, fold
        [N], and [N] in 0 to F - 1.
    nulls
        Of each of the F folds: [M] scores of its own rows.
    """
    nats = np.zeros(len(score))
    for index, null in enumerate(nulls):
        rows = fold == index
        if rows.any():
            nats[rows] = bulk_nats(score[rows], null)
    return nats


def sample_of_scores(score: FloatArray, *, seed: int) -> npt.NDArray[np.float64]:
    """Return scores [M] to compare others with: all N, or `MOST_NULL` of them, of which more would change little.

    Parameters
    ----------
    score
        [N]; of a run's own rows, which need not all belong.
    seed
        Of the sample.
    """
    kept = np.random.default_rng(seed).permutation(len(score))[:MOST_NULL]
    return np.asarray(score, np.float64)[np.sort(kept)]


def _empirical_nats(score: FloatArray, ordered: FloatArray) -> npt.NDArray[np.float64]:
    """Return minus the log share of null scores [M], sorted, that reach each score [N]; finite."""
    at_least = len(ordered) - np.searchsorted(ordered, score, side="left")
    return np.asarray(np.log1p(len(ordered)) - np.log1p(at_least))
