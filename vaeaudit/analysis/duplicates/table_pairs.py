"""Rows of a table that occur more than once: equal cells, and rows that differ too little for chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.duplicates.image_pairs import find_picture_pairs
from vaeaudit.analysis.duplicates.neighbours import (
    CHANCE_PAIRS,
    copy_limit,
    nearest_rows,
    pairs_within,
    usual_distances,
)
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.features import Cells, agreement, cells_of, first_of_equal_rows
from vaeaudit.data.schema.columns import Schema
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.outputs.row_pairs import RowPairs, Rows, choose_listed

#: Candidates per row, in the latents.
NEIGHBOURS = 10
#: Numbers may differ by so many standard deviations of their column in a near copy: rounding, unit conversion.
TOLERANCE = 0.05
#: Near pairs that are kept.
MOST_KEPT = 20_000
#: Cells compared at once.
_CHUNK_CELLS = 4_000_000
#: Sorts of altered copies; the names end a sentence that begins "copies".
ONE_CELL, ALL_NUMBERS = "with one cell changed", "with every number changed by a fiftieth of its standard deviation"


@dataclass(frozen=True)
class _Search:
    """Neighbours [M, k] of the M rows compared: distance, number of cells that differ, whether within tolerance."""

    neighbours: Rows
    distance: FloatArray
    differing: Rows
    close: BoolArray


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
    distance = np.sqrt(np.square(cells.differences(kept[:, 0], kept[:, 1])).mean(axis=1))
    order = np.argsort(distance, kind="stable")[:MOST_KEPT]
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
    neighbours = nearest_rows(latents, NEIGHBOURS)
    distance = np.empty(neighbours.shape)
    differing, close = np.empty(neighbours.shape, np.int64), np.empty(neighbours.shape, bool)
    step = max(1, _CHUNK_CELLS // max(neighbours.shape[1] * cells.n_columns, 1))
    for start in range(0, len(cells), step):
        own = np.arange(start, min(start + step, len(cells)))
        apart = cells.differences(own[:, None], neighbours[own])
        distance[own] = np.sqrt(np.square(apart).mean(axis=2)) if cells.n_columns else 0.0
        differing[own] = np.count_nonzero(apart, axis=2)
        close[own] = apart.max(axis=2, initial=0.0) <= TOLERANCE
    return _Search(neighbours, distance, differing, close)


def _near_by_numbers(cells: Cells, search: _Search) -> tuple[Rows, float]:
    """Return the pairs whose cells are equal but for small differences of numbers, and the limit they keep to."""
    usual = usual_distances(search.distance)
    limit = copy_limit(search.distance.min(axis=1, initial=1.0), usual, cells.n_columns)
    if _expected_pairs(agreement(cells, TOLERANCE), len(cells), differing=0) > CHANCE_PAIRS:
        limit = 0.0
    distance = np.where(search.close, search.distance, np.inf)
    return pairs_within(limit, search.neighbours, distance, usual)[0], limit


def _near_by_cell(cells: Cells, search: _Search) -> tuple[Rows, Rows, FloatArray, float]:
    """Return the pairs that differ in one cell and keep to the limit, all that do, usual counts, and the limit."""
    changed = equal_but_one(cells)
    usual = usual_distances(search.differing.astype(np.float64))
    fewest = search.differing.min(axis=1, initial=cells.n_columns).astype(np.float64)
    fewest[changed] = 1.0
    limit = copy_limit(fewest, usual, cells.n_columns)
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


def equal_but_one(cells: Cells) -> Rows:
    """Return the pairs [P, 2] of rows that differ in exactly one cell; of many that share the rest, neighbours alone.

    A sum over hashed cells, less the share of one column, is equal where all other cells are; what it proposes is
    compared cell by cell.
    """
    n_rows, keys = len(cells), np.random.default_rng(0).integers(1, 2**63, cells.n_columns, np.uint64) * 2 + 1
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
    step = max(1, _CHUNK_CELLS // max(cells.n_columns, 1))
    parts = [pairs[start : start + step] for start in range(0, len(pairs), step)]
    one = [np.count_nonzero(cells.differences(part[:, 0], part[:, 1]), axis=1) == 1 for part in parts]
    return pairs[np.concatenate(one)] if one else pairs


def _hashed(cells: Cells, column: int, key: np.uint64) -> npt.NDArray[np.uint64]:
    n_numbers = cells.numbers.shape[1]
    if column < n_numbers:
        numbers = cells.numbers[:, column] + 0.0  # -0.0 equals 0.0
        bits = np.where(np.isnan(numbers), np.nan, numbers).view(np.uint64)
    else:
        bits = cells.codes[:, column - n_numbers].astype(np.uint64)
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
