"""Tokens that mean "missing" in one column: `--na COL=TOKEN`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from vaeaudit.data.tables.cells import Cells, NumberCells, TimeCells
from vaeaudit.data.tables.records import RawTable
from vaeaudit.errors import UsageError


def mark_own_tokens(table: RawTable, na: Iterable[str]) -> tuple[RawTable, list[str]]:
    """Set cells that hold a token of their column to missing; return also the tokens of all columns.

    A number or a date is meant however it is written: `-999` also in a cell `-999.0`.

    Parameters
    ----------
    table
        As it was read.
    na
        Tokens; `COL=TOKEN` is one of a column.

    Raises
    ------
    UsageError
        Where a token names a column that is not there.
    """
    everywhere, cells = [], dict(zip(table.names, table.cells, strict=True))
    for text in map(str, na):
        name, _, token = text.rpartition("=")
        if not name:
            everywhere.append(text)
        elif name not in cells:
            raise UsageError(f"--na {text}: the data has no column {name!r}.")
        else:
            cells[name] = _without(cells[name], token.strip())
    return replace(table, cells=tuple(cells.values())), everywhere


def _without(cells: Cells, token: str) -> Cells:
    if isinstance(cells, NumberCells):
        return NumberCells(np.where(_means(cells.numbers, token), np.nan, cells.numbers))
    if isinstance(cells, TimeCells):
        return replace(cells, times=np.where(_means(cells.times, token), np.datetime64("NaT"), cells.times))
    texts = pd.Series(cells.texts.to_pylist(), dtype=object).str.strip()
    gone = (texts.str.lower() == token.lower()).to_numpy(dtype=bool) | _means(texts, token)
    places = np.append(np.where(gone, -1, np.cumsum(~gone) - 1), -1)
    return replace(cells, codes=places[cells.codes], texts=cells.texts.filter(pa.array(~gone)))


def _means(values: npt.NDArray[Any] | pd.Series, token: str) -> npt.NDArray[np.bool_]:
    """Return which values are the number that the token is, or lie on its day; none where it is neither."""
    given, cells = pd.Series([token]), pd.Series(values)
    if cells.dtype.kind != "M" and pd.to_numeric(given, errors="coerce").notna().all():
        return np.asarray(pd.to_numeric(cells, errors="coerce") == float(token))
    if cells.dtype.kind == "f":
        return np.zeros(len(cells), dtype=bool)
    day, days = (
        pd.to_datetime(each, errors="coerce", format="mixed", utc=True).dt.normalize() for each in (given, cells)
    )
    return np.asarray(days == day[0])
