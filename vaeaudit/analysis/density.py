"""Density of the latent positions, and what follows from it: rarity, and weights for resampling."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

FloatArray = npt.NDArray[np.floating]

#: Numbers of components that are tried; the one with the highest held-out log-likelihood is kept.
COMPONENTS = (1, 2, 4, 8, 16)
#: Rows the mixture is fitted on; more would cost time and change little.
_MOST_ROWS = 10_000
#: Fewest rows per component and dimension that make a covariance worth trusting.
_ROWS_PER_PARAMETER = 10


@dataclass(frozen=True)
class LatentDensity:
    """A Gaussian mixture over the active latents, as plain arrays.

    Attributes
    ----------
    log_weights
        [K] log mixture weights.
    means
        [K, A] over the A active latents.
    precision_cholesky
        [K, A, A] as scikit-learn defines it: the precision is `P @ P.T`.
    active
        [L] which latents the density is over.
    """

    log_weights: FloatArray
    means: FloatArray
    precision_cholesky: FloatArray
    active: npt.NDArray[np.bool_]

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return plain arrays; their names begin with `density_`."""
        return {f"density_{entry.name}": np.asarray(getattr(self, entry.name)) for entry in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Rebuild the density from `to_arrays`; other arrays are passed over."""
        return cls(**{entry.name: arrays[f"density_{entry.name}"] for entry in fields(cls)})

    def rarity(self, mean: FloatArray) -> FloatArray:
        """Return -log density [N] in nats at posterior means [N, L]; 0 where no latent is active."""
        z = np.asarray(mean, np.float64)[:, self.active]
        if z.shape[1] == 0:
            return np.zeros(len(z))
        per_component = np.empty((len(z), len(self.means)))
        for k, (centre, factor) in enumerate(zip(self.means, self.precision_cholesky, strict=True)):
            log_det = np.log(np.diagonal(factor)).sum()
            distance = np.square((z - centre) @ factor).sum(axis=1)
            per_component[:, k] = self.log_weights[k] + log_det - 0.5 * distance
        return np.asarray(0.5 * z.shape[1] * np.log(2 * np.pi) - np.logaddexp.reduce(per_component, axis=1))


def fit_density(mean: FloatArray, active: npt.NDArray[np.bool_], *, seed: int) -> LatentDensity:
    """Fit a full-covariance Gaussian mixture to posterior means [N, L]; size chosen on held-out rows.

    A joint density, because rows can be ordinary on every latent and rare in their combination: the product over
    latents of DB-VAE (Amini 2019) cannot see that.

    Parameters
    ----------
    mean
        [N, L].
    active
        [L]; which latents the density is over.
    seed
        Of the sample, the split, and the starts of the mixtures.
    """
    z = np.asarray(mean, np.float64)[:, active]
    n_active = z.shape[1]
    if n_active == 0:
        return LatentDensity(np.zeros(1), np.zeros((1, 0)), np.zeros((1, 0, 0)), active)
    generator = np.random.default_rng(seed)
    sample = z[generator.permutation(len(z))[:_MOST_ROWS]]
    split = max(1, len(sample) // 5)
    held_out, train = sample[:split], sample[split:]
    affordable = max(1, len(train) // (_ROWS_PER_PARAMETER * (n_active + 1)))
    tried = [k for k in COMPONENTS if k <= affordable]
    fitted = [_mixture(train, k, generator) for k in tried]
    best = max(fitted, key=lambda mixture: float(mixture.score(held_out)))
    return LatentDensity(np.log(best.weights_), best.means_, best.precisions_cholesky_, active)


def _mixture(z: FloatArray, n_components: int, generator: np.random.Generator) -> GaussianMixture:
    # k-means++ alone picks the starting centres, without the full k-means run that is scikit-learn's default.
    mixture = GaussianMixture(
        n_components,
        reg_covar=1e-4,
        max_iter=60,
        tol=1e-2,
        random_state=int(generator.integers(2**31)),
        init_params="k-means++",
    )
    with warnings.catch_warnings():
        # A mixture that has not settled after 60 rounds competes on held-out rows like any other.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return mixture.fit(z)


def resampling_weight(rarity: FloatArray, *, alpha: float = 0.1, cap: float = 10.0) -> FloatArray:
    """Return weights [N], mean 1, that favour rows in thin regions of the latents.

    `w = 1 / (density / median density + alpha)`, the smoothing of DB-VAE (Amini 2019, eq. 4) on a joint density;
    no weight exceeds `cap` times the median weight.
    """
    relative = np.exp(np.clip(np.median(rarity) - rarity, -50, 50))
    weight = 1 / (relative + alpha)
    weight = np.minimum(weight, cap * np.median(weight))
    return np.asarray(weight / weight.mean())


def effective_sample_size(weight: FloatArray) -> float:
    """Return (sum w)^2 / sum w^2 (Kish 1965): how many equally weighted rows are worth as much.

    Parameters
    ----------
    weight
        [N], not all 0.
    """
    return float(weight.sum() ** 2 / np.square(weight).sum())
