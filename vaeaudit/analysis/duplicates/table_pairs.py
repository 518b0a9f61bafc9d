"""Rows of a table that occur more than once: equal cells, and rows that differ too little for chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.duplicates.image_pairs import find_picture_pairs
from vaeaudit.analysis.duplicates.neighbours import (
    CHANCE_PAIRS,
    copy_limit,
    nearest_in_sample,
    usual_distances,
)
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.features import Cells, agreement, cells_of, first_of_equal_rows
from vaeaudit.data.schema.columns import Schema
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.outputs.row_pairs import RowPairs, Rows, choose_listed

#: Neighbours of a row in the latents, and the rows among which they are sought at most: a figure that does not grow
#: keeps the search linear in the number of rows.
NEIGHBOURS, MOST_SAMPLED = 10, 10_000
#: Numbers may differ by so many standard deviations of their column in a near copy: rounding, unit conversion.
TOLERANCE = 0.05
#: Rows that lie in the same bin of several numbers are candidates: how often bins are drawn, of how many numbers, how
#: wide in standard deviations, and with how many rows of its bin, sorted along a random direction, a row is compared. A
#: copy all of whose numbers moved by `TOLERANCE` is proposed at least once in 1,000 out of 1,001 cases.
_TABLES, _BINNED, _WIDTH, _COMPARED = 8, 8, 16 * TOLERANCE, 2
#: Cells compared at once.
_CHUNK_CELLS = 4_000_000
#: Sorts of altered copies; the names end a sentence that begins "copies".
ONE_CELL, ALL_NUMBERS = "with one cell changed", "with every number changed by a fiftieth of its standard deviation"


@dataclass(frozen=True)
class _Search:
    """Neighbours [M, k] of the M rows compared: distance, number of cells that differ, whether within tolerance.

    `sampled` is the share of the rows among which they were sought.
    """

    neighbours: Rows
    distance: FloatArray
    differing: Rows
    close: BoolArray
    sampled: float


def find_table_pairs(frame: pd.DataFrame, schema: Schema, latents: FloatArray, splits: IntArray) -> RowPairs:
    """Find rows that occur more than once.

    Exact: equal in all `compared_columns`. Near: equal but for one cell, or but for numbers that differ by no more
    than `TOLERANCE` standard deviations; and nearer than chance explains, both in a table of independent columns and
    among the rows around it (`copy_limit`), so that in a table of few values nothing is listed.

    Parameters
    ----------
    frame, schema
        [N, C] rows and their schema.
    latents
        [N, A]; scaled so that Euclidean distances mean something.
    splits
        [N]; code of each row's split, below 0 for none.
    """
    first = first_of_equal_rows(frame, schema)
    unique = np.flatnonzero(first == np.arange(len(frame)))
    cells = cells_of(frame, schema).take(unique)
    search = _search(cells, latents[unique])
    by_number, number_limit = _near_by_numbers(cells, search)
    by_cell, changed, usual, cell_limit = _near_by_cell(cells, search)
    kept = np.unique(np.concatenate([by_number, by_cell]), axis=0)
    distance = _distances(cells, kept)
    order = np.argsort(distance, kind="stable")
    alike = np.zeros(len(cells), bool)
    alike[changed] = True
    alike |= search.close.any(axis=1)
    alike[kept] = False
    near = unique[kept[order]].astype(np.int64)
    chances = _chances(cells, search, usual, number_limit, cell_limit)
    return RowPairs(
        first=first,
        near=near,
        distance=distance[order],
        listed=choose_listed(first, near, splits),
        near_found=len(kept),
        look_alikes=int(alike.sum()),
        set_aside=0,
        basis="cells",
        chance_of=tuple(chances),
        chance=np.array(list(chances.values()), np.float64),
    )


def _search(cells: Cells, latents: FloatArray) -> _Search:
    n_rows, n_sampled = len(cells), min(len(cells), MOST_SAMPLED)
    sample = np.sort(np.random.default_rng(0).choice(n_rows, n_sampled, replace=False))
    neighbours = nearest_in_sample(latents, sample, NEIGHBOURS)
    distance = np.empty(neighbours.shape)
    differing, close = np.empty(neighbours.shape, np.int64), np.empty(neighbours.shape, bool)
    step = max(1, _CHUNK_CELLS // max(neighbours.shape[1] * cells.n_columns, 1))
    for start in range(0, len(cells), step):
        own = np.arange(start, min(start + step, len(cells)))
        apart = cells.differences(own[:, None], neighbours[own])
        distance[own] = np.sqrt(np.square(apart).mean(axis=2)) if cells.n_columns else 0.0
        differing[own] = np.count_nonzero(apart, axis=2)
        close[own] = apart.max(axis=2, initial=0.0) <= TOLERANCE
    return _Search(neighbours, distance, differing, close, n_sampled / max(n_rows, 1))


def _near_by_numbers(cells: Cells, search: _Search) -> tuple[Rows, float]:
    """Return the pairs whose cells are equal but for small differences of numbers, and the limit they keep to."""
    usual = usual_distances(search.distance)
    limit = copy_limit(search.distance.min(axis=1, initial=1.0), usual, cells.n_columns, sampled=search.sampled)
    if _expected_pairs(agreement(cells, TOLERANCE), len(cells), differing=0) > CHANCE_PAIRS:
        return np.zeros((0, 2), np.int64), 0.0
    row, place = np.nonzero(search.close)
    pairs = np.concatenate([close_pairs(cells), np.stack([row, search.neighbours[row, place]], axis=1)])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    return pairs[_distances(cells, pairs) <= limit * usual[pairs].min(axis=1, initial=np.inf)], limit


def _near_by_cell(cells: Cells, search: _Search) -> tuple[Rows, Rows, FloatArray, float]:
    """Return the pairs that differ in one cell and keep to the limit, all that do, usual counts, and the limit."""
    changed = equal_but_one(cells)
    usual = usual_distances(search.differing.astype(np.float64))
    fewest = search.differing.min(axis=1, initial=cells.n_columns).astype(np.float64)
    fewest[changed] = 1.0
    limit = copy_limit(fewest, usual, cells.n_columns, sampled=search.sampled)
    if _expected_pairs(agreement(cells, 0.0), len(cells), differing=1) > CHANCE_PAIRS:
        limit = 0.0
    told = limit * usual[changed].min(axis=1, initial=np.inf) >= 1.0
    return changed[told], changed, usual, limit


def _expected_pairs(agree: FloatArray, n_rows: int, *, differing: int) -> float:
    """Pairs that agree in all columns [C] but `differing` (0 or 1), as many as independent columns would give."""
    products = (
        [np.prod(agree)]
        if differing == 0
        else [np.prod(np.delete(agree, column)) * (1 - agree[column]) for column in range(len(agree))]
    )
    return float(n_rows * (n_rows - 1) / 2 * np.sum(products))


def close_pairs(cells: Cells) -> Rows:
    """Return pairs [P, 2] of rows whose codes are equal and whose numbers differ by no more than `TOLERANCE`.

    Candidates are rows that fall into the same bins of several numbers, whose bounds are drawn at random, and again
    (locality-sensitive hashing: Datar et al. 2004); they are then compared cell by cell. Of many rows in one bin,
    neighbours along a random direction alone. The time is linear in the number of rows.
    """
    rng, n_numbers = np.random.default_rng(0), cells.numbers.shape[1]
    same_kind = np.zeros(len(cells), np.uint64)
    for codes in cells.codes.T:
        same_kind += _mixed(codes.astype(np.uint64), _odd(rng))
    direction = np.clip(np.nan_to_num(cells.numbers), -1e3, 1e3) @ rng.normal(size=n_numbers)
    found = [np.zeros((0, 2), np.int64)]
    for _ in range(_TABLES if n_numbers else 0):
        place = same_kind.copy()
        for column in rng.permutation(n_numbers)[:_BINNED]:
            binned = np.floor(cells.numbers[:, column] / _WIDTH + rng.random())
            place += _mixed(_bits(binned), _odd(rng))
        order = np.lexsort((direction, place))
        for step in range(1, _COMPARED + 1):
            same = np.flatnonzero(place[order[step:]] == place[order[:-step]])
            pairs = np.stack([order[same], order[same + step]], axis=1)
            found.append(pairs[_largest_differences(cells, pairs) <= TOLERANCE])
    return np.unique(np.sort(np.concatenate(found), axis=1), axis=0)


def equal_but_one(cells: Cells) -> Rows:
    """Return the pairs [P, 2] of rows that differ in exactly one cell; of many that share the rest, neighbours alone.

    A sum over hashed cells, less the share of one column, is equal where all other cells are; what it proposes is
    compared cell by cell.
    """
    rng, n_rows = np.random.default_rng(0), len(cells)
    keys = [_odd(rng) for _ in range(cells.n_columns)]
    total = np.zeros(n_rows, np.uint64)
    for column, key in enumerate(keys):
        total += _hashed(cells, column, key)
    proposed = [np.zeros((0, 2), np.int64)]
    for column, key in enumerate(keys):
        rest = total - _hashed(cells, column, key)
        order = np.argsort(rest, kind="stable")
        same = np.flatnonzero(rest[order][1:] == rest[order][:-1])
        proposed.append(np.stack([order[same], order[same + 1]], axis=1))
    pairs = np.unique(np.sort(np.concatenate(proposed), axis=1), axis=0)
    one: Rows = pairs[_of_pairs(cells, pairs, lambda apart: np.count_nonzero(apart, axis=1)) == 1]
    return one


def _distances(cells: Cells, pairs: Rows) -> FloatArray:
    return _of_pairs(cells, pairs, lambda apart: np.sqrt(np.square(apart).mean(axis=1)))


def _largest_differences(cells: Cells, pairs: Rows) -> FloatArray:
    return _of_pairs(cells, pairs, lambda apart: apart.max(axis=1, initial=0.0))


def _of_pairs(cells: Cells, pairs: Rows, measure: Callable[[FloatArray], npt.NDArray[np.generic]]) -> FloatArray:
    """Return [P]; what is measured of the differences [., C] of pairs [P, 2], some pairs at a time."""
    step, found = max(1, _CHUNK_CELLS // max(cells.n_columns, 1)), np.empty(len(pairs))
    for start in range(0, len(pairs), step):
        left, right = pairs[start : start + step].T
        found[start : start + step] = measure(cells.differences(left, right))
    return found


def _hashed(cells: Cells, column: int, key: np.uint64) -> npt.NDArray[np.uint64]:
    n_numbers = cells.numbers.shape[1]
    if column < n_numbers:
        return _mixed(_bits(cells.numbers[:, column]), key)
    return _mixed(cells.codes[:, column - n_numbers].astype(np.uint64), key)


def _odd(rng: np.random.Generator) -> np.uint64:
    return np.uint64(rng.integers(1, 2**63, dtype=np.uint64) * np.uint64(2) + np.uint64(1))


def _bits(numbers: FloatArray) -> npt.NDArray[np.uint64]:
    """Return the bits of numbers [N]: equal where the numbers are, or where both are missing."""
    return np.where(np.isnan(numbers), np.nan, numbers + 0.0).view(np.uint64)  # -0.0 equals 0.0


def _mixed(bits: npt.NDArray[np.uint64], key: np.uint64) -> npt.NDArray[np.uint64]:
    mixed = (bits ^ (bits >> np.uint64(32))) * key
    mixed = (mixed ^ (mixed >> np.uint64(29))) * key
    return np.asarray(mixed ^ (mixed >> np.uint64(32)), np.uint64)


def _chances(
    cells: Cells, search: _Search, usual_count: FloatArray, number_limit: float, cell_limit: float
) -> dict[str, float]:
    """Return the share of the rows whose altered copy would be told from ordinary neighbours."""
    if len(cells) < 2 or search.neighbours.shape[1] == 0:
        return {}
    chances = {ONE_CELL: float(np.mean(cell_limit * usual_count >= 1.0))}
    if cells.numbers.shape[1]:
        moved = 0.02 * np.sqrt(np.count_nonzero(~np.isnan(cells.numbers), axis=1) / cells.n_columns)
        chances[ALL_NUMBERS] = float(np.mean(moved <= number_limit * usual_distances(search.distance)))
    return chances


def find_pairs(dataset: Dataset, codes: LatentCodes, *, seed: int) -> RowPairs:
    """Find exact and near duplicates, before the pixels are out of reach.

    Parameters
    ----------
    dataset
        N rows of a table, or pictures.
    codes
        Their latents: neighbours there are candidates.
    seed
        Of the sample of pictures whose altered copies tell what would be found.
    """
    split = dataset.schema.split
    splits = np.full(len(dataset), -1) if split is None else dataset.frame[split.name].cat.codes.to_numpy(np.int64)
    latents = _scaled_latents(codes)
    if dataset.images is not None:
        return find_picture_pairs(dataset.images, latents, splits, seed=seed)
    return find_table_pairs(dataset.frame, dataset.schema, latents, splits)


def _scaled_latents(codes: LatentCodes) -> FloatArray:
    """[N, A]; posterior means of the active latents, in standard deviations of the aggregated posterior."""
    mean = np.asarray(codes.mean, np.float64)[:, codes.active]
    variance = np.square(codes.stddev[:, codes.active], dtype=np.float64).mean(axis=0)
    return np.asarray(mean / np.sqrt(mean.var(axis=0) + variance))
