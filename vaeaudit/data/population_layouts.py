"""Tables of people as statistical offices publish them, brought to one row per cell with columns named as in the data.

Nothing is guessed that could be read in two ways; whatever is read otherwise than it is written is told in a note.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from vaeaudit.data.schema.columns import Column, Schema
from vaeaudit.errors import InputError

#: What offices call the column of numbers, folded; the first two are our own.
_VALUES = ("count", "share", "obsvalue", "observation", "population", "persons", "people", "number", "value")
_PERCENT = ("percent", "percentage", "pct")
#: How the name of a total begins, or of a line below a table.
_TOTAL = re.compile(
    r"(?:grand |sub-?)?total\b|all\b|sum(?:me)?\b|ensemble\b|insgesamt\b|persons$|both\b", re.IGNORECASE
)
_FOOTER = re.compile(r"(?:sources?|notes?|quelle|footnotes?)\s*:|copyright\b|\u00a9|\*", re.IGNORECASE)
#: Digits in threes behind a mark: thousands or decimals, which nobody can tell.
_IN_THREES = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
#: What stands for all levels of a column, folded.
_TOTALS = frozenset({"total", "totals", "all", "allages", "allpersons", "bothsexes", "both", "sum", "insgesamt", "t"})
_DELIMITERS = ",;\t|"
_NUMBER = r"(\d+(?:\.\d+)?)"
_UNIT = r"(?:\s*(?:years?(?: old)?(?: of age)?|yrs?))?"
_RANGE = re.compile(rf"(?:aged? |y)?(\d+)\s*(?:-|\u2013|\u2212|to)\s*(\d+){_UNIT}", re.IGNORECASE)
_MORE = r"(?:\+|(?:years )?(?:and|or) (?:over|older|more|above))"
_FROM = re.compile(rf"(?:aged? )?(?:(?:y_?ge|>=|\u2265)\s*(\d+)|(\d+)\s*{_MORE}){_UNIT}", re.IGNORECASE)
_BELOW = re.compile(rf"(?:aged? )?(?:y_?lt|under|below|less than|<)\s*{_NUMBER}{_UNIT}", re.IGNORECASE)
_ONE = re.compile(rf"(?:aged? |y)?(\d+){_UNIT}", re.IGNORECASE)


@dataclass(frozen=True)
class Cells:
    """A table of one row per cell.

    Attributes
    ----------
    names
        Columns of the data.
    is_share
        Whether its numbers are shares of 1, and not counts.
    lines
        Of each row the line of the file, its groups by `names`, and its number as text.
    notes
        What was left out, or read otherwise than it is written.
    """

    names: tuple[str, ...]
    is_share: bool
    lines: tuple[tuple[int, tuple[str, ...], str], ...]
    notes: tuple[str, ...]


def read_cells(text: str, file: str, schema: Schema) -> Cells:
    """Bring the text of a file to one row per cell.

    Read are commas, semicolons, tabs and bars; titles above the header and notes below the table; names such as `Age
    group` or `Sex (2 categories)`; columns of codes beside those of names, and columns that say the same in each row;
    the levels of one column side by side; totals, which are left out; levels in another case, in the plural or by an
    initial; numbers with separated thousands, and per cent.

    Parameters
    ----------
    text, file
        What was read, and from where.
    schema
        Of the data.

    Raises
    ------
    InputError
        Where no table, no column of numbers or no column of the data is found, or a column is left that says of whom
        else the rows speak.
    """
    notes: list[str] = []
    sheet = _sheet(text, file, notes)
    places = _places(sheet, schema)
    values = _values(sheet, places)
    if not values and (melted := _melted(sheet, places, schema)) is not None:
        sheet, places = melted
        values = [len(sheet.header) - 1]
    if not places and len(values) == 1 < len(sheet.header):
        raise _no_column(sheet, int(values[0] == 0), schema)
    if len(values) != 1 or not places:
        raise InputError(
            f"--population {file}: expected columns of the data and one called count or share, found "
            f"{', '.join(sheet.header)}.",
            hint=f"The data has the columns {', '.join(schema.names[:12])}.",
        )
    _require_nothing_else(sheet, {*places, values[0]}, schema, notes)
    meant = {place: _meant(column, sheet.column(place), file, notes) for place, column in places.items()}
    for place, column in places.items():
        if sheet.header[place] != column.name:
            notes.append(f"{file}: the column {sheet.header[place]} is read as {column.name}.")
    value = sheet.header[values[0]]
    percent = _fold(value) in _PERCENT
    _require_one_reading(sheet, values[0], percent)
    lines = []
    for number, cells in sheet.lines:
        groups = [meant[place][cells[place]] for place in places]
        known = tuple(group for group in groups if group is not None)
        if len(known) == len(groups):
            lines.append((number, known, _plain(cells[values[0]], percent)))
    names = tuple(column.name for column in places.values())
    return Cells(names, percent or _fold(value) == "share", tuple(lines), tuple(notes))


# --- the table --------------------------------------------------------------------------------------------------------

Line = tuple[int, list[str]]


@dataclass(frozen=True)
class _Sheet:
    """A header, and lines of as many cells."""

    file: str
    header: list[str]
    lines: list[Line]
    delimiter: str

    def column(self, place: int) -> list[str]:
        return [cells[place] for _, cells in self.lines]


def _sheet(text: str, file: str, notes: list[str]) -> _Sheet:
    """Find the header and the rows under it; titles above, and notes below, are lines of one cell."""
    delimiter = max(_DELIMITERS, key=lambda mark: _evenness(text, mark))
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
    try:
        lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(map(str.strip, cells))]
    except csv.Error as error:
        raise InputError(f"--population {file}: expected a CSV in UTF-8 ({error}).") from error
    start = next((place for place, (_, cells) in enumerate(lines) if sum(map(bool, cells)) > 1), 0)
    end = len(lines)
    while end > start + 1 and _is_below(lines[end - 1][1], lines[start][1]):
        end -= 1
    if end - start < 2:
        raise InputError(f"--population {file}: expected a header and one row per cell, found {end - start} row(s).")
    for what, left_out in (("above the header", start), ("below the table", len(lines) - end)):
        if left_out:
            notes.append(f"{file}: {left_out} line(s) {what} are left out.")
    header = lines[start][1]
    for number, cells in lines[start + 1 : end]:
        if len(cells) != len(header):
            raise InputError(f"--population {file}, line {number}: expected {len(header)} cells, found {len(cells)}.")
    if len(set(header)) < len(header):
        raise InputError(
            f"--population {file}: expected columns of the data and one called count or share, each once, found "
            f"{', '.join(header)}."
        )
    return _Sheet(file, header, lines[start + 1 : end], delimiter)


def _places(sheet: _Sheet, schema: Schema) -> dict[int, Column]:
    """Return which columns of the sheet are columns of the data; of two that could be one, the one of that name."""
    found = [(place, column) for place, name in enumerate(sheet.header) if (column := _named(name, schema)) is not None]
    exact = {column.name for place, column in found if sheet.header[place] == column.name}
    return {place: column for place, column in found if column.name not in exact or sheet.header[place] == column.name}


def _values(sheet: _Sheet, places: Mapping[int, Column]) -> list[int]:
    """Return where the numbers may stand: as we call them, or else as offices do."""
    free = [place for place in range(len(sheet.header)) if place not in places]
    own = [place for place in free if sheet.header[place] in ("count", "share")]
    return own or [place for place in free if _fold(sheet.header[place]) in (*_VALUES, *_PERCENT)]


def _evenness(text: str, delimiter: str) -> int:
    """Return how many of the first lines have the number of cells that most have, if that is more than one."""
    try:
        widths = Counter(len(cells) for cells in csv.reader(text.splitlines()[:50], delimiter=delimiter) if cells)
    except csv.Error:
        return 0
    return max((count for width, count in widths.items() if width > 1), default=0)


def _is_below(cells: list[str], header: list[str]) -> bool:
    """Whether a line stands below a table: of one cell, or a source or a note, commas in it or not."""
    return sum(map(bool, cells)) == 1 < len(header) or _FOOTER.match(cells[0]) is not None


def _melted(sheet: _Sheet, places: Mapping[int, Column], schema: Schema) -> tuple[_Sheet, dict[int, Column]] | None:
    """Put the levels of one column, which stand side by side, below each other; None where there are none."""
    free = [place for place in range(len(sheet.header)) if place not in places]
    for column in schema:
        levels = {place: level for place in free if (level := _level(sheet.header[place], column)) is not None}
        if column in places.values() or len(levels) < 2:
            continue
        totals = [place for place in free if _fold(sheet.header[place]) in _TOTALS]
        rest = [place for place in range(len(sheet.header)) if place not in levels and place not in totals]
        lines = [
            (number, [*(cells[place] for place in rest), level, cells[side]])
            for number, cells in sheet.lines
            for side, level in levels.items()
        ]
        header = [*(sheet.header[place] for place in rest), column.name, "count"]
        moved = {rest.index(place): held for place, held in places.items()}
        return _Sheet(sheet.file, header, lines, sheet.delimiter), {**moved, len(rest): column}
    return None


def _require_nothing_else(sheet: _Sheet, used: set[int], schema: Schema, notes: list[str]) -> None:
    """Leave out columns that say the same in each row, or the same as another; refuse those that say more."""
    for place in sorted(set(range(len(sheet.header))) - used):
        said = sheet.column(place)
        repeats = any(_repeats(said, sheet.column(other)) for other in used)
        if len(set(said)) > 1 and not repeats:
            raise _no_column(sheet, place, schema)
        why = "says the same in each row" if len(set(said)) == 1 else "repeats another"
        notes.append(f"{sheet.file}: the column {sheet.header[place]} is left out: it {why}.")


def _repeats(said: Sequence[str], other: Sequence[str]) -> bool:
    """Whether each value of another column, which has some more than once, goes with one value."""
    return len(set(zip(said, other, strict=True))) == len(set(other)) < len(other)


def _no_column(sheet: _Sheet, place: int, schema: Schema) -> InputError:
    values = len(set(sheet.column(place)))
    return InputError(
        f"--population {sheet.file}: the data has no column {sheet.header[place]!r}, of which the file has "
        f"{values:,} value(s).",
        hint="Columns of a population file are named as in the data; of others keep the rows of one value, or add up "
        f"over them. The data has {', '.join(schema.names[:12])}.",
    )


# --- names, levels, numbers -------------------------------------------------------------------------------------------


def _fold(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _named(name: str, schema: Schema) -> Column | None:
    """Return the column of the data that a name means: the same but for case and marks, or with words after it."""
    if name in schema:
        return schema[name]
    first = re.split(r"[\s(_]", name.strip(), maxsplit=1)[0]
    for text in (name, first):
        found = [column for column in schema if _fold(column.name) == _fold(text)]
        if len(found) == 1 and not _fold(name).endswith(("code", "id")):
            return found[0]
    return None


def _level(text: str, column: Column) -> str | None:
    """Return the level that a text means, or None."""
    if text in column.levels:
        return text
    same = [level for level in column.levels if _fold(level).removesuffix("s") == _fold(text).removesuffix("s")]
    return same[0] if len(same) == 1 and _fold(text) else None


def _meant(column: Column, texts: Sequence[str], file: str, notes: list[str]) -> dict[str, str | None]:
    """Return what each text of a column is in the data's words, None for totals."""
    found: dict[str, str | None] = {}
    distinct = list(dict.fromkeys(texts))
    initials = _initials(column, distinct)
    for text in distinct:
        is_level = text in column.levels
        is_total = _fold(text) in _TOTALS or _TOTAL.match(text) is not None
        if not is_level and is_total and len(distinct) > 1 and text not in initials:
            found[text] = None
        elif column.kind.is_numeric:
            found[text] = _span(text)
        else:
            found[text] = initials.get(text) or _level(text, column) or text
    totals = [text for text, meant in found.items() if meant is None]
    if totals:
        notes.append(f"{file}: rows where {column.name} is {', '.join(totals)} are totals, and left out.")
    otherwise = [f"{text} as {meant}" for text, meant in found.items() if meant not in (None, text)]
    if otherwise and not column.kind.is_numeric:
        notes.append(f"{file}: of {column.name} is read {', '.join(otherwise[:9])}.")
    return found


