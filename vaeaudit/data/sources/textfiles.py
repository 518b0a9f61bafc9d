"""The encoding of a text file, found from its bytes, and the file opened as text."""

from __future__ import annotations

import codecs
import io
import re
from dataclasses import dataclass

from vaeaudit.data.sources.listing import HEAD_BYTES, SourceFile
from vaeaudit.errors import InputError, UsageError

_BLOCK_BYTES = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with a byte-order mark"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_UNDEFINED_IN_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")
_NOT_ASCII = re.compile("[^\x00-\x7f]")

#: What a usable record never holds: NUL, and surrogates, which stand for bytes that the encoding could not decode.
UNUSABLE_CHARACTER = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Encoding:
    """A codec, and what a reader should know about the choice.

    Bytes that the codec cannot decode come through as surrogates, so that only their records are lost.
    """

    codec: str
    note: str | None = None

    @property
    def errors(self) -> str:
        """The error handler that keeps undecodable bytes apart."""
        return "surrogatepass" if self.codec.startswith(("utf-16", "utf-32")) else "surrogateescape"


def detect_encoding(file: SourceFile, requested: str | None) -> Encoding:
    """Choose the encoding: as requested, by byte-order mark, UTF-8 where it holds, else Windows-1252.

    A file counts as UTF-8 with a few broken bytes where valid multi-byte characters outnumber the broken bytes.

    Raises
    ------
    UsageError
        Where the requested encoding is unknown.
    InputError
        Where the file cannot be read to its end.
    """
    if requested is not None:
        return Encoding(_known_codec(requested))
    try:
        with file.open() as stream:
            head = bytes(stream.read(HEAD_BYTES))
        for mark, codec, description in _MARKS:
            if head.startswith(mark):
                return Encoding(codec, f"{file.name}: read as {description}")
        unmarked = utf16_without_mark(head)
        if unmarked:
            return Encoding(unmarked, f"{file.name}: read as {unmarked.upper()}, found from its NUL bytes")
        return _scan(file)
    except OSError as error:
        raise InputError(f"{file.name}: the file is damaged: {error}.") from error


def open_text(file: SourceFile, encoding: Encoding) -> io.TextIOWrapper:
    """Open the decompressed text with its line ends untouched."""
    return io.TextIOWrapper(file.open(), encoding=encoding.codec, errors=encoding.errors, newline="")


def _known_codec(name: str) -> str:
    try:
        "".encode(name)  # refuses codecs that do not turn bytes into text, such as rot13
        codec = codecs.lookup(name).name
    except (LookupError, ValueError) as error:
        raise UsageError(
            f"--encoding: expected the name of a text encoding, found {name!r}.",
            hint="Such as utf-8, cp1252, latin-1, utf-16.",
        ) from error
    return "utf-8-sig" if codec == "utf-8" else codec


def _scan(file: SourceFile) -> Encoding:
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    broken = multibyte = 0
    undefined = False
    with file.open() as stream:
        while block := bytes(stream.read(_BLOCK_BYTES)):
            text = decoder.decode(block)
            if text.isascii():
                continue
            escaped = len(_ESCAPED_BYTE.findall(text))
            broken += escaped
            multibyte += len(_NOT_ASCII.findall(text)) - escaped
            undefined = undefined or _UNDEFINED_IN_CP1252.search(block) is not None
    broken += len(decoder.decode(b"", final=True))
    if broken == 0:
        return Encoding("utf-8")
    if multibyte > broken:
        return Encoding("utf-8", f"{file.name}: {broken:,} byte(s) are not valid UTF-8; their records are quarantined")
    codec = "latin-1" if undefined else "cp1252"
    return Encoding(codec, f"{file.name}: not UTF-8, read as {codec}; --encoding says otherwise")


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
