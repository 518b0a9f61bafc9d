"""Pictures that occur more than once: equal pixels, and altered copies, found by the prints of what they show."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from vaeaudit.analysis.duplicates.neighbours import copy_limit, nearest_rows, pairs_within, usual_distances
from vaeaudit.data.sources.image_store import ImageStore
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray, PixelArray
from vaeaudit.outputs.row_pairs import RowPairs, Rows, choose_listed

#: Candidates per picture, in the latents and among the prints.
NEIGHBOURS = 10
#: Pictures of which copies are altered, to see which copies would be found here.
_TRIED = 200
#: Candidates that are confirmed on all their pixels, nearest first; each costs 2 ms.
MOST_CONFIRMED = 20_000
_CHUNK = 2000
#: Sides of the prints that candidates are compared by, and of those that they are searched with. On FairFace 16 tells
#: copies from look-alikes as well as all pixels do; prints of 100,000 pictures fit into memory, the pictures do not.
FINE_SIDE, COARSE_SIDE = 16, 8
#: Standard deviation of a print, in grey levels, below which a picture is too plain to be told from another.
LEAST_CONTRAST = 3.0
#: Boxes of two copies may differ by so many pixels on each side, by rounding.
_BOX_SLACK = 1
_PRINTED_AT_ONCE = 500


@dataclass(frozen=True)
class _Search:
    """The neighbours of the M pictures that were compared.

    `rows` [M] their positions in the dataset; `neighbours` [M, k] positions among the M, `distance` [M, k] of their
    prints, `usual` [M] the median of it, `reach` [M] the coarse distance within which all others are candidates.
    """

    rows: Rows
    neighbours: Rows
    distance: FloatArray
    usual: FloatArray
    reach: FloatArray


def find_picture_pairs(images: ImageStore, latents: FloatArray, splits: IntArray, *, seed: int) -> RowPairs:
    """Find pictures that occur more than once.

    Exact: the same pixels at the original size. Near: candidates are neighbours in the latents, and among coarse
    prints, which brightness does not move. A pair is kept where its prints are nearer than chance explains among the
    pictures around it (`copy_limit`), and all its pixels differ by no more than altering one of the two would make
    them differ.

    Parameters
    ----------
    images
        N pictures.
    latents
        [N, A]; scaled so that Euclidean distances mean something.
    splits
        [N]; code of each picture's split, below 0 for none.
    seed
        Of the choice of pictures that are altered for a trial.
    """
    first = first_of_equal(images.content)
    prints = take_prints(images)
    unique = np.flatnonzero((first == np.arange(len(images))) & ~prints.plain)
    stands_for = unique[first_of_equal(prints.stored[unique])]
    resized = stands_for != unique
    same = np.stack([stands_for[resized], unique[resized]], axis=1)
    search = _search(prints, latents, unique[~resized])
    limit = copy_limit(search.distance.min(axis=1, initial=2.0), search.usual, prints.fine.shape[1])
    chances, copy_distance = _try_copies(images, prints, search, limit, np.random.default_rng(seed))
    pairs, found = _candidates(search, limit)
    pairs, distance = _confirmed(images, pairs)
    near = np.concatenate([same, pairs]).astype(np.int64)
    told = np.isin(search.rows, near)
    return RowPairs(
        first=first,
        near=near,
        distance=np.concatenate([np.zeros(len(same)), distance]),
        listed=choose_listed(first, near, splits),
        near_found=len(same) + len(pairs) + max(0, found - MOST_CONFIRMED),
        look_alikes=int(np.sum((search.distance.min(axis=1, initial=2.0) <= copy_distance) & ~told)),
        set_aside=int(prints.plain.sum()),
        basis="pixels",
        chance_of=tuple(chances),
        chance=np.array(list(chances.values()), np.float64),
    )


def first_of_equal(keys: npt.NDArray[np.str_]) -> Rows:
    """Return for each key [N] the position of the first that is equal to it."""
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    return np.asarray(first[group], np.int64)


def _search(prints: Prints, latents: FloatArray, rows: Rows) -> _Search:
    fine, coarse = prints.fine[rows], prints.coarse[rows]
    by_print = nearest_rows(coarse, NEIGHBOURS)
    neighbours = np.concatenate([nearest_rows(latents[rows], NEIGHBOURS), by_print], axis=1)
    distance, reach = np.empty(neighbours.shape), np.zeros(len(rows))
    for start in range(0, len(rows), _CHUNK):
        own = slice(start, start + _CHUNK)
        distance[own] = print_distance(fine[own, None], fine[neighbours[own]])
        reach[own] = print_distance(coarse[own, None], coarse[by_print[own]]).max(axis=1, initial=0.0)
    return _Search(rows, neighbours, distance, usual_distances(distance), reach)


def _candidates(search: _Search, limit: float) -> tuple[Rows, int]:
    """Return the pairs [P, 2], nearest first, that are near as seen from both sides, and how many there are."""
    pairs, distance = pairs_within(limit, search.neighbours, search.distance, search.usual)
    pairs, index = np.unique(search.rows[pairs], axis=0, return_index=True)
    order = np.argsort(distance[index], kind="stable")
    return pairs[order[:MOST_CONFIRMED]], len(pairs)


def _confirmed(images: ImageStore, pairs: Rows) -> tuple[Rows, FloatArray]:
    """Keep the pairs whose pixels differ by no more than an alteration of one of them makes, nearest first."""
    distance = np.full(len(pairs), np.inf)
    allowed: dict[int, float] = {}
    for place, pair in enumerate(pairs):
        pixels, boxes = images.read(pair), images.boxes(pair)
        distance[place] = pixel_distance(pixels[0], pixels[1], boxes[0], boxes[1])
        for row, picture, box in zip(pair.tolist(), pixels, boxes, strict=True):
            if row not in allowed:
                copies = [altered(picture, box, alter) for alter in ALTERATIONS.values()]
                allowed[row] = max(pixel_distance(picture, copy, box, box) for copy in copies)
        if distance[place] > max(allowed[row] for row in pair.tolist()):
            distance[place] = np.inf
    order = np.argsort(distance, kind="stable")[: np.count_nonzero(np.isfinite(distance))]
    return pairs[order], distance[order]


def _try_copies(
    images: ImageStore, prints: Prints, search: _Search, limit: float, rng: np.random.Generator
) -> tuple[dict[str, float], float]:
    """Alter copies of a sample of pictures: the share of each sort that would be found, and their median distance."""
    if len(search.rows) == 0:
        return {}, 0.0
    sample = np.sort(rng.choice(len(search.rows), size=min(_TRIED, len(search.rows)), replace=False))
    rows = search.rows[sample]
    pixels, boxes = images.read(rows), images.boxes(rows)
    chances, distances = {}, []
    for name, alter in ALTERATIONS.items():
        copies = np.stack([altered(picture, box, alter) for picture, box in zip(pixels, boxes, strict=True)])
        fine = print_distance(prints.fine[rows], prints_of(copies, boxes, FINE_SIDE)[0])
        coarse = print_distance(prints.coarse[rows], prints_of(copies, boxes, COARSE_SIDE)[0])
        found = (fine <= limit * search.usual[sample]) & (coarse <= search.reach[sample])
        chances[name] = float(found.mean())
        distances.append(fine)
    return chances, float(np.median(distances))


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
    plain: BoolArray
    stored: npt.NDArray[np.str_]


def take_prints(images: ImageStore) -> Prints:
    """Read all pictures once and keep their prints."""
    n_images = len(images)
    _, height, width, _ = images.shape
    fine, coarse = (
        np.zeros((n_images, min(side, height) * min(side, width)), np.float32) for side in (FINE_SIDE, COARSE_SIDE)
    )
    contrast, stored = np.zeros(n_images), np.empty(n_images, "<U32")
    for start in range(0, n_images, _PRINTED_AT_ONCE):
        rows = np.arange(start, min(start + _PRINTED_AT_ONCE, n_images))
        pixels, boxes = images.read(rows), images.boxes(rows)
        fine[rows], contrast[rows] = prints_of(pixels, boxes, FINE_SIDE)
        coarse[rows], _ = prints_of(pixels, boxes, COARSE_SIDE)
        stored[rows] = [hashlib.blake2b(picture.tobytes(), digest_size=16).hexdigest() for picture in pixels]
    plain = contrast < LEAST_CONTRAST
    fine[plain], coarse[plain] = 0, 0
    return Prints(fine, coarse, plain, stored)


def prints_of(pixels: PixelArray, boxes: IntArray, side: int) -> tuple[FloatArray, FloatArray]:
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


def print_distance(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return the distance of prints along the last axis: 0 for equal ones, 2 for a picture and its negative."""
    correlation = np.einsum("...d,...d->...", left, right, dtype=np.float64)
    return np.asarray(np.sqrt(np.maximum(2 - 2 * correlation, 0)))


