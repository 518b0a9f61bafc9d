"""Which rows belong together: copies of one another, and rows of one group; and whether equal rows are copies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.features import codes_of, compared_columns, first_of_equal_rows
from vaeaudit.data.schema.columns import Schema
from vaeaudit.outputs.record import FloatArray, IntArray
from vaeaudit.outputs.row_pairs import RowPairs, Rows, choose_listed

#: Sizes of groups of equal rows that vary by more than this many times their mean are no work of copying: drawing rows
#: anew gives 1, copying each as often 0.
_UNEVEN = 3.0
#: Nor are groups of more rows than this on average.
_OFTEN = 10.0
#: Pairs of rows that agree in one column, drawn to see how often they agree in another.
_DRAWN = 5_000
#: Such pairs that must agree in the other column before the two are taken to go together.
_FEWEST_AGREEING = 20


def together(pairs: RowPairs, groups: Iterable[IntArray] = ()) -> Rows:
    """Return for each row [N] the number of its component: rows tied by equality, by near pairs, or by a group.

    Parameters
    ----------
    pairs
        Equal and near rows among all N.
    groups
        [N] each; the group of each row, below 0 for none.
    """
    rows = np.arange(len(pairs))
    edges = [np.stack([pairs.first, rows], axis=1), pairs.near]
    for codes in groups:
        known = np.flatnonzero(codes >= 0)
        _, heads, place = np.unique(codes[known], return_index=True, return_inverse=True)
        edges.append(np.stack([known[heads[place]], known], axis=1))
    left, right = np.concatenate(edges).T
    graph = coo_array((np.ones(len(left), bool), (left, right)), shape=(len(rows), len(rows)))
    _, component = connected_components(graph, directed=False)
    return np.asarray(component, np.int64)


def known_pairs(inputs: AuditInputs) -> RowPairs:
    """Return the pairs that the run found; where it did not look, the equal rows of a table, and of pictures none."""
    if inputs.pairs is not None:
        return inputs.pairs
    is_table = bool(inputs.codes.columns)
    n_rows, none = len(inputs.frame), np.zeros((0, 2), np.int64)
    first = first_of_equal_rows(inputs.frame, inputs.schema) if is_table else np.arange(n_rows)
    splits = splits_of(inputs)
    codes = np.full(n_rows, -1) if splits is None else splits.cat.codes.to_numpy(np.int64)
    listed = choose_listed(first, none, codes)
    return RowPairs(first, none, np.zeros(0), listed, 0, 0, 0, "cells" if is_table else "pixels")


def splits_of(inputs: AuditInputs) -> pd.Series | None:
    """Return the split of each row [N], None where none was declared."""
    column = inputs.schema.split
    return None if column is None else inputs.frame[column.name]


def rows_together(inputs: AuditInputs) -> Rows:
    """Return for each row [N] the number of those that must lie on one side of every fold.

    They are copies, where equal rows are copies (see `is_coarse`), or rows of one group of a group column.
    """
    pairs = known_pairs(inputs)
    if pairs.basis == "cells":
        pairs = _copies_alone(pairs, inputs.frame, inputs.schema)
    return together(pairs, group_codes(inputs.frame, inputs.schema).values())


def rows_held_together(dataset: Dataset) -> Rows:
    """Return `rows_together` as known before anything was learned: without near copies, and those of pixels."""
    n_rows, none = len(dataset), np.zeros((0, 2), np.int64)
    pairs = RowPairs(np.arange(n_rows), none, np.zeros(0), none, 0, 0, 0, "cells")
    if dataset.images is None:
        first = first_of_equal_rows(dataset.frame, dataset.schema)
        pairs = _copies_alone(replace(pairs, first=first), dataset.frame, dataset.schema)
    return together(pairs, group_codes(dataset.frame, dataset.schema).values())


def _copies_alone(pairs: RowPairs, frame: pd.DataFrame, schema: Schema) -> RowPairs:
    """Return the pairs, or none where equal rows are no copies."""
    if not is_coarse(pairs.first, expected_equal_pairs(frame, schema, pairs.first)):
        return pairs
    none = np.zeros((0, 2), np.int64)
    return replace(pairs, first=np.arange(len(pairs)), near=none, distance=np.zeros(0), listed=none)


def group_codes(frame: pd.DataFrame, schema: Schema) -> dict[str, Rows]:
    """Return, by group column, the code of each row's group [N], -1 where it has none."""
    return {column.name: np.asarray(pd.factorize(frame[column.name])[0], np.int64) for column in schema.groups}


