"""What is known of each row: how atypical and rare it is, its flag and its weight; and what other detectors say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from vaeaudit.outputs.record import FloatArray


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


Question = Literal[
    "isolation",
    "robust distance",
    "distance to neighbours",
    "all cells",
    "one cell",
    "length",
    "isolation of measures",
    "robust distance of measures",
    "isolation in the latents",
    "robust distance in the latents",
    "worst patches",
]
#: What is asked of every row, in the order of `LatentCodes.surprises`: of tables, of vectors, of pictures.
OF_TABLES: tuple[Question, ...] = ("isolation", "robust distance", "distance to neighbours", "all cells", "one cell")
OF_VECTORS: tuple[Question, ...] = ("isolation", "robust distance", "distance to neighbours", "length")
OF_PICTURES: tuple[Question, ...] = (
    "isolation of measures",
    "robust distance of measures",
    "isolation in the latents",
    "robust distance in the latents",
    "worst patches",
)
