"""The formats that are read, each one entry: what it is called, how it is recognised, what reads it.

A new format of records is a function that returns a `RawTable` and an entry in `TABLES`; what messages list, which
files of a folder count as tables and what the documentation says follow from there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import ModuleType

from PIL import BmpImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from vaeaudit.data.sources.delimited import read_delimited
from vaeaudit.data.sources.listing import COMPRESSIONS, FileFormat, TableFormat, os_reason, suffix_of
from vaeaudit.data.sources.numpy_files import ArrayFile, read_npy, read_npz
from vaeaudit.data.sources.textfiles import is_binary
from vaeaudit.data.sources.typed_files import read_arrow, read_json_lines, read_parquet
from vaeaudit.errors import InputError

#: So many first bytes tell whether a file is a picture, or holds arrays.
HEAD_OF_PICTURE = 64


@dataclass(frozen=True)
class ArrayFormat(FileFormat):
    """A format of arrays; `open` reads their headers, and returns None where the file holds something else too."""

    open: Callable[[Path], ArrayFile | None]


@dataclass(frozen=True)
class PictureFormat(FileFormat):
    """A format of pictures, of which `plugin` is Pillow's reader; Pillow is told these formats and no others."""

    plugin: ModuleType


def _begins(*beginnings: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(beginnings)


def _opens_with_object(head: bytes) -> bool:
    line = head.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0].strip()
    if not line.startswith(b"{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


#: Text that is nothing else.
DELIMITED = TableFormat(
    "delimited text",
    (".csv", ".tsv", ".tab", ".psv"),
    lambda head: False,
    read=lambda file, config: read_delimited(file, delimiter=config.delimiter, encoding=config.encoding),
    listed=("CSV", "TSV"),
    is_text=True,
)
TABLES: tuple[TableFormat, ...] = (
    DELIMITED,
    TableFormat(
        "Parquet", (".parquet", ".pq"), _begins(b"PAR1"), read=lambda file, _: read_parquet(file), listed=("Parquet",)
    ),
    TableFormat(
        "Feather (Arrow IPC)",
        (".feather", ".arrow", ".ipc"),
        _begins(b"ARROW1", b"\xff\xff\xff\xff"),
        read=lambda file, _: read_arrow(file),
        listed=("Feather",),
    ),
    TableFormat(
        "JSON-lines",
        (".jsonl", ".ndjson"),
        _opens_with_object,
        read=lambda file, config: read_json_lines(file, encoding=config.encoding),
        listed=("JSON-lines",),
        is_text=True,
    ),
)
ARRAYS: tuple[ArrayFormat, ...] = (
    ArrayFormat("NumPy array", (".npy",), _begins(b"\x93NUMPY"), read_npy),
    ArrayFormat("NumPy archive", (".npz",), _begins(b"PK\x03\x04"), read_npz),
)
PICTURES: tuple[PictureFormat, ...] = (
    PictureFormat("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), _begins(b"\xff\xd8\xff"), JpegImagePlugin),
    PictureFormat("PNG", (".png", ".apng"), _begins(b"\x89PNG\r\n\x1a\n"), PngImagePlugin),
    PictureFormat("WebP", (".webp",), lambda head: head.startswith(b"RIFF") and head[8:12] == b"WEBP", WebPImagePlugin),
    # Two letters begin many a text; a bitmap goes on with its length and four bytes of zero.
    PictureFormat(
        "BMP", (".bmp", ".dib"), lambda head: head.startswith(b"BM") and head[6:10] == b"\0\0\0\0", BmpImagePlugin
    ),
    PictureFormat("GIF", (".gif",), _begins(b"GIF8"), GifImagePlugin),
    PictureFormat("TIFF", (".tif", ".tiff"), _begins(b"II*\0", b"MM\0*", b"II+\0"), TiffImagePlugin),
)
#: Endings that say "a picture", of formats that are never opened: such files are quarantined, not passed over.
_UNREAD_PICTURES = frozenset(
    [
        ".heic", ".heif", ".avif", ".jp2", ".j2k", ".jxl", ".ico", ".psd", ".svg", ".tga", ".ppm", ".pgm", ".pbm",
        ".dng", ".cr2", ".nef", ".arw", ".exr", ".hdr",
    ]
)  # fmt: skip


# --- what messages say ----------------------------------------------------------------------------------------------


def supported_tables() -> str:
    """List the formats of tables."""
    names = _either([*chain.from_iterable(entry.listed for entry in TABLES)])
    return f"{names}, also as {_either([*COMPRESSIONS])}"


def supported_arrays() -> str:
    """List the endings of arrays."""
    return _either([*chain.from_iterable(entry.suffixes for entry in ARRAYS)])


def supported_pictures() -> str:
    """List the formats of pictures."""
    return _either([entry.name for entry in PICTURES])


def convert_hint() -> str:
    """Say what a table of another format is to be converted to."""
    return f"Convert it to {_either([entry.listed[0] for entry in TABLES])}."


def _either(words: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


# --- recognition ----------------------------------------------------------------------------------------------------


def named_table(name: str) -> TableFormat | None:
    """Return the format of a table that the ending of a name stands for, or None."""
    bare = name.lower()
    for ending in COMPRESSIONS:
        bare = bare.removesuffix(ending)
    suffix = suffix_of(bare)
    return next((entry for entry in TABLES if suffix in entry.suffixes), None)


def table_format(name: str, head: bytes) -> TableFormat:
    """Decide by content, then by name, how the records of a file are written.

    Raises
    ------
    InputError
        Where its content is not what its name says, binary of an unknown kind, or a JSON document.
    """
    binary, named = binary_table(head), named_table(name)
    if binary is not None:
        return binary
    if named is not None and not named.is_text:
        raise InputError(f"{name}: expected {named.name}, found other content.", hint="The file may be damaged.")
    if is_binary(head):
        raise InputError(
            f"{name}: expected {supported_tables()}, found binary data of an unknown kind.", hint=convert_hint()
        )
    text = next((entry for entry in TABLES if entry.recognise(head)), named)
    if text is not None and text is not DELIMITED:
        return text
    if name.lower().endswith(".json") or re.match(rb"(\xef\xbb\xbf)?\s*\[\s*[\[{]", head):
        raise InputError(
            f"{name}: expected one JSON object per line, found a JSON document.",
            hint='Write it as JSON-lines: pandas.read_json(...).to_json("data.jsonl", orient="records", lines=True).',
        )
    return DELIMITED


def binary_table(head: bytes) -> TableFormat | None:
    """Return the format, of those that are no text, that a file beginning like this is written in."""
    return next((entry for entry in TABLES if not entry.is_text and entry.recognise(head)), None)


def open_arrays(path: Path) -> ArrayFile | None:
    """Read the headers of a file of arrays; None where its content says that it is something else.

    Raises
    ------
    InputError
        Where a header is damaged, or promises more data than there is.
    """
    if not path.is_file():
        return None
    try:
        with path.open("rb") as stream:
            entry = array_format(stream.read(HEAD_OF_PICTURE))
        return entry.open(path) if entry else None
    except OSError as error:
        raise InputError(f"{path.name}: the file cannot be read: {os_reason(error)}.") from error


def array_format(head: bytes) -> ArrayFormat | None:
    """Return the format of the arrays that a file beginning like this may hold."""
    return next((entry for entry in ARRAYS if entry.recognise(head)), None)


def picture_format(head: bytes) -> PictureFormat | None:
    """Return the format that a file beginning like this is a picture of, if it is one that can be opened."""
    return next((entry for entry in PICTURES if entry.recognise(head)), None)


def names_picture(name: str) -> bool:
    """Whether the ending of a name says "a picture"; whether it is one that can be opened its content says."""
    suffix = suffix_of(name)
    return suffix in _UNREAD_PICTURES or any(suffix in entry.suffixes for entry in PICTURES)
