"""z from the prior, or from the aggregated posterior, inside a box of the latents."""

from __future__ import annotations

from collections.abc import Mapping

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
    weight = np.zeros(len(mean))
    spread = np.maximum(stddev.astype(np.float64), 1e-9)
    for latent, (low, high) in box.items():
        below, above = (low - mean[:, latent]) / spread[:, latent], (high - mean[:, latent]) / spread[:, latent]
        weight += -(below**2) / 2 - np.log(spread[:, latent]) if low == high else _log_mass(below, above)
    if not np.isfinite(weight.max(initial=-np.inf)):
        raise ValueError("no posterior reaches into the box")
    share = np.exp(weight - weight.max())
    row = rng.choice(len(mean), n, p=share / share.sum())
    z = mean[row] + spread[row] * rng.normal(size=(n, mean.shape[1]))
    for latent, (low, high) in box.items():
        below, above = (low - mean[row, latent]) / spread[row, latent], (high - mean[row, latent]) / spread[row, latent]
        z[:, latent] = mean[row, latent] + spread[row, latent] * normal_between(below, above, rng)
    return z, row


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
