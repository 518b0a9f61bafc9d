"""The tables that DATA stands for, found and read into one `RawTable`; and what is refused: pickles above all."""

from __future__ import annotations

import hashlib
import re
import stat
import zipfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from vaeaudit.config import ReadConfig
from vaeaudit.data.sources.formats import (
    array_format,
    binary_table,
    convert_hint,
    named_table,
    picture_format,
    supported_arrays,
    supported_pictures,
    supported_tables,
    table_format,
)
from vaeaudit.data.sources.listing import (
    COMPRESSIONS,
    SourceFile,
    list_folder,
    note_unread,
    os_reason,
    read_head,
    readable_name,
    sha256,
)
from vaeaudit.data.sources.partitions import declare_levels, with_partition
from vaeaudit.data.sources.textfiles import is_binary
from vaeaudit.data.tables.cells import empty_cells
from vaeaudit.data.tables.records import LeftOut, RawTable, join
from vaeaudit.errors import InputError

_GIVE_ARRAY = "Give the array file itself as DATA."
_PICKLE_HINT = "A pickle can run any code when it is opened, so it never is. Save the data as CSV or Parquet."
#: First bytes -> what the file is, and what to do about it; None: convert it.
_REFUSED_MAGIC: dict[bytes, tuple[str, str | None]] = {
    b"FEA1": ("a Feather file of the retired version 1", "Write it again with pyarrow.feather.write_feather."),
    b"ORC": ("an ORC file", None),
    b"\x89HDF": ("an HDF5 file", None),
    b"SQLite format 3": ("an SQLite database", None),
    b"%PDF": ("a PDF document", None),
    b"\xd0\xcf\x11\xe0": ("an old Office document", "Save the sheet as CSV."),
    b"BZh": ("compressed with bzip2", "Compress it with gzip or zstd instead."),
    b"\xfd7zXZ": ("compressed with xz", "Compress it with gzip or zstd instead."),
    b"7z\xbc\xaf": ("a 7-zip archive", "Unpack it first."),
    b"version https://git-lfs": ("a Git LFS pointer", "Run `git lfs pull` to fetch the data itself."),
}
_HTML = re.compile(rb"\s*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_XML = re.compile(rb"\s*<(\?xml|svg)\b")
#: Protocols 2 to 5 open with PROTO and the protocol's number; 0 and 1 with an import or an empty container, memoised.
_PICKLE = re.compile(rb"\x80[\x02-\x05]|c[A-Za-z_][\w.]*\n[A-Za-z_]\w*\n(p0\n|q\x00|\()|\([dl]p0\n|[\]})]q\x00")


def refuse(path: Path, name: str, head: bytes) -> None:
    """Raise `InputError` where the first bytes of a file say that it is no table, and what it is instead."""
    if _PICKLE.match(head):
        raise InputError(f"{name}: refused, because it is a Python pickle whatever its name says.", hint=_PICKLE_HINT)
    if binary_table(head) is not None:
        return
    array, picture = array_format(head), picture_format(head)
    known = next((said for magic, said in _REFUSED_MAGIC.items() if head.startswith(magic)), None)
    if head.startswith(b"PK\x03\x04"):
        raise _zip_refusal(path, name)
    if array is not None:
        raise _no_table(name, f"a {array.name}", _GIVE_ARRAY)
    if picture is not None:
        raise _no_table(name, f"a {picture.name} image", "Give the folder that holds the pictures.")
    if known is not None:
        raise _no_table(name, *known)
    if _HTML.match(head):
        raise _no_table(name, "a web page", "The download may have failed: open it in a browser.")


def _no_table(name: str, found: str, hint: str | None = None) -> InputError:
    return InputError(f"{name}: expected {supported_tables()}, found {found}.", hint=hint or convert_hint())


def why_no_picture(head: bytes) -> str:
    """Say what a file is that begins like this and could not be opened as a picture."""
    if head[4:8] == b"ftyp":
        return f"a {head[8:12].decode('ascii', 'replace').strip().upper()} file (HEIC, AVIF or a film)"
    known = next((what for magic, (what, _) in _REFUSED_MAGIC.items() if head.startswith(magic)), None)
    answers = (
        (not head, "an empty file"),
        (picture_format(head), "a damaged picture"),
        (_PICKLE.match(head), "a Python pickle whatever its name says; it was not opened"),
        (_HTML.match(head), "a web page; the download may have failed"),
        (known, known),
        (head.startswith(b"PK\x03\x04"), "a zip archive"),
        (_XML.match(head), "an SVG drawing or another XML document"),
        (b"\0" in head or is_binary(head), "binary data of an unknown kind"),
    )
    return next((str(what) for holds, what in answers if holds), "text")


def _zip_refusal(path: Path, name: str) -> InputError:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
    except (OSError, zipfile.BadZipFile):
        members = []
    if any(member.endswith((".pkl", ".pickle")) for member in members):
        return InputError(
            f"{name}: refused, because it is a zip archive that holds a Python pickle.", hint=_PICKLE_HINT
        )
    if any(member.startswith("xl/") for member in members):
        return _no_table(name, "an Excel workbook", "Save the sheet as CSV.")
    if members and all(member.endswith(".npy") for member in members):
        return _no_table(name, "NumPy arrays", _GIVE_ARRAY)
    return _no_table(name, "a zip archive", "Unpack it and give the folder.")


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
            return sha256(self.path)
        total = hashlib.sha256()
        for file in self.files:
            total.update(f"{file.name}\0{sha256(file.path)}\n".encode("utf-8", "surrogateescape"))
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
            hint=f"DATA is a file ({supported_tables()}; {supported_arrays()}), or a folder of tables or pictures.",
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
    compression = next((kind for kind, magic in COMPRESSIONS.values() if start.startswith(magic)), None)
    head = read_head(path, name, compression)
    if not head.strip():
        raise InputError(f"{name}: expected a table, found an empty file.")
    refuse(path, name, head)
    return SourceFile(path, name, table_format(name, head), compression)


def _find_in_folder(folder: Path) -> Source:
    listing = list_folder(folder)
    candidates = [name for name in listing.names if named_table(name) is not None]
    refused, mentioned = listing.refuse_links(lambda name: named_table(name) is not None)
    others = sorted([*listing.closed, *mentioned, *(name for name in listing.names if named_table(name) is None)])
    files = []
    for path_name in candidates:
        name = readable_name(path_name)
        try:
            files.append(identify(listing.path(path_name), name))
        except InputError as error:
            refused.append(LeftOut(name, -1, error.message.removeprefix(f"{name}: ")))
    if not files:
        raise _nothing_usable(folder, refused, others)
    return Source(folder, tuple(files), tuple(refused), note_unread(others))


def _nothing_usable(folder: Path, refused: list[LeftOut], others: list[str]) -> InputError:
    expected = f"{folder}: expected a folder of tables ({supported_tables()}), or of pictures ({supported_pictures()})"
    if refused:
        return InputError(f"{expected}; none could be read. {refused[0].file}: {refused[0].reason}")
    if not others:
        return InputError(f"{expected}, found an empty folder.")
    endings = Counter(Path(name).suffix or "no suffix" for name in others)
    found = ", ".join(f"{count:,} with {suffix}" for suffix, count in endings.most_common(4))
    return InputError(f"{expected}, found none among its files ({found}).", hint="Give the file itself if it is one.")


# --- reading --------------------------------------------------------------------------------------------------------


def read_tables(source: Source, config: ReadConfig) -> RawTable:
    """Read a file, or join the files of a folder that share their columns.

    Raises
    ------
    InputError
        Where nothing can be read, or the files of a folder do not share their columns.
    """
    if not source.path.is_dir():
        return source.files[0].read(config)
    names, tables, refused = [], [], list(source.refused)
    placed: set[str] = set()
    for file in source.files:
        try:
            table, added = with_partition(file.read(config), file.name)
            tables.append(table)
            names.append(file.name)
            placed |= added
        except InputError as error:
            refused.append(LeftOut(file.name, -1, error.message.removeprefix(f"{file.name}: ")))
    if not tables:
        raise InputError(f"{source.path}: no file could be read. {refused[0].file}: {refused[0].reason}")
    table = declare_levels(_join_shards(source.path, names, tables), placed)
    n_refused = sum(entry.records for entry in refused)
    left_out, notes = (*table.left_out, *refused), (*table.notes, *source.notes)
    return replace(table, read=table.read + n_refused, left_out=left_out, notes=notes)


def _join_shards(folder: Path, files: list[str], tables: list[RawTable]) -> RawTable:
    """Join the files that share their columns; a file with other columns is left out as a whole."""
    # All JSON-lines files get the union of their columns: a key that a file lacks is missing there.
    union = tuple(dict.fromkeys(name for table in tables if table.open_ended for name in table.names))
    tables = [table.with_columns(union) if table.open_ended else table for table in tables]
    votes = Counter(frozenset(table.names) for table in tables)
    common, count = votes.most_common(1)[0]
    if count * 2 <= len(tables):
        raise InputError(
            f"{folder}: expected files with one schema, found {len(votes)} sets of columns in {len(tables)} files.",
            hint="Give one of the files, or move the others away.",
        )
    names = next(table.names for table in tables if frozenset(table.names) == common)
    return join([_conform(file, table, names) for file, table in zip(files, tables, strict=True)])


def _conform(file: str, table: RawTable, names: tuple[str, ...]) -> RawTable:
    """Bring a file's columns into the common order, or leave out all its records where it has others."""
    if set(table.names) == set(names):
        return table.with_columns(names)
    entry = LeftOut(file, -1, _difference(table, set(names)), records=len(table))
    return replace(
        table,
        names=names,
        cells=tuple(empty_cells(0) for _ in names),
        positions=table.positions[:0],
        left_out=(*table.left_out, entry),
        problems={},
        open_ended=False,
    )


def _difference(table: RawTable, common: set[str]) -> str:
    lacks = sorted(common - set(table.names))[:3]
    adds = sorted(set(table.names) - common)[:3]
    parts = [f"lacks {lacks}" if lacks else "", f"has {adds} that the others lack" if adds else ""]
    return f"other columns than most files ({' and '.join(filter(None, parts))}): all {len(table):,} records left out"
