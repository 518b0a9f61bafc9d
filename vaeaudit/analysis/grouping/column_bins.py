"""All columns of a table as small integer codes, for statistics per bin."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from vaeaudit.analysis.grouping.groups import Grouping, group_column
from vaeaudit.data.schema.columns import Role, Schema

#: Quantile bins of a number: fine enough for a bend in a curve, coarse enough for 1,000 rows.
QUANTILE_BINS = 20
#: Cells (rows x columns) that a statistic per column looks at; wide tables are judged on fewer rows.
MOST_CELLS = 20_000_000


def bin_columns(frame: pd.DataFrame, schema: Schema, names: Collection[str] | None = None) -> list[Grouping]:
    """Group finely each column whose cells repeat or order themselves, in the order of the schema.

    Text, identifiers, constants and the id are left out, and so is a column all of whose rows are in one group.

    Parameters
    ----------
    frame, schema
        [N, C] rows and their schema.
    names
        Only these columns; None for all.
    """
    grouped = [
        group_column(frame[column.name], column, bins=QUANTILE_BINS)
        for column in schema
        if column.kind.can_be_modelled and column.role is not Role.ID and (names is None or column.name in names)
    ]
    return [grouping for grouping in grouped if np.count_nonzero(grouping.counts) > 1]


def sample_rows(
    n_rows: int, n_columns: int, rng: np.random.Generator, *, most_rows: int | None = None
) -> npt.NDArray[np.intp]:
    """Return the positions, rising, of all rows or of as many as keep rows x columns below `MOST_CELLS`."""
    most = max(1_000, MOST_CELLS // max(n_columns, 1))
    most = most if most_rows is None else min(most, most_rows)
    return np.arange(n_rows) if n_rows <= most else np.sort(rng.choice(n_rows, size=most, replace=False))


def column_features(columns: Sequence[Grouping], rows: npt.NDArray[np.intp]) -> sparse.csr_array:
    """One-hot features [M, bins of all columns] of the binned columns."""
    offsets = np.cumsum([0, *(len(column) for column in columns)])
    places = np.stack(
        [column.codes[rows] + offset for column, offset in zip(columns, offsets[:-1], strict=True)], axis=1
    )
    pointers = np.arange(0, places.size + 1, len(columns))
    shape = (len(rows), int(offsets[-1]))
    return sparse.csr_array((np.ones(places.size), places.ravel(), pointers), shape=shape)
