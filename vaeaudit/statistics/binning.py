"""Cut points that divide values into about equal parts and that a person can read."""

from __future__ import annotations

from itertools import pairwise
from math import floor, log10
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
DateArray = npt.NDArray[np.datetime64]

#: A cut may lie this far from its quantile, as a part of a bin, so that it can be a round number.
SLACK = 0.3
_DIGITS = 16  # a float holds no more
_MOST_EXPONENT = 280  # beyond, powers of ten overflow or numbers lose digits
_DATE_UNITS = ("Y", "M", "D", "h", "m", "s")


def number_cuts(values: FloatArray, bins: int) -> list[float]:
    """Return rising inner bounds of about `bins` quantile bins of [N] numbers; NaN are left out.

    Each bound is the roundest number near its quantile. A value that holds a bin's worth of rows or more gets a bin of
    its own; with at most `bins` distinct values each has its own.
    """
    distinct, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    cuts = [roundest(float(low), float(high)) for low, high in _windows(distinct, counts, bins)]
    return sorted(set(cuts))


def date_cuts(moments: DateArray, bins: int) -> DateArray:
    """Return rising inner bounds of about `bins` quantile bins of [N] date-times, at turns of a year, month or day."""
    distinct, counts = np.unique(moments[~np.isnat(moments)], return_counts=True)
    cuts = [_roundest_date(low, high) for low, high in _windows(distinct, counts, bins)]
    return np.unique(np.array(cuts, dtype="datetime64[ns]"))


def roundest(low: float, high: float) -> float:
    """Return the number in (low, high] with the fewest digits; of equally round ones the largest.

    Examples
    --------
    >>> roundest(23.0, 26.0), roundest(0.0, 114.0), roundest(0.1234, 0.1239)
    (25.0, 100.0, 0.1235)
    """
    if not low < high:
        raise ValueError(f"expected low < high, found {low} and {high}")
    if low < 0 <= high:
        return 0.0
    top = max(abs(low), abs(high))
    magnitude = floor(log10(top))
    if abs(magnitude) > _MOST_EXPONENT:
        return high
    for exponent in range(magnitude, magnitude - _DIGITS, -1):
        for multiple in (1, 5, 2):
            power = exponent if multiple == 1 else exponent - 1
            number = _multiple_below(high, multiple, power)
            if low < number <= high:
                return number
    return high


def _multiple_below(high: float, multiple: int, power: int) -> float:
    # dividing by whole powers of ten keeps 0.3 at 0.3, where multiplying by 0.1 would not
    if power >= 0:
        step = multiple * 10**power
        return float(floor(high / step) * step)
    return float(floor(high * 10**-power / multiple) * multiple / 10**-power)


def _roundest_date(low: np.datetime64, high: np.datetime64) -> np.datetime64:
    for unit in _DATE_UNITS:
        turn: np.datetime64 = high.astype(f"datetime64[{unit}]")
        if low < turn:  # `turn` is the last turn of the unit at or before `high`
            return turn
    return high


def _windows(distinct: npt.NDArray[Any], counts: npt.NDArray[np.integer], bins: int) -> list[tuple[Any, Any]]:
    """Return for each cut the window (low, high] of bounds that serve it: any number in it divides the rows alike."""
    if distinct.size < 2:
        return []
    if distinct.size <= bins:
        return list(pairwise(distinct))
    below = np.cumsum(counts)[:-1] / counts.sum()  # share of rows below a cut after the i-th distinct value
    heavy = np.flatnonzero(counts / counts.sum() >= 1 / bins)
    fixed = {int(cut) for value in heavy for cut in (value - 1, value) if 0 <= cut < below.size}
    chosen = {(cut, cut) for cut in fixed}
    remote = []
    for target in np.arange(1, bins) / bins:
        near = np.flatnonzero(np.abs(below - target) <= SLACK / bins)
        if near.size == 0:
            remote.append(int(np.argmin(np.abs(below - target))))
        elif fixed.isdisjoint(near.tolist()):
            chosen.add((int(near[0]), int(near[-1])))
    for cut in remote:
        if not any(first <= cut <= last for first, last in chosen):
            chosen.add((cut, cut))
    return [(distinct[first], distinct[last + 1]) for first, last in sorted(chosen)]
