"""How a delimited text file is laid out: its delimiter, what stands above the header, and how the header fits."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest

SPACE = " "
#: Delimiters that are looked for, in words; spaces only where none of the others will do.
DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar", SPACE: "one or more spaces"}
_USUAL = [delimiter for delimiter in DELIMITERS if delimiter != SPACE]

_SAMPLE_RECORDS = 200
#: Excel's own: a first line that says which delimiter follows.
_SEP_LINE = re.compile(r'"?sep=(.)"?\s*\Z', re.IGNORECASE)
_COMMENT = ("#", "%")
_NUMBER = re.compile(r"\s*[+-]?(\d[\d.,]*|\.\d+)([eE][+-]?\d+)?\s*\Z")
_NO_VALUE = frozenset(["", "na", "n/a", "nan", "null", "none", "?", "-", "."])
#: A layout other than the plain one is believed only where so large a part of the records has one width.
_STEADY = 0.9
_FEWEST_RECORDS = 3


@dataclass(frozen=True)
class Layout:
    """How a file is to be read.

    Attributes
    ----------
    delimiter
        One character; runs of spaces count as one.
    skip
        Lines above the header.
    row_names
        Whether the records open with a column that the header lacks, as R writes them.
    trailing
        Whether either the header or the records end in a delimiter, and so in an empty cell, and the others do not.
    notes
        What a reader should know about it.
    cause
        Why most records will not fit the header, where that is so and nothing else can be taken for it.
    """

    delimiter: str
    skip: int = 0
    row_names: bool = False
    trailing: bool = False
    notes: tuple[str, ...] = ()
    cause: str = ""


@dataclass(frozen=True)
class _Record:
    line: int
    row: list[str]

    @property
    def width(self) -> int:
        return len(self.row)

    @property
    def is_comment(self) -> bool:
        return self.row[0].startswith(_COMMENT)


def find_layout(sample: list[str], *, given: str | None = None, prefer: str = ",") -> Layout:
    """Find how a file is laid out; where its first record is a header that fits most others nothing else is tried.

    Parameters
    ----------
    sample
        The first lines of the file.
    given
        The delimiter that the user named.
    prefer
        As for `sniff_delimiter`.
    """
    stated = _SEP_LINE.match(sample[0]) if sample else None
    if stated is None:
        return _layout(sample, given, prefer)
    found = _layout(sample[1:], given or stated[1], prefer)
    notes = (f"its first line, {sample[0].strip()!r}, names the delimiter and was passed over", *found.notes)
    return replace(found, skip=found.skip + 1, notes=notes)


def _layout(sample: list[str], given: str | None, prefer: str) -> Layout:
    plain = Layout(given or sniff_delimiter(sample, prefer=prefer))
    records = _records(sample, plain.delimiter)
    if not records or _fits(records):
        return plain
    candidates = [given] if given else sorted(_USUAL, key=lambda each: each != prefer)
    found = _best(sample, candidates) or (None if given else _best(sample, [SPACE]))
    if found is not None:
        return found
    width = _usual_width(records)
    if width == records[0].width:
        return plain
    where = f"line {records[0].line + 1}, {sample[records[0].line].strip()[:40]!r}, was taken for it"
    return replace(plain, cause=f"{where}: delete what stands above the names of the columns, or name all columns")


def _fits(records: Sequence[_Record]) -> bool:
    """Whether the first record has as many cells as most others, and is no comment above the header."""
    first = records[0]
    if first.width < 2 or 2 * sum(record.width == first.width for record in records) <= len(records):
        return False
    return not (first.is_comment and len(records) > 1 and _names_columns(records[1], records[2:]))


def _best(sample: list[str], candidates: Iterable[str]) -> Layout | None:
    scored = [found for each in candidates if (found := _steady(sample, each)) is not None]
    return max(scored, key=lambda entry: entry[0])[1] if scored else None  # the first of equals


def _steady(sample: list[str], delimiter: str) -> tuple[tuple[float, int], Layout] | None:
    """Return the layout in which nearly all records below what stands above the header have one width, if any."""
    records = _records(sample, delimiter)
    width = _usual_width(records)
    widths = [record.width for record in records]
    run = [width] * _FEWEST_RECORDS
    start = next((i for i in range(len(records)) if widths[i : i + len(run)] == run), None)
    if start is None or width < 2:
        return None
    while records[start].is_comment and _names_columns(records[start + 1], records[start + 2 :]):
        start += 1
    body = [record for record in records[start:] if record.width == width]
    share = len(body) / (len(records) - start)
    if share < _STEADY or (delimiter == SPACE and not _number_columns(body[1:])):  # words of a text are no cells
        return None
    layout = _with_header(Layout(delimiter), records[:start], body)
    if layout is None:
        return None
    return (round(share, 2), width), replace(layout, notes=(*_said(sample, layout.skip), *layout.notes))


def _with_header(layout: Layout, above: Sequence[_Record], body: Sequence[_Record]) -> Layout | None:
    """Take the first record of the usual width for the header, or the one above it that is a cell shorter or longer.

    None where what stands above is no title or comment, or nothing tells it from the header.
    """
    last, first, width = above[-1] if above else None, body[0], body[0].width
    if last is None:
        return replace(layout, skip=first.line)
    holds_numbers = any(map(_NUMBER.match, last.row))
    if last.width == width + 1 and last.row[-1] == "" and not holds_numbers:
        said = "the header ends in a delimiter, which the records do not: its last, empty cell was passed over"
        return replace(layout, skip=last.line, trailing=True, notes=(said,))
    if last.width == width - 1 and not last.is_comment and not _names_columns(first, body[1:]):
        if all(record.row[-1] == "" for record in body):
            said = "the records end in a delimiter, which the header does not: their last, empty cells were passed over"
            return replace(layout, skip=last.line, trailing=True, notes=(said,))
        row_names = {record.row[0] for record in body}
        if holds_numbers or len(row_names) < len(body) or not _number_columns(body):
            return None
        said = "the header has one name fewer than the records have cells: the first column, row names, has none"
        return replace(layout, skip=last.line, row_names=True, notes=(said,))
    titles = all(record.width < width or record.is_comment for record in above)
    return replace(layout, skip=first.line) if titles and not _is_data(first) else None


def _said(sample: list[str], skip: int) -> tuple[str, ...]:
    shown = [line.strip() for line in sample[:skip] if line.strip()]
    if not shown:
        return ()
    first = shown[0][:60] + ("…" if len(shown[0]) > 60 else "")
    return (f"{skip:,} line(s) above the header were passed over, the first: {first!r}",)


# --- records --------------------------------------------------------------------------------------------------------


def trimmed(lines: Iterable[str], delimiter: str) -> Iterator[str]:
    """Take spaces off the ends of lines where spaces are what separates cells."""
    return (line.rstrip(" \r\n") + "\n" for line in lines) if delimiter == SPACE else iter(lines)


def _records(sample: Iterable[str], delimiter: str) -> list[_Record]:
    records: list[_Record] = []
    reader = csv.reader(trimmed(sample, delimiter), delimiter=delimiter, skipinitialspace=True)
    # A cell that is too long ends the sample; the reading proper reports it with its line.
    with suppress(csv.Error):
        line = 0
        for row in reader:
            if row:
                records.append(_Record(line, row))
            line = reader.line_num
            if len(records) >= _SAMPLE_RECORDS:
                break
    return records


def _usual_width(records: Sequence[_Record]) -> int:
    counts = Counter(record.width for record in records)
    return max(counts, key=lambda width: (counts[width], width), default=0)


def _number_columns(records: Sequence[_Record]) -> list[int]:
    """Return the columns whose cells, but for those without a value, are nearly all numbers."""
    columns = zip_longest(*(record.row for record in records), fillvalue="")
    found = []
    for position, column in enumerate(columns):
        cells = [cell for cell in column if cell.strip().lower() not in _NO_VALUE]
        if cells and sum(map(bool, map(_NUMBER.match, cells))) >= _STEADY * len(cells):
            found.append(position)
    return found


def _is_data(record: _Record) -> bool:
    """Whether a record is mostly numbers that do not rise by equal steps, as years in a header do."""
    numbers = [cell.strip() for cell in record.row if _NUMBER.match(cell)]
    if 2 * len(numbers) <= record.width:
        return False
    whole = [int(number) for number in numbers if number.isdecimal()]
    steps = {after - before for before, after in pairwise(whole)}
    return len(whole) < len(numbers) or len(steps) != 1 or min(steps) <= 0


def _names_columns(record: _Record, below: Sequence[_Record]) -> bool:
    """Whether a record holds words where nearly all records below it hold numbers."""
    numbers = [record.row[i] for i in _number_columns(below) if i < record.width]
    words = [cell for cell in numbers if cell.strip().lower() not in _NO_VALUE and not _NUMBER.match(cell)]
    return 2 * len(words) > len(numbers)


def sniff_delimiter(sample: list[str], *, prefer: str = ",") -> str:
    """Choose the delimiter that splits most records of a sample into as many cells as the header.

    Parameters
    ----------
    sample
        Lines of the file, the header first.
    prefer
        Wins a draw.
    """
    best, best_score = prefer, (0.0, 0)
    for candidate in sorted(_USUAL, key=lambda each: each != prefer):
        widths = [record.width for record in _records(sample, candidate)]
        if not widths or widths[0] < 2:
            continue
        score = (round(sum(width == widths[0] for width in widths) / len(widths), 2), widths[0])
        if score > best_score:
            best, best_score = candidate, score
    return best


def first_width(sample: list[str], delimiter: str) -> int:
    """Return how many cells a delimiter splits the first record into."""
    return next((record.width for record in _records(sample, delimiter)), 1)
