"""One file of records: where it is, how it is compressed, and the entry of the table of formats that reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from vaeaudit.config import ReadConfig
from vaeaudit.data.tables.records import RawTable
from vaeaudit.errors import InputError

#: So many first bytes, decompressed, tell what a file is.
HEAD_BYTES = 1 << 16

Compression = Literal["gzip", "zstd"]
#: Ending -> the compression that it stands for, and the bytes with which that begins.
COMPRESSIONS: dict[str, tuple[Compression, bytes]] = {
    ".gz": ("gzip", b"\x1f\x8b"),
    ".zst": ("zstd", b"\x28\xb5\x2f\xfd"),
}


@dataclass(frozen=True)
class FileFormat:
    """How files of one kind are told from others.

    Attributes
    ----------
    name
        What messages and the documentation call it.
    suffixes
        Endings of names, in lower case, with their dots.
    recognise
        Whether a file that begins with these bytes, decompressed, is of this format.
    """

    name: str
    suffixes: tuple[str, ...]
    recognise: Callable[[bytes], bool]


@dataclass(frozen=True)
class TableFormat(FileFormat):
    """A format of records, and what reads it.

    Attributes
    ----------
    read
        Reads a file; raises `InputError` where it is damaged.
    listed
        The names under which lists of supported formats show it, the usual one first.
    is_text
        Whether its files are text, so that a name may decide where the content fits several formats.
    """

    read: Callable[[SourceFile, ReadConfig], RawTable]
    listed: tuple[str, ...]
    is_text: bool = False


@dataclass(frozen=True)
class SourceFile:
    """One file of records.

    Attributes
    ----------
    path, name
        Where it is, and what messages call it (relative to the folder it was found in).
    format, compression
        Decided by content; `compression` is None where there is none.
    """

    path: Path
    name: str
    format: TableFormat
    compression: Compression | None

    def open(self) -> pa.NativeFile:
        """Open the decompressed bytes; reading them raises `OSError` where the compression is damaged."""
        return pa.input_stream(str(self.path), compression=self.compression)

    def read(self, config: ReadConfig) -> RawTable:
        """Read its records as its format is read."""
        return self.format.read(self, config)


def read_head(path: Path, name: str, compression: Compression | None) -> bytes:
    """Return the first decompressed bytes of a file.

    Raises
    ------
    InputError
        Where its name cannot be handed to the readers, or the compression is damaged.
    """
    if any("\ud800" <= character <= "\udfff" for character in str(path)):
        raise InputError(f"{name}: the file's name is not UTF-8.", hint="Rename it; the readers cannot open it so.")
    try:
        with pa.input_stream(str(path), compression=compression) as stream:
            return bytes(stream.read(HEAD_BYTES))
    except OSError as error:
        raise InputError(f"{name}: the {compression or 'file'} data is damaged: {error}.") from error
