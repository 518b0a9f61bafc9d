"""Files of a run: plain formats only, each written beside its place and renamed into it."""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.data.schema import Schema
from vaeaudit.errors import RunError
from vaeaudit.storage.csv_safe import read_exact_csv, to_exact_csv
from vaeaudit.storage.files import replacing


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
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: expected a JSON file of a vaeaudit run ({error}).") from error
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
    try:
        # Opened here: of a damaged archive NumPy would leave the file open.
        with path.open("rb") as stream, zipfile.ZipFile(stream):
            stream.seek(0)
            archive = np.load(stream, allow_pickle=False)
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise RunError(f"{path}: expected arrays of a vaeaudit run ({error}).") from error


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
    try:
        if path.suffix != ".csv":
            return pd.read_parquet(path)
        return read_exact_csv(path)
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: expected a table of a vaeaudit run ({error}).") from error


def read_frame(path: Path, schema: Schema, n_rows: int) -> pd.DataFrame:
    """Read typed columns, stored as `Dataset.frame` is.

    Raises
    ------
    RunError
        Where the file is missing or damaged, or does not hold the columns of the schema.
    """
    stored = read_table(path)
    columns: dict[str, Any] = {}
    for column in schema:
        if column.name not in stored:
            raise RunError(f"{path}: the column {column.name!r} is missing.")
        values = stored[column.name]
        if column.kind.is_levelled:
            columns[column.name] = pd.Categorical(values, categories=pd.Index(column.levels, dtype=object))
        elif not column.kind.can_be_modelled:
            columns[column.name] = values.astype(object).where(values.notna(), None)
        else:
            columns[column.name] = values
    # Of pictures nothing but the pixels may be known, and a table without columns is stored without rows.
    return pd.DataFrame(columns, index=pd.RangeIndex(n_rows))


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
