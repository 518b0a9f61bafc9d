"""How rare a row's latent position is, by the kind of rarity that a run was asked for, and what the row then weighs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vaeaudit.config import AnalysisConfig, Density, Rarity
from vaeaudit.outputs.histograms import LatentHistograms, bounded_weights, fit_histograms
from vaeaudit.outputs.record import FloatArray, Record
from vaeaudit.scoring.rarity.density import LatentDensity


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


#: What each family of densities is called.
_FAMILY_NAMES = {
    Density.GMM.value: "a Gaussian mixture",
    Density.KNN.value: "kernels as wide as the neighbourhoods of rows",
    Density.FLOW.value: "a masked autoregressive flow",
}


@dataclass(frozen=True)
class LatentDensities(Record):
    """The densities of a run's rows over its latents: joint, and a histogram for each active latent."""

    density: LatentDensity
    histogram: LatentHistograms

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.density.active.tolist() != self.histogram.active.tolist():
            raise ValueError("density and histograms must be of the same active latents")

    @classmethod
    def of(cls, density: LatentDensity, mean: FloatArray) -> LatentDensities:
        """Add the histograms of posterior means [N, L], N >= 1, to the density of the same rows."""
        return cls(density, fit_histograms(mean, density.active))

    def rareness(self, config: AnalysisConfig) -> Rareness:
        """Return the kind of rarity that a run's settings ask for, with their alpha and cap."""
        return Rareness(self, config.rarity, config.weight_alpha, config.weight_cap)


@dataclass(frozen=True)
class Rareness:
    """Which of the densities of a run its rarity and weights follow.

    Attributes
    ----------
    densities
        Of the rows of the run.
    kind
        One of `vaeaudit.config.Rarity`.
    alpha, cap
        Of the weights; with DB-VAE's kinds alpha also smooths the rarity.
    """

    densities: LatentDensities
    kind: str = Rarity.JOINT.value
    alpha: float = AnalysisConfig.weight_alpha
    cap: float = AnalysisConfig.weight_cap

    def rarity(self, mean: FloatArray) -> npt.NDArray[np.float64]:
        """Return [N] in nats at posterior means [N, L]; higher is rarer."""
        if self.kind == Rarity.JOINT.value:
            return self.densities.density.rarity(mean)
        return dbvae_rarity(self.densities.histogram, mean, self.kind, alpha=self.alpha)

    def weight(self, rarity: FloatArray) -> npt.NDArray[np.float64]:
        """Return weights [N], mean 1, of rows with this rarity [N]."""
        if self.kind == Rarity.JOINT.value:
            return resampling_weight(rarity, alpha=self.alpha, cap=self.cap)
        return bounded_weights(rarity, cap=self.cap)

    @property
    def definition(self) -> str:
        """What `rarity` is, in words."""
        if self.kind == Rarity.JOINT.value:
            family = _FAMILY_NAMES.get(self.densities.density.family, "nothing, since no latent is in use")
            return f"Rarity is minus the log of the joint density of the active latents, in nats, by {family}."
        how = "sum" if self.kind == Rarity.DBVAE_PRODUCT.value else "maximum"
        return (
            f"Rarity is the {how} over latents of DB-VAE's log weight, in nats (Amini 2019; {self.kind}, "
            f"alpha {self.alpha:g})."
        )
