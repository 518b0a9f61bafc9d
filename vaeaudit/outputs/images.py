"""What a run keeps of pictures: the few that a report shows, and what energy their patches usually have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from vaeaudit.outputs.record import Array, FloatArray, IntArray, PixelArray, Record, TextArray


@dataclass(frozen=True)
class Pictures(Record):
    """Originals, and what the model makes of them; all are uint8 of one size [H, W, channels], channels 1 or 3.

    Attributes
    ----------
    rows
        [R]; positions in the dataset of the rows that are kept, rising, each once.
    originals, reconstructions
        [R, H, W, channels]; the pictures of these rows, and E[x|z] at their posterior mean.
    surprise
        [R, H, W]; where each picture departs from what the model expects: 0 is usual, 255 is `surprise_top` or more.
    surprise_top
        Excess of a patch's log energy, in robust standard deviations of its scale, that 255 stands for.
    traversals
        [L, T, H, W, channels]; what the decoder shows while one latent stands at the position [T] and all others at 0.
    prior
        [P, H, W, channels]; E[x|z] for z drawn from the prior.
    region_rules
        [Q] text; `region_key` of the regions whose pictures were decoded.
    regions
        [Q, V, H, W, channels]; what the model decodes at V points of each such region's latent box.
    thumbnail_rows, thumbnails
        [M] positions in the dataset, and [M, h, w, channels]: small pictures for the map of the latents.
    """

    rows: Annotated[IntArray, Array("R", "whole numbers", least=0)]
    originals: Annotated[PixelArray, Array("R H W B", "bytes")]
    reconstructions: Annotated[PixelArray, Array("R H W B", "bytes")]
    surprise: Annotated[PixelArray, Array("R H W", "bytes")]
    surprise_top: Annotated[float, Array("")]
    traversals: Annotated[PixelArray, Array("L T H W B", "bytes")]
    prior: Annotated[PixelArray, Array("P H W B", "bytes")]
    region_rules: Annotated[TextArray, Array("Q", "text")]
    regions: Annotated[PixelArray, Array("Q V H W B", "bytes")]
    thumbnail_rows: Annotated[IntArray, Array("M", "whole numbers", least=0)]
    thumbnails: Annotated[PixelArray, Array("M _ _ B", "bytes")]

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.originals.shape[3] not in (1, 3):
            raise ValueError(f"originals must be [R, H, W, 1 or 3], found {self.originals.shape}")
        if np.any(np.diff(self.rows) <= 0):
            raise ValueError("rows must rise, each once")

    def places(self, rows: npt.NDArray[np.integer]) -> npt.NDArray[np.intp]:
        """Return where these rows [K] stand in `rows`; those that were not kept are left out."""
        place = np.searchsorted(self.rows, rows)
        inside = place < len(self.rows)
        inside[inside] = self.rows[place[inside]] == np.asarray(rows)[inside]
        return place[inside]


#: (pixels averaged, side of the patch after that), by rising footprint: fine texture to coarse shape.
SCALES = ((1, 5), (1, 9), (2, 5), (4, 3))


@dataclass(frozen=True)
class PatchScale(Record):
    """Whitening of k x k patches after averaging `factor` x `factor` pixels.

    Attributes
    ----------
    factor
        Pixels averaged along each side.
    filters, bias
        [k, k, 1, k * k] and [k * k]; a convolution with them gives the whitened coordinates of each patch, its mean
        subtracted.
    centre, spread
        Median of the log energy of patches (the mean square of the whitened coordinates, over all channels), and its
        robust standard deviation: 1.4826 times the median distance from it.
    """

    factor: Annotated[int, Array("", "whole numbers", least=1)]
    filters: Annotated[FloatArray, Array("k k 1 k*k")]
    bias: Annotated[FloatArray, Array("k*k")]
    centre: Annotated[float, Array("")]
    spread: Annotated[float, Array("", above=0)]

    @property
    def side(self) -> int:
        """K."""
        return int(self.filters.shape[0])


@dataclass(frozen=True)
class PatchScales(Record):
    """The scales of residuals and of pictures.

    Attributes
    ----------
    residual, image
        By rising footprint, the same for both; none where pictures are too small for any.
    """

    PREFIX: ClassVar[str] = "patch_"

    residual: tuple[PatchScale, ...]
    image: tuple[PatchScale, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        shapes = [[(scale.factor, scale.side) for scale in of] for of in (self.residual, self.image)]
        if shapes[0] != shapes[1] or len(shapes[0]) > len(SCALES):
            raise ValueError(f"residual and image must have the same scales, found {shapes[0]} and {shapes[1]}")

    @property
    def n_statistics(self) -> int:
        """K + 2: what `vaeaudit.models.image.scores.image_statistics` returns per picture."""
        return 1 + len(self.residual) + len(self.image) + 2


def usable_scales(height: int, width: int) -> tuple[tuple[int, int], ...]:
    """Return the scales of which at least two patches fit along each side of a picture.

    Parameters
    ----------
    height, width
        Of the pictures.

    Examples
    --------
    >>> usable_scales(8, 8)
    ((1, 5),)
    """
    smallest = min(height, width)
    return tuple((f, k) for f, k in SCALES if smallest // f > k) or ((1, min(3, smallest)),)
