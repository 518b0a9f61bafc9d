"""What DATA is: a file or a folder, its format by content as well as by name, and what is refused unopened."""

from __future__ import annotations

import hashlib
import json
import re
import stat
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pyarrow as pa

from vaeaudit.data.listing import list_folder, note_unread, os_reason, readable_name, suffix_of
from vaeaudit.data.records import LeftOut
from vaeaudit.data.refusals import CONVERT, SUPPORTED, SUPPORTED_PICTURES, is_binary, refuse
from vaeaudit.errors import InputError

HEAD_BYTES = 1 << 16


class Format(StrEnum):
    """How the records of a file are written."""

    DELIMITED = "delimited text"
    JSON_LINES = "JSON-lines"
    PARQUET = "Parquet"
    ARROW = "Feather (Arrow IPC)"


_SUFFIXES = {
    ".csv": Format.DELIMITED,
    ".tsv": Format.DELIMITED,
    ".tab": Format.DELIMITED,
    ".psv": Format.DELIMITED,
    ".jsonl": Format.JSON_LINES,
    ".ndjson": Format.JSON_LINES,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
    ".feather": Format.ARROW,
    ".arrow": Format.ARROW,
    ".ipc": Format.ARROW,
}
_COMPRESSED_SUFFIXES = (".gz", ".zst")
_COMPRESSION_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}


@dataclass(frozen=True)
class SourceFile:
    """One file of records.

    Attributes
    ----------
    path, name
        Where it is, and what messages call it (relative to the folder it was found in).
    format, compression
        Decided by content; `compression` is `gzip`, `zstd` or None.
    """

    path: Path
    name: str
    format: Format
    compression: str | None

    def open(self) -> pa.NativeFile:
        """Open the decompressed bytes; reading them raises `OSError` where the compression is damaged."""
        return pa.input_stream(str(self.path), compression=self.compression)


@dataclass(frozen=True)
class Source:
    """The files that DATA stands for, in sorted order, those that were refused, and what else was met."""

    path: Path
    files: tuple[SourceFile, ...]
    refused: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()

    def fingerprint(self) -> str:
        """Return SHA-256 as hex: of a single file's bytes; in a folder of each file's name and digest, in order."""
        if not self.path.is_dir():
            return _digest(self.path)
        total = hashlib.sha256()
        for file in self.files:
            total.update(f"{file.name}\0{_digest(file.path)}\n".encode("utf-8", "surrogateescape"))
        return total.hexdigest()


def find(path: Path) -> Source:
    """Find out what DATA is.

    Raises
    ------
    InputError
        Where it does not exist, cannot be read, or holds no table.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path}: cannot be read: {os_reason(error)}.",
            hint=f"DATA is a file ({SUPPORTED}, .npy or .npz), or a folder of tables or pictures.",
        ) from error
    if stat.S_ISDIR(mode):
        return _find_in_folder(path)
    return Source(path, (identify(path, readable_name(path.name)),))


def identify(path: Path, name: str) -> SourceFile:
    """Decide by content, then by name, what a file is.

    Raises
    ------
    InputError
        Where it is empty, unreadable, damaged, or of a kind that is refused (a pickle above all).
    """
    if not path.is_file():
        raise InputError(f"{name}: expected a regular file, found a device, a pipe or a broken link.")
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
    except OSError as error:
        raise InputError(f"{name}: the file cannot be read: {os_reason(error)}.") from error
    compression = next((kind for magic, kind in _COMPRESSION_MAGIC.items() if start.startswith(magic)), None)
    head = _head(path, name, compression)
    if not head.strip():
        raise InputError(f"{name}: expected a table, found an empty file.")
    refuse(path, name, head)
    return SourceFile(path, name, _format_of(name, head), compression)


def _head(path: Path, name: str, compression: str | None) -> bytes:
    if any("\ud800" <= character <= "\udfff" for character in str(path)):
        raise InputError(f"{name}: the file's name is not UTF-8.", hint="Rename it; the readers cannot open it so.")
    try:
        with pa.input_stream(str(path), compression=compression) as stream:
            return bytes(stream.read(HEAD_BYTES))
    except OSError as error:
        raise InputError(f"{name}: the {compression or 'file'} data is damaged: {error}.") from error


def _format_of(name: str, head: bytes) -> Format:
    if head.startswith(b"PAR1"):
        return Format.PARQUET
    if head.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        return Format.ARROW
    named = named_format(name)
    if named in (Format.PARQUET, Format.ARROW):
        raise InputError(f"{name}: expected {named.value}, found other content.", hint="The file may be damaged.")
    if is_binary(head):
        raise InputError(f"{name}: expected {SUPPORTED}, found binary data of an unknown kind.", hint=CONVERT)
    if named is Format.JSON_LINES or _opens_with_object(head):
        return Format.JSON_LINES
    if name.lower().endswith(".json") or _opens_with_array(head):
        raise InputError(
            f"{name}: expected one JSON object per line, found a JSON document.",
            hint='Write it as JSON-lines: pandas.read_json(...).to_json("data.jsonl", orient="records", lines=True).',
        )
    return Format.DELIMITED


def named_format(name: str) -> Format | None:
    """Return the format of a table that the ending of a name stands for, or None."""
    bare = name.lower()
    for ending in _COMPRESSED_SUFFIXES:
        bare = bare.removesuffix(ending)
    return _SUFFIXES.get(suffix_of(bare))


def _opens_with_object(head: bytes) -> bool:
    line = head.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0].strip()
    if not line.startswith(b"{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _opens_with_array(head: bytes) -> bool:
    return re.match(rb"(\xef\xbb\xbf)?\s*\[\s*[\[{]", head) is not None


# --- folders --------------------------------------------------------------------------------------------------------


def _find_in_folder(folder: Path) -> Source:
    listing = list_folder(folder)
    candidates = [name for name in listing.names if named_format(name) is not None]
    others = sorted([*listing.closed, *(name for name in listing.names if named_format(name) is None)])
    files, refused = [], []
    for path_name in candidates:
        name = readable_name(path_name)
        try:
            files.append(identify(listing.path(path_name), name))
        except InputError as error:
            refused.append(LeftOut(name, -1, error.message.removeprefix(f"{name}: "), records=1))
    if not files:
        raise _nothing_usable(folder, refused, others)
    return Source(folder, tuple(files), tuple(refused), note_unread(others))


def _nothing_usable(folder: Path, refused: list[LeftOut], others: list[str]) -> InputError:
    expected = f"{folder}: expected a folder of tables ({SUPPORTED}), or of pictures ({SUPPORTED_PICTURES})"
    if refused:
        return InputError(f"{expected}; none could be read. {refused[0].file}: {refused[0].reason}")
    if not others:
        return InputError(f"{expected}, found an empty folder.")
    endings = Counter(Path(name).suffix or "no suffix" for name in others)
    found = ", ".join(f"{count:,} with {suffix}" for suffix, count in endings.most_common(4))
    return InputError(f"{expected}, found none among its files ({found}).", hint="Give the file itself if it is one.")


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
