"""Confidence intervals of counts and shares.

Arrays broadcast; where nothing was observed the interval is the widest there is, never NaN.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from vaeaudit.statistics.measures import Interval

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Bounds = tuple[FloatArray, FloatArray]


def normal_quantile(level: float) -> float:
    """Return the z for which a standard normal lies in [-z, z] with probability `level`."""
    return float(special.ndtri(0.5 + level / 2))


def wilson(count: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95) -> Bounds:
    """Wilson's score interval of a proportion (Wilson 1927, JASA 22).

    Parameters
    ----------
    count, n
        Successes and trials, of any shapes that broadcast.
    level
        Confidence in (0, 1).

    Returns
    -------
    low, high
        Bounds in [0, 1]; (0, 1) where n = 0.

    Raises
    ------
    ValueError
        Where a count is negative or exceeds its n.

    Examples
    --------
    >>> low, high = wilson(0, 10)
    >>> round(float(low), 3), round(float(high), 3)
    (0.0, 0.278)
    """
    successes, trials = _counts(count, n)
    z_squared = normal_quantile(level) ** 2
    safe = np.maximum(trials, 1)
    share = successes / safe
    centre = (share + z_squared / (2 * safe)) / (1 + z_squared / safe)
    half = np.sqrt(z_squared * (share * (1 - share) + z_squared / (4 * safe)) / safe) / (1 + z_squared / safe)
    # at the ends the bounds are exact in theory; floating point would leave 1e-17 there
    low = np.where(successes == 0, 0.0, centre - half)
    high = np.where(successes == trials, 1.0, centre + half)
    return _widest_where_empty(low, high, trials, (0.0, 1.0))


def share_interval(count: float, n: float, level: float) -> Interval:
    """Wilson's score interval of one share; see `wilson`."""
    low, high = wilson(count, n, level)
    return Interval(float(low), float(high), level)


def clopper_pearson(count: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95) -> Bounds:
    """Exact interval of a proportion (Clopper and Pearson 1934, Biometrika 26); (0, 1) where n = 0."""
    successes, trials = _counts(count, n)
    lower = special.betaincinv(np.maximum(successes, 1), trials - successes + 1, (1 - level) / 2)
    low = np.where(successes == 0, 0.0, lower)
    return _widest_where_empty(low, clopper_pearson_upper(successes, trials, level), trials, (0.0, 1.0))


def clopper_pearson_upper(count: FloatArray, n: FloatArray, level: float) -> FloatArray:
    """Return the upper end of `clopper_pearson` alone, which takes half the time."""
    upper = special.betaincinv(count + 1, np.maximum(n - count, 1), 1 - (1 - level) / 2)
    return np.where(count == n, 1.0, upper)


def poisson_exact(count: npt.ArrayLike, level: float = 0.95) -> Bounds:
    """Exact interval of a Poisson mean from one count (Garwood 1936, Biometrika 28)."""
    events = np.asarray(count, dtype=np.float64)
    if np.any(events < 0):
        raise ValueError(f"counts must not be negative, found {events.min():g}")
    lower = special.gammaincinv(np.maximum(events, 1), (1 - level) / 2)
    return np.where(events == 0, 0.0, lower), poisson_upper(events, level)


def poisson_upper(count: FloatArray, level: float) -> FloatArray:
    """Return the upper end of `poisson_exact` alone, which takes half the time."""
    return np.asarray(special.gammaincinv(count + 1, 1 - (1 - level) / 2), dtype=np.float64)


def newcombe_difference(
    count: npt.ArrayLike, n: npt.ArrayLike, other_count: npt.ArrayLike, other_n: npt.ArrayLike, level: float = 0.95
) -> Bounds:
    """Interval of `count / n - other_count / other_n` from two Wilson intervals (Newcombe 1998, method 10).

    Returns
    -------
    low, high
        Bounds in [-1, 1]; (-1, 1) where either n is 0.
    """
    successes, trials = _counts(count, n)
    other_successes, other_trials = _counts(other_count, other_n)
    low, high = wilson(successes, trials, level)
    other_low, other_high = wilson(other_successes, other_trials, level)
    share = successes / np.maximum(trials, 1)
    other = other_successes / np.maximum(other_trials, 1)
    difference = share - other
    lower = difference - np.hypot(share - low, other_high - other)
    upper = difference + np.hypot(high - share, other - other_low)
    return _widest_where_empty(lower, upper, np.minimum(trials, other_trials), (-1.0, 1.0))


