"""Weights closest to uniform that bring shares to where they ought to be (raking, entropy balancing)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize

from vaeaudit.statistics.intervals import FloatArray, Mask

#: How much a constraint may be missed, in standard deviations of its indicator per unit of its factor's logarithm:
#: so little that a reachable share is reached to a thousandth, and enough that one out of reach keeps factors finite.
_SLACK = 1e-5
_STOPPING: Any = {"maxiter": 500, "maxfun": 2000, "ftol": 1e-14, "gtol": 1e-9}
#: A share out of reach raises its own factor up to cap to this power, and no further.
_LARGEST_FACTOR = 2.0


@dataclass(frozen=True)
class Raking:
    """A factor per set of rows; a row's weight is the product over the sets that it belongs to, within the cap.

    Attributes
    ----------
    factors
        [K]; log factors, one per constraint, at least 0.
    shares
        [K]; the shares that were asked for.
    cap
        Most that a weight may be; the mean is 1.
    """

    factors: FloatArray
    shares: FloatArray
    cap: float

    def weight(self, members: Mask, universe: Mask) -> FloatArray:
        """Return weights [N], mean 1, of rows with memberships [N, K]; they need not be those it was fitted to."""
        moments = _moments(members, universe, self.shares)
        return weights_up_to(moments @ self.factors, cap=self.cap)


def rake(members: Mask, universe: Mask, shares: FloatArray, *, cap: float) -> Raking:
    """Find weights of least Kullback-Leibler distance from uniform that give sets of rows at least their shares.

    Minimises `sum w log w` over weights of mean 1 and at most `cap`, such that for each set k the
    weight of its members is at least `shares[k]` of the weight of its universe: raking to margins (Deming and Stephan
    1940) in the form of entropy balancing (Hainmueller 2012), with floors for equations and bounded as in Deville and
    Sarndal 1992. Solved in the dual, over distinct memberships only; shares that no such weights reach are approached.

    Parameters
    ----------
    members, universe
        [N, K]; members outside their universe do not count.
    shares
        [K], in [0, 1).
    cap
        At least 1.
    """
    if members.shape != universe.shape or shares.shape != members.shape[1:]:
        raise ValueError(f"expected [N, K], [N, K] and [K]; found {members.shape}, {universe.shape}, {shares.shape}")
    if shares.size == 0 or len(members) == 0 or cap <= 1:
        return Raking(np.zeros(shares.size), shares, cap)
    kinds, counts = _distinct(members & universe, universe)
    moments = _moments(kinds[:, : shares.size], kinds[:, shares.size :], shares)
    factors = _solve(moments, counts / counts.sum(), cap, _spread(shares))
    return Raking(factors[1:], shares, cap)


def weights_up_to(log_weight: FloatArray, *, cap: float) -> FloatArray:
    """Return weights [N] in proportion to exp(log_weight), but none above `cap`, and of mean 1.

    Parameters
    ----------
    log_weight
        [N], N >= 1, finite; up to a constant.
    cap
        At least 1.

    Examples
    --------
    >>> weights_up_to(np.log([1.0, 1.0, 100.0]), cap=2.0).round(2).tolist()
    [0.5, 0.5, 2.0]
    """
    weight = np.exp(log_weight - log_weight.max())
    order = np.sort(weight)[::-1]
    # with the m largest at the cap, the others share what is left; m is the least for which none of them exceeds it
    left = weight.size - cap * np.arange(weight.size)
    rest = np.cumsum(order[::-1])[::-1]
    fits = order * left <= cap * rest * (1 + 1e-12)
    capped = int(np.argmax(fits))
    return np.asarray(np.minimum(weight * left[capped] / rest[capped], cap))


def _spread(shares: FloatArray) -> FloatArray:
    """[K]; standard deviation of the indicator of a set that has its share."""
    return np.asarray(np.sqrt(np.maximum(shares * (1 - shares), 1e-12)))


def _moments(members: Mask, universe: Mask, shares: FloatArray) -> FloatArray:
    """Return [N, K]; weights whose mean of a column is at least 0 meet its constraint. Scaled to unit variance."""
    return np.asarray(((members & universe) - shares * universe) / _spread(shares))


def _distinct(members: Mask, universe: Mask) -> tuple[Mask, FloatArray]:
    """Return the distinct memberships [M, 2K] and how many rows have each."""
    both = np.concatenate([members, universe], axis=1)
    packed = np.packbits(both, axis=1)
    _, first, counts = np.unique(packed, axis=0, return_index=True, return_counts=True)
    return both[first], counts.astype(np.float64)


def _solve(moments: FloatArray, part: FloatArray, bound: float, spread: FloatArray) -> FloatArray:
    """Minimise the dual; `part` [M] are the shares of the distinct memberships. Returns [1 + K]."""

    def dual(factors: FloatArray) -> tuple[float, FloatArray]:
        exponent = factors[0] + moments @ factors[1:]
        weight = np.exp(np.minimum(exponent, np.log(bound)))
        # beyond the bound the conjugate of w log w is a straight line
        value = part @ (weight + bound * np.maximum(exponent - np.log(bound), 0.0)) - factors[0]
        slope = np.concatenate([[part @ weight - 1], (part * weight) @ moments])
        slack = _SLACK * factors[1:]
        slope[1:] += slack
        return float(value + slack @ factors[1:] / 2), slope

    largest = _LARGEST_FACTOR * np.log(bound) * spread
    limits = [(None, None), *((0.0, float(most)) for most in largest)]
    found = optimize.minimize(
        dual, np.zeros(spread.size + 1), jac=True, method="L-BFGS-B", bounds=limits, options=_STOPPING
    )
    return np.asarray(found.x)
