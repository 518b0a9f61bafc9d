"""Take a pandas or Dask DataFrame as the source; the types of its columns are respected."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from vaeaudit.data.tables.cells import Cells, NumberCells, TextCells, cell_text, from_arrow, text_cells
from vaeaudit.data.tables.records import RawTable, unique_names
from vaeaudit.errors import UsageError


def is_frame(source: object) -> bool:
    """Whether the source is a pandas DataFrame or looks like a Dask one."""
    return isinstance(source, pd.DataFrame) or (hasattr(source, "npartitions") and hasattr(source, "partitions"))


def read_frame(source: Any) -> RawTable:
    """Read a DataFrame; a Dask one is computed partition by partition."""
    frame = source if isinstance(source, pd.DataFrame) else _compute(source)
    names, problems = unique_names(["" if name is None else cell_text(name) for name in frame.columns])
    return RawTable(
        names=names,
        cells=tuple(_from_series(frame.iloc[:, position]) for position in range(frame.shape[1])),
        positions=np.arange(len(frame), dtype=np.int64),
        read=len(frame),
        notes=_note_on_index(frame.index),
        problems=problems,
    )


def fingerprint(table: RawTable) -> str:
    """Return SHA-256 over names and values, as hex; equal tables give equal digests however they were stored."""
    total = hashlib.sha256()
    for name, cells in zip(table.names, table.cells, strict=True):
        total.update(f"{name}\0{len(cells)}\0{type(cells).__name__}\n".encode())
        if isinstance(cells, TextCells):
            total.update("\0".join(cells.texts.to_pylist()).encode())
            total.update(np.ascontiguousarray(cells.codes).tobytes())
        else:
            stored = cells.numbers if isinstance(cells, NumberCells) else cells.times
            total.update(np.ascontiguousarray(stored).tobytes())
    return total.hexdigest()


def _compute(source: Any) -> pd.DataFrame:
    partitions = [source.partitions[number].compute() for number in range(source.npartitions)]
    if not partitions or not all(isinstance(partition, pd.DataFrame) for partition in partitions):
        raise UsageError("expected a DataFrame, found a Dask collection whose partitions are none.")
    return pd.DataFrame(pd.concat(partitions))


def _note_on_index(index: pd.Index) -> tuple[str, ...]:
    named = [str(name) for name in index.names if name is not None]
    if not named:
        return ()
    return (f"the index ({', '.join(named)}) was not read; reset_index() makes it a column",)


def _from_series(series: pd.Series) -> Cells:
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _from_categorical(series)
    if isinstance(dtype, pd.PeriodDtype):
        series = series.dt.to_timestamp()
    elif isinstance(dtype, pd.SparseDtype):
        series = pd.Series(np.asarray(series))
    try:
        array = pa.array(series, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return _from_objects(series)
    return from_arrow(array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array]))


def _from_categorical(series: pd.Series) -> TextCells:
    levels = text_cells([cell_text(level) for level in series.cat.categories])
    codes = series.cat.codes.to_numpy().astype(np.int64)
    return TextCells(np.append(levels.codes, -1)[codes], levels.texts, declared=True, ordered=bool(series.cat.ordered))


def _from_objects(series: pd.Series) -> TextCells:
    missing = series.isna().to_numpy()
    return text_cells([None if gone else cell_text(value) for value, gone in zip(series, missing, strict=True)])
