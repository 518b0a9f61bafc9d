"""Which columns a latent goes with, and which way, judged on rows that this was not learned from."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from scipy import sparse, stats

from vaeaudit.analysis.grouping.groups import Grouping
from vaeaudit.analysis.latents.results import Explains
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.statistics.cross_fit import random_half
from vaeaudit.statistics.intervals import normal_quantile
from vaeaudit.statistics.measures import Interval

#: A bin's mean is drawn towards the overall mean as if by this many rows more, so that rare levels do not shout.
SHRINKAGE_ROWS = 5.0
#: Less than one per cent of a latent's variance is not worth a reader's time, whatever the sample size.
SMALLEST_SCORE = 0.01
#: Chance that any column at all passes the noise floor while none tells anything about any latent.
NOISE_LEVEL = 0.01
#: Columns of the data listed per latent, and columns computed from pictures, which must not crowd them out.
MOST_COLUMNS, MOST_COMPUTED = 5, 3
#: Beyond this many bins the null distribution of the held-out R^2 no longer reaches further up (see `noise_floor`).
_WIDEST_NULL = 50


def held_out_r2(
    codes: IntArray, n_bins: int, targets: FloatArray, first_half: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Return how well the bin alone predicts each target on rows it was not learned from.

    Bin means are learned on one half of the rows and judged on the other, both ways. 1 is perfect, 0 is no better
    than the mean of the half that was learned from, below 0 is worse.

    Parameters
    ----------
    codes
        [N], the bin of each row, below `n_bins`.
    n_bins
        Number of bins.
    targets
        [N, L].
    first_half
        [N], which rows make up the first half.

    Returns
    -------
    tuple[FloatArray, FloatArray]
        [L], R^2 over both directions, 0 for a target that does not vary; and [L], its standard error over the rows, by
        the delta method for a ratio of two means.
    """
    error, total = np.zeros(targets.shape), np.zeros(targets.shape)
    for learn in (first_half, ~first_half):
        sums, counts = bin_sums(codes[learn], n_bins, targets[learn])
        centre = targets[learn].mean(axis=0)
        fitted = (sums - counts[:, None] * centre) / (counts[:, None] + SHRINKAGE_ROWS)
        deviation = targets[~learn] - centre
        error[~learn] = np.square(deviation - fitted[codes[~learn]])
        total[~learn] = np.square(deviation)
    varying = total.sum(axis=0) > 0
    scale = np.where(varying, total.sum(axis=0), 1.0)
    unexplained = error.sum(axis=0) / scale
    spread = np.sqrt(np.square(error - unexplained * total).sum(axis=0)) / scale
    return np.where(varying, 1 - unexplained, 0.0), np.where(varying, spread, 0.0)


