"""What classical outlier detectors say of each row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, cast, get_args

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]
CompanionBasis = Literal["columns", "latents"]
CompanionName = Literal["isolation forest", "neighbour distance"]


@dataclass(frozen=True)
class CompanionScores:
    """What classical detectors say of N rows; higher is more atypical.

    Attributes
    ----------
    basis
        What they saw: `columns` (those of the model, standardised) or `latents` (of pictures).
    isolation_forest
        [N]; anomaly score in (0, 1) of isolation trees (Liu, Ting, Zhou 2008), `2^(-E[path] / c)`.
    neighbour_distance
        [N]; Euclidean distance to the fifth nearest *different* row (Ramaswamy, Rastogi, Shim 2000).
    """

    basis: CompanionBasis
    isolation_forest: FloatArray
    neighbour_distance: FloatArray

    def __post_init__(self) -> None:
        if self.basis not in get_args(CompanionBasis):
            raise ValueError(f"basis must be columns or latents, found {self.basis!r}")
        if self.isolation_forest.ndim != 1 or self.isolation_forest.shape != self.neighbour_distance.shape:
            raise ValueError(
                f"scores must be [N] both, found {self.isolation_forest.shape} and {self.neighbour_distance.shape}"
            )

    def __len__(self) -> int:
        return len(self.isolation_forest)

    @property
    def by_name(self) -> dict[CompanionName, FloatArray]:
        """Name of the detector, as reports use it -> its scores [N]."""
        return {"isolation forest": self.isolation_forest, "neighbour distance": self.neighbour_distance}

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return plain arrays, as `companions.npz` holds them."""
        return {
            "basis": np.array(self.basis),
            "isolation_forest": np.asarray(self.isolation_forest, np.float32),
            "neighbour_distance": np.asarray(self.neighbour_distance, np.float32),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Rebuild from `to_arrays`."""
        basis = cast(CompanionBasis, str(arrays["basis"]))  # checked as it is built
        return cls(basis, arrays["isolation_forest"], arrays["neighbour_distance"])
