"""The few pictures that a report shows, kept with a run so that a report needs neither the data nor TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt

from vaeaudit.outputs.record import Array, IntArray, PixelArray, Record, TextArray


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
