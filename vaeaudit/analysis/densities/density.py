"""Joint density of the latent positions: the family that predicts held-out rows best, and the rarity by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, Self

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.densities.flow import FlowDensity
from vaeaudit.analysis.densities.kernels import KernelDensity, fit_kernels
from vaeaudit.analysis.densities.mixture import MixtureDensity, fit_mixture
from vaeaudit.config import Density, DensityFamily

FloatArray = npt.NDArray[np.floating]
#: Learns a flow from training and validation rows [M, A] and [V, A]; returns the arrays of a `FlowDensity`.
FlowFitter = Callable[[FloatArray, FloatArray], Mapping[str, npt.NDArray[Any]]]

#: Rows that the densities are fitted to, tuned and compared on; more would cost time and change little.
_MOST_ROWS = 12_000
#: Share of them for tuning, and as much for the comparison.
_SHARE_KEPT = 1 / 6
#: Rows from which on a flow is learned when nothing says that it must be.
_FEWEST_FOR_FLOW = 200
_PREFIX = "density_"
_NATS, _PARTS = f"{_PREFIX}nats_", f"{_PREFIX}of_"


class JointDensity(Protocol):
    """A density over A latents that integrates to 1."""

    family: ClassVar[DensityFamily]

    def log_density(self, z: FloatArray) -> npt.NDArray[np.float64]:
        """Return log density [N] in nats at points [N, A]."""
        ...

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return plain arrays."""
        ...


_FAMILIES: dict[str, type[MixtureDensity] | type[KernelDensity] | type[FlowDensity]] = {
    family.family: family for family in (MixtureDensity, KernelDensity, FlowDensity)
}


@dataclass(frozen=True)
class LatentDensity:
    """The chosen density over the active latents, and how the families compared.

    Attributes
    ----------
    active
        [L] which latents the density is over.
    density
        Over the A active latents; None where there is none.
    held_out_nats
        Family -> mean log density of rows that were neither fitted nor tuned on, in nats; only those that were tried.
    n_held_out
        How many rows these were.
    """

    active: npt.NDArray[np.bool_]
    density: JointDensity | None
    held_out_nats: Mapping[str, float]
    n_held_out: int

    def __post_init__(self) -> None:
        if self.active.ndim != 1 or self.active.dtype != bool:
            raise ValueError(f"active must be [L] of true and false, found {self.active.shape} of {self.active.dtype}")
        if bool(self.active.any()) == (self.density is None):
            raise ValueError("expected a density where a latent is active, and none where none is")

    @property
    def family(self) -> DensityFamily | Literal[""]:
        """`gmm`, `knn` or `flow`; empty where no latent is active."""
        return self.density.family if self.density else ""

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return plain arrays; their names begin with `density_`."""
        nats = {f"{_NATS}{family}": np.array(value) for family, value in self.held_out_nats.items()}
        parts = {f"{_PARTS}{name}": value for name, value in (self.density.to_arrays() if self.density else {}).items()}
        facts = {"active": self.active, "family": np.array(self.family), "n_held_out": np.array(self.n_held_out)}
        return {**{f"{_PREFIX}{name}": value for name, value in facts.items()}, **nats, **parts}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Rebuild the density from `to_arrays`; other arrays are passed over.

        Raises
        ------
        ValueError, KeyError
            Where the arrays are not those of a density.
        """
        family, active = str(arrays[f"{_PREFIX}family"]), arrays[f"{_PREFIX}active"]
        if family not in ("", *_FAMILIES):
            raise ValueError(f"expected a density of one of the families {sorted(_FAMILIES)}, found {family!r}")
        parts = {name.removeprefix(_PARTS): value for name, value in arrays.items() if name.startswith(_PARTS)}
        nats = {name.removeprefix(_NATS): float(value) for name, value in arrays.items() if name.startswith(_NATS)}
        density = _FAMILIES[family].from_arrays(parts) if family else None
        return cls(active, density, nats, int(arrays[f"{_PREFIX}n_held_out"]))

    def rarity(self, mean: FloatArray) -> npt.NDArray[np.float64]:
        """Return -log density [N] in nats at posterior means [N, L]; 0 where no latent is active."""
        if self.density is None:
            return np.zeros(len(mean))
        return -self.density.log_density(np.asarray(mean, np.float64)[:, self.active])


def fit_density(
    mean: FloatArray,
    active: npt.NDArray[np.bool_],
    *,
    seed: int,
    family: str = Density.AUTO.value,
    fit_flow: FlowFitter | None = None,
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
    fit_flow
        Learns a flow; without it `auto` compares the other two.
    """
    z = np.asarray(mean, np.float64)[:, active]
    if z.shape[1] == 0:
        return LatentDensity(np.asarray(active, bool), None, {}, 0)
    train, tuning, kept = _split(z, seed)
    fitters: dict[str, Callable[[], JointDensity]] = {
        Density.GMM.value: lambda: fit_mixture(train, tuning, seed=seed),
        Density.KNN.value: lambda: fit_kernels(train, tuning),
    }
    # A flow of one latent is a normal distribution, which the mixtures contain.
    worth_it = z.shape[1] > 1 and len(z) >= _FEWEST_FOR_FLOW
    if fit_flow is not None and (worth_it or family == Density.FLOW.value):
        learn = fit_flow
        fitters[Density.FLOW.value] = lambda: FlowDensity.from_arrays(learn(train, tuning))
    if family != Density.AUTO.value:
        if family not in fitters:
            raise ValueError(f"cannot fit a density of the family {family!r}, only of {sorted(fitters)}")
        fitters = {family: fitters[family]}
    fitted = [fit() for fit in fitters.values()]
    nats: dict[str, float] = {density.family: float(density.log_density(kept).mean()) for density in fitted}
    best = max(fitted, key=lambda density: nats[density.family])
    return LatentDensity(np.asarray(active, bool), best, nats, len(kept))


def _split(z: FloatArray, seed: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return rows to fit, to tune, and to compare on: disjoint where there are enough; else all rows, three times."""
    sample = z[np.random.default_rng(seed).permutation(len(z))[:_MOST_ROWS]]
    n_kept = round(len(sample) * _SHARE_KEPT)
    if n_kept == 0 or len(sample) - 2 * n_kept < 2:
        both = np.resize(sample, (max(2, len(sample)), sample.shape[1]))
        return both, both, both
    return sample[2 * n_kept :], sample[n_kept : 2 * n_kept], sample[:n_kept]
