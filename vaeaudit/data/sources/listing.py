"""The visible files of a folder, without following linked folders; and one file of records, as its format reads it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from vaeaudit.config import ReadConfig
from vaeaudit.data.tables.records import LeftOut, RawTable
from vaeaudit.errors import InputError

LEADS_OUT = "a link that leads out of the folder"


@dataclass(frozen=True)
class Listing:
    """The files of a folder and of the folders in it; hidden ones do not count.

    Attributes
    ----------
    folder
        Where the names start.
    names
        Paths relative to `folder`, with `/`, sorted. A name that is not UTF-8 holds surrogates, as Python has it.
    closed
        Folders that were not entered, with the reason.
    links_out, folders_out
        Links to files, and to folders, that lie outside `folder`: nothing behind them is read, since whoever made the
        folder could have them show any file of whoever reads it.
    """

    folder: Path
    names: tuple[str, ...]
    closed: tuple[str, ...]
    links_out: tuple[str, ...] = ()
    folders_out: tuple[str, ...] = ()

    def path(self, name: str) -> Path:
        """Return where a file is."""
        return self.folder / name

    def refuse_links(self, is_data: Callable[[str], bool]) -> tuple[list[LeftOut], list[str]]:
        """Return what links that lead out of the folder leave out, and those that need only be mentioned.

        Parameters
        ----------
        is_data
            Whether a link's name says that data is behind it; a linked folder may always hold some.
        """
        refused = [*self.folders_out, *filter(is_data, self.links_out)]
        mentioned = [f"{name} ({LEADS_OUT})" for name in self.links_out if not is_data(name)]
        reason = f"{LEADS_OUT}; nothing behind it was read"
        return [LeftOut(readable_name(name), -1, reason) for name in refused], mentioned


def list_folder(folder: Path) -> Listing:
    """Walk through a folder; linked folders are named but not entered, so that no link can lead round in circles."""
    names: list[str] = []
    closed: list[str] = []
    out: tuple[list[str], list[str]] = ([], [])
    root = os.path.realpath(folder)

    def refused(error: OSError) -> None:
        closed.append(f"{_relative(error.filename, folder)} ({os_reason(error)})")

    for directory, subfolders, files in os.walk(folder, onerror=refused, followlinks=False):
        here = _relative(directory, folder)
        # A `Path` for each of very many files would take longer than the walk.
        links = {n for n in (*subfolders, *files) if n[0] != "." and os.path.islink(f"{directory}/{n}")}  # noqa: PTH114
        away = {name for name in links if os.path.commonpath([os.path.realpath(f"{directory}/{name}"), root]) != root}
        out[0].extend(_join(here, name) for name in files if name in away)
        out[1].extend(_join(here, name) for name in subfolders if name in away)
        closed += [f"{_join(here, name)} (a linked folder)" for name in subfolders if name in links - away]
        subfolders[:] = sorted(name for name in subfolders if name[0] != "." and name not in links)
        names += [_join(here, name) for name in files if name[0] != "." and name not in away]
    return Listing(folder, *(tuple(sorted(found)) for found in (names, closed, *out)))


def readable_name(name: str) -> str:
    r"""Write a file's name as valid Unicode; bytes that are not UTF-8 are escaped.

    Examples
    --------
    >>> print(readable_name("caf\udce9.png"))
    caf\xe9.png
    """
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def suffix_of(name: str) -> str:
    """Return the ending of a file's name in lower case, with its dot; fast, for folders of very many files.

    Examples
    --------
    >>> suffix_of("a.b/photo.JPG"), suffix_of("a.b/photo"), suffix_of(".hidden")
    ('.jpg', '', '')
    """
    stem, dot, ending = name.rpartition("/")[2].rpartition(".")
    return f".{ending.lower()}" if dot and stem and ending else ""


def note_unread(names: Sequence[str]) -> tuple[str, ...]:
    """Say which files of a folder were not read."""
    if not names:
        return ()
    return (f"{len(names):,} other file(s) in the folder were not read: {first_few(names)}",)


def first_few(names: Sequence[str], shown: int = 5) -> str:
    """List the first names, and whether there are more."""
    return ", ".join(map(readable_name, names[:shown])) + (", …" if len(names) > shown else "")


def os_reason(error: Exception) -> str:
    """Return what the operating system says, in lower case and without the path."""
    return (getattr(error, "strerror", None) or str(error)).lower()


def _relative(directory: str, folder: Path) -> str:
    relative = os.path.relpath(directory, folder)
    return "" if relative == "." else relative.replace(os.sep, "/")


def _join(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name


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


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