def expected_equal_pairs(frame: pd.DataFrame, schema: Schema, first: Rows) -> float:
    """Return how many pairs of equal rows chance would give: above 1 the table is too coarse to tell copies.

    The number of pairs times the probability that two rows agree in all columns, which follows how agreement goes along
    from column to column in the tree that makes equal rows likeliest (Chow and Liu 1968). One of each kind of row is
    looked at: copies then say nothing, and a table in which every row is there twice is not taken for a coarse one.
    Where it is one, all rows say how common each value is, as if columns were independent, if that gives more. In a
    table of one column equal rows are equal values, and all rows are looked at.

    Parameters
    ----------
    frame, schema
        [N, C] rows and their schema; `compared_columns` count.
    first
        [N]; position of the first row that is equal to each.
    """
    names = [column.name for column in compared_columns(frame, schema)]
    n_rows, kept = len(frame), np.flatnonzero((first == np.arange(len(first))) | (len(names) == 1))
    if n_rows < 2 or not names:
        return 0.0
    codes = np.stack([codes_of(frame[name]) for name in names], axis=1)
    agree, n_pairs = _log_agreement(codes[kept]), n_rows * (n_rows - 1.0) / 2
    along = n_pairs * float(np.exp(min(float(agree.sum()) + _gain_along_tree(codes[kept], agree), float(agree.min()))))
    return along if along < 1 else max(along, n_pairs * float(np.exp(_log_agreement(codes).sum())))


def is_coarse(first: Rows, expected_pairs: float) -> bool:
    """Whether a table has so few possible rows that equal ones are no surprise.

    Chance gives at least one pair of them; or more than half of the rows are equal to another, and so often or so
    unevenly that no copying explains it, as where all columns follow from a few.

    Parameters
    ----------
    first
        [N]; position of the first row that is equal to each.
    expected_pairs
        See `expected_equal_pairs`.
    """
    sizes = np.bincount(first)
    sizes = sizes[sizes > 1]
    most = 2 * sizes.sum() > len(first)
    return bool(expected_pairs >= 1 or (most and (sizes.var() > _UNEVEN * sizes.mean() or sizes.mean() > _OFTEN)))


def _log_agreement(codes: IntArray) -> FloatArray:
    """Return the log of the share of all pairs of rows that agree in each column [C]; -inf where none does."""
    n_pairs = max(len(codes) * (len(codes) - 1.0), 1.0)
    sizes = [np.bincount(column).astype(np.float64) for column in codes.T]
    with np.errstate(divide="ignore"):
        return np.log([float((size * (size - 1)).sum()) / n_pairs for size in sizes])


def _gain_along_tree(codes: IntArray, agree: FloatArray) -> float:
    """Return by how much the log of the probability of equal rows rises where columns go together in a tree."""
    if not np.isfinite(agree).all():
        return 0.0
    rng, lift = np.random.default_rng(0), np.zeros((len(agree), len(agree)))
    for column in range(len(agree)):
        left, right = _agreeing_pairs(codes[:, column], rng)
        hits = np.count_nonzero(codes[left] == codes[right], axis=0)
        surely = (hits >= _FEWEST_AGREEING) & (hits - 3 * np.sqrt(hits) > _DRAWN * np.exp(agree))
        lift[column, surely] = np.log(hits[surely] / _DRAWN) - agree[surely]
    np.fill_diagonal(lift, 0.0)
    return float(-minimum_spanning_tree(-np.maximum(lift, lift.T)).sum())


def _agreeing_pairs(codes: IntArray, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """Draw pairs of different rows that agree in a column; at least one pair must."""
    order, sizes = np.argsort(codes, kind="stable"), np.bincount(codes)
    starts, chances = np.cumsum(sizes) - sizes, sizes * (sizes - 1.0)
    level = rng.choice(len(sizes), _DRAWN, p=chances / chances.sum())
    one = (rng.random(_DRAWN) * sizes[level]).astype(np.int64)
    other = (one + 1 + (rng.random(_DRAWN) * (sizes[level] - 1)).astype(np.int64)) % sizes[level]
    return order[starts[level] + one], order[starts[level] + other]
