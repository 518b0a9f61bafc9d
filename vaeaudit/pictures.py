"""The few pictures that a report shows, kept with a run so that a report needs neither the data nor TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

PixelArray = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Pictures:
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

    rows: npt.NDArray[np.int64]
    originals: PixelArray
    reconstructions: PixelArray
    surprise: PixelArray
    surprise_top: float
    traversals: PixelArray
    prior: PixelArray
    region_rules: npt.NDArray[np.str_]
    regions: PixelArray
    thumbnail_rows: npt.NDArray[np.int64]
    thumbnails: PixelArray

    def __post_init__(self) -> None:
        size = self.originals.shape[1:]
        if len(size) != 3 or size[2] not in (1, 3):
            raise ValueError(f"originals must be [R, H, W, 1 or 3], found {self.originals.shape}")
        n_rows = len(self.rows)
        shapes = {
            "originals": (n_rows, *size),
            "reconstructions": (n_rows, *size),
            "surprise": (n_rows, *size[:2]),
            "traversals": (*self.traversals.shape[:2], *size),
            "prior": (*self.prior.shape[:1], *size),
            "regions": (len(self.region_rules), *self.regions.shape[1:2], *size),
            "thumbnails": (len(self.thumbnail_rows), *self.thumbnails.shape[1:3], size[2]),
        }
        for name, shape in shapes.items():
            found = getattr(self, name)
            if found.shape != shape or found.dtype != np.uint8:
                raise ValueError(f"{name} must be uint8 {shape}, found {found.dtype} {found.shape}")
        if np.any(np.diff(self.rows) <= 0):
            raise ValueError("rows must rise, each once")

    def places(self, rows: npt.NDArray[np.integer]) -> npt.NDArray[np.intp]:
        """Return where these rows [K] stand in `rows`; those that were not kept are left out."""
        place = np.searchsorted(self.rows, rows)
        inside = place < len(self.rows)
        inside[inside] = self.rows[place[inside]] == np.asarray(rows)[inside]
        return place[inside]

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return plain arrays, as `pictures.npz` holds them."""
        return {entry.name: np.asarray(getattr(self, entry.name)) for entry in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Rebuild from `to_arrays`."""
        values: dict[str, Any] = dict(arrays)
        values["surprise_top"] = float(arrays["surprise_top"])
        return cls(**values)
