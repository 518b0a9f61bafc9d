"""What is never read as a table: pickles above all, archives, images, databases, binary data."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from vaeaudit.errors import InputError

SUPPORTED = "CSV, TSV, Parquet, Feather or JSON-lines, also as .gz or .zst"
CONVERT = "Convert it to CSV, Parquet, Feather or JSON-lines."
#: First bytes -> what the file is, and what to do about it.
_REFUSED_MAGIC = {
    b"\x93NUMPY": ("a NumPy array", "Arrays are not read as tables: save a DataFrame with named columns instead."),
    b"FEA1": ("a Feather file of the retired version 1", "Write it again with pyarrow.feather.write_feather."),
    b"ORC": ("an ORC file", CONVERT),
    b"\x89HDF": ("an HDF5 file", CONVERT),
    b"SQLite format 3": ("an SQLite database", CONVERT),
    b"%PDF": ("a PDF document", CONVERT),
    b"\x89PNG": ("a PNG image", "Images are not read as tables."),
    b"\xff\xd8\xff": ("a JPEG image", "Images are not read as tables."),
    b"GIF8": ("a GIF image", "Images are not read as tables."),
    b"\xd0\xcf\x11\xe0": ("an old Office document", "Save the sheet as CSV."),
    b"BZh": ("compressed with bzip2", "Compress it with gzip or zstd instead."),
    b"\xfd7zXZ": ("compressed with xz", "Compress it with gzip or zstd instead."),
    b"7z\xbc\xaf": ("a 7-zip archive", "Unpack it first."),
    b"version https://git-lfs": ("a Git LFS pointer", "Run `git lfs pull` to fetch the data itself."),
}
_HTML = re.compile(rb"\s*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)
#: Protocols 2 to 5 open with PROTO and the protocol's number; 0 and 1 with an import or an empty container, memoised.
_PICKLE = re.compile(rb"\x80[\x02-\x05]|c[A-Za-z_][\w.]*\n[A-Za-z_]\w*\n(p0\n|q\x00|\()|\([dl]p0\n|[\]})]q\x00")
_PICKLE_HINT = "A pickle can run any code when it is opened, so it never is. Save the data as CSV or Parquet."


def refuse(path: Path, name: str, head: bytes) -> None:
    """Raise `InputError` where the first bytes of a file say that it is no table, and what it is instead."""
    if _PICKLE.match(head):
        raise InputError(f"{name}: refused, because it is a Python pickle whatever its name says.", hint=_PICKLE_HINT)
    if head.startswith(b"PK\x03\x04"):
        raise _zip_refusal(path, name)
    for magic, (what, hint) in _REFUSED_MAGIC.items():
        if head.startswith(magic):
            raise InputError(f"{name}: expected {SUPPORTED}, found {what}.", hint=hint)
    if _HTML.match(head):
        raise InputError(
            f"{name}: expected {SUPPORTED}, found a web page.",
            hint="The download may have failed: open it in a browser.",
        )


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
        return InputError(f"{name}: expected {SUPPORTED}, found an Excel workbook.", hint="Save the sheet as CSV.")
    if members and all(member.endswith(".npy") for member in members):
        return InputError(f"{name}: expected {SUPPORTED}, found NumPy arrays.", hint="Arrays are not read as tables.")
    return InputError(f"{name}: expected {SUPPORTED}, found a zip archive.", hint="Unpack it and give the folder.")


def is_binary(head: bytes) -> bool:
    """Whether many bytes, and more than 2 % of them, are control characters that no text holds (UTF-16 aside)."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or utf16_without_mark(head):
        return False
    controls = len(head) - len(head.translate(None, bytes(set(range(32)) - set(b"\t\n\r\f\v\x1b"))))
    return controls >= 64 and controls > 0.02 * len(head)


def utf16_without_mark(head: bytes) -> str | None:
    """Name the UTF-16 byte order of text that does not say so: every other byte is then mostly NUL."""
    half = len(head) // 2
    if half >= 8:
        if head[1::2].count(0) > 0.7 * half and head[::2].count(0) < 0.1 * half:
            return "utf-16-le"
        if head[::2].count(0) > 0.7 * half and head[1::2].count(0) < 0.1 * half:
            return "utf-16-be"
    return None
