"""z from the prior, the aggregated posterior, or a mixture fitted to it, inside a box of the latents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]
#: Latent -> lowest and highest place; equal where it is fixed.
Box = Mapping[int, tuple[float, float]]


def prior_draws(n: int, n_latents: int, box: Box, rng: np.random.Generator) -> FloatArray:
    """Draw z [n, L] from N(0, I) given that it lies in the box.

    Parameters
    ----------
    n, n_latents
        How many, and L.
    box
        Bounds of some latents.
    rng
        Of the draws.
    """
    z = rng.normal(size=(n, n_latents))
    for latent, (low, high) in box.items():
        z[:, latent] = normal_between(np.full(n, low), np.full(n, high), rng)
    return z


def posterior_draws(
    n: int, mean: FloatArray, stddev: FloatArray, box: Box, rng: np.random.Generator
) -> tuple[FloatArray, IntArray]:
    """Draw z from q(z), the mean of q(z|x) over rows, given that it lies in the box; and the row of each [n].

    Exact: a row is drawn in proportion to the mass (fixed latents: the density) that its posterior has in the box, and
    z from its posterior inside it.

    Parameters
    ----------
    n
        How many.
    mean, stddev
        [N, L]; of q(z|x), N >= 1.
    box, rng
        As in `prior_draws`.

    Raises
    ------
    ValueError
        Where no row's posterior has any mass in the box.
    """
    spread = np.maximum(stddev.astype(np.float64), 1e-9)
    weight = np.zeros(len(mean))
    for latent, bounds in box.items():
        weight += _log_share(mean[:, latent], spread[:, latent], bounds)
    row = rng.choice(len(mean), n, p=_normed(weight))
    z = mean[row] + spread[row] * rng.normal(size=(n, mean.shape[1]))
    for latent, bounds in box.items():
        z[:, latent] = _between(mean[row, latent], spread[row, latent], bounds, n, rng)
    return z, row


def _normed(log_weight: FloatArray) -> FloatArray:
    """Return weights that add up to 1."""
    if not np.isfinite(log_weight.max(initial=-np.inf)):
        raise ValueError("no posterior reaches into the box")
    share = np.exp(log_weight - log_weight.max())
    return np.asarray(share / share.sum())


def _log_share(mean: FloatArray, spread: FloatArray, bounds: tuple[float, float]) -> FloatArray:
    """Log of the mass of normal distributions [N] between bounds, or of their density where these are equal."""
    below, above = ((bound - mean) / spread for bound in bounds)
    return np.asarray(-(below**2) / 2 - np.log(spread) if bounds[0] == bounds[1] else _log_mass(below, above))


def _between(
    mean: FloatArray, spread: FloatArray, bounds: tuple[float, float], n: int, rng: np.random.Generator
) -> FloatArray:
    """Draw [n] from normal distributions between bounds."""
    below, above = (np.broadcast_to((bound - mean) / spread, n) for bound in bounds)
    return np.asarray(np.clip(mean + spread * normal_between(below, above, rng), *bounds))


def normal_between(low: FloatArray, high: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw from N(0, 1) between bounds [n], by the inverse distribution function on the side where it is exact."""
    flip = low > 0
    a, b = np.where(flip, -high, low), np.where(flip, -low, high)
    below = special.ndtr(a)
    drawn = special.ndtri(below + rng.random(len(a)) * (special.ndtr(b) - below))
    drawn = np.clip(np.where(np.isfinite(drawn), drawn, b), a, b)
    return np.asarray(np.where(flip, -drawn, drawn))


def _log_mass(below: FloatArray, above: FloatArray) -> FloatArray:
    """Log of the mass of N(0, 1) between bounds; -inf where there is none."""
    flip = below > 0
    a, b = np.where(flip, -above, below), np.where(flip, -below, above)
    with np.errstate(divide="ignore", invalid="ignore"):
        upper, lower = special.log_ndtr(b), special.log_ndtr(a)
        return np.asarray(np.nan_to_num(upper + np.log1p(-np.exp(lower - upper)), nan=-np.inf))


@dataclass(frozen=True)
class Mixture:
    """A Gaussian mixture over all latents: weights [K], means [K, L], covariances [K, L, L]."""

    weights: FloatArray
    means: FloatArray
    covariances: FloatArray

    def draw(self, n: int, box: Box, rng: np.random.Generator) -> FloatArray:
        """Draw z [n, L] given that it lies in the box.

        Exact for a box of one latent. Of several, each is drawn from its own margin in the component, as though they
        were independent there, and the latents outside the box given them.

        Parameters
        ----------
        n, box, rng
            As in `prior_draws`.

        Raises
        ------
        ValueError
            Where no component has any mass in the box.
        """
        boxed = np.array(sorted(box), np.int64)
        spread = np.sqrt(np.diagonal(self.covariances, axis1=1, axis2=2))
        log_weight = np.log(np.maximum(self.weights, 1e-300))
        for latent in boxed:
            log_weight = log_weight + _log_share(self.means[:, latent], spread[:, latent], box[latent])
        component = rng.choice(len(self.weights), n, p=_normed(log_weight))
        z = np.empty((n, self.means.shape[1]))
        for k in np.unique(component):
            rows = np.flatnonzero(component == k)
            z[rows] = self._of_component(k, rows.size, box, boxed, rng)
        return z

    def _of_component(self, k: int, n: int, box: Box, boxed: IntArray, rng: np.random.Generator) -> FloatArray:
        mean, covariance = self.means[k], self.covariances[k]
        z = np.tile(mean, (n, 1))
        others = np.setdiff1d(np.arange(len(mean)), boxed)
        for latent in boxed:
            z[:, latent] = _between(mean[latent], np.sqrt(covariance[latent, latent]), box[latent], n, rng)
        rest = covariance[np.ix_(others, others)]
        if boxed.size:
            across = covariance[np.ix_(others, boxed)] @ np.linalg.pinv(covariance[np.ix_(boxed, boxed)])
            z[:, others] += (z[:, boxed] - mean[boxed]) @ across.T
            rest = rest - across @ covariance[np.ix_(boxed, others)]
        values, vectors = np.linalg.eigh(rest)
        z[:, others] += (rng.normal(size=(n, others.size)) * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
        return z
