"""Rotations of scores that are alike from all sides: to few features each, or to independence of one another."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
#: Chooses a rotation [K, K] by scores [N, K] and features [N, D], all centred.
Rotation = Callable[[FloatArray, FloatArray], FloatArray]

#: Of varimax: rounds over all pairs of axes, and an angle that counts as none; some ten rounds suffice.
_MOST_ROUNDS, _LEAST_ANGLE = 100, 1e-6
#: Of independence: angles that a pair is tried at, and rounds; rows that entropies are taken of, and the nats that
#: turning must gain; a distance that counts as none.
_ANGLES, _MOST_SWEEPS = np.linspace(0, np.pi / 2, 64, endpoint=False), 6
_ENTROPY_ROWS, _LEAST_GAIN, _LEAST_DISTANCE = 1000, 1e-3, 1e-9


def to_few_features(scores: FloatArray, features: FloatArray) -> FloatArray:
    """Return the rotation [K, K] after which each axis goes with few features, strongly.

    That is varimax (Kaiser 1958, Psychometrika 23) on the covariances of features and scores.

    Parameters
    ----------
    scores, features
        [N, K] and [N, D], centred; the scores standardised and uncorrelated.
    """
    return varimax(features.T @ scores / len(scores))


def to_independence(scores: FloatArray) -> FloatArray:
    """Return the rotation [K, K] after which pairs of axes share the least mutual information.

    That of a pair is the sum of the entropies of both less that of the pair, and turning leaves the latter as it is:
    pair by pair, the angle of least entropies is taken, which are estimated from spacings (Learned-Miller and Fisher
    2003, JMLR 4). Pixels are no guide to where a thing stands, as columns are to a cause: it goes with all of them.

    Parameters
    ----------
    scores
        [N, K], centred, standardised and uncorrelated.
    """
    turned, rotation = scores[:_ENTROPY_ROWS].copy(), np.eye(scores.shape[1])
    for _ in range(_MOST_SWEEPS):
        pairs = combinations(range(scores.shape[1]), 2)
        if sum(_part_pair(turned, rotation, list(pair)) for pair in pairs) == 0:
            break
    return rotation


def _part_pair(turned: FloatArray, rotation: FloatArray, pair: list[int]) -> bool:
    """Turn two columns of scores and rotation, in place, to where they share least; return whether they were turned."""
    first, second = turned[:, pair].T
    cosine, sine = np.cos(_ANGLES)[:, None], np.sin(_ANGLES)[:, None]
    nats = _entropy(cosine * first + sine * second) + _entropy(cosine * second - sine * first)
    best = int(nats.argmin())
    if nats[0] - nats[best] < _LEAST_GAIN:
        return False
    _turn(turned, rotation, pair, float(_ANGLES[best]))
    return True


def _entropy(values: FloatArray) -> FloatArray:
    """Return the entropies [A] of values [A, N], up to a constant: mean log distance of values sqrt(N) ranks apart."""
    apart = round(values.shape[1] ** 0.5)
    ranked = np.sort(values, axis=1)
    return np.asarray(np.log(np.maximum(ranked[:, apart:] - ranked[:, :-apart], _LEAST_DISTANCE)).mean(axis=1))


def varimax(loadings: FloatArray) -> FloatArray:
    """Return the rotation [K, K] that makes the squares of `loadings @ rotation` [D, K] vary most within columns.

    Pair by pair, each turned by the angle that is best for it (Kaiser 1958, eq. 15), until no pair turns further.
    """
    n_features, n_axes = loadings.shape
    turned, rotation = loadings.copy(), np.eye(n_axes)
    for _ in range(_MOST_ROUNDS):
        angles = [_turn_pair(turned, rotation, list(pair), n_features) for pair in combinations(range(n_axes), 2)]
        if max(map(abs, angles), default=0.0) < _LEAST_ANGLE:
            break
    return rotation


def _turn_pair(turned: FloatArray, rotation: FloatArray, pair: list[int], n_features: int) -> float:
    """Turn two columns of loadings and rotation, in place, and return by which angle."""
    first, second = turned[:, pair].T
    apart, shared = first**2 - second**2, 2 * first * second
    sine = 2 * (apart @ shared - apart.sum() * shared.sum() / n_features)
    cosine = apart @ apart - shared @ shared - (apart.sum() ** 2 - shared.sum() ** 2) / n_features
    angle = float(np.arctan2(sine, cosine)) / 4 if max(abs(sine), abs(cosine)) > 0 else 0.0
    _turn(turned, rotation, pair, angle)
    return angle


def _turn(turned: FloatArray, rotation: FloatArray, pair: list[int], angle: float) -> None:
    plane = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned[:, pair], rotation[:, pair] = turned[:, pair] @ plane, rotation[:, pair] @ plane
