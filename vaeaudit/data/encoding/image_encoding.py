"""How pictures become what the model sees, and which likelihood their pixels get."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

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
    """

    images: ImageStore
    index: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.index)

    def take(self, rows: npt.NDArray[np.integer] | slice) -> ImageRows:
        """Return a subset of the rows."""
        return ImageRows(self.images, self.index[rows])

    def arrays(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
        """Return pixels uint8 [N, H, W, channels], and the box [N, 4] (top, left, bottom, right) inside the padding."""
        return self.images.read(self.index), self.images.boxes(self.index)


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
    """

    height: int
    width: int
    channels: int
    likelihood: PixelLikelihood
    scale: float
    value_range: tuple[float, float] | None = None

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

    def encode(self, images: ImageStore) -> ImageRows:
        """Return all rows; nothing is read yet."""
        return ImageRows(images, np.arange(len(images)))


def fit_image_encoding(images: ImageStore) -> ImageEncoding:
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
    )
