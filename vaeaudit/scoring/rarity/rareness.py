"""How rare a row's latent position is, by the kind of rarity that a run was asked for, and what the row then weighs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vaeaudit.config import AnalysisConfig, Density, Rarity
from vaeaudit.outputs.histograms import LatentHistograms, bounded_weights, fit_histograms
from vaeaudit.scoring.rarity.density import LatentDensity
from vaeaudit.scoring.rarity.weights import dbvae_rarity, resampling_weight

FloatArray = npt.NDArray[np.floating]

#: What each family of densities is called.
_FAMILY_NAMES = {
    Density.GMM.value: "a Gaussian mixture",
    Density.KNN.value: "kernels as wide as the neighbourhoods of rows",
    Density.FLOW.value: "a masked autoregressive flow",
}


@dataclass(frozen=True)
class Rareness:
    """The densities of a run, and which of them its rarity and weights follow.

    Attributes
    ----------
    density, histograms
        Joint, and one for each active latent; of the rows of the run.
    kind
        One of `vaeaudit.config.Rarity`.
    alpha, cap
        Of the weights; with DB-VAE's kinds alpha also smooths the rarity.
    """

    density: LatentDensity
    histograms: LatentHistograms
    kind: str = Rarity.JOINT.value
    alpha: float = AnalysisConfig.weight_alpha
    cap: float = AnalysisConfig.weight_cap

    @classmethod
    def of(cls, density: LatentDensity, mean: FloatArray, config: AnalysisConfig | None = None) -> Rareness:
        """Add the histograms of posterior means [N, L] to their density.

        Parameters
        ----------
        density
            Of the same rows.
        mean
            [N, L], N >= 1.
        config
            Which kind, alpha and cap; defaults where None.
        """
        return cls._with(density, fit_histograms(mean, density.active), config or AnalysisConfig())

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], config: AnalysisConfig) -> Rareness:
        """Rebuild from `to_arrays`, for the kind, alpha and cap of a run's settings; other arrays are passed over."""
        return cls._with(LatentDensity.from_arrays(arrays), LatentHistograms.from_arrays(arrays), config)

    @classmethod
    def _with(cls, density: LatentDensity, histograms: LatentHistograms, config: AnalysisConfig) -> Rareness:
        return cls(density, histograms, config.rarity, config.weight_alpha, config.weight_cap)

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return plain arrays, as `model/scoring.npz` holds them."""
        return {**self.density.to_arrays(), **self.histograms.to_arrays()}

    def rarity(self, mean: FloatArray) -> npt.NDArray[np.float64]:
        """Return [N] in nats at posterior means [N, L]; higher is rarer."""
        if self.kind == Rarity.JOINT.value:
            return self.density.rarity(mean)
        return dbvae_rarity(self.histograms, mean, self.kind, alpha=self.alpha)

    def weight(self, rarity: FloatArray) -> npt.NDArray[np.float64]:
        """Return weights [N], mean 1, of rows with this rarity [N]."""
        if self.kind == Rarity.JOINT.value:
            return resampling_weight(rarity, alpha=self.alpha, cap=self.cap)
        return bounded_weights(rarity, cap=self.cap)

    @property
    def definition(self) -> str:
        """What `rarity` is, in words."""
        if self.kind == Rarity.JOINT.value:
            family = _FAMILY_NAMES.get(self.density.family, "nothing, since no latent is in use")
            return f"Rarity is minus the log of the joint density of the active latents, in nats, by {family}."
        how = "sum" if self.kind == Rarity.DBVAE_PRODUCT.value else "maximum"
        return (
            f"Rarity is the {how} over latents of DB-VAE's log weight, in nats (Amini 2019; {self.kind}, "
            f"alpha {self.alpha:g})."
        )
