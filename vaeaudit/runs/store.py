"""Files of a run, and of its scores of other data: plain formats, each written beside its place and renamed into it."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.data.schema.columns import Column, Schema
from vaeaudit.errors import RunError
from vaeaudit.outputs.record import Array
from vaeaudit.storage.csv_safe import read_exact_csv, to_exact_csv
from vaeaudit.storage.files import replacing, written_together


@contextmanager
def decoding(path: Path, what: str) -> Iterator[None]:
    """Say in one line, naming the file, what any library raises about a file that is not what it must be."""
    try:
        yield
    except Exception as error:  # of a damaged file, libraries raise whatever comes
        reason = " ".join(str(error).split())[:300].rstrip(".")
        raise RunError(f"{path}: expected {what} of a vaeaudit run ({reason}).") from error


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write strict JSON (no NaN), indented, atomically."""
    text = json_bytes(document)
    with replacing(path) as stream:
        stream.write(text)


def json_bytes(document: Mapping[str, Any]) -> bytes:
    """Return strict JSON (no NaN), indented, as UTF-8."""
    return json.dumps(document, indent=1, allow_nan=False).encode("utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    RunError
        Where the file is missing or is not a JSON object.
    """
    with decoding(path, "a JSON file"):
        document = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(document, dict):
        raise RunError(f"{path}: expected a JSON object, found {type(document).__name__}.")
    return document


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays as `.npz`; object arrays are refused, since only pickle could hold them."""
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"{path.name}: array {name!r} holds objects, which only pickle could store")
    with replacing(path) as stream:
        np.savez(stream, allow_pickle=False, **arrays)


def read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read all arrays of an `.npz`, never unpickling.

    Raises
    ------
    RunError
        Where the file is missing, damaged, or would need pickle.
    """
    # Opened here: of a damaged archive NumPy would leave the file open.
    with decoding(path, "arrays"), path.open("rb") as stream, zipfile.ZipFile(stream):
        stream.seek(0)
        archive = np.load(stream, allow_pickle=False)
        arrays = {name: archive[name] for name in archive.files}
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise RunError(f"{path}: expected arrays of a vaeaudit run ({name} is none).")
    return arrays


def write_table(path: Path, table: pd.DataFrame, *, note: str = "") -> None:
    """Write a table as Parquet, or as CSV where the name says so; `note` goes into Parquet's schema metadata."""
    with replacing(path) as stream:
        write_table_to(stream, path.name, table, note=note)


def write_table_to(stream: BinaryIO, name: str, table: pd.DataFrame, *, note: str = "") -> None:
    """Write a table, as `write_table` does under this name, to a stream."""
    if name.endswith(".csv"):
        stream.write(to_exact_csv(table))
        return
    import pyarrow as pa  # noqa: PLC0415 - only where Parquet is written
    import pyarrow.parquet as pq  # noqa: PLC0415

    arrow = pa.Table.from_pandas(table, preserve_index=False)
    if note:
        arrow = arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), b"vaeaudit": note.encode()})
    pq.write_table(arrow, stream, compression="zstd")


def read_table(path: Path) -> pd.DataFrame:
    """Read a table that `write_table` wrote.

    Raises
    ------
    RunError
        Where the file is missing or damaged.
    """
    with decoding(path, "a table"):
        if path.suffix != ".csv":
            return pd.read_parquet(path)
        return read_exact_csv(path)


def check_column(path: Path, table: pd.DataFrame, name: str, declared: Array) -> None:
    """Raise RunError where a table lacks a column, or its values are not what they must be.

    Parameters
    ----------
    path, table
        The file, and what it holds.
    name, declared
        The column, and what its values are; text may be missing where `declared.finite` is not asked for.
    """
    if name not in table:
        raise RunError(f"{path}: the column {name!r} is missing.")
    if table.empty:
        return  # a CSV without rows says nothing about kinds
    values = table[name]
    with decoding(path, "a table"):
        if declared.kind == "numbers" and not declared.finite:
            declared.check_values(name, values.to_numpy(np.float64, na_value=np.nan))
        elif declared.kind != "text":
            declared.check_values(name, values.to_numpy())
        elif not all(isinstance(value, str) for value in (values if declared.finite else values.dropna())):
            raise ValueError(f"{name} must hold text")


