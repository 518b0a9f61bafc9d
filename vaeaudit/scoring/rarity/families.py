"""The families of densities over latents: Gaussian mixtures, kernels around neighbours."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from vaeaudit.config import Density, DensityFamily
from vaeaudit.outputs.record import Array, FloatArray, Record

#: Numbers of components that are tried; the one with the highest log-likelihood on validation rows is kept.
COMPONENTS = (1, 2, 4, 8, 16, 32, 64)
#: Fewest rows per component and dimension that make a covariance worth trusting.
_ROWS_PER_PARAMETER = 10
#: Added to the variances, so that identical rows have a density too.
_LEAST_VARIANCE = 1e-4


@dataclass(frozen=True)
class MixtureDensity(Record):
    """A Gaussian mixture of K components with full covariances, over A latents.

    Attributes
    ----------
    log_weights
        [K] log mixture weights.
    means
        [K, A].
    precision_cholesky
        [K, A, A] as scikit-learn defines it: the precision is `P @ P.T`.
    """

    family: ClassVar[DensityFamily] = Density.GMM.value

    log_weights: Annotated[FloatArray, Array("K")]
    means: Annotated[FloatArray, Array("K A")]
    precision_cholesky: Annotated[FloatArray, Array("K A A")]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.means.size:
            raise ValueError(f"means must be [K, A] with K, A >= 1, found {self.means.shape}")
        if (np.diagonal(self.precision_cholesky, axis1=1, axis2=2) <= 0).any():
            raise ValueError("precision_cholesky must have positive diagonals")

    def log_density(self, z: FloatArray) -> npt.NDArray[np.float64]:
        """Return log density [N] in nats at points [N, A]."""
        z = np.asarray(z, np.float64)
        per_component = np.empty((len(z), len(self.means)))
        for k, (centre, factor) in enumerate(zip(self.means, self.precision_cholesky, strict=True)):
            log_det = np.log(np.diagonal(factor)).sum()
            distance = np.square((z - centre) @ factor).sum(axis=1)
            per_component[:, k] = self.log_weights[k] + log_det - 0.5 * distance
        return np.asarray(np.logaddexp.reduce(per_component, axis=1) - 0.5 * z.shape[1] * np.log(2 * np.pi))


def fit_mixture(train: FloatArray, validation: FloatArray, *, seed: int) -> MixtureDensity:
    """Fit mixtures by expectation maximisation; the number of components is chosen on validation rows.

    Parameters
    ----------
    train, validation
        [M, A] and [V, A], A, V >= 1, M >= 2.
    seed
        Of the starts.
    """
    generator = np.random.default_rng(seed)
    affordable = max(1, len(train) // (_ROWS_PER_PARAMETER * (train.shape[1] + 1)))
    fitted = [_mixture(train, k, generator) for k in COMPONENTS if k <= affordable]
    best = max(fitted, key=lambda mixture: float(mixture.score(validation)))
    return MixtureDensity(np.log(best.weights_), best.means_, best.precisions_cholesky_)


def _mixture(z: FloatArray, n_components: int, generator: np.random.Generator) -> GaussianMixture:
    # k-means++ alone picks the starting centres, without the full k-means run that is scikit-learn's default.
    mixture = GaussianMixture(
        n_components,
        reg_covar=_LEAST_VARIANCE,
        max_iter=60,
        tol=1e-2,
        random_state=int(generator.integers(2**31)),
        init_params="k-means++",
    )
    with warnings.catch_warnings():
        # A mixture that has not settled after 60 rounds competes on held-out rows like any other.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return mixture.fit(z)


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
    whitening = np.tril(np.linalg.inv(np.linalg.cholesky(covariance)))
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
