"""Weights that favour rare rows when data are resampled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vaeaudit.config import Rarity
from vaeaudit.outputs.histograms import LatentHistograms, bounded_weights

FloatArray = npt.NDArray[np.floating]


def resampling_weight(rarity: FloatArray, *, alpha: float = 0.1, cap: float = 10.0) -> npt.NDArray[np.float64]:
    """Return weights [N], mean 1, that favour rows in thin regions of the latents.

    `w = 1 / (density / median density + alpha)`, the smoothing of DB-VAE (Amini 2019, eq. 4) on a joint density;
    no weight exceeds `cap` times the median weight.

    Parameters
    ----------
    rarity
        [N]; -log of the joint density, in nats.
    alpha
        Above 0; the larger, the more even the weights.
    cap
        At least 1.
    """
    relative = np.exp(np.clip(np.median(rarity) - rarity, -50, 50))
    return bounded_weights(-np.log(relative + alpha), cap=cap)


def dbvae_weight(
    histograms: LatentHistograms, mean: FloatArray, how: str, *, alpha: float = 0.1, cap: float = 10.0
) -> npt.NDArray[np.float64]:
    """Return weights [N], mean 1, from histograms of single latents; at most `cap` times the median weight.

    Parameters
    ----------
    histograms
        Of the rows the model was trained on.
    mean
        [N, L] posterior means.
    how, alpha
        As in `dbvae_rarity`.
    cap
        At least 1.
    """
    return bounded_weights(dbvae_rarity(histograms, mean, how, alpha=alpha), cap=cap)


def dbvae_rarity(
    histograms: LatentHistograms, mean: FloatArray, how: str, *, alpha: float = 0.1
) -> npt.NDArray[np.float64]:
    """Return [N] in nats; the log of DB-VAE's weight before it is capped.

    Parameters
    ----------
    histograms, mean
        As in `dbvae_weight`.
    how
        `dbvae-product` as in the paper, or `dbvae-max` as in the code published with it (`vaeaudit.config.Rarity`).
    alpha
        Added to each latent's density, above 0.
    """
    if how == Rarity.DBVAE_PRODUCT.value:
        return histograms.product(mean, alpha)
    if how == Rarity.DBVAE_MAX.value:
        return histograms.maximum(mean, alpha)
    raise ValueError(f"expected {Rarity.DBVAE_PRODUCT.value!r} or {Rarity.DBVAE_MAX.value!r}, found {how!r}")
