"""Many small pictures as one compressed image: tiles in a grid, WebP within a budget of bytes."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

PixelArray = npt.NDArray[np.uint8]

#: Longest side of a tile, in pixels of the sheet: larger pictures are drawn smaller, they are shown no larger.
LARGEST_SIDE = 96
#: Pictures up to this side are shown pixel by pixel: smoothing would hide what there is to see.
SMALL_SIDE = 32
#: Their tiles are enlarged by whole factors up to this side, so that the compression cannot blur their pixels.
_ENLARGED_SIDE = 64
#: Range of WebP qualities that are tried before a sheet is drawn at half its size.
QUALITIES = (12, 88)
#: No WebP is wider or higher.
_MOST_PIXELS = 16_383


@dataclass(frozen=True)
class View:
    """A part of a sheet, in its pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class ContactSheet:
    """One compressed image of equal tiles.

    Attributes
    ----------
    webp
        The image.
    columns, rows
        Tiles beside and below one another; the last ones may be empty.
    tile_width, tile_height
        In pixels of the image.
    pixelated
        Whether its pixels are meant to be seen: the pictures are so small that smoothing would hide them.
    """

    webp: bytes
    columns: int
    rows: int
    tile_width: int
    tile_height: int
    pixelated: bool

    @property
    def width(self) -> int:
        """Pixels of the image."""
        return self.columns * self.tile_width

    @property
    def height(self) -> int:
        """Pixels of the image."""
        return self.rows * self.tile_height

    @property
    def uri(self) -> str:
        """The image as a data URI."""
        return f"data:image/webp;base64,{base64.b64encode(self.webp).decode('ascii')}"

    def view(self, tile: int, count: int = 1) -> View:
        """Return where `count` neighbouring tiles lie, from this one on; they must share a row of the sheet."""
        row, column = divmod(tile, self.columns)
        if not (0 <= row < self.rows and count >= 1 and column + count <= self.columns):
            raise ValueError(f"a sheet of {self.rows} x {self.columns} tiles has no {count} in a row from {tile} on")
        return View(column * self.tile_width, row * self.tile_height, count * self.tile_width, self.tile_height)


def contact_sheet(tiles: PixelArray, columns: int, budget: int, *, pixelated: bool) -> ContactSheet:
    """Lay tiles out in rows and compress them.

    Parameters
    ----------
    tiles
        [K, h, w, channels], channels 1 or 3; K at least 1.
    columns
        Tiles per row.
    budget
        Most bytes of the image: the best quality that fits is taken, and where none does, the tiles shrink.
    pixelated
        Whether the pixels are to be seen as such (see `SMALL_SIDE`).

    Raises
    ------
    ValueError
        Where there is no tile, or where the image would be larger than a WebP can be.
    """
    if tiles.ndim != 4 or len(tiles) == 0 or tiles.shape[3] not in (1, 3):
        raise ValueError(f"tiles must be [K, h, w, 1 or 3] with K at least 1, found {tiles.shape}")
    factor = max(1, _ENLARGED_SIDE // max(tiles.shape[1:3])) if pixelated else 1
    image = montage(tiles.repeat(factor, axis=1).repeat(factor, axis=2), columns)
    rows = -(-len(tiles) // columns)
    side = max(image.shape[0] // rows, image.shape[1] // columns)
    shrink = min(1.0, LARGEST_SIDE / side)
    while True:
        height, width = (
            max(1, round(shrink * pixels)) for pixels in (image.shape[0] // rows, image.shape[1] // columns)
        )
        drawn = _resized(image, columns * width, rows * height)
        webp = compressed(drawn, budget, lossless=pixelated and shrink == 1.0)
        if len(webp) <= budget or max(height, width) < 8:
            return ContactSheet(webp, columns, rows, width, height, pixelated)
        shrink /= 2


def montage(tiles: PixelArray, columns: int) -> PixelArray:
    """Lay tiles [K, h, w, channels] out in rows of `columns`; what is left of the last row is black.

    >>> montage(np.arange(3, dtype=np.uint8).reshape(3, 1, 1, 1), 2)[:, :, 0].tolist()
    [[0, 1], [2, 0]]
    """
    n_tiles, height, width, channels = tiles.shape
    rows = -(-n_tiles // columns)
    grid = np.zeros((rows * columns, height, width, channels), np.uint8)
    grid[:n_tiles] = tiles
    grid = grid.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    return grid.reshape(rows * height, columns * width, channels)


def compressed(image: PixelArray, budget: int, *, lossless: bool = False) -> bytes:
    """Return [H, W, channels] as WebP of the best quality within the budget, or of the lowest where none is.

    Parameters
    ----------
    image
        Channels 1 or 3.
    budget
        Bytes.
    lossless
        Whether to try without loss first.
    """
    if max(image.shape[:2]) > _MOST_PIXELS:
        raise ValueError(
            f"a WebP has at most {_MOST_PIXELS} pixels each way, found {image.shape[1]} x {image.shape[0]}"
        )
    picture = Image.fromarray(image if image.shape[2] == 3 else image.repeat(3, axis=2))
    if lossless:
        exact = _webp(picture, lossless=True)
        if len(exact) <= budget:
            return exact
    low, high = QUALITIES
    best = _webp(picture, quality=low)
    while low < high and len(best) <= budget:
        middle = (low + high + 1) // 2
        found = _webp(picture, quality=middle)
        if len(found) <= budget:
            low, best = middle, found
        else:
            high = middle - 1
    return best


def _webp(picture: Image.Image, **options: int | bool) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", method=4, **options)
    return buffer.getvalue()


def _resized(image: PixelArray, width: int, height: int) -> PixelArray:
    if (height, width) == image.shape[:2]:
        return image
    channels = [
        Image.fromarray(image[:, :, channel]).resize((width, height), Image.Resampling.BOX)
        for channel in range(image.shape[2])
    ]
    return np.stack([np.asarray(channel) for channel in channels], axis=2)
