"""Rows that are equal in every column but the id."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.results import Duplicates
from vaeaudit.data.schema import Kind, Role, Schema

#: Largest groups of equal rows that are listed.
MOST_GROUPS = 20


def find_duplicates(frame: pd.DataFrame, schema: Schema, row_ids: npt.NDArray[np.object_]) -> Duplicates:
    """Find groups of rows that are equal in all columns but the id and identifiers; missing equals missing.

    A hash of each row proposes the candidates; they are then compared value by value, so that no two different rows
    are ever called equal.

    Parameters
    ----------
    frame, schema, row_ids
        [N, C] rows, their schema, and the name of each row.
    """
    compared = [column.name for column in schema if column.role is not Role.ID and column.kind is not Kind.IDENTIFIER]
    pairs = expected_equal_pairs(frame[compared])
    if not compared or len(frame) < 2:
        return Duplicates(rows_in_groups=0, groups=0, largest=(), expected_pairs=pairs)
    hashes = np.asarray(pd.util.hash_pandas_object(frame[compared], index=False))
    candidates = np.flatnonzero(pd.Series(hashes).duplicated(keep=False).to_numpy())
    if candidates.size == 0:
        return Duplicates(rows_in_groups=0, groups=0, largest=(), expected_pairs=pairs)
    codes = np.stack([_codes(frame[name].iloc[candidates]) for name in compared], axis=1)
    _, first, sizes = np.unique(codes, axis=0, return_index=True, return_counts=True)
    repeated = sizes > 1
    first, sizes = candidates[first[repeated]], sizes[repeated]
    order = np.lexsort((first, -sizes))
    return Duplicates(
        rows_in_groups=int(sizes.sum()),
        groups=len(sizes),
        largest=tuple((str(row_ids[first[place]]), int(sizes[place])) for place in order[:MOST_GROUPS]),
        expected_pairs=pairs,
    )


def expected_equal_pairs(frame: pd.DataFrame) -> float:
    """Return how many pairs of equal rows chance would give if the columns were independent.

    The number of pairs times the product, over columns, of the share of pairs that agree in the column. Columns
    that go together make equal rows likelier, so this is a low estimate.
    """
    n_rows = len(frame)
    if n_rows < 2 or frame.shape[1] == 0:
        return 0.0
    agree = 0.0
    for name in frame.columns:
        sizes = np.bincount(_codes(frame[name])).astype(np.float64)
        same = (sizes * (sizes - 1)).sum() / (n_rows * (n_rows - 1.0))
        if same == 0:
            return 0.0
        agree += float(np.log(same))
    return float(np.exp(np.log(n_rows * (n_rows - 1.0) / 2) + agree))


def _codes(values: pd.Series) -> npt.NDArray[np.intp]:
    """Code of each value, from 0 on; missing has a code of its own."""
    codes, _ = pd.factorize(values, use_na_sentinel=False)
    return np.asarray(codes, dtype=np.intp)
