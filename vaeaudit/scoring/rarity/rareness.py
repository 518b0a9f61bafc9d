"""How rare a row's latent position is, by the density that predicts held-out rows best, and what it then weighs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from vaeaudit.config import AnalysisConfig, Density, DensityFamily, Rarity
from vaeaudit.outputs.histograms import LatentHistograms, bounded_weights, fit_histograms
from vaeaudit.outputs.record import Array, FloatArray, Record
from vaeaudit.scoring.rarity.families import KernelDensity, MixtureDensity, fit_kernels, fit_mixture

#: A density over A latents that integrates to 1.
AnyDensity = MixtureDensity | KernelDensity

#: Rows that the densities are fitted to, tuned and compared on; more would cost time and change little.
_MOST_ROWS = 12_000
#: Share of them for tuning, and as much for the comparison.
_SHARE_KEPT = 1 / 6
_FAMILIES = (Density.GMM.value, Density.KNN.value)


@dataclass(frozen=True)
class LatentDensity(Record):
    """The chosen density over the active latents, and how the families compared.

    Attributes
    ----------
    active
        [L] which latents the density is over.
    family
        `gmm` or `knn`; empty where no latent is active.
    of
        Over the A active latents; None where there is none.
    nats_gmm, nats_knn
        Mean log density of rows that were neither fitted nor tuned on, in nats; None where the family was not tried.
    n_held_out
        How many rows these were.
    """

    PREFIX: ClassVar[str] = "density_"

    active: Annotated[npt.NDArray[np.bool_], Array("L", "true or false")]
    family: Annotated[DensityFamily | Literal[""], Array("", "text")]
    n_held_out: Annotated[int, Array("", "whole numbers", least=0)]
    nats_gmm: Annotated[float, Array("")] | None = None
    nats_knn: Annotated[float, Array("")] | None = None
    of: AnyDensity | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.of.family if self.of else "") != self.family:
            raise ValueError(f"expected the arrays of the family {self.family!r}, found others, or none")
        if bool(self.active.any()) == (self.of is None):
            raise ValueError("expected a density where a latent is active, and none where none is")
        if self.of is not None and self.of.letters["A"] != self.active.sum():
            raise ValueError(
                f"expected a density over {self.active.sum()} active latents, found {self.of.letters['A']}"
            )

    @property
    def held_out_nats(self) -> dict[str, float]:
        """Family -> mean log density of held-out rows in nats; only those that were tried."""
        nats = {family: getattr(self, f"nats_{family}") for family in _FAMILIES}
        return {family: value for family, value in nats.items() if value is not None}

    def rarity(self, mean: FloatArray) -> npt.NDArray[np.float64]:
        """Return -log density [N] in nats at posterior means [N, L]; 0 where no latent is active."""
        if self.of is None:
            return np.zeros(len(mean))
        return -self.of.log_density(np.asarray(mean, np.float64)[:, self.active])


def fit_density(
    mean: FloatArray,
    active: npt.NDArray[np.bool_],
    *,
    seed: int,
    family: str = Density.AUTO.value,
) -> LatentDensity:
    """Fit joint densities to posterior means [N, L]; keep the one that gives held-out rows the highest likelihood.

    A joint density, because rows can be ordinary on every latent and rare in their combination: the product over
    latents of DB-VAE (Amini 2019) cannot see that.

    Parameters
    ----------
    mean
        [N, L], N >= 1.
    active
        [L]; which latents the density is over.
    seed
        Of the sample, the split, and the starts of the mixtures.
    family
        One of `vaeaudit.config.Density`; `auto` compares.
    """
    z = np.asarray(mean, np.float64)[:, active]
    if z.shape[1] == 0:
        return LatentDensity(np.asarray(active, bool), "", 0)
    train, tuning, kept = _split(z, seed)
    fitters: dict[str, Callable[[], AnyDensity]] = {
        Density.GMM.value: lambda: fit_mixture(train, tuning, seed=seed),
        Density.KNN.value: lambda: fit_kernels(train, tuning),
    }
    if family != Density.AUTO.value:
        if family not in fitters:
            raise ValueError(f"cannot fit a density of the family {family!r}, only of {sorted(fitters)}")
        fitters = {family: fitters[family]}
    with threadpool_limits(limits=1, user_api="blas"):  # threads that wait for a busy core cost more than they bring
        fitted = [fit() for fit in fitters.values()]
        nats: dict[str, float] = {density.family: float(density.log_density(kept).mean()) for density in fitted}
    best = max(fitted, key=lambda density: nats[density.family])
    figures = {f"nats_{name}": value for name, value in nats.items()}
    return LatentDensity(np.asarray(active, bool), best.family, len(kept), of=best, **figures)


def _split(z: FloatArray, seed: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return rows to fit, to tune, and to compare on: disjoint where there are enough; else all rows, three times."""
    sample = z[np.random.default_rng(seed).permutation(len(z))[:_MOST_ROWS]]
    n_kept = round(len(sample) * _SHARE_KEPT)
    if n_kept == 0 or len(sample) - 2 * n_kept < 2:
        both = np.resize(sample, (max(2, len(sample)), sample.shape[1]))
        return both, both, both
    return sample[2 * n_kept :], sample[n_kept : 2 * n_kept], sample[:n_kept]


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
