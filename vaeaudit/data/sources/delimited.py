"""Read CSV, TSV and their relatives: every record is used, or quarantined with its number and the reason."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow.compute as pc

from vaeaudit.data.sources.layout import DELIMITERS, Layout, find_layout, first_width, sniff_delimiter, trimmed
from vaeaudit.data.sources.listing import SourceFile
from vaeaudit.data.sources.textfiles import UNUSABLE_CHARACTER, Encoding, detect_encoding, open_text
from vaeaudit.data.tables.cells import Cells, TextCells, concat, empty_cells, text_cells
from vaeaudit.data.tables.records import LeftOut, RawTable, unique_names
from vaeaudit.errors import InputError

#: A record that runs over more lines than this has an unclosed quote rather than a long cell.
MAX_RECORD_LINES = 1000
#: Cells that are parsed before they are packed: bounds the memory that Python strings take.
CHUNK_CELLS = 400_000

_SAMPLE_CHARACTERS = 1 << 18
_SAMPLE_RECORDS = 200
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z")


def read_delimited(file: SourceFile, *, delimiter: str | None = None, encoding: str | None = None) -> RawTable:
    """Read a delimited text file whose first record names the columns.

    Raises
    ------
    InputError
        Where there is no usable header, the delimiter given is wrong, or the bytes are damaged.
    """
    chosen = detect_encoding(file, encoding)
    try:
        sample = _sample(file, chosen)
        layout = find_layout(sample, given=delimiter, prefer="\t" if ".tsv" in file.name.lower() else ",")
        with open_text(file, chosen) as stream:
            table = _Reading(file.name, _Lines(trimmed(stream, layout.delimiter)), layout).run()
    except UnicodeError as error:
        raise InputError(
            f"{file.name}: the text cannot be decoded as {chosen.codec}: {error}.", hint="Try another --encoding."
        ) from error
    except OSError as error:
        raise InputError(f"{file.name}: the file is damaged: {error}.") from error
    if delimiter is not None and len(table.names) == 1:
        _check_delimiter(file.name, delimiter, sample)
    notes = [chosen.note] if chosen.note else []
    if delimiter is None and layout.delimiter not in (",", "\t"):
        notes.append(f"{file.name}: the delimiter is {DELIMITERS.get(layout.delimiter, repr(layout.delimiter))}")
    return replace(table, notes=(*notes, *(f"{file.name}: {said}" for said in layout.notes), *table.notes))


def _sample(file: SourceFile, encoding: Encoding) -> list[str]:
    lines: list[str] = []
    characters = 0
    with open_text(file, encoding) as stream:
        for line in stream:
            lines.append(line.replace("\0", ""))
            characters += len(line)
            if len(lines) >= 2 * _SAMPLE_RECORDS or (characters > _SAMPLE_CHARACTERS and len(lines) > 3):
                break
    return lines


def _check_delimiter(name: str, given: str, sample: list[str]) -> None:
    other = sniff_delimiter(sample)
    width = first_width(sample, other)
    if other != given and width > 1:
        raise InputError(
            f"{name}: with --delimiter {given!r} a record is one cell; {DELIMITERS[other]} splits it into {width}.",
            hint=f"Leave --delimiter out, or give {other!r}.",
        )


class _Lines:
    """Lines of a stream, which can be taken back when the record that they began turns out to be malformed."""

    def __init__(self, stream: Iterator[str]) -> None:
        self._stream = stream
        self._returned: deque[str] = deque()
        self._held: list[str] = []
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self._stream)
        self.number += 1
        self._held.append(line)
        if len(self._held) > MAX_RECORD_LINES:
            raise csv.Error("too many lines")
        return line

    @property
    def held(self) -> int:
        """Number of lines that the record under way has taken."""
        return len(self._held)

    def begin_record(self) -> None:
        """Let go of the lines of the record before."""
        self._held.clear()

    def keep_first_only(self) -> None:
        """Give all lines of the record under way back, except its first."""
        self._returned.extendleft(reversed(self._held[1:]))
        self.number -= len(self._held) - 1


@dataclass
class _Reading:
    """One pass over a delimited file."""

    name: str
    lines: _Lines
    layout: Layout
    read: int = 0
    blank: int = 0
    left_out: list[LeftOut] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    row_numbers: list[int] = field(default_factory=list)
    chunks: list[tuple[TextCells, ...]] = field(default_factory=list)
    positions: list[np.ndarray] = field(default_factory=list)

    def run(self) -> RawTable:
        # `strict` makes the parser report a quote that closes in the wrong place instead of swallowing what follows.
        reader = csv.reader(self.lines, delimiter=self.layout.delimiter, strict=True, skipinitialspace=True)
        header = self._header(reader)
        names, problems = unique_names(header)
        per_chunk = max(1, CHUNK_CELLS // len(names))
        while self._next_record(reader, len(names)):
            if len(self.rows) >= per_chunk:
                self._pack()
        self._pack()
        return RawTable(
            names=names,
            cells=self._columns(len(names)),
            positions=np.concatenate(self.positions) if self.positions else np.empty(0, dtype=np.int64),
            read=self.read,
            blank=self.blank,
            left_out=tuple(self.left_out),
            notes=_note_on_header(self.name, header),
            problems=problems,
        )

    def _header(self, reader: Iterator[list[str]]) -> list[str]:
        for _ in range(self.layout.skip):
            self.lines.begin_record()
            next(self.lines)
        row: list[str] = []
        while not row:
            self.lines.begin_record()
            try:
                row = next(reader)
            except StopIteration:
                raise InputError(f"{self.name}: expected a table, found an empty file.") from None
            except csv.Error as error:
                raise InputError(
                    f"{self.name}: the header, line {self.lines.number - self.lines.held + 1}, is malformed: "
                    f"{_explain(error, self.lines.held)}."
                ) from error
        if any(UNUSABLE_CHARACTER.search(cell) for cell in row):
            raise InputError(
                f"{self.name}: the header holds NUL bytes or bytes that cannot be decoded.",
                hint="Name its encoding with --encoding.",
            )
        if self.layout.trailing and not row[-1]:
            row.pop()
        return ["", *row] if self.layout.row_names else row

    def _next_record(self, reader: Iterator[list[str]], width: int) -> bool:
        self.lines.begin_record()
        try:
            row = next(reader)
        except StopIteration:
            return False
        except csv.Error as error:
            line = self.lines.number - self.lines.held + 1
            self.left_out.append(LeftOut(self.name, self.read, f"line {line}: {_explain(error, self.lines.held)}"))
            self.lines.keep_first_only()
        else:
            if self.layout.trailing and len(row) == width + 1 and not row[-1]:
                row.pop()
            if len(row) == width:
                self.rows.append(row)
                self.row_numbers.append(self.read)
            elif row:
                cause = f"; {self.layout.cause}" if self.layout.cause else ""
                self.left_out.append(
                    LeftOut(self.name, self.read, f"{len(row)} cell(s), the header has {width}{cause}")
                )
            else:
                self.blank += 1
        self.read += 1
        return True

    def _pack(self) -> None:
        if not self.rows:
            return
        try:
            packed = _pack_columns(self.rows)
        except UnicodeEncodeError:
            packed = None
        if packed is None or any(pc.any(pc.match_substring(cells.texts, "\0")).as_py() for cells in packed):
            self._leave_out_unusable()
            packed = _pack_columns(self.rows)
        if self.rows:
            self.chunks.append(packed)
            self.positions.append(np.array(self.row_numbers, dtype=np.int64))
        self.rows, self.row_numbers = [], []

    def _leave_out_unusable(self) -> None:
        kept = []
        for number, row in zip(self.row_numbers, self.rows, strict=True):
            found = next(filter(None, map(UNUSABLE_CHARACTER.search, row)), None)
            if found is None:
                kept.append((number, row))
            else:
                reason = "a NUL byte" if found.group() == "\0" else "bytes that the encoding cannot decode"
                self.left_out.append(LeftOut(self.name, number, f"holds {reason}"))
        self.left_out.sort(key=lambda entry: entry.row)
        self.row_numbers, self.rows = [number for number, _ in kept], [row for _, row in kept]

    def _columns(self, width: int) -> tuple[Cells, ...]:
        if not self.chunks:
            return tuple(empty_cells(0) for _ in range(width))
        return tuple(concat([chunk[position] for chunk in self.chunks]) for position in range(width))


def _pack_columns(rows: list[list[str]]) -> tuple[TextCells, ...]:
    return tuple(text_cells(column) for column in zip(*rows, strict=True))


def _explain(error: csv.Error, n_lines: int) -> str:
    message = str(error)
    if "field limit" in message or "too many lines" in message:
        return "a quote opens and does not close, or a cell is too long" if n_lines > 1 else "a cell is too long"
    if "end of data" in message:
        return "a quote opens and never closes"
    if n_lines > 1:
        return "a quote opens and does not close where its cell ends"
    return "text follows a closing quote; a quote inside a quoted cell must be doubled"


def _note_on_header(name: str, header: list[str]) -> tuple[str, ...]:
    numbers = sum(_NUMBER.match(cell.strip()) is not None for cell in header)
    if numbers * 2 <= len(header):
        return ()
    return (f"{name}: the first record was taken as column names, but {numbers} of {len(header)} are numbers",)
