"""What is never read as a table, or as a picture: pickles above all, archives, databases, binary data."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from vaeaudit.errors import InputError

#: What can be opened; Pillow is told these formats and no others.
PICTURE_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
SUPPORTED_PICTURES = "JPEG, PNG, WebP, BMP, GIF or TIFF"
#: So many first bytes tell whether a file is a picture.
HEAD_OF_PICTURE = 64
SUPPORTED = "CSV, TSV, Parquet, Feather or JSON-lines, also as .gz or .zst"
CONVERT = "Convert it to CSV, Parquet, Feather or JSON-lines."
_ONE_PICTURE = "Give the folder that holds the pictures."
#: First bytes -> what the file is, and what to do about it.
_REFUSED_MAGIC = {
    b"\x93NUMPY": ("a NumPy array", "Give the array file itself as DATA."),
    b"FEA1": ("a Feather file of the retired version 1", "Write it again with pyarrow.feather.write_feather."),
    b"ORC": ("an ORC file", CONVERT),
    b"\x89HDF": ("an HDF5 file", CONVERT),
    b"SQLite format 3": ("an SQLite database", CONVERT),
    b"%PDF": ("a PDF document", CONVERT),
    b"\x89PNG": ("a PNG image", _ONE_PICTURE),
    b"\xff\xd8\xff": ("a JPEG image", _ONE_PICTURE),
    b"GIF8": ("a GIF image", _ONE_PICTURE),
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


def is_picture(head: bytes) -> bool:
    """Whether a file begins as one of the formats that can be opened do."""
    if head.startswith(b"BM"):
        # Two letters begin many a text; a bitmap goes on with its length and four bytes of zero.
        return len(head) >= 10 and head[6:10] == b"\0\0\0\0"
    webp = head.startswith(b"RIFF") and head[8:12] == b"WEBP"
    return webp or head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"II*\0", b"MM\0*", b"II+\0"))


def why_no_picture(head: bytes) -> str:
    """Say what a file is that begins like this and could not be opened as a picture."""
    if head[4:8] == b"ftyp":
        return f"a {head[8:12].decode('ascii', 'replace').strip().upper()} file (HEIC, AVIF or a film)"
    known = next((what for magic, (what, _) in _REFUSED_MAGIC.items() if head.startswith(magic)), None)
    answers = (
        (not head, "an empty file"),
        (is_picture(head), "a damaged picture"),
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
        return InputError(f"{name}: expected {SUPPORTED}, found an Excel workbook.", hint="Save the sheet as CSV.")
    if members and all(member.endswith(".npy") for member in members):
        return InputError(
            f"{name}: expected {SUPPORTED}, found NumPy arrays.", hint="Give the array file itself as DATA."
        )
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
