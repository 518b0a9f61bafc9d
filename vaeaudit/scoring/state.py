"""What scoring rows needs besides the model's weights, as `model/scoring.npz` holds it: of a table, or of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt

from vaeaudit.config import AnalysisConfig
from vaeaudit.data.encoding.features import FeatureScaling
from vaeaudit.outputs.images import PatchScales
from vaeaudit.outputs.latents import CellNull, LatentCodes
from vaeaudit.outputs.record import Array, FloatArray, Record
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.scoring.image_score import IMAGE_DEFINITION, ComplexityReference, aspects, score_images
from vaeaudit.scoring.rarity.rareness import LatentDensities
from vaeaudit.scoring.table_score import DEFINITION, PosteriorIsolation, score_rows


@dataclass(frozen=True)
class TableScore(Record):
    """What the outlier score of a table compares rows with.

    Attributes
    ----------
    density_null
        [M]; improbabilities, in nats, of the run's own rows.
    typical
        [C]; nats of a typical cell of each column.
    feature, isolation, ensemble
        Scaling of the features that the small ensemble reads, its forests, and its weights, each [K, in, out] of
        K members.
    """

    density_null: Annotated[FloatArray, Array("M")]
    typical: Annotated[FloatArray, Array("C")]
    feature: FeatureScaling
    isolation: PosteriorIsolation
    ensemble: Annotated[tuple[FloatArray, ...], Array("K _ _")]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not len(self.density_null):
            raise ValueError("density_null must not be empty")


@dataclass(frozen=True)
class TableScoring(Record):
    """Of a table.

    Attributes
    ----------
    score
        What the outlier score compares rows with.
    cell_null
        How much cells of drawn rows surprise.
    densities
        Of the latents.
    """

    score: TableScore
    cell_null: CellNull
    densities: LatentDensities

    @property
    def definition(self) -> str:
        """What the outlier score is, in words."""
        return DEFINITION

    def row_scores(self, codes: LatentCodes, config: AnalysisConfig) -> RowScores:
        """Return what follows for each row.

        Parameters
        ----------
        codes
            Of the rows to be scored.
        config
            Rate of the flags, and which kind of rarity.
        """
        return score_rows(codes, self.score.density_null, self.densities.rareness(config), fdr=config.fdr)

    def aspects(self, codes: LatentCodes) -> None:
        """Return None: the cells of a row say what about it is atypical."""


@dataclass(frozen=True)
class ImageScoring(Record):
    """Of pictures.

    Attributes
    ----------
    patch
        What energy patches have.
    complexity
        What energies are usual at a complexity.
    null_scores
        [M]; of pictures of the run.
    densities
        Of the latents.
    """

    patch: PatchScales
    complexity: ComplexityReference
    null_scores: Annotated[FloatArray, Array("M")]
    densities: LatentDensities

    def __post_init__(self) -> None:
        super().__post_init__()
        if not len(self.null_scores):
            raise ValueError("null_scores must not be empty")
        n_energies = self.complexity.letters["K"]
        if n_energies + 2 != self.patch.n_statistics:
            raise ValueError(f"complexity must be of {self.patch.n_statistics - 2} energies, found {n_energies}")

    @property
    def definition(self) -> str:
        """What the outlier score is, in words."""
        return IMAGE_DEFINITION

    def row_scores(self, codes: LatentCodes, config: AnalysisConfig) -> RowScores:
        """Return what follows for each picture; see `TableScoring.row_scores`."""
        rareness = self.densities.rareness(config)
        return score_images(codes, self.complexity, rareness, null=self.null_scores, fdr=config.fdr)

    def aspects(self, codes: LatentCodes) -> npt.NDArray[np.object_]:
        """Say of each picture [N] what about it is most atypical."""
        if codes.image_statistics is None:
            raise ValueError("codes must have image_statistics: these rows are no pictures")
        return np.array(aspects(codes.image_statistics, self.complexity), dtype=object)


AnyScoring = TableScoring | ImageScoring
