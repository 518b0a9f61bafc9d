"""Read Parquet and Feather (Arrow IPC), whose columns carry types of their own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vaeaudit.data.sources.source_file import SourceFile
from vaeaudit.data.tables.cells import from_arrow
from vaeaudit.data.tables.records import RawTable, unique_names
from vaeaudit.errors import InputError

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
        cells = tuple(from_arrow(column) for column in table.columns)
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
