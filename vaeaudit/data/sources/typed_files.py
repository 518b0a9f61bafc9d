"""Read files whose cells carry types of their own: JSON-lines, Parquet, Feather (Arrow IPC)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vaeaudit.data.sources.listing import SourceFile
from vaeaudit.data.sources.textfiles import UNUSABLE_CHARACTER, detect_encoding, open_text
from vaeaudit.data.tables.cells import (
    EXACT_INTEGER,
    Cells,
    NumberCells,
    cell_text,
    concat,
    empty_cells,
    table_cells,
    text_cells,
)
from vaeaudit.data.tables.records import LeftOut, RawTable, unique_names
from vaeaudit.errors import InputError

CHUNK_RECORDS = 20_000


def read_json_lines(file: SourceFile, *, encoding: str | None = None) -> RawTable:
    """Read one object per line; a key that a line lacks is a missing cell, a nested value becomes JSON text.

    Raises
    ------
    InputError
        Where the bytes are damaged.
    """
    chosen = detect_encoding(file, encoding)
    reading = _Reading(file.name)
    try:
        with open_text(file, chosen) as stream:
            for line in stream:
                reading.add(line)
    except (OSError, UnicodeError) as error:
        raise InputError(f"{file.name}: the file is damaged: {error}.") from error
    return reading.finish((chosen.note,) if chosen.note else ())


class _Reading:
    def __init__(self, name: str) -> None:
        self._name = name
        self._read = self._blank = self._packed = 0
        self._left_out: list[LeftOut] = []
        self._records: list[dict[str, Any]] = []
        self._positions: list[int] = []
        #: Column name -> chunks of cells; a column that appears late starts with a chunk of missing cells.
        self._columns: dict[str, list[Cells]] = {}

    def add(self, line: str) -> None:
        if not line.strip():
            self._blank += 1
        else:
            record, reason = _parse(line)
            if reason:
                self._left_out.append(LeftOut(self._name, self._read, reason))
            elif not record:
                self._blank += 1
            else:
                self._records.append(record)
                self._positions.append(self._read)
        self._read += 1
        if len(self._records) >= CHUNK_RECORDS:
            self._pack()

    def _pack(self) -> None:
        for name in dict.fromkeys(key for record in self._records for key in record):
            if name not in self._columns:
                self._columns[name] = [empty_cells(self._packed)] if self._packed else []
        for name, chunks in self._columns.items():
            chunks.append(_cells([record.get(name) for record in self._records]))
        self._packed += len(self._records)
        self._records = []

    def finish(self, notes: tuple[str, ...]) -> RawTable:
        if self._records:
            self._pack()
        found = [name.encode("utf-8", "backslashreplace").decode() for name in self._columns]
        names, problems = unique_names(found)
        return RawTable(
            names=names,
            cells=tuple(concat(chunks) for chunks in self._columns.values()),
            positions=np.array(self._positions, dtype=np.int64),
            read=self._read,
            blank=self._blank,
            left_out=tuple(self._left_out),
            notes=notes,
            problems=problems,
            open_ended=True,
        )


def _parse(line: str) -> tuple[dict[str, Any], str | None]:
    """Return the object of a line, or the reason why it cannot be used."""
    if not line.isascii() and UNUSABLE_CHARACTER.search(line):
        return {}, "holds bytes that the encoding cannot decode"
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {}, f"not a JSON object: {getattr(error, 'msg', 'a number is too large or the nesting too deep')}"
    return (value, None) if isinstance(value, dict) else ({}, f"expected a JSON object, found {type(value).__name__}")


def _cells(values: list[Any]) -> Cells:
    types = set(map(type, values)) - {type(None)}
    if types and types <= {int, float} and not any(type(v) is int and abs(v) > EXACT_INTEGER for v in values):
        return NumberCells(np.array([np.nan if value is None else value for value in values], dtype=np.float64))
    if types == {str}:
        try:
            return text_cells(values)
        except UnicodeEncodeError:  # an escaped lone surrogate is legal JSON
            pass
    return text_cells([None if value is None else cell_text(value) for value in values])


_STREAM_MAGIC = b"\xff\xff\xff\xff"


def read_parquet(file: SourceFile) -> RawTable:
    """Read a Parquet file as a whole.

    Raises
    ------
    InputError
        Where the file is truncated, damaged or encrypted.
    """
    return _checked(file, _parquet)


def read_arrow(file: SourceFile) -> RawTable:
    """Read an Arrow IPC file or stream as a whole; raises as `read_parquet` does."""
    return _checked(file, _arrow)


def _checked(file: SourceFile, read: Callable[[SourceFile], pa.Table]) -> RawTable:
    """Check that the buffers of a table are sound before they are used."""
    try:
        table = read(file)
        table.validate(full=True)
        names, problems = unique_names([str(name) for name in table.column_names])
        cells = table_cells(table)
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise InputError(
            f"{file.name}: expected {file.format.name}, found damaged or truncated data: {reason}.",
            hint="Copy or write the file again.",
        ) from error
    n_rows = table.num_rows
    return RawTable(names, cells, np.arange(n_rows, dtype=np.int64), read=n_rows, problems=problems)


def _parquet(file: SourceFile) -> pa.Table:
    with _open_at_random(file) as stream, pq.ParquetFile(stream, page_checksum_verification=True) as parquet:
        return parquet.read()


def _arrow(file: SourceFile) -> pa.Table:
    with _open_at_random(file) as stream:
        magic = stream.read(4)
        stream.seek(0)
        reader = pa.ipc.open_stream(stream) if magic == _STREAM_MAGIC else pa.ipc.open_file(stream)
        return reader.read_all()


def _open_at_random(file: SourceFile) -> pa.NativeFile:
    """Open for reading at any position; a compressed file is unpacked into memory for it."""
    if file.compression is None:
        return pa.OSFile(str(file.path))
    with file.open() as stream:
        return pa.BufferReader(stream.read())
