"""Fisher's exact test of many tables at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

#: Standard deviations about its mean beyond which a count has no probability that a float64 can hold.
_FARTHEST = 45.0
#: Part by which two probabilities may differ and count as the same: the error of the logarithms of large factorials.
_SAME = 1e-7


def fisher_exact(
    count: npt.ArrayLike, n: npt.ArrayLike, other_count: npt.ArrayLike, other_n: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """Return the two-sided p-values [M] of Fisher's exact test (Fisher 1934) of two shares.

    The probability, given both margins, of a table that is no more probable than the one counted. As
    `scipy.stats.fisher_exact`, which takes a millisecond for each table.

    Parameters
    ----------
    count, n, other_count, other_n
        [M]; how many of n rows, and of other_n others, have what is asked about.

    Examples
    --------
    >>> fisher_exact([40], [100], [90], [300]).round(4)
    array([0.084])
    """
    inside, size, outside, others = (
        np.atleast_1d(np.asarray(part, np.float64)) for part in (count, n, other_count, other_n)
    )
    hits, total = inside + outside, np.maximum(size + others, 1.0)
    mean = hits * size / total
    reach = _FARTHEST * (1.0 + np.sqrt(mean * (1 - size / total)))
    low = np.maximum(np.minimum(np.floor(mean - reach), inside), np.maximum(hits - others, 0.0))
    high = np.minimum(np.maximum(np.ceil(mean + reach), inside), np.minimum(hits, size))
    lengths = (high - low + 1).astype(np.int64)
    table, ends = np.repeat(np.arange(len(lengths)), lengths), np.cumsum(lengths)
    possible = np.arange(len(table)) - (ends - lengths)[table] + low[table]

    def log_probability(counts: npt.NDArray[np.float64], of: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        return _log_choose(size[of], counts) + _log_choose(others[of], hits[of] - counts) - all_ways[of]

    all_ways = _log_choose(total, hits)
    probability = log_probability(possible, table)
    own = log_probability(inside, np.arange(len(lengths)))
    taken = np.where(probability <= own[table] + _SAME, np.exp(probability), 0.0)
    return np.minimum(np.bincount(table, taken, minlength=len(lengths)), 1.0)


def _log_choose(n: npt.NDArray[np.float64], k: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the logarithm of n over k."""
    return np.asarray(special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1))
