"""What scoring rows needs besides the model's weights, as `model/scoring.npz` holds it: of a table, or of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from vaeaudit.data.encoding.features import FeatureScaling
from vaeaudit.data.encoding.shares import CodeShares
from vaeaudit.outputs.images import PatchScales
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.record import Array, FloatArray, Record
from vaeaudit.scoring.geometry import Geometry
from vaeaudit.scoring.image_score import PictureScore, aspects
from vaeaudit.scoring.joined import Joined
from vaeaudit.scoring.rarity.rareness import LatentDensities
from vaeaudit.scoring.table_score import DEFINITION, Compared
from vaeaudit.scoring.vector_score import VectorScore

#: Layers of `vaeaudit.models.table.conditionals.Conditionals`, each a kernel and a bias.
_LAYERS = 4


@dataclass(frozen=True)
class TableScore(Record):
    """What the outlier score of a table compares rows with, and its cells.

    Attributes
    ----------
    feature, geometry
        Scaling of the features, and the rows that others are compared with by where they lie.
    shares
        Of codes and of missing cells.
    compared
        What the run's own rows found.
    typical
        [C]; nats of a typical cell of each column.
    tail, n_rows
        [K, C]; see `vaeaudit.scoring.cells.tail_quantiles`, and of how many rows.
    n_folds
        1 (no cross-fitting) or more.
    network
        Weights of `vaeaudit.models.table.conditionals.Conditionals`, each [K, in, out] of K = `n_folds` members.
    """

    #: What the score is, in words.
    definition: ClassVar[str] = DEFINITION

    feature: FeatureScaling
    geometry: Geometry
    shares: CodeShares
    compared: Compared
    typical: Annotated[FloatArray, Array("C")]
    tail: Annotated[FloatArray, Array("_ C")]
    n_rows: Annotated[int, Array("", "whole numbers", least=1)]
    n_folds: Annotated[int, Array("", "whole numbers", least=1)]
    network: Annotated[tuple[FloatArray, ...], Array("_ _ _")]

    def __post_init__(self) -> None:
        super().__post_init__()
        kernels, biases = self.network[::2], self.network[1::2]
        chained = all(before.shape[2] == after.shape[1] for before, after in pairwise(kernels))
        if len(self.network) != 2 * _LAYERS or not chained:
            raise ValueError(f"the network must have {_LAYERS} layers that follow each other")
        if any(bias.shape[1:] != (1, kernel.shape[2]) for kernel, bias in zip(kernels, biases, strict=True)):
            raise ValueError("the network must have a bias for every kernel")

    @property
    def joined(self) -> Joined:
        """What the questions found of the run's own rows."""
        return self.compared.joined


@dataclass(frozen=True)
class TableScoring(Record):
    """Of a table.

    Attributes
    ----------
    score
        What the outlier score compares rows with.
    densities
        Of the latents.
    """

    score: TableScore | VectorScore
    densities: LatentDensities

    def aspects(self, codes: LatentCodes) -> None:
        """Return None: the cells of a row say what about it is atypical."""


@dataclass(frozen=True)
class ImageScoring(Record):
    """Of pictures.

    Attributes
    ----------
    patch
        What energy patches have.
    score
        What the outlier score compares pictures with.
    densities
        Of the latents.
    """

    patch: PatchScales
    score: PictureScore
    densities: LatentDensities

    def __post_init__(self) -> None:
        super().__post_init__()
        n_statistics = self.score.complexity.letters["K"] + 2
        if n_statistics != self.patch.n_statistics:
            raise ValueError(f"complexity must be of {self.patch.n_statistics - 2} energies, found {n_statistics - 2}")

    def aspects(self, codes: LatentCodes) -> npt.NDArray[np.object_]:
        """Say of each picture [N] what about it is most atypical."""
        if codes.image_statistics is None:
            raise ValueError("codes must have image_statistics: these rows are no pictures")
        return np.array(aspects(codes.image_statistics, self.score.complexity), dtype=object)


AnyScoring = TableScoring | ImageScoring
