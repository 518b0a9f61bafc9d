"""Small prints of pictures to search copies by, and what altering a picture does to them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from vaeaudit.data.sources.image_store import ImageStore

FloatArray = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]

#: Sides of the prints that candidates are compared by, and of those that they are searched with. On FairFace 16 tells
#: copies from look-alikes as well as all pixels do; prints of 100,000 pictures fit into memory, the pictures do not.
FINE_SIDE, COARSE_SIDE = 16, 8
#: Standard deviation of a print, in grey levels, below which a picture is too plain to be told from another.
LEAST_CONTRAST = 3.0
#: Boxes of two copies may differ by so many pixels on each side, by rounding.
_BOX_SLACK = 1
_CHUNK = 500


@dataclass(frozen=True)
class Prints:
    """Prints of N pictures; the squared distance of two is twice one minus their correlation.

    Attributes
    ----------
    fine, coarse
        [N, cells]; grey levels per cell, mean 0 and Euclidean norm 1; 0 where the picture is plain.
    plain
        [N]; pictures of less than `LEAST_CONTRAST`.
    stored
        [N] text; digest of the pixels as stored: equal text, equal after resizing.
    """

    fine: FloatArray
    coarse: FloatArray
    plain: npt.NDArray[np.bool_]
    stored: npt.NDArray[np.str_]


def take_prints(images: ImageStore) -> Prints:
    """Read all pictures once and keep their prints."""
    n_images = len(images)
    _, height, width, _ = images.shape
    fine, coarse = (
        np.zeros((n_images, min(side, height) * min(side, width)), np.float32) for side in (FINE_SIDE, COARSE_SIDE)
    )
    contrast, stored = np.zeros(n_images), np.empty(n_images, "<U32")
    for start in range(0, n_images, _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, n_images))
        pixels, boxes = images.read(rows), images.boxes(rows)
        fine[rows], contrast[rows] = prints_of(pixels, boxes, FINE_SIDE)
        coarse[rows], _ = prints_of(pixels, boxes, COARSE_SIDE)
        stored[rows] = [hashlib.blake2b(picture.tobytes(), digest_size=16).hexdigest() for picture in pixels]
    plain = contrast < LEAST_CONTRAST
    fine[plain], coarse[plain] = 0, 0
    return Prints(fine, coarse, plain, stored)


def prints_of(pixels: Pixels, boxes: npt.NDArray[np.integer], side: int) -> tuple[FloatArray, npt.NDArray[np.float64]]:
    """Average pictures [K, H, W, channels] to side x side cells, padding left out.

    Returns
    -------
    prints, contrast
        [K, cells], mean 0 and norm 1 over the cells that show something, 0 elsewhere; and the standard deviation [K]
        of these cells in grey levels.
    """
    n_pictures, height, width, _ = pixels.shape
    inside = _inside(boxes, height, width)
    grey = pixels.mean(axis=3, dtype=np.float32) * inside
    weight = _pooled(inside.astype(np.float32), side)
    shown = weight > 0
    values = _pooled(grey, side) / np.maximum(weight, 1)
    n_cells = np.maximum(shown.sum(axis=1, keepdims=True), 1)
    centred = np.where(shown, values - values.sum(axis=1, keepdims=True) / n_cells, 0)
    norm = np.sqrt(np.square(centred, dtype=np.float64).sum(axis=1, keepdims=True))
    prints = (centred / np.maximum(norm, 1e-6)).astype(np.float32)
    return prints.reshape(n_pictures, -1), (norm / np.sqrt(n_cells))[:, 0]


def print_distance(left: FloatArray, right: FloatArray) -> npt.NDArray[np.float64]:
    """Return the distance of prints along the last axis: 0 for equal ones, 2 for a picture and its negative."""
    correlation = np.einsum("...d,...d->...", left, right, dtype=np.float64)
    return np.asarray(np.sqrt(np.maximum(2 - 2 * correlation, 0)))


def pixel_distance(
    left: Pixels, right: Pixels, left_box: npt.NDArray[np.integer], right_box: npt.NDArray[np.integer]
) -> float:
    """Root-mean-square difference of two pictures [H, W, channels], each brought to mean 0 and standard deviation 1.

    Over what both boxes (top, left, bottom, right) hold; infinite where the boxes differ by more than rounding.
    """
    if np.abs(left_box.astype(np.int64) - right_box).max() > _BOX_SLACK:
        return float("inf")
    top, start = np.maximum(left_box, right_box)[:2]
    bottom, end = np.minimum(left_box, right_box)[2:]
    cut = (slice(top, bottom), slice(start, end))
    return float(np.sqrt(np.mean(np.square(_standardised(left[cut]) - _standardised(right[cut])))))


def _standardised(pixels: Pixels) -> npt.NDArray[np.float64]:
    centred = pixels - pixels.mean(dtype=np.float64)
    return np.asarray(centred / max(float(centred.std()), 1e-6))


def _inside(boxes: npt.NDArray[np.integer], height: int, width: int) -> npt.NDArray[np.bool_]:
    top, left, bottom, right = boxes.T[:, :, None]
    rows, columns = np.arange(height), np.arange(width)
    down, across = (top <= rows) & (rows < bottom), (left <= columns) & (columns < right)
    return np.asarray(down[:, :, None] & across[:, None, :], bool)


def _pooled(values: FloatArray, side: int) -> FloatArray:
    """Sum [K, H, W] over side x side cells of about equal size (no more than there are pixels)."""
    for axis in (1, 2):
        n_cells = min(side, values.shape[axis])
        edges = np.linspace(0, values.shape[axis], n_cells + 1)[:-1].round().astype(np.int64)
        values = np.add.reduceat(values, edges, axis=axis)
    return values.reshape(len(values), -1)


# --- altered copies -------------------------------------------------------------------------------------------------


def altered(pixels: Pixels, box: npt.NDArray[np.integer], alter: Callable[[Image.Image], Image.Image]) -> Pixels:
    """Return the picture [H, W, channels] with what lies in its box altered, at the same size."""
    top, left, bottom, right = (int(edge) for edge in box)
    shown = pixels[top:bottom, left:right]
    picture = alter(Image.fromarray(shown[..., 0] if shown.shape[2] == 1 else shown))
    changed = pixels.copy()
    changed[top:bottom, left:right] = np.asarray(picture, np.uint8).reshape(shown.shape)
    return changed


def _recompressed(picture: Image.Image) -> Image.Image:
    stream = BytesIO()
    picture.save(stream, "JPEG", quality=50)
    with Image.open(stream) as opened:
        opened.load()
        return opened.copy()


def _resized(picture: Image.Image) -> Image.Image:
    smaller = (max(1, round(picture.width * 0.75)), max(1, round(picture.height * 0.75)))
    return picture.resize(smaller, Image.Resampling.BILINEAR).resize(picture.size, Image.Resampling.BILINEAR)


def _trimmed(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    across, down = 0.02 * width, 0.02 * height
    box = (across, down, width - across, height - down)
    return picture.resize(picture.size, Image.Resampling.BILINEAR, box=box)


def _brightened(picture: Image.Image) -> Image.Image:
    return picture.point(lambda level: min(255, round(0.85 * level + 35)))


#: What is done to pictures on their way into a dataset twice; the names end a sentence that begins "copies".
ALTERATIONS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "made brighter and flatter": _brightened,
    "saved as JPEG at quality 50": _recompressed,
    "shrunk to three quarters and enlarged again": _resized,
    "trimmed by 2 % on each side": _trimmed,
}
