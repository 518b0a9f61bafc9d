"""Density by a mixture of Gaussians."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
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