def bin_sums(codes: IntArray, n_bins: int, targets: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the sum of the targets per bin [bins, L] and the rows per bin [bins]."""
    n_rows = len(codes)
    membership = sparse.csr_array((np.ones(n_rows), codes, np.arange(n_rows + 1)), shape=(n_rows, n_bins))
    return np.asarray(membership.T @ targets), np.bincount(codes, minlength=n_bins).astype(np.float64)


def noise_floor(n_rows: int, n_bins: int, n_tests: int) -> float:
    """Return a held-out R^2 that columns without information pass with a chance of `NOISE_LEVEL` over all tests.

    Under independence, with halves of m rows and unit variance, bin b adds `(2uv - u^2) / m` to R^2, where u and v
    are its standardised means in the two halves. Over both directions that is `(4uv - u^2 - v^2) / 2m`, whose
    quadratic form has the eigenvalues 1 and -3: a chi-squared variable with one degree of freedom per bin, over 2m = N,
    bounds it from above. The negative part takes over as bins are added; beyond 50 of them the bound of 50 holds.
    """
    degrees = min(n_bins, _WIDEST_NULL)
    bound = float(stats.chi2.isf(NOISE_LEVEL / max(n_tests, 1), degrees)) / max(n_rows, 1)
    return max(SMALLEST_SCORE, bound)


def explain_latents(
    columns: Sequence[Grouping],
    targets: FloatArray,
    rng: np.random.Generator,
    *,
    confidence: float = 0.95,
    computed: Collection[str] = (),
    together: IntArray | None = None,
) -> tuple[tuple[Explains, ...], ...]:
    """List, per latent, the columns that predict its posterior mean best; those below the noise floor do not appear.

    Parameters
    ----------
    columns
        Binned columns; columns that were held out of the model are as welcome as those it saw.
    targets
        [N, L], posterior means.
    rng
        Splits the rows in halves.
    confidence
        Of the intervals.
    computed
        Names of columns that were computed from pictures.
    together
        [N]; rows of one number lie in one half. None: each lies where it falls.

    Returns
    -------
    tuple[tuple[Explains, ...], ...]
        One tuple per latent, at most `MOST_COLUMNS` columns each and `MOST_COMPUTED` computed ones, best first.
    """
    n_rows, n_latents = targets.shape
    if n_rows < 4 or not columns:
        return tuple(() for _ in range(n_latents))
    first_half = random_half(n_rows, rng, together)
    judged = [held_out_r2(column.codes, len(column), targets, first_half) for column in columns]
    scores, errors = (np.stack(parts) for parts in zip(*judged, strict=True))
    half = normal_quantile(confidence) * errors
    low, high = np.clip(scores - half, 0.0, 1.0), np.clip(scores + half, 0.0, 1.0)
    floors = np.array([noise_floor(n_rows, int(np.count_nonzero(column.counts)), scores.size) for column in columns])
    are_computed = np.array([column.column in computed for column in columns])
    return tuple(
        tuple(
            Explains(
                column=columns[place].column,
                score=float(min(scores[place, latent], 1.0)),
                ci=Interval(float(low[place, latent]), float(high[place, latent]), confidence),
                direction=direction(columns[place], targets[:, latent]),
            )
            for place in _best(scores[:, latent], floors, are_computed)
        )
        for latent in range(n_latents)
    )


def _best(scores: FloatArray, floors: FloatArray, computed: BoolArray) -> list[int]:
    """Return the positions of the columns that are listed, best first."""
    ranked = np.argsort(-scores, kind="stable")
    ranked = ranked[(scores > floors)[ranked]]
    own = ~computed[ranked]
    listed = np.where(own, np.cumsum(own) <= MOST_COLUMNS, np.cumsum(~own) <= MOST_COMPUTED)
    return [int(place) for place in ranked[listed]]


def direction(column: Grouping, target: FloatArray) -> str:
    """Say in words how a latent [N] moves with a column.

    For an ordered column "rises", "falls", or where the highest or lowest values lie if the relation bends; for
    levels, the two that lie furthest apart, low end first.
    """
    sums, counts = bin_sums(column.codes, len(column), target[:, None])
    held = np.flatnonzero(counts)
    means = sums[held, 0] / counts[held]
    counts = counts[held]
    if not column.ordered:
        return _level_ends([column.labels[place] for place in held], means, counts)
    values = held != column.missing
    if not values.all():
        missing = float(means[~values][0]) - float(target.mean())
        if values.sum() < 2 or abs(missing) > 2 * _weighted_spread(means[values], counts[values]):
            return "higher where missing" if missing > 0 else "lower where missing"
    return _trend(means[values], counts[values])


def _weighted_spread(means: FloatArray, counts: FloatArray) -> float:
    centre = np.average(means, weights=counts)
    return float(np.sqrt(np.average(np.square(means - centre), weights=counts)))


def _trend(means: FloatArray, counts: FloatArray) -> str:
    """Name the shape of a curve of bin means, weighted by the rows in each bin."""
    position = np.cumsum(counts) - counts / 2
    position = position / counts.sum()
    centred = means - np.average(means, weights=counts)
    offset = position - np.average(position, weights=counts)
    covariance = np.average(centred * offset, weights=counts)
    scale = np.sqrt(np.average(centred**2, weights=counts) * np.average(offset**2, weights=counts))
    correlation = covariance / scale if scale > 0 else 0.0
    if abs(correlation) >= 0.6:
        return "rises" if correlation > 0 else "falls"
    middle = np.abs(position - 0.5) <= 0.25
    if not middle.any() or middle.all():
        return "rises" if correlation > 0 else "falls"
    inner = np.average(means[middle], weights=counts[middle])
    outer = np.average(means[~middle], weights=counts[~middle])
    return "highest in the middle" if inner > outer else "lowest in the middle"


def _level_ends(labels: Sequence[str], means: FloatArray, counts: FloatArray) -> str:
    """Name the levels at the two ends, leaving aside levels too rare for their mean to be trusted where that can be."""
    common = counts >= max(10.0, 0.01 * counts.sum())
    eligible = np.flatnonzero(common) if common.sum() >= 2 else np.arange(len(means))
    low = labels[int(eligible[np.argmin(means[eligible])])]
    high = labels[int(eligible[np.argmax(means[eligible])])]
    return f"from {low} up to {high}"
