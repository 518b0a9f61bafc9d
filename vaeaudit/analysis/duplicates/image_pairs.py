"""Pictures that occur more than once: equal pixels, and altered copies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.duplicates.image_prints import (
    ALTERATIONS,
    COARSE_SIDE,
    FINE_SIDE,
    Prints,
    altered,
    pixel_distance,
    print_distance,
    prints_of,
    take_prints,
)
from vaeaudit.analysis.duplicates.neighbours import copy_limit, nearest_rows, pairs_within, usual_distances
from vaeaudit.data.sources.image_store import ImageStore
from vaeaudit.outputs.row_pairs import RowPairs, Rows, choose_listed

FloatArray = npt.NDArray[np.floating]

#: Candidates per picture, in the latents and among the prints.
NEIGHBOURS = 10
#: Pictures of which copies are altered, to see which copies would be found here.
_TRIED = 200
#: Candidates that are confirmed on all their pixels, nearest first; each costs 2 ms.
MOST_CONFIRMED = 20_000
_CHUNK = 2000


@dataclass(frozen=True)
class _Search:
    """The neighbours of the M pictures that were compared.

    `rows` [M] their positions in the dataset; `neighbours` [M, k] positions among the M, `distance` [M, k] of their
    prints, `usual` [M] the median of it, `reach` [M] the coarse distance within which all others are candidates.
    """

    rows: Rows
    neighbours: Rows
    distance: npt.NDArray[np.float64]
    usual: npt.NDArray[np.float64]
    reach: npt.NDArray[np.float64]


def find_picture_pairs(
    images: ImageStore, latents: FloatArray, splits: npt.NDArray[np.integer], *, seed: int
) -> RowPairs:
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


def _confirmed(images: ImageStore, pairs: Rows) -> tuple[Rows, npt.NDArray[np.float64]]:
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
