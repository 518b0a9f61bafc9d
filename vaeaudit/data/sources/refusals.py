"""What is never read as a table, or as a picture: pickles above all, archives, databases, binary data."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from vaeaudit.data.sources.formats import array_format, binary_table, convert_hint, picture_format, supported_tables
from vaeaudit.data.sources.textfiles import is_binary
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