def _initials(column: Column, texts: Sequence[str]) -> dict[str, str]:
    """Return the levels that single letters mean, where each but a total is the initial of one level alone."""
    letters = [text for text in texts if _fold(text) not in _TOTALS]
    meant = {text: [level for level in column.levels if _fold(level)[:1] == _fold(text)] for text in letters}
    if not letters or any(len(text) != 1 or text in column.levels or len(meant[text]) != 1 for text in letters):
        return {}
    return {text: levels[0] for text, levels in meant.items()}


def _span(text: str) -> str:
    """Write an interval as `[low,high)`; of whole years both ends count. What is none is left as it is."""
    cleaned = " ".join(text.split())
    if match := _RANGE.fullmatch(cleaned):
        low, high = float(match[1]), float(match[2]) + 1
    elif match := _FROM.fullmatch(cleaned):
        low, high = float(match[1] or match[2]), inf
    elif match := _BELOW.fullmatch(cleaned):
        low, high = -inf, float(match[1])
    elif match := _ONE.fullmatch(cleaned):
        low, high = float(match[1]), float(match[1]) + 1
    else:
        return text
    return f"[{low:g},{high:g})"


def _require_one_reading(sheet: _Sheet, value: int, percent: bool) -> None:
    """Refuse numbers that could be read in two ways: 1.234 people, 1,234 beside a semicolon, 51 % beside 49."""
    texts = [text for text in sheet.column(value) if text]
    what = f"--population {sheet.file}: the column {sheet.header[value]}"
    signed = sum(text.endswith("%") for text in texts)
    if 0 < signed < len(texts):
        raise InputError(f"{what} holds numbers with and without %.", hint="Write all of them alike.")
    is_share = percent or signed or _fold(sheet.header[value]) == "share"
    doubtful = [text for text in texts if _IN_THREES.fullmatch(text.removesuffix("%").strip())]
    commas = [text for text in doubtful if "," in text and "." not in text]
    odd = commas if is_share else [text for text in doubtful if text not in commas or sheet.delimiter != ","]
    if odd:
        raise InputError(
            f"{what} holds {odd[0]}, whose mark may part thousands or decimals.",
            hint="Write numbers without separators of thousands, and decimals behind a point.",
        )


def _plain(text: str, percent: bool) -> str:
    """Write a number without separators of thousands, a decimal comma as a point, and per cent as a share."""
    cleaned = re.sub(r"(?<=\d)[,\u00a0\u202f' ](?=\d{3}(?:\D|$))", "", text.removesuffix("%").strip())
    cleaned = re.sub(r"^(\d+),(\d+)$", r"\1.\2", cleaned)
    if not percent and not text.endswith("%"):
        return cleaned
    try:
        return str(float(cleaned) / 100)
    except ValueError:
        return cleaned
