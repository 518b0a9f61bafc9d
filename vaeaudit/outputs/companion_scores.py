"""What classical outlier detectors say of each row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from vaeaudit.outputs.record import Array, FloatArray, Record

CompanionBasis = Literal["columns", "latents"]
CompanionName = Literal["isolation forest", "neighbour distance"]


@dataclass(frozen=True)
class CompanionScores(Record):
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

    basis: Annotated[CompanionBasis, Array("", "text")]
    isolation_forest: Annotated[FloatArray, Array("N")]
    neighbour_distance: Annotated[FloatArray, Array("N", least=0)]

    def __len__(self) -> int:
        return len(self.isolation_forest)

    @property
    def by_name(self) -> dict[CompanionName, FloatArray]:
        """Name of the detector, as reports use it -> its scores [N]."""
        return {"isolation forest": self.isolation_forest, "neighbour distance": self.neighbour_distance}
