"""Cells under a null model: one sample against expected counts, or two samples against one share; tests, intervals.

A pair of conditions A and B is short where fewer of the rows with B also have A than of all rows. Given how many rows
have B, the count of those with A as well is binomial under independence; conditioning on the smaller of the two sets
makes the sharper test. A triple is short only against every count that its pairs alone would give.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import ceil, sqrt
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt
from scipy import special

from vaeaudit.statistics.association import quotient
from vaeaudit.statistics.intervals import (
    FloatArray,
    IntArray,
    Mask,
    clopper_pearson,
    clopper_pearson_upper,
    poisson_exact,
    poisson_upper,
)


class Counted(Protocol):
    """M cells that can be tested for too few rows."""

    @property
    def observed(self) -> FloatArray:
        """[M]; rows in each cell."""

    @property
    def expected(self) -> FloatArray:
        """[M]; rows that the null model leads one to expect."""

    def subset(self, chosen: IntArray | Mask) -> Self:
        """Return some of the cells."""

    def lower_tail(self) -> FloatArray:
        """[M]; exact probability of a count as low as the observed one, or lower, under the null model."""

    def ratio_interval(self, level: float) -> tuple[FloatArray, FloatArray]:
        """[M], [M]; exact interval of observed over expected."""


@dataclass(frozen=True)
class OneSample:
    """M cells of one sample against expected counts; all arrays are [M].

    `observed` rows lie in the cell, `expected` would; `trials` and `chance` are those of the binomial that the
    count follows under the baseline (`expected = trials * chance`), or `trials` is None for a Poisson count.
    """

    observed: FloatArray
    expected: FloatArray
    trials: FloatArray | None
    chance: FloatArray | None

    def subset(self, chosen: IntArray | Mask) -> OneSample:
        """Return some of the cells."""
        trials = None if self.trials is None else self.trials[chosen]
        chance = None if self.chance is None else self.chance[chosen]
        return OneSample(self.observed[chosen], self.expected[chosen], trials, chance)

    def lower_tail(self) -> FloatArray:
        """[M]; exact probability of a count as low as the observed one, or lower, under the baseline."""
        if self.trials is None or self.chance is None:
            return np.asarray(special.gammaincc(self.observed + 1, self.expected))
        short = self.observed < self.trials
        above = np.where(short, self.trials - self.observed, 1.0)
        tail = special.betainc(above, self.observed + 1, 1 - self.chance)
        return np.where(short, tail, 1.0)

    def ratio_interval(self, level: float) -> tuple[FloatArray, FloatArray]:
        """[M], [M]; exact interval of observed over expected (Clopper and Pearson 1934, or Garwood 1936)."""
        if self.trials is None or self.chance is None:
            low, high = poisson_exact(self.observed, level)
            return low / self.expected, high / self.expected
        low, high = clopper_pearson(self.observed, self.trials, level)
        return low / self.chance, high / self.chance

    def ratio_upper(self, level: float) -> FloatArray:
        """[M]; the upper end of `ratio_interval` alone: many cells are held against it, and few are told."""
        if self.trials is None or self.chance is None:
            return poisson_upper(self.observed, level) / self.expected
        return clopper_pearson_upper(self.observed, self.trials, level) / self.chance


@dataclass(frozen=True)
class TwoSamples:
    """M cells of two tables; the arrays have one shape.

    Attributes
    ----------
    observed, reference
        Rows of the audited table, and of the reference, in each cell.
    n_observed, n_reference
        Rows of each in all; at least 1.
    """

    observed: FloatArray
    reference: FloatArray
    n_observed: float
    n_reference: float

    @property
    def expected(self) -> FloatArray:
        """[M]; audited rows that the share of the reference leads one to expect."""
        return np.asarray(self.reference * (self.n_observed / self.n_reference))

    def subset(self, chosen: IntArray | Mask) -> TwoSamples:
        """Return some of the cells."""
        return TwoSamples(self.observed[chosen], self.reference[chosen], self.n_observed, self.n_reference)

    def lower_tail(self) -> FloatArray:
        """[M]; exact probability of so few of the cell's rows, or fewer, lying in the audited table.

        Under equal shares, and given that a + b rows lie in the cell, a is binomial with n_A / (n_A + n_B)
        (Fisher 1934; the margins n_A and n_B are taken as fixed). 1 in a cell without rows.
        """
        chance = self.n_observed / (self.n_observed + self.n_reference)
        short = self.reference > 0
        tail = special.betainc(np.where(short, self.reference, 1.0), self.observed + 1, 1 - chance)
        return np.where(short, tail, 1.0)

    def ratio_interval(self, level: float) -> tuple[FloatArray, FloatArray]:
        """[M], [M]; exact interval of the ratio of shares (a / n_A) / (b / n_B).

        That of Clopper and Pearson (1934) for a out of a + b, a share p of which says that the ratio is
        p / (1 - p) * n_B / n_A. The upper end is infinite where b = 0.
        """
        low, high = clopper_pearson(self.observed, self.observed + self.reference, level)
        scale = self.n_reference / self.n_observed
        with np.errstate(divide="ignore"):
            return low / (1 - low) * scale, high / (1 - high) * scale

    def scan_statistic(self) -> FloatArray:
        """[M]; log-likelihood ratio, in nats, of one share inside the cell and another outside against one share.

        Kulldorff's (1997) Bernoulli model for a region of low rate; 0 where the cell is not short.
        """
        inside = self.observed + self.reference
        n_all = self.n_observed + self.n_reference
        gain = (
            _log_likelihood(self.observed, inside)
            + _log_likelihood(self.n_observed - self.observed, n_all - inside)
            - _log_likelihood(np.float64(self.n_observed), np.float64(n_all))
        )
        return np.where(self.observed * n_all < inside * self.n_observed, np.maximum(gain, 0.0), 0.0)


def _log_likelihood(successes: npt.ArrayLike, trials: npt.ArrayLike) -> FloatArray:
    """Log-likelihood of a binomial count at its own share, without the constant."""
    successes, trials = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    failures = trials - successes
    return np.asarray(
        special.xlogy(successes, successes) + special.xlogy(failures, failures) - special.xlogy(trials, trials)
    )


def pair_cells(joint: IntArray, first: Mask, second: Mask) -> OneSample:
    """Count M pairs of group sets in the joint table of two columns.

    Parameters
    ----------
    joint
        [G, H]; rows per pair of groups.
    first, second
        [M, G] and [M, H]; which groups each cell takes in. No cell may take in a set of groups without rows.
    """
    counts = joint.astype(np.float64)
    observed = ((first @ counts) * second).sum(axis=1)
    first_rows = first @ counts.sum(axis=1)
    second_rows = second @ counts.sum(axis=0)
    trials = np.minimum(first_rows, second_rows)
    chance = np.maximum(first_rows, second_rows) / max(counts.sum(), 1.0)
    return OneSample(observed, trials * chance, trials, chance)


def triple_expectation(joint: IntArray) -> FloatArray:
    """Rows that the pairs of three columns alone lead one to expect in each cell of their joint table.

    Parameters
    ----------
    joint
        [G, H, J]; rows per combination.

    Returns
    -------
    numpy.ndarray
        [G, H, J]; the least of seven expectations: each pair as counted with the third column independent of it,
        each two pairs as counted and independent given the column they share, and all three pairs as counted
        (Kirkwood's superposition). A cell that is short against this is not explained by any of its pairs.
    """
    counts = joint.astype(np.float64)
    total = max(float(counts.sum()), 1.0)
    alone = [counts.sum(axis=tuple(other for other in range(3) if other != axis), keepdims=True) for axis in range(3)]
    pairs = {axes: counts.sum(axis=3 - sum(axes), keepdims=True) for axes in combinations(range(3), 2)}
    candidates = [pairs[axes] * alone[3 - sum(axes)] / total for axes in pairs]
    for left, right in combinations(pairs, 2):
        (shared,) = set(left) & set(right)
        candidates.append(quotient(pairs[left] * pairs[right], alone[shared]))
    everything = pairs[0, 1] * pairs[0, 2] * pairs[1, 2] * total
    candidates.append(quotient(everything, alone[0] * alone[1] * alone[2]))
    least: FloatArray = np.minimum.reduce(np.broadcast_arrays(*candidates))
    return least


def rows_to_collect(
    min_ratio: float, expected: float, ratio_bounds: tuple[float, float], total: float | None
) -> tuple[int, int]:
    """Fewest rows that bring a cell to `min_ratio`, from the upper and from the lower end of its ratio's interval.

    Parameters
    ----------
    min_ratio
        Goal in (0, 1].
    expected
        Rows the baseline leads one to expect now.
    ratio_bounds
        Lower and upper end of the interval of the ratio.
    total
        Rows in all, which those added raise, and with them what is expected; None: the expectation stays as it is.

    Examples
    --------
    >>> rows_to_collect(0.8, 100.0, (0.1, 0.3), None), rows_to_collect(0.8, 100.0, (0.1, 0.3), 1000.0)
    ((50, 70), (55, 77))
    """
    growth = 0.0 if total is None else min_ratio * expected / total
    low, high = (
        max(1, ceil(expected * (min_ratio - ratio) / max(1 - growth, 1e-9) - 1e-9)) for ratio in reversed(ratio_bounds)
    )
    return low, high


def rows_to_reach(ratio: float, observed: float, margins: tuple[float, float], total: float) -> int:
    """Fewest rows that, added to the cell of two conditions, bring its count to `ratio` times what is then expected.

    The added rows also raise both margins and the total, and with them the expectation: m solves
    (observed + m) (total + m) = ratio (first + m) (second + m). At least 1.

    Parameters
    ----------
    ratio
        Goal in (0, 1].
    observed, margins, total
        Rows in the cell, with the first condition, with the second, and in all, before any are added.

    Examples
    --------
    >>> rows_to_reach(0.8, 10, (100, 200), 1000)  # (10 + 8) * 1008 >= 0.8 * 108 * 208
    8
    """
    first, second = margins
    curvature = 1 - ratio
    slope = observed + total - ratio * (first + second)
    constant = observed * total - ratio * first * second
    if constant >= 0:
        return 1
    if curvature > 0:
        missing = 2 * -constant / (slope + sqrt(slope**2 - 4 * curvature * constant))
    elif slope > 0:
        missing = -constant / slope
    else:  # every row has one of the conditions, and 1 is approached but never reached
        missing = first * second / total - observed
    return max(1, ceil(missing - 1e-9))
