"""How like two sets of rows are: whether trees tell them apart, column by column, and pair by pair."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from vaeaudit.analysis.generation.results import Figure
from vaeaudit.analysis.generation.tables import grouped
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.statistics.association import latent_correlations
from vaeaudit.statistics.cross_fit import FOLDS, macro_auc_interval, stratified_folds
from vaeaudit.statistics.intervals import normal_quantile
from vaeaudit.statistics.measures import Interval

#: Trees and leaves: enough to see an interaction of three columns, and few enough for a few hundred rows.
_TREES, _LEAVES = 100, 8
#: Bins of a number, or levels, of a margin and of one of a pair.
_BINS, _GROUPS = 40, 8
#: Resamples of the rows for the standard errors, and columns whose pairs are compared.
_OF_MARGINS, _OF_PAIRS, MOST_COLUMNS = 100, 30, 30


def told_apart(real: FloatArray, other: FloatArray, level: float, seed: int) -> Figure:
    """Return the AUC with which boosted trees tell rows from others, out of fold (Lopez-Paz and Oquab 2017).

    0.5 where they are of one distribution; the interval is DeLong's, widened for models that share training rows.

    Parameters
    ----------
    real, other
        [A, F] and [B, F]; NaN where missing.
    level, seed
        Of the interval; of folds and trees.
    """
    rows = np.concatenate([real, other])
    member = np.arange(len(rows)) >= len(real)
    folds = stratified_folds(np.column_stack([member, ~member]), np.random.default_rng(seed))
    scores = np.zeros(len(rows))
    with threadpool_limits(limits=1):
        for fold in range(FOLDS):
            train, test = folds != fold, folds == fold
            model = HistGradientBoostingClassifier(
                max_iter=_TREES, max_leaf_nodes=_LEAVES, early_stopping=False, random_state=seed
            )
            # Both sides weigh the same, whatever their numbers.
            weight = np.where(member, 1 / max(member[train].sum(), 1), 1 / max((~member)[train].sum(), 1)) * len(rows)
            scores[test] = model.fit(rows[train], member[train], weight[train]).predict_proba(rows[test])[:, 1]
    auc, ci = macro_auc_interval(scores[:, None], member[:, None], level, fits=FOLDS)
    return Figure.within(auc, ci)


def marginals(
    real: FloatArray, others: Sequence[FloatArray], is_level: BoolArray, level: float, rng: np.random.Generator
) -> list[tuple[Figure, FloatArray]]:
    """Return how far the distribution of each column is off [C] in other rows, and the mean over columns.

    Kolmogorov's distance of a number, half the sum of differences of shares of a level; a missing cell counts as a
    value of its own. The interval is normal, its standard error from resampled rows of both sides.

    Parameters
    ----------
    real, others
        [A, C], and [B, C] each; as `as_numbers` gives them.
    is_level
        [C].
    level, rng
        Of the interval; of the resamples.
    """
    codes, *of_others = grouped([real, *others], is_level, _BINS)

    def off(one: IntArray, other: IntArray) -> FloatArray:
        gap = _shares(one) - _shares(other)
        return np.asarray(np.where(is_level, np.abs(gap).sum(axis=1) / 2, np.abs(np.cumsum(gap, axis=1)).max(axis=1)))

    return [_with_error(off, codes, other, level=level, rng=rng, resamples=_OF_MARGINS) for other in of_others]


def _shares(codes: IntArray) -> FloatArray:
    """Share of the rows in each group [C, G] for codes [N, C]."""
    n_groups, n_columns = _BINS + 1, codes.shape[1]
    counts = np.bincount((codes + n_groups * np.arange(n_columns)).ravel(), minlength=n_groups * n_columns)
    return np.asarray(counts.reshape(n_columns, n_groups) / max(len(codes), 1))


def associations(
    tables: Sequence[FloatArray], is_level: BoolArray, level: float, rng: np.random.Generator
) -> tuple[list[FloatArray], list[tuple[Figure, FloatArray]]]:
    """Return the correlations of pairs [P] in each table, and how far all but the first are off: each and their mean.

    Correlations are those of `latent_correlations`.

    Parameters
    ----------
    tables
        Each [N, C], C > 1, as `as_numbers` gives them.
    is_level, level, rng
        As for `marginals`.
    """
    codes = grouped(tables, is_level, _GROUPS)
    first, second = pairs_of(len(is_level))

    def tied(rows: IntArray) -> FloatArray:
        return np.asarray(latent_correlations(rows.astype(np.int64), ~is_level)[0][first, second])

    def off(one: IntArray, other: IntArray) -> FloatArray:
        return np.abs(tied(one) - tied(other))

    found = [_with_error(off, codes[0], other, level=level, rng=rng, resamples=_OF_PAIRS) for other in codes[1:]]
    return [tied(code) for code in codes], found


def pairs_of(n_columns: int) -> tuple[IntArray, IntArray]:
    """Return the positions of the two columns of each pair."""
    pairs = np.array(list(combinations(range(n_columns), 2)), np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _with_error(
    off: Callable[[IntArray, IntArray], FloatArray],
    real: IntArray,
    other: IntArray,
    *,
    level: float,
    rng: np.random.Generator,
    resamples: int,
) -> tuple[Figure, FloatArray]:
    found = off(real, other)
    drawn = [
        off(real[rng.integers(len(real), size=len(real))], other[rng.integers(len(other), size=len(other))]).mean()
        for _ in range(resamples)
    ]
    value, stderr = float(found.mean()), float(np.std(drawn, ddof=1))
    half = normal_quantile(level) * stderr
    return Figure(value, Interval(max(value - half, 0.0), min(value + half, 1.0), level), stderr), found