def pixel_distance(left: PixelArray, right: PixelArray, left_box: IntArray, right_box: IntArray) -> float:
    """Root-mean-square difference of two pictures [H, W, channels], each brought to mean 0 and standard deviation 1.

    Over what both boxes (top, left, bottom, right) hold; infinite where the boxes differ by more than rounding.
    """
    if np.abs(left_box.astype(np.int64) - right_box).max() > _BOX_SLACK:
        return float("inf")
    top, start = np.maximum(left_box, right_box)[:2]
    bottom, end = np.minimum(left_box, right_box)[2:]
    cut = (slice(top, bottom), slice(start, end))
    return float(np.sqrt(np.mean(np.square(_standardised(left[cut]) - _standardised(right[cut])))))


def _standardised(pixels: PixelArray) -> FloatArray:
    centred = pixels - pixels.mean(dtype=np.float64)
    return np.asarray(centred / max(float(centred.std()), 1e-6))


def _inside(boxes: IntArray, height: int, width: int) -> BoolArray:
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


def altered(pixels: PixelArray, box: IntArray, alter: Callable[[Image.Image], Image.Image]) -> PixelArray:
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


#: What is done to pictures on their way into a dataset twice; the names end a sentence that begins "copies".
ALTERATIONS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "made brighter and flatter": lambda picture: picture.point(lambda level: min(255, round(0.85 * level + 35))),
    "saved as JPEG at quality 50": _recompressed,
    "shrunk to three quarters and enlarged again": _resized,
    "trimmed by 2 % on each side": _trimmed,
}
