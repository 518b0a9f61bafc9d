"""Which pictures the report shows, and what each of them is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from vaeaudit.outputs.images import Pictures
from vaeaudit.outputs.record import PixelArray
from vaeaudit.statistics.measures import FloatArray


@dataclass(frozen=True)
class RowTile:
    """The picture of one row.

    Attributes
    ----------
    place
        Where the row stands in `Pictures.rows`.
    row_id, position
        Name of the row, and where it stands in the dataset.
    score, p_value, flagged, rarity
        As in `RowScores`; the flag is that of this report, which may have been asked for another rate than the fit.
    groups
        Sensitive columns, the label, then columns of a few levels -> the row's value, as text.
    """

    place: int
    row_id: str
    position: int
    score: float
    p_value: float
    flagged: bool
    rarity: float
    groups: Mapping[str, str]


@dataclass(frozen=True)
class RegionTiles:
    """What the model decodes in one under-represented region.

    Attributes
    ----------
    region
        Its id in this report.
    place
        Where it stands in `Pictures.regions`; None where nothing was decoded for it at fit.
    examples
        Some kept rows that satisfy its rule, those that belong best first; none where none was kept.
    """

    region: str
    place: int | None
    examples: tuple[RowTile, ...]


@dataclass(frozen=True)
class MapGrid:
    """Pictures laid out as they lie on the map of the latents: the map for who cannot hover.

    Attributes
    ----------
    cells
        [rows, columns]; position in `Pictures.thumbnails`, or -1 where no row lies near; the first row lies highest.
    low, high
        [2]; the ends of the two axes.
    """

    cells: npt.NDArray[np.integer]
    low: FloatArray
    high: FloatArray

    def __post_init__(self) -> None:
        if self.cells.ndim != 2 or self.low.shape != (2,) or self.high.shape != (2,):
            raise ValueError(f"cells must be [rows, columns] and ends [2], found {self.cells.shape}, {self.low.shape}")


@dataclass(frozen=True)
class PictureSheets:
    """What the report shows in pictures.

    Attributes
    ----------
    pictures
        The pixels that the run kept.
    outliers, rare, reconstructions
        The tiles of these sheets: highest score first, rarest first, in the order of the dataset.
    outliers_missing, rare_missing, reconstructions_missing
        Rows that belong on the sheet but whose pictures the run did not keep.
    latents
        Active latents that were decoded, in model order.
    positions
        [T]; where each latent stands in `Pictures.traversals`, in standard deviations of the prior.
    regions
        One entry per region of the report, in its order.
    grid
        The thumbnails by their place on the map; None where there is no map.
    pairs
        Rows that are equal or nearly so, two by two.
    swapped
        Given column -> [V, P, H, W, channels]: P pictures, each with the V values that `ModelSummary.given` has.
    """

    pictures: Pictures
    outliers: tuple[RowTile, ...]
    rare: tuple[RowTile, ...]
    reconstructions: tuple[RowTile, ...]
    outliers_missing: int
    rare_missing: int
    reconstructions_missing: int
    latents: tuple[int, ...]
    positions: FloatArray
    regions: tuple[RegionTiles, ...]
    grid: MapGrid | None = None
    pairs: tuple[tuple[RowTile, RowTile], ...] = ()
    swapped: Mapping[str, PixelArray] = field(default_factory=dict)

    @property
    def size(self) -> tuple[int, int, int]:
        """Height, width and channels of a picture."""
        height, width, channels = self.pictures.originals.shape[1:]
        return int(height), int(width), int(channels)
