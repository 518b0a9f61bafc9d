"""Density by the distances to nearest neighbours: kernels as wide as the neighbourhood of each centre."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from vaeaudit.config import Density, DensityFamily
from vaeaudit.outputs.record import Array, FloatArray, Record

#: Centres at most: scoring takes time in proportion to rows x centres.
MOST_CENTRES = 2500
#: Neighbours, and multiples of the distance to the k-th of them, that are tried.
NEIGHBOURS = (4, 16, 64)
FACTORS = (0.2, 0.35, 0.6, 1.0)
#: Validation rows that k and the factor are chosen on.
_MOST_VALIDATION = 1000
#: Least bandwidth, in units of the latents: rows closer than this are not told apart, and copies make no spike.
_RESOLUTION = 1e-2
#: Rows x centres that are evaluated in one piece, so that it stays in the processor's cache.
_PIECE = 250_000
#: Difference in every whitened latent below which a row is taken for the centre itself.
_SAME = 1e-6


@dataclass(frozen=True)
class KernelDensity(Record):
    """A mixture of Gaussians, one around each of M centres: a sample-point adaptive kernel estimate (Breiman 1977).

    Attributes
    ----------
    whitening
        [A, A]; lower triangular W of `(z - location) @ W.T`, in which rows have unit covariance.
    location
        [A].
    centres
        [M, A], whitened.
    bandwidth
        [M]; standard deviation of each kernel: a multiple of the distance to the centre's k-th neighbour (Loftsgaarden
        and Quesenberry 1965), whitened.
    """

    family: ClassVar[DensityFamily] = Density.KNN.value

    whitening: Annotated[FloatArray, Array("A A")]
    location: Annotated[FloatArray, Array("A")]
    centres: Annotated[FloatArray, Array("M A")]
    bandwidth: Annotated[FloatArray, Array("M", above=0)]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.centres.size:
            raise ValueError(f"centres must be [M, A] with M, A >= 1, found {self.centres.shape}")
        if np.triu(self.whitening, 1).any() or (np.diagonal(self.whitening) <= 0).any():
            raise ValueError("whitening must be lower triangular with a positive diagonal")

    def log_density(self, z: FloatArray) -> npt.NDArray[np.float64]:
        """Return log density [N] in nats at points [N, A].

        A point that is a centre is judged by the other centres: else a row would be dense for having been drawn.
        """
        white = (np.asarray(z, np.float64) - self.location) @ self.whitening.T
        inverse = 0.5 / np.square(self.bandwidth)
        log_norm = -white.shape[1] * (np.log(self.bandwidth) + 0.5 * np.log(2 * np.pi))
        # The exponent of every kernel at every row, as one product of matrices.
        factors = np.vstack(
            [2 * self.centres.T * inverse, -inverse, log_norm - inverse * np.square(self.centres).sum(axis=1)]
        )
        points = np.column_stack([white, np.square(white).sum(axis=1), np.ones(len(white))])
        itself = self._centre_of(white)
        size = max(1, _PIECE // len(self.centres))
        pieces = [
            self._piece(points[at : at + size] @ factors, itself[at : at + size]) for at in range(0, len(z), size)
        ]
        log_density = np.concatenate(pieces) if pieces else np.zeros(0)
        return np.asarray(log_density + np.log(np.diagonal(self.whitening)).sum())

    def _piece(self, exponent: npt.NDArray[np.float64], itself: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        left_out = np.flatnonzero(itself >= 0)
        exponent[left_out, itself[left_out]] = -np.inf
        top = exponent.max(axis=1, keepdims=True)
        exponent -= top
        total = np.exp(exponent.astype(np.float32)).sum(axis=1)  # half the time, and no digit that counts is lost
        return np.asarray(top[:, 0] + np.log(total) - np.log(self.centres.shape[0] - (itself >= 0)), np.float64)

    def _centre_of(self, white: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Return [N]; which centre a whitened row is, -1 where it is none; by their order on one generic axis."""
        if len(self.centres) == 1:
            return np.full(len(white), -1)
        axis = np.sqrt(2 + np.arange(white.shape[1]))
        keys = self.centres @ axis
        order = np.argsort(keys, kind="stable")
        place = np.minimum(np.searchsorted(keys[order], white @ axis - _SAME), len(order) - 1)
        candidate = order[place]
        same = np.abs(white - self.centres[candidate]).max(axis=1, initial=0.0) < _SAME
        return np.asarray(np.where(same, candidate, -1))


def squared_distances(points: FloatArray, centres: FloatArray) -> npt.NDArray[np.float64]:
    """Return [N, M]; squared Euclidean distances of points [N, A] to centres [M, A], never below 0."""
    squared = np.square(points).sum(axis=1)[:, None] + np.square(centres).sum(axis=1) - 2 * (points @ centres.T)
    return np.asarray(np.maximum(squared, 0.0))


def fit_kernels(train: FloatArray, validation: FloatArray) -> KernelDensity:
    """Fit kernels; k and the factor of the bandwidth are those of highest log-likelihood on the validation rows.

    Parameters
    ----------
    train
        [M, A], A >= 1, in random order; the first `MOST_CENTRES` become centres.
    validation
        [V, A], V >= 1.
    """
    location = train.mean(axis=0)
    covariance = np.atleast_2d(np.cov(train, rowvar=False)) if len(train) > 1 else np.zeros((train.shape[1],) * 2)
    covariance = covariance + _RESOLUTION**2 * np.eye(len(covariance))
    whitening = np.linalg.inv(np.linalg.cholesky(covariance))
    whitening = np.tril(whitening)
    centres = (train[:MOST_CENTRES] - location) @ whitening.T
    orders = sorted({min(k, len(centres) - 1) for k in NEIGHBOURS})
    distances = np.sqrt(np.partition(squared_distances(centres, centres), orders, axis=1))
    floor = _RESOLUTION * float(np.exp(np.log(np.diagonal(whitening)).mean()))
    start = KernelDensity(whitening, location, centres, np.ones(len(centres)))
    tried = [
        replace(start, bandwidth=np.maximum(factor * distances[:, k], floor)) for k in orders for factor in FACTORS
    ]
    validation = validation[:_MOST_VALIDATION]
    return max(tried, key=lambda density: float(density.log_density(validation).mean()))
