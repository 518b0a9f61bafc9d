"""How pictures become what the model sees, and which likelihood their pixels get."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.data.encoding.condition_encoding import ConditionEncoding, fit_condition
from vaeaudit.data.schema.columns import Schema
from vaeaudit.data.sources.image_store import ImageStore, PictureForm

#: Share of pixel values at the ends of the range from which on pictures count as black and white.
NEAR_BINARY = 0.9
#: Grey levels from an end that still count as the end (compression and scaling blur edges).
_END_LEVELS = 5
#: Pictures, evenly spread, from which likelihood and scale are chosen.
_SAMPLE = 2000


class PixelLikelihood(StrEnum):
    """Distribution of a pixel given the latents."""

    BERNOULLI = "bernoulli"
    NORMAL = "normal"


@dataclass(frozen=True)
class ImageRows:
    """N pictures, read from disk when asked for.

    Attributes
    ----------
    images
        All pictures of the dataset.
    index
        [N]; the positions in `images` of these rows.
    given
        [all, E]; what the model is given beside the latents, of all pictures of the dataset; None for nothing.
    """

    images: ImageStore
    index: npt.NDArray[np.int64]
    given: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.index)

    def take(self, rows: npt.NDArray[np.integer] | slice) -> ImageRows:
        """Return a subset of the rows."""
        return replace(self, index=self.index[rows])

    @property
    def condition(self) -> npt.NDArray[np.float32] | None:
        """[N, E]; what the model is given beside the latents; None where it is given nothing."""
        return None if self.given is None else self.given[self.index]

    def arrays(self) -> tuple[npt.NDArray[Any], ...]:
        """Return pixels uint8 [N, H, W, channels] and the box [N, 4] (top, left, bottom, right) inside the padding.

        Behind them stands the condition [N, E], where there is one.
        """
        condition = self.condition
        given = () if condition is None else (condition,)
        return self.images.read(self.index), self.images.boxes(self.index), *given


@dataclass(frozen=True)
class ImageEncoding:
    """Size of the pictures and likelihood of their pixels.

    Attributes
    ----------
    height, width, channels
        Of every picture.
    likelihood
        p(pixel | z); see `fit_image_encoding`.
    scale
        Standard deviation of the pixels around the mean picture, pixels in [0, 1].
    value_range
        As in `PictureForm`.
    condition
        How the columns that the model is given become numbers; None where it is given none.
    """

    height: int
    width: int
    channels: int
    likelihood: PixelLikelihood
    scale: float
    value_range: tuple[float, float] | None = None
    condition: ConditionEncoding | None = None

    def __post_init__(self) -> None:
        if min(self.height, self.width) < 4 or self.height % 4 or self.width % 4 or self.channels not in (1, 3):
            found = f"{self.height} x {self.width} x {self.channels}"
            raise ValueError(f"pictures must have sides that are multiples of 4, and 1 or 3 channels, found {found}")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the modelled columns: none, pixels are no columns."""
        return ()

    @property
    def form(self) -> PictureForm:
        """What other pictures must be brought to."""
        return PictureForm(self.height, self.channels, self.value_range)

    @property
    def n_values(self) -> int:
        """D, numbers per picture."""
        return self.height * self.width * self.channels

    def encode(self, images: ImageStore, frame: pd.DataFrame | None = None) -> ImageRows:
        """Return all rows; no picture is read yet. `frame` holds the given columns, where there are any."""
        given = None if self.condition is None or frame is None else self.condition.encode(frame)
        return ImageRows(images, np.arange(len(images)), given)


def fit_image_encoding(
    images: ImageStore, frame: pd.DataFrame | None = None, schema: Schema | None = None
) -> ImageEncoding:
    """Choose the likelihood of the pixels: Bernoulli where `NEAR_BINARY` of them are black or white, else Normal.

    Both ends must occur, or dark photographs would count as black and white.
    """
    sample = np.unique(np.linspace(0, len(images) - 1, min(len(images), _SAMPLE)).round().astype(np.int64))
    pixels = images.read(sample)
    low, high = np.mean(pixels <= _END_LEVELS), np.mean(pixels >= 255 - _END_LEVELS)
    binary = low + high >= NEAR_BINARY and min(low, high) > 0
    _, height, width, channels = images.shape
    return ImageEncoding(
        height,
        width,
        channels,
        PixelLikelihood.BERNOULLI if binary else PixelLikelihood.NORMAL,
        float(pixels.std(axis=0, dtype=np.float32).mean() / 255),
        images.value_range,
        None if frame is None or schema is None else fit_condition(frame, schema),
    )
