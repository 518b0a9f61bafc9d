"""Scores of rows by fits without them, cheap enough for a permutation null: folds, a linear predictor, and its AUC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse, stats
from threadpoolctl import threadpool_limits

from vaeaudit.statistics.intervals import normal_quantile, wilson
from vaeaudit.statistics.measures import Interval

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]
Features = FloatArray | sparse.csr_array

#: Features kept at most, by their correlation with the targets in the training folds.
MOST_FEATURES = 1_000
#: Rows' worth of pull towards 0 on each coefficient.
RIDGE = 5.0
#: Parts of the rows, each of which is scored by a fit without it.
FOLDS = 5
#: Pull of a bin's mean towards that of all bins, in rows.
SHRINKAGE_ROWS = 5.0


def latent_features(means: FloatArray, *, n_bins: int = 10) -> FloatArray:
    """Features of the posterior means [M, A]: themselves, products of pairs, and quantile bins.

    Bins see any bend along one axis; products see what only two axes together tell.
    """
    scale = means.std(axis=0)
    standard = np.clip((means - means.mean(axis=0)) / np.where(scale > 0, scale, 1.0), -4, 4)
    first, second = np.triu_indices(standard.shape[1])
    first, second = first[: MOST_FEATURES // 2], second[: MOST_FEATURES // 2]
    edges = np.quantile(standard, np.linspace(0, 1, n_bins + 1)[1:-1], axis=0)
    bins = [standard > edge for edge in edges]
    return np.concatenate([standard, standard[:, first] * standard[:, second], *bins], axis=1)


def stratified_folds(
    member: npt.NDArray[np.bool_], rng: np.random.Generator, together: IntArray | None = None
) -> npt.NDArray[np.intp]:
    """Deal the rows of each group over the folds, [M]; each fold has its share of each group.

    Parameters
    ----------
    member
        [M, G]; the group of each row.
    rng
        Deals.
    together
        [M]; rows of one number come to one fold, with the group that its first row has. Where all have the same, they
        are dealt one by one, as where None.
    """
    heads, place, sizes = _components(len(member), together)
    group = member[heads].argmax(axis=1)
    shuffled = rng.permutation(len(heads))
    order = shuffled[np.lexsort((-sizes[shuffled], group[shuffled]))]
    folds = np.empty(len(heads), dtype=np.intp)
    folds[order] = np.arange(len(heads)) % FOLDS
    return folds[place]


def random_half(n_rows: int, rng: np.random.Generator, together: IntArray | None = None) -> npt.NDArray[np.bool_]:
    """Return a mask [N] of about half of the rows, drawn at random; `together` as for `stratified_folds`."""
    _, place, sizes = _components(n_rows, together)
    order = rng.permutation(len(sizes))
    chosen = np.zeros(len(sizes), bool)
    chosen[order[np.cumsum(sizes[order]) <= n_rows // 2]] = True
    return chosen[place]


def _components(n_rows: int, together: IntArray | None) -> tuple[IntArray, IntArray, IntArray]:
    """Return the first row of each component [K], the component of each row [N], and their sizes [K]."""
    alone = np.arange(n_rows)
    _, heads, place, sizes = np.unique(
        alone if together is None else together, return_index=True, return_inverse=True, return_counts=True
    )
    return (heads, place, sizes) if len(heads) > 1 else (alone, alone, np.ones(n_rows, np.int64))


def out_of_fold_means(
    codes: npt.NDArray[np.integer], n_bins: int, targets: FloatArray, folds: npt.NDArray[np.integer]
) -> tuple[FloatArray, FloatArray]:
    """Return, for fold and bin, the mean of each target in the bin outside the fold, and the target's sum within.

    Parameters
    ----------
    codes, n_bins
        The bin of each row, [M], and how many there are.
    targets, folds
        [M, T], and the fold of each row.

    Returns
    -------
    tuple[FloatArray, FloatArray]
        Both [folds, bins, T]; a mean is pulled towards that of all bins by `SHRINKAGE_ROWS` rows.
    """
    shape = (int(folds.max()) + 1, n_bins, targets.shape[1])
    place = folds * n_bins + codes
    each = [np.bincount(place, column, shape[0] * n_bins) for column in targets.T]
    sums: FloatArray = np.stack(each, axis=1).reshape(shape).astype(np.float64)
    rows = np.bincount(place, minlength=shape[0] * n_bins).reshape(*shape[:2], 1)
    learned, seen = sums.sum(axis=0) - sums, rows.sum(axis=0) - rows
    overall = learned.sum(axis=1, keepdims=True) / seen.sum(axis=1, keepdims=True)
    return (learned + SHRINKAGE_ROWS * overall) / (seen + SHRINKAGE_ROWS), sums


def out_of_fold_scores(features: Features, targets: FloatArray, folds: npt.NDArray[np.integer]) -> FloatArray:
    """Score every row by a ridge regression that was fitted without the row's fold.

    Parameters
    ----------
    features, targets
        [M, F] and [M, T]; all targets share one factorisation per fold.
    folds
        [M], the fold of each row.

    Returns
    -------
    FloatArray
        [M, T].
    """
    scores, numbers = np.empty(targets.shape), np.unique(folds)
    # matrices this small gain nothing from more threads, and threads that wait for a busy core cost fivefold
    with threadpool_limits(limits=1, user_api="blas"):
        few = features.shape[1] <= MOST_FEATURES
        parts = [_Moments.of(features[folds == fold], targets[folds == fold]) for fold in numbers if few]
        for place, fold in enumerate(numbers):
            test = features[folds == fold]
            if few:
                learned = _Moments.together([*parts[:place], *parts[place + 1 :]])
            else:
                train = np.flatnonzero(folds != fold)
                kept = _informative(features[train], targets[train])
                learned, test = _Moments.of(features[train][:, kept], targets[train]), test[:, kept]
            weights = learned.ridge()
            scores[folds == fold] = test @ weights - learned.centre @ weights
    return scores


def ranks_within(scores: FloatArray, folds: npt.NDArray[np.integer]) -> FloatArray:
    """Rank scores [M, T] within each fold, between 0 and 1: what different fits say is then of one scale."""
    ranks = np.empty(scores.shape)
    for fold in np.unique(folds):
        inside = folds == fold
        ranks[inside] = stats.rankdata(scores[inside], axis=0) / inside.sum()
    return ranks


def areas(scores: FloatArray, targets: FloatArray) -> FloatArray:
    """Return the AUC of each column of scores [M, T] for targets [M, T] of 0 and 1, ties as half."""
    inside = targets.sum(axis=0)
    ranks = (stats.rankdata(scores, axis=0) * targets).sum(axis=0)
    return np.asarray((ranks - inside * (inside + 1) / 2) / (inside * (len(targets) - inside)))


@dataclass(frozen=True)
class _Moments:
    """What a ridge regression is worked out from: sums over rows, which add up over parts of the rows.

    One-hot features stay sparse, which is many times faster than centring them.

    Attributes
    ----------
    rows
        How many.
    features, targets
        [F] and [T]; sums.
    products, cross
        [F, F] and [F, T]; sums of products of features, and of features with targets.
    """

    rows: int
    features: FloatArray
    targets: FloatArray
    products: FloatArray
    cross: FloatArray

    @classmethod
    def of(cls, features: Features, targets: FloatArray) -> _Moments:
        """Sum over rows: features [M, F], targets [M, T]."""
        products = features.T @ features
        return cls(
            features.shape[0],
            np.asarray(features.sum(axis=0)).ravel(),
            np.asarray(targets.sum(axis=0)),
            products.toarray() if sparse.issparse(products) else products,
            np.asarray(features.T @ targets),
        )

    @classmethod
    def together(cls, parts: Sequence[_Moments]) -> _Moments:
        """Add up the moments of parts of the rows."""
        return cls(*(sum(getattr(part, entry.name) for part in parts) for entry in fields(cls)))

    @property
    def centre(self) -> FloatArray:
        """[F]; means of the features."""
        return self.features / self.rows

    def ridge(self) -> FloatArray:
        """Return coefficients [F, T]."""
        gram = self.products - np.outer(self.features, self.centre)
        gram[np.diag_indices_from(gram)] += RIDGE
        factor = linalg.cho_factor(gram, check_finite=False)
        cross = self.cross - np.outer(self.centre, self.targets)
        return np.asarray(linalg.cho_solve(factor, cross, check_finite=False))


def _informative(features: Features, targets: FloatArray) -> npt.NDArray[np.intp]:
    """Positions of the features that vary; of too many those that correlate best with any target."""
    n_rows = features.shape[0]
    mean = np.asarray(features.mean(axis=0)).ravel()
    squared = features.multiply(features) if sparse.issparse(features) else np.square(features)
    variance = np.asarray(squared.mean(axis=0)).ravel() - mean**2
    varying = np.flatnonzero(variance > 1e-8)
    if varying.size <= MOST_FEATURES:
        return varying
    centred = targets - targets.mean(axis=0)
    association = np.abs(np.asarray(features.T @ centred)).max(axis=1)[varying] / np.sqrt(n_rows * variance[varying])
    return np.sort(varying[np.argsort(-association, kind="stable")[:MOST_FEATURES]])


#: A fold is worth having if it holds this share of the rows, and so many.
_LEAST_SHARE, _FEWEST = 0.25, 10
_CHUNK = 65_536


def content_folds(features: npt.NDArray[np.float32], n_folds: int) -> npt.NDArray[np.int64]:
    """Return the fold [N], 0 to `n_folds` - 1, of each row, from a hash of its features alone.

    Multiply-shift hashing (Dietzfelbinger 1997) of the bits of each number. A row that occurs twice, or is scored again
    later, comes to the same fold, so that no copy of it helps to judge it.

    Parameters
    ----------
    features
        [N, F]; finite.
    n_folds
        How many.
    """
    drawn = np.random.default_rng(0).integers(0, 2**62, features.shape[1]).astype(np.uint64)
    odd = np.asarray(2 * drawn + 1, np.uint64)
    fold = np.empty(len(features), np.int64)
    for start in range(0, len(features), _CHUNK):
        bits = (features[start : start + _CHUNK].astype(np.float32) + np.float32(0)).view(np.uint32).astype(np.uint64)
        mixed = (bits * odd).sum(axis=1, dtype=np.uint64)
        mixed ^= mixed >> np.uint64(29)
        fold[start : start + _CHUNK] = ((mixed * odd[0]) >> np.uint64(40)) % np.uint64(n_folds)
    return fold


def can_cross_fit(fold: npt.NDArray[np.integer], n_folds: int) -> bool:
    """Whether every fold holds enough rows, and leaves enough to learn from.

    Parameters
    ----------
    fold, n_folds
        [N]; see `content_folds`.
    """
    smallest = int(np.bincount(fold, minlength=n_folds).min())
    return n_folds > 1 and smallest >= max(_FEWEST, _LEAST_SHARE * 2 / n_folds * len(fold))


def raised_by_fits(fits: int) -> float:
    """Return how many times the variance is for models that were each learned without one fold, of which they tell.

    They share most of their training rows, and so err alike (Nadeau and Bengio 2003, Machine Learning 52).
    """
    return 1 + fits / (fits - 1) if fits > 1 else 1.0


def macro_auc_interval(
    scores: FloatArray,
    member: npt.NDArray[np.bool_],
    level: float,
    together: IntArray | None = None,
    *,
    fits: int = 0,
    weight: FloatArray | None = None,
) -> tuple[float, Interval]:
    """Return the mean over groups of the one-against-rest AUC, and its interval by the method of DeLong (1988).

    Ties count half: it is `sklearn.metrics.roc_auc_score(member, scores)`, which gives no interval.

    Each row's placement values give its influence on every group's AUC; the variance of the mean over groups is taken
    from the sum of these influences, so that the covariances between the groups' AUCs are in it. Influences of rows
    that belong `together` are summed first, for copies add no evidence (Obuchowski 1997). The interval is made on the
    logit scale. Where the groups part perfectly no variance is left to see; the lower bound is then Wilson's for a
    proportion of 1 among the rows of the smallest group.

    Where the scores are of `fits` models, the variance is raised as `raised_by_fits` says; with 0 the models are taken
    as they are. With a `weight` [N] each row stands for so many, and its influence is as much larger.
    """
    n_rows, n_groups = scores.shape
    areas = np.empty(n_groups)
    influence: FloatArray = np.zeros(n_rows)
    counted = np.ones(n_rows) if weight is None else weight
    for group in range(n_groups):
        inside = member[:, group]
        areas[group], placement = _placements(scores[:, group], inside, counted)
        n_in, n_out = float(counted[inside].sum()), float(counted[~inside].sum())
        influence += counted * np.where(inside, 1 / n_in, 1 / n_out) * (placement - areas[group]) / n_groups
    auc = float(areas.mean())
    if together is not None:
        influence = np.asarray(np.bincount(_components(n_rows, together)[1], weights=influence), np.float64)
    stderr = float(np.sqrt(raised_by_fits(fits) * np.square(influence).sum()))
    if stderr == 0 or not 0 < auc < 1:
        bound = float(wilson(member.sum(axis=0).min(), member.sum(axis=0).min(), level)[0])
        low, high = (bound, 1.0) if auc > 0.5 else (0.0, 1 - bound)
        return auc, Interval(min(low, auc), max(high, auc), level)
    half = normal_quantile(level) * stderr / (auc * (1 - auc))
    centre = np.log(auc / (1 - auc))
    low, high = (float(1 / (1 + np.exp(-value))) for value in (centre - half, centre + half))
    return auc, Interval(low, high, level)


def _placements(scores: FloatArray, inside: npt.NDArray[np.bool_], weight: FloatArray) -> tuple[float, FloatArray]:
    """AUC, and per row the share of the other side that it is placed rightly against [N]."""
    placement = np.empty(len(scores))
    placement[inside] = _share_below(scores[inside], scores[~inside], weight[~inside])
    placement[~inside] = 1 - _share_below(scores[~inside], scores[inside], weight[inside])
    return float(np.average(placement[inside], weights=weight[inside])), placement


def _share_below(scores: FloatArray, others: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the share of the weight of others [M] that is below each score [N]; ties count half."""
    order = np.argsort(others)
    held, below = others[order], np.concatenate([[0.0], np.cumsum(weight[order])])
    first, last = (np.searchsorted(held, scores, side=side) for side in ("left", "right"))
    return np.asarray((below[first] + below[last]) / 2 / below[-1])


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
