"""What is known of each row: how atypical and rare it is, its flag and its weight; and what other detectors say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

import numpy as np
import numpy.typing as npt

from vaeaudit.outputs.record import Array, FloatArray, Record


@dataclass(frozen=True)
class RowScores:
    """One value per row; all arrays are [N] and point one way: higher = more atypical, rarer.

    Attributes
    ----------
    outlier_score
        Nats; what it is stands in `definition`.
    p_value
        Calibrated p-value of the score under "the row belongs".
    outlier
        Flag at the false-discovery rate `fdr`.
    rarity
        Nats; how thin the data are at the row's latent position (`vaeaudit.scoring.rarity.rareness`).
    weight
        Resampling weight, mean 1.
    definition, fdr
        What the score is, in words; the rate the flags were chosen for.
    rarity_definition
        What the rarity is, in words.
    """

    outlier_score: FloatArray
    p_value: FloatArray
    outlier: npt.NDArray[np.bool_]
    rarity: FloatArray
    weight: FloatArray
    definition: str
    fdr: float
    rarity_definition: str = ""

    def __post_init__(self) -> None:
        shape = self.outlier_score.shape
        for name in ("p_value", "outlier", "rarity", "weight"):
            found = getattr(self, name).shape
            if found != shape:
                raise ValueError(f"{name} must have shape {shape}, found {found}")

    @property
    def note(self) -> str:
        """What the columns of scores are, in words."""
        return f"{self.definition} {self.rarity_definition}".rstrip()

    @property
    def most_atypical_first(self) -> npt.NDArray[np.int64]:
        """[N]; positions of the rows: flagged ones first, and within each part by falling score."""
        return np.lexsort((-self.outlier_score, ~self.outlier)).astype(np.int64)


Question = Literal["isolation", "robust distance", "distance to neighbours", "all cells", "one cell"]
#: What is asked of every row of a table: `LatentCodes.surprises` answers in this order.
QUESTIONS: tuple[Question, ...] = get_args(Question)

CompanionName = Literal["isolation forest", "neighbour distance"]


@dataclass(frozen=True)
class CompanionScores(Record):
    """What classical detectors say of N pictures, of which they see the active latents; higher is more atypical.

    Attributes
    ----------
    isolation_forest
        [N]; anomaly score in (0, 1) of isolation trees (Liu, Ting, Zhou 2008), `2^(-E[path] / c)`.
    neighbour_distance
        [N]; Euclidean distance to the fifth nearest *different* row (Ramaswamy, Rastogi, Shim 2000).
    """

    isolation_forest: Annotated[FloatArray, Array("N")]
    neighbour_distance: Annotated[FloatArray, Array("N", least=0)]

    def __len__(self) -> int:
        return len(self.isolation_forest)

    @property
    def by_name(self) -> dict[CompanionName | Question, FloatArray]:
        """Name of the detector, as reports use it -> its scores [N]."""
        return {"isolation forest": self.isolation_forest, "neighbour distance": self.neighbour_distance}
