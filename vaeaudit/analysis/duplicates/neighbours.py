"""Nearest neighbours, and how near a pair must be for chance not to explain it."""

from __future__ import annotations

import numpy as np
from sklearn.neighbors import NearestNeighbors

from vaeaudit.outputs.record import FloatArray, IntArray
from vaeaudit.outputs.row_pairs import Rows

#: Pairs of rows compared at most. 100,000 rows in 32 dimensions take 15 s on 2 cores; beyond, rows are compared
#: within a window along the first principal axis, which copies share.
MOST_COMPARISONS = 1e10
#: Pairs that chance may give in the whole dataset below `copy_limit`.
CHANCE_PAIRS = 0.05
#: Part of the rows that tell how ordinary neighbours lie: copies, and rows far from all others, lie beyond it.
_ORDINARY = (0.25, 0.75)


def nearest_in_sample(points: FloatArray, sample: Rows, n_neighbours: int) -> Rows:
    """Return for each row the positions [N, k] of the nearest others among some rows, in no order.

    Parameters
    ----------
    points
        [N, A]; Euclidean distances are meant.
    sample
        [M] positions, rising, of the rows among which neighbours are sought.
    n_neighbours
        How many are wanted; k is at most M - 1.
    """
    n_neighbours = min(n_neighbours, len(sample) - 1)
    if n_neighbours < 1 or points.shape[1] == 0:
        return np.zeros((len(points), 0), np.int64)
    compact, place = np.ascontiguousarray(points, np.float32), np.full(len(points), -1)
    place[sample] = np.arange(len(sample))
    return sample[_among(compact[sample], compact, place, n_neighbours)]


def nearest_rows(points: FloatArray, n_neighbours: int) -> Rows:
    """Return for each row the positions [N, k] of its nearest others, k = min(n_neighbours, N - 1), in no order.

    Parameters
    ----------
    points
        [N, A]; Euclidean distances are meant.
    n_neighbours
        How many are wanted.
    """
    n_rows = len(points)
    n_neighbours = min(n_neighbours, n_rows - 1)
    if n_neighbours < 1 or points.shape[1] == 0:
        return np.zeros((n_rows, 0), np.int64)
    compact = np.ascontiguousarray(points, np.float32)
    if n_rows**2 <= MOST_COMPARISONS:
        return _among(compact, compact, np.arange(n_rows), n_neighbours)
    order = np.argsort(_first_principal(compact), kind="stable")
    half = max(int(MOST_COMPARISONS / n_rows) // 4, n_neighbours + 1)
    found = np.empty((n_rows, n_neighbours), np.int64)
    for start in range(0, n_rows, 2 * half):
        own = slice(start, start + 2 * half)
        window = order[max(0, start - half) : start + 3 * half]
        place = np.arange(start, min(start + 2 * half, n_rows)) - max(0, start - half)
        found[order[own]] = window[_among(compact[window], compact[order[own]], place, n_neighbours)]
    return found


def copy_limit(nearest: FloatArray, usual: FloatArray, dimension: int, *, sampled: float = 1.0) -> float:
    """Return the largest `nearest / usual` at which a pair is nearer than chance explains, in the whole dataset.

    Where points lie evenly in m dimensions, the nearest of several neighbours is closer than a share r of their usual
    distance with a probability that falls as r^m (the idea behind the estimators of intrinsic dimension of Levina,
    Bickel 2005 and Facco et al. 2017). m is the rate of -log r between its quartiles, where copies do not reach;
    the limit is where `CHANCE_PAIRS` rows are expected below it.

    Parameters
    ----------
    nearest, usual
        [N]; distance of each row to its nearest neighbour, and the median over its neighbours.
    dimension
        Numbers that a row is made of: m cannot exceed it.
    sampled
        Share of the rows among which these neighbours were sought: a pair of all rows has the more chances.

    Examples
    --------
    >>> even = np.random.default_rng(0).random(100_000) ** (1 / 8)
    >>> round(copy_limit(even, np.ones(100_000), 20), 2)
    0.16
    """
    depth = -np.log(closeness(nearest, usual))
    if len(depth) == 0:
        return 0.0
    low, high = np.quantile(depth, _ORDINARY)
    beyond = depth[depth >= low]
    # The mean excess over the lower quartile of an exponential that is known only up to the upper quartile.
    rate = float(np.count_nonzero(beyond <= high)) / max(float(np.sum(np.minimum(beyond, high) - low)), 1e-12)
    odds = max(len(beyond) / (CHANCE_PAIRS * sampled), 1.0)
    return float(np.exp(-low - np.log(odds) / min(rate, float(dimension))))


def closeness(nearest: FloatArray, usual: FloatArray) -> FloatArray:
    """Return `nearest / usual` [N], between 1e-9 and 1; 1 where all neighbours coincide."""
    usual = np.asarray(usual, np.float64)
    ratio = np.divide(nearest, usual, out=np.ones_like(usual), where=usual > 0)
    return np.clip(ratio, 1e-9, 1.0)


def usual_distances(distance: FloatArray) -> FloatArray:
    """Return [N]; the median of each row's distances [N, k] to its neighbours, 0 where it has none."""
    return np.median(distance, axis=1) if distance.shape[1] else np.zeros(len(distance))


def pairs_within(limit: float, neighbours: Rows, distance: FloatArray, usual: FloatArray) -> tuple[Rows, FloatArray]:
    """Return the pairs [P, 2] that are near as seen from both rows, and their distances; twice where both found it.

    Parameters
    ----------
    limit
        Largest distance, as a part of what is usual around either row; see `copy_limit`.
    neighbours, distance
        [N, k]; see `nearest_rows`; infinite where the neighbour does not count.
    usual
        [N]; see `usual_distances`.
    """
    row, place = np.nonzero(distance <= limit * np.minimum(usual[:, None], usual[neighbours]))
    return np.sort(np.stack([row, neighbours[row, place]], axis=1), axis=1), distance[row, place]


def _among(points: FloatArray, queries: FloatArray, own_place: IntArray, n_neighbours: int) -> Rows:
    """Return [Q, k]; positions in `points` of the nearest to each query, the query itself (at `own_place`) left out."""
    search = NearestNeighbors(n_neighbors=n_neighbours + 1, algorithm="brute").fit(points)
    found = search.kneighbors(queries, return_distance=False)
    others = found != own_place[:, None]
    others[others.all(axis=1), -1] = False  # among many equal points the query itself need not come up
    return np.asarray(found[others].reshape(len(queries), n_neighbours), np.int64)


def _first_principal(points: FloatArray) -> FloatArray:
    centred = points - points.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov(centred, rowvar=False).reshape(points.shape[1], -1))
    return np.asarray(centred @ axes[:, -1], np.float64)
