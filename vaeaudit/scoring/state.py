"""What scoring rows needs besides the model's weights, as `model/scoring.npz` holds it: of a table, or of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from vaeaudit.data.encoding.features import FeatureScaling
from vaeaudit.outputs.histograms import LatentHistograms
from vaeaudit.outputs.latents import CellNull
from vaeaudit.outputs.patch_scales import PatchScales
from vaeaudit.outputs.record import Array, FloatArray, Record
from vaeaudit.scoring.image_score import ComplexityReference
from vaeaudit.scoring.isolation import PosteriorIsolation
from vaeaudit.scoring.rarity.density import LatentDensity


@dataclass(frozen=True)
class TableScoring(Record):
    """Of a table; the names of fields are what the names of their arrays begin with.

    Attributes
    ----------
    density_null
        [M]; the bounds, in nats, of rows that the score compares with.
    typical
        [C]; nats of a typical cell of each column.
    feature, isolation, ensemble
        Scaling of the features that the small ensemble reads, its forests, and its weights.
    cell_null
        How much cells of drawn rows surprise.
    density, histogram
        Of the latents.
    stability
        [L]; how well each latent is matched in refits; None where there were none.
    """

    density_null: Annotated[FloatArray, Array("M")]
    typical: Annotated[FloatArray, Array("C")]
    feature: FeatureScaling
    isolation: PosteriorIsolation
    ensemble: Annotated[tuple[FloatArray, ...], Array("E _ _")]
    cell_null: CellNull
    density: LatentDensity
    histogram: LatentHistograms
    stability: Annotated[FloatArray, Array("L", least=0, most=1)] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not len(self.density_null):
            raise ValueError("density_null must not be empty")
        _require_same_latents(self.density, self.histogram)


@dataclass(frozen=True)
class ImageScoring(Record):
    """Of pictures; the names of fields are what the names of their arrays begin with.

    Attributes
    ----------
    patch
        What energy patches have.
    complexity
        What energies are usual at a complexity.
    null_scores
        [M]; of pictures of the run.
    density, histogram, stability
        As in `TableScoring`.
    """

    patch: PatchScales
    complexity: ComplexityReference
    null_scores: Annotated[FloatArray, Array("M")]
    density: LatentDensity
    histogram: LatentHistograms
    stability: Annotated[FloatArray, Array("L", least=0, most=1)] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not len(self.null_scores):
            raise ValueError("null_scores must not be empty")
        n_energies = self.complexity.letters["K"]
        if n_energies + 2 != self.patch.n_statistics:
            raise ValueError(f"complexity must be of {self.patch.n_statistics - 2} energies, found {n_energies}")
        _require_same_latents(self.density, self.histogram)


def _require_same_latents(density: LatentDensity, histogram: LatentHistograms) -> None:
    if density.active.tolist() != histogram.active.tolist():
        raise ValueError("density and histograms must be of the same active latents")
