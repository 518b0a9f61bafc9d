"""Whether a series changes at a point, rather than by chance, along a trend, with the seasons, or as it always wanders.

Series are sums over bins of rows in an order: a share or a mean rank in each bin follows from its sum and its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import log
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import signal, special, stats

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]

#: Fewest rows, and share of the rows, that lie on each side of a change.
FEWEST_ROWS, LEAST_SHARE = 20, 0.02
#: Rows times their variance on each side: of something rare it takes more rows to tell how often it occurs.
RARE = 3.0
#: Bins that a series has at most.
BINS = 256
#: Years from which it can be told what the seasons are, and from which a part of a season may look like a step.
SEASONAL_YEARS, PART_OF_A_YEAR = 1.5, 0.2
#: What moves more often than this is the way in which the series moves, and no change.
MOST_CHANGES = 3
#: Blocks of bins from which it can be told how far the series wanders by itself.
FEWEST_BLOCKS = 16
#: How much of what is new a wandering level takes over from bin to bin.
_TAKEN_OVER = (0.1, 0.2, 0.4, 0.7, 1.0)
#: By how much the likelihood of steps must surpass that of what is no step, as twice its log: odds of 20 to 1.
_MARGIN = 2 * log(20)
#: Half the drop of twice the log-likelihood that a 95 % interval of a change point spans: (1 - exp(-x))^2 = 0.95.
_SUPPORT = -log(1 - 0.95**0.5)


@dataclass(frozen=True)
class Drift:
    """How one of several series of a column moves.

    Attributes
    ----------
    series
        Which of them moves most.
    shape
        Whether it steps, or drifts in another way; `split` where only two given sides are compared.
    edges
        Of steps: the bins that each new level starts with.
    strength
        The largest step, or the difference of the drift as a whole, standardised by the spread.
    p_values
        One per step, or one of the drift as a whole; for the best edge of all series.
    spread
        By how much more it varies from block to block than independent rows would, 1 or more.
    """

    series: int
    shape: Literal["step", "trend", "split"]
    edges: tuple[int, ...]
    p_values: tuple[float, ...]
    spread: float
    strength: float = 0.0


def scan(sums: FloatArray, rows: FloatArray, variance: FloatArray) -> FloatArray:
    """Return the largest standardised difference between what lies before and after an edge, per series [M].

    Parameters
    ----------
    sums, rows
        [T, M] in order; a series without the rows to test has 0.
    variance
        [M]; of one row.
    """
    before, total = rows.cumsum(axis=0)[:-1], rows.sum(axis=0)
    gap = sums.cumsum(axis=0)[:-1] - before / np.maximum(total, 1) * sums.sum(axis=0)
    information = variance * before * (total - before) / np.maximum(total, 1)
    fewest = np.maximum(fewest_rows(total), RARE / np.maximum(variance, 1e-9))
    allowed = (np.minimum(before, total - before) >= fewest) & (information > 0)
    squared = np.divide(gap**2, information, out=np.zeros_like(gap), where=allowed)
    best: FloatArray = np.sqrt(squared.max(axis=0, initial=0.0))
    return best


def fewest_rows(total: npt.ArrayLike) -> FloatArray:
    """Return how many rows lie on each side of an edge that is looked at."""
    return np.maximum(FEWEST_ROWS, LEAST_SHARE * np.asarray(total, np.float64))


def scan_p(z: FloatArray, total: npt.ArrayLike) -> FloatArray:
    """Return the chance of so large a `scan` in independent rows (Miller and Siegmund 1982, Biometrics 38, eq. 5)."""
    total = np.maximum(np.asarray(total, np.float64), 1)
    left = np.clip(fewest_rows(total) / total, 1e-9, 0.5)
    high = np.maximum(z, 1.5)
    density = stats.norm.pdf(high)
    tail = density * ((high - 1 / high) * 2 * np.log((1 - left) / left) + 4 / high)
    return np.where(z < 1.5, 1.0, np.minimum(tail, 1.0))


def find_drift(
    sums: FloatArray, rows: FloatArray, variance: FloatArray, place: FloatArray, *, years: float, most_p: float
) -> Drift | None:
    """Tell how the series that moves most moves; None where chance alone explains it.

    Parameters
    ----------
    sums, rows, variance
        As for `scan`.
    place
        [T]; where each bin lies, from 0 to 1.
    years
        How long the whole is, 0 where the order is no time: with more than one, seasons are a smooth curve, too.
    most_p
        What comes by chance more often than this is not looked into.
    """
    z = scan(sums, rows, variance)
    series, tests = int(z.argmax()), len(z)
    total = rows[:, series].sum()
    p = float(tests * scan_p(z[series], total))
    if p > most_p:
        return None
    used = rows[:, series] > 0
    one = _Series(sums[used, series] / rows[used, series], rows[used, series], float(variance[series]))
    season = _seasons(place[used], years)
    bend = np.stack([place[used], place[used] ** 2, place[used] ** 3], axis=1)
    curves = [bend[:, :1], bend, season[:, :2], season, *(np.hstack([season, bend[:, :k]]) for k in (1, 3))]
    edges, spread = one.steps(season if years >= SEASONAL_YEARS else season[:, :0], curves)
    bins = np.flatnonzero(used)
    while edges:
        heights = one.heights(edges) / np.sqrt(spread)
        p_values = np.minimum(tests * scan_p(heights, total), 1.0)
        if p_values.max() <= most_p:
            places, strength = tuple(int(bins[edge]) for edge in edges), float(heights.max())
            return Drift(series, "step", places, tuple(p_values.tolist()), spread, strength)
        edges = tuple(np.delete(edges, p_values.argmax()).tolist())
    spread = one.without(bend - np.average(bend, axis=0, weights=one.rows), ()).spread(())
    strength = float(z[series] / np.sqrt(spread))
    p = float(tests * scan_p(np.array(strength), total))
    return Drift(series, "trend", (), (min(1.0, p),), spread, strength)


def _seasons(place: FloatArray, years: float) -> FloatArray:
    """Return the curves [T, 4] that come back each year and half-year, none [T, 0] within a month or two."""
    if years < PART_OF_A_YEAR:
        return np.zeros((len(place), 0))
    turns = 2 * np.pi * place[:, None] * years * np.array([1, 2])
    curves: FloatArray = np.stack([np.sin(turns), np.cos(turns)], axis=2).reshape(len(place), -1)
    return curves


@dataclass(frozen=True, eq=False)
class _Series:
    """Means [T] of bins of so many rows [T], each of the same variance."""

    means: FloatArray
    rows: FloatArray
    variance: float

    def steps(self, season: FloatArray, curves: Sequence[FloatArray]) -> tuple[tuple[int, ...], float]:
        """Return where levels start, and the spread about them; nothing where no levels are likelier than what is none.

        The fewest levels that are, each number of them by least squares over all places, seasons [T, 4] taken away.
        """
        share = self.rows.sum() / BINS
        repeats = np.maximum(1, np.rint(self.rows / share)).astype(np.int64)  # a bin of many rows weighs as many
        smallest = max(2, int(fewest_rows(self.rows.sum()) / share))
        cost = log(self.rows.sum())
        smooth = [(self.fit(curve), curve.shape[1] * cost) for curve in curves]
        for n_edges in range(1, min(MOST_CHANGES, int(repeats.sum()) // smallest - 1) + 1):
            for part in (season[:, :0], season) if season.size else (season,):
                edges = self._candidates(n_edges, repeats, smallest)
                found = self.without(part, edges) if part.size else self
                edges = found._candidates(n_edges, repeats, smallest) if part.size else edges
                spread = found.spread(edges)
                gain = self.fit(np.hstack([part, self.levels(edges)[:, 1:]]))
                score = gain / spread - (part.shape[1] + 2 * len(edges)) * cost - _MARGIN
                likelier = all(score >= other / spread - paid for other, paid in smooth)
                if edges and likelier and found.surpasses_wandering(edges) >= _MARGIN:
                    return edges, spread
        return (), 1.0

    def _candidates(self, n_edges: int, repeats: IntArray, smallest: int) -> tuple[int, ...]:
        import ruptures  # noqa: PLC0415 - takes long to import, and most tables have nothing that drifts

        starts = np.cumsum(repeats) - repeats
        fitted = ruptures.KernelCPD(kernel="linear", min_size=smallest).fit(np.repeat(self.means, repeats)[:, None])
        found = fitted.predict(n_bkps=n_edges)[:-1]
        return tuple(sorted({int(np.searchsorted(starts, edge)) for edge in found} - {0, len(starts)}))

    def without(self, curves: FloatArray, edges: tuple[int, ...]) -> _Series:
        """Return what is left when curves [T, K], fitted beside levels, are taken away."""
        design, weight = np.hstack([curves, self.levels(edges)]), np.sqrt(self.rows)
        solved = np.linalg.lstsq(design * weight[:, None], self.means * weight, rcond=None)[0]
        return replace(self, means=self.means - curves @ solved[: curves.shape[1]])

    def levels(self, edges: tuple[int, ...]) -> FloatArray:
        """Return which bin lies on which level, [T, K + 1] of 0 and 1."""
        level = np.searchsorted(edges, np.arange(len(self.means)), side="right")
        return np.eye(len(edges) + 1)[level]

    def fit(self, curve: FloatArray) -> float:
        """Return the sum of squares that a least-squares fit of curves [T, K] explains, in variances of a row."""
        weight = np.sqrt(self.rows)
        design = np.column_stack([np.ones(len(curve)), curve]) * weight[:, None]
        solved = np.linalg.lstsq(design, self.means * weight, rcond=None)[0]
        explained = ((design @ solved - weight * self._overall) ** 2).sum()
        return float(explained / self.variance)

    def spread(self, edges: tuple[int, ...]) -> float:
        """Return how many times the variance of independent rows the residuals of blocks have, at the worst length."""
        residual, worst, size = self.rows * (self.means - self._levels(edges)), 1.0, 1
        while len(residual) // size >= FEWEST_BLOCKS:
            starts = np.arange(0, len(residual), size)
            squared = np.add.reduceat(residual, starts) ** 2 / np.add.reduceat(self.rows, starts)
            worst = max(worst, float(squared.sum()) / self.variance / (len(starts) - len(edges) - 1))
            size *= 2
        return worst

    def surpasses_wandering(self, edges: tuple[int, ...]) -> float:
        """Return twice the log of how much likelier steps are than a level that wanders from bin to bin.

        Such a level is foretold by exponential smoothing, which is best for a random walk seen through noise (Muth
        1960, JASA 55).
        """
        weight, errors = self.rows / self.rows.mean(), []
        for taken in _TAKEN_OVER:
            level, _ = signal.lfilter([taken], [1, taken - 1], self.means, zi=[(1 - taken) * self.means[0]])
            errors.append(float((weight[1:] * (self.means[1:] - level[:-1]) ** 2).sum()))
        left = float((weight * (self.means - self._levels(edges)) ** 2).sum())
        return len(weight) * log(max(min(errors), 1e-300) / max(left, 1e-300))

    def heights(self, edges: tuple[int, ...]) -> FloatArray:
        """Return each step against the levels beside it, standardised [K]."""
        parts = self._parts(edges)
        rows = np.array([self.rows[part].sum() for part in parts])
        level = np.array([np.average(self.means[part], weights=self.rows[part]) for part in parts])
        error: FloatArray = np.sqrt(self.variance * (1 / rows[1:] + 1 / rows[:-1]))
        return np.abs(np.diff(level)) / error

    def _levels(self, edges: tuple[int, ...]) -> FloatArray:
        level = np.empty(len(self.means))
        for part in self._parts(edges):
            level[part] = np.average(self.means[part], weights=self.rows[part])
        return level

    def _parts(self, edges: tuple[int, ...]) -> list[slice]:
        ends = (0, *edges, len(self.means))
        return [slice(start, end) for start, end in pairwise(ends)]

    @property
    def _overall(self) -> float:
        return float(np.average(self.means, weights=self.rows))


def locate(hits: npt.ArrayLike, rows: npt.ArrayLike, *, spread: float = 1.0) -> tuple[int, int, int]:
    """Return where a share changes, as the place that the second level starts with, and the 95 % interval of it.

    The place of highest binomial likelihood; the interval holds all places whose likelihood is near it (Siegmund 1988,
    Scand. J. Statist. 15), nearness stretched by `spread`.

    Parameters
    ----------
    hits, rows
        [T]; of each place, two or more.
    spread
        As in `Drift`.

    Examples
    --------
    >>> locate([0, 1, 0, 9, 10, 10], [10] * 6)
    (3, 3, 3)
    """
    before, after = np.cumsum(hits)[:-1].astype(float), np.cumsum(rows)[:-1].astype(float)
    total_hits, total = float(np.sum(hits)), float(np.sum(rows))
    likelihood = _binomial(before, after) + _binomial(total_hits - before, total - after)
    near = np.flatnonzero(likelihood.max() - likelihood <= _SUPPORT * spread)
    return int(likelihood.argmax()) + 1, int(near[0]) + 1, int(near[-1]) + 1


def _binomial(hits: FloatArray, rows: FloatArray) -> FloatArray:
    """Return the log-likelihood of shares at their best."""
    return np.asarray(special.xlogy(hits, hits / rows) + special.xlogy(rows - hits, 1 - hits / rows))
