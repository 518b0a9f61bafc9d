"""Cells as numbers and as groups, made in one way for all rows that are compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from vaeaudit.data.encoding.column_encoding import cell_numbers
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray

#: What float32, which trees read, can hold.
_LARGEST = 1e30


def as_numbers(frame: pd.DataFrame, names: Sequence[str]) -> FloatArray:
    """Return cells [N, C] as numbers, levels by their place; NaN where missing.

    Parameters
    ----------
    frame, names
        [N] rows, stored as in `Dataset.frame`, and the columns.
    """
    return np.column_stack([np.zeros((len(frame), 0)), *(_column(frame[name]) for name in names)])


def _column(values: pd.Series) -> FloatArray:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return np.where(values.isna(), np.nan, values.cat.codes.to_numpy(np.float64))
    return np.clip(cell_numbers(values), -_LARGEST, _LARGEST)


def grouped(tables: Sequence[FloatArray], is_level: BoolArray, most: int) -> list[IntArray]:
    """Return the group [N, C] of each cell: its level, or the bin of its number, and one of its own for missing cells.

    Parameters
    ----------
    tables
        Each [N, C], as `as_numbers` gives them; bins are cut from the first.
    is_level, most
        [C], which columns are levelled; how many bins, or the most frequent levels, are kept apart.
    """
    codes: list[IntArray] = [np.zeros(table.shape, np.int64) for table in tables]
    for place in range(tables[0].shape[1]):
        known = tables[0][:, place][~np.isnan(tables[0][:, place])]
        edges = (
            np.unique(np.quantile(known, np.arange(1, most) / most, method="nearest")) if len(known) else np.zeros(0)
        )
        for table, code in zip(tables, codes, strict=True):
            cells = table[:, place]
            filled = np.nan_to_num(cells)
            group = np.clip(filled, 0, most - 1) if is_level[place] else np.searchsorted(edges, filled, side="left")
            code[:, place] = np.where(np.isnan(cells), most, group)
    return codes