def read_frame(
    path: Path, stored: pd.DataFrame, schema: Schema, n_rows: int, *, more_levels: bool = False
) -> pd.DataFrame:
    """Return typed columns, stored as `Dataset.frame` is.

    Parameters
    ----------
    path, stored
        The file, and what it holds.
    schema, n_rows
        Its columns, and how many rows there must be.
    more_levels
        Whether levels that the schema lacks are kept, behind its own; else they are refused.

    Raises
    ------
    RunError
        Where it does not hold the columns of the schema, or holds other values.
    """
    columns: dict[str, Any] = {}
    for column in schema:
        if column.name not in stored:
            raise RunError(f"{path}: the column {column.name!r} is missing.")
        with decoding(path, "a table"):
            columns[column.name] = _typed(stored[column.name], column, more_levels)
    # Of pictures nothing but the pixels may be known, and a table without columns is stored without rows.
    if columns and len(stored) != n_rows:
        raise RunError(f"{path}: expected {n_rows:,} rows as in the rest of the run, found {len(stored):,}.")
    return pd.DataFrame(columns, index=pd.RangeIndex(n_rows))


def _typed(values: pd.Series, column: Column, more_levels: bool) -> Any:
    known = values.dropna()
    if column.kind.is_levelled:
        unknown = [level for level in pd.unique(known.astype(object)) if level not in column.levels]
        if unknown and not (more_levels and all(isinstance(level, str) for level in unknown)):
            raise ValueError(f"{column.name} has no level {min(map(str, unknown))!r}")
        return pd.Categorical(values.astype(object), categories=pd.Index([*column.levels, *unknown], dtype=object))
    if not column.kind.can_be_modelled:
        if not all(isinstance(value, str) for value in known):
            raise ValueError(f"{column.name} must hold text")
        return values.astype(object).where(values.notna(), None)
    wanted = "f" if column.kind.is_numeric else "M"
    if values.dtype.kind != wanted or not (wanted == "M" or np.isfinite(known).all()):
        raise ValueError(f"{column.name} must hold {column.kind.value} values, found {values.dtype}")
    return values


def folder_name(name: str) -> str:
    """Return what a folder about this data is called: the name without its endings, and plain characters only.

    Parameters
    ----------
    name
        What the data is called.
    """
    return (re.sub(r"[^A-Za-z0-9._-]+", "-", Path(name).name.split(".")[0]).strip("-.") or "data")[:60]


SCORES = Path("scores")
_CELLS = "cells.parquet"
#: score.json comes last: whoever finds it finds the others already there.
_NAMES = (_CELLS, "rows.parquet", "quarantine.csv", "score.json")


def score_path(run_id: str, data_name: str) -> Path:
    """Return where scores of this data by this run go unless the user says otherwise.

    Parameters
    ----------
    run_id, data_name
        What run and data are called.
    """
    return SCORES / run_id / folder_name(data_name)


def write_scores(
    folder: Path,
    rows: pd.DataFrame,
    quarantine: pd.DataFrame,
    document: Mapping[str, Any],
    *,
    note: str,
    cells: pd.DataFrame | None = None,
) -> Path:
    """Write `rows.parquet`, `quarantine.csv`, `cells.parquet` and `score.json`; those of earlier scores are replaced.

    Everything is written before the first file of earlier scores is touched; other files in the folder stay.

    Parameters
    ----------
    folder
        Created where it does not exist.
    rows, quarantine
        The rows that were scored, and those that could not be.
    document
        What `score.json` says.
    note
        What the score is, for the metadata of `rows.parquet`.
    cells
        The suspicious cells; None where there is nothing to say of cells, and then no `cells.parquet`.

    Returns
    -------
    pathlib.Path
        Of `rows.parquet`.

    Raises
    ------
    UsageError
        Where the folder cannot be written.
    """
    tables = {"rows.parquet": rows, "quarantine.csv": quarantine} | ({} if cells is None else {_CELLS: cells})
    with written_together(folder, _NAMES) as open_file:
        for name, table in tables.items():
            with open_file(name) as stream:
                write_table_to(stream, name, table, note=note if name == "rows.parquet" else "")
        with open_file("score.json") as stream:
            stream.write(json_bytes(document))
    return folder / "rows.parquet"