def ratio_interval(
    count: npt.ArrayLike, n: npt.ArrayLike, other_count: npt.ArrayLike, other_n: npt.ArrayLike, level: float = 0.95
) -> Bounds:
    """Interval of `(count / n) / (other_count / other_n)` on the log scale, half a trial added (Walter 1975).

    Where a count is 0 or a rate 1 it still is of finite width (Biometrics 31, 371); it holds the ratio itself.

    Returns
    -------
    low, high
        0 where the first count is 0, infinity where the other is; (0, infinity) where either n is 0.
    """
    successes, trials = _counts(count, n)
    other_successes, other_trials = _counts(other_count, other_n)
    a, b = successes + 0.5, other_successes + 0.5
    size, other_size = trials + 0.5, other_trials + 0.5
    centre = np.log(a / size) - np.log(b / other_size)
    half = normal_quantile(level) * np.sqrt(np.maximum(1 / a - 1 / size + 1 / b - 1 / other_size, 0.0))
    ratio = np.divide(
        successes * other_trials,
        other_successes * trials,
        out=np.full(a.shape, np.inf),
        where=other_successes * trials > 0,
    )
    low = np.where(successes == 0, 0.0, np.minimum(np.exp(centre - half), ratio))
    high = np.where(other_successes == 0, np.inf, np.maximum(np.exp(centre + half), ratio))
    return _widest_where_empty(low, high, np.minimum(trials, other_trials), (0.0, np.inf))


def newcombe_paired_difference(
    both: npt.ArrayLike, first_only: npt.ArrayLike, second_only: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95
) -> Bounds:
    """Interval of `P(second) - P(first)` where both were asked of the same trials (Newcombe 1998, paired, method 10).

    As `newcombe_difference`, less what the two have in common: their correlation phi, drawn in where it is positive
    (Statist. Med. 17, 2635).

    Parameters
    ----------
    both, first_only, second_only, n
        Trials in which both succeeded, the first alone and the second alone, and all; not necessarily whole.
    level
        Confidence in (0, 1).

    Returns
    -------
    low, high
        Bounds in [-1, 1]; (-1, 1) where n is 0.
    """
    shared, first, second, trials = np.broadcast_arrays(
        *(np.asarray(part, np.float64) for part in (both, first_only, second_only, n))
    )
    one, other = np.minimum(shared + first, trials), np.minimum(shared + second, trials)  # but for the last digit
    safe = np.where(trials > 0, trials, 1.0)
    cross = shared * (trials - one - second) - first * second
    cross = np.where(cross > 0, np.maximum(cross - trials / 2, 0), cross)
    product = one * other * (trials - one) * (trials - other)
    phi = np.divide(cross, np.sqrt(np.maximum(product, 0)), out=np.zeros(trials.shape), where=product > 0)
    (low, high), (other_low, other_high) = wilson(one, trials, level), wilson(other, trials, level)
    down, up = other / safe - other_low, other_high - other / safe
    first_down, first_up = one / safe - low, high - one / safe
    difference = (other - one) / safe
    lower = difference - np.sqrt(np.maximum(down**2 - 2 * phi * down * first_up + first_up**2, 0))
    upper = difference + np.sqrt(np.maximum(up**2 - 2 * phi * up * first_down + first_down**2, 0))
    return _widest_where_empty(lower, upper, trials, (-1.0, 1.0))


def rate_ratio_interval(
    count: npt.ArrayLike, n: npt.ArrayLike, other_count: npt.ArrayLike, other_n: npt.ArrayLike, level: float
) -> Bounds:
    """Interval of `(count / n) / (other_count / other_n)`, exact given the sum of the two counts.

    Given their sum, `count` is binomial with the odds `ratio * n / other_n` if both counts are Poisson; the interval
    of Clopper and Pearson for its share is translated (Przyborowski, Wilenski 1940, Biometrika 31). Where rates are
    not small the counts vary less than Poisson, and the interval is too wide rather than too narrow.

    Returns
    -------
    low, high
        0 and infinity where nothing bounds the ratio.
    """
    hits, others = np.asarray(count, np.float64), np.asarray(other_count, np.float64)
    size, other_size = np.asarray(n, np.float64), np.asarray(other_n, np.float64)
    bounded = (size > 0) & (other_size > 0)
    exposure = np.where(bounded, other_size / np.maximum(size, 1), 1.0)
    low, high = (
        np.divide(share, 1 - share, out=np.full(share.shape, np.inf), where=share < 1) * exposure
        for share in clopper_pearson(hits, hits + others, level)
    )
    return np.where(bounded, low, 0.0), np.where(bounded, high, np.inf)


def _counts(count: npt.ArrayLike, n: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    successes, trials = np.broadcast_arrays(np.asarray(count, dtype=np.float64), np.asarray(n, dtype=np.float64))
    if np.any(successes < 0) or np.any(successes > trials):
        raise ValueError("counts must lie between 0 and n")
    return successes, trials


def _widest_where_empty(low: FloatArray, high: FloatArray, trials: FloatArray, widest: tuple[float, float]) -> Bounds:
    lower = np.where(trials == 0, widest[0], np.clip(low, *widest))
    upper = np.where(trials == 0, widest[1], np.clip(high, *widest))
    return lower, upper
