"""Read the shares of a population from a CSV of cells, and check them against the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, nan, prod
from pathlib import Path
from typing import Literal

from vaeaudit.data.population_layouts import read_cells
from vaeaudit.data.population_shares import Population, PopulationColumn, Span
from vaeaudit.data.schema.columns import Column, Schema
from vaeaudit.errors import InputError

#: Shares that are written with a few digits still add up to 1 within this.
SHARE_ROUNDING = 0.01
_ValueName = Literal["count", "share"]


@dataclass(frozen=True)
class _Line:
    number: int
    groups: tuple[str, ...]
    value: str


@dataclass(frozen=True)
class _Table:
    """A population file as text: its name, the columns it divides, whether it holds counts or shares, its lines."""

    file: str
    names: tuple[str, ...]
    value_name: _ValueName
    lines: tuple[_Line, ...]


def read_population(path: str | Path, schema: Schema) -> Population:
    """Read a population file: CSV with one row per cell, or as statistical offices publish it (see `read_cells`).

    Its columns are named as in the data; numeric ones hold intervals such as `[15,20)`, `15-19` or `85+`. One more
    column, `count` or `share`, says how large the cell is.

    Raises
    ------
    InputError
        Where the file cannot be read, names a column or a spelling that the data does not have, lists a cell twice,
        holds a negative or unreadable number, intervals that overlap or leave a gap, or shares that do not add up.
    """
    notes: list[str] = []
    table = _read_table(Path(path), schema, notes)
    columns = []
    for position, name in enumerate(table.names):
        texts = list(dict.fromkeys(line.groups[position] for line in table.lines))
        columns.append(_population_column(table.file, schema[name], texts, notes))
    shares = _cell_shares(table, columns, notes)
    missing = shares.count(None)
    if missing:
        notes.append(
            f"{table.file} does not list {missing:,} of the {len(shares):,} combinations of {', '.join(table.names)}: "
            "rows in them are compared with nothing."
        )
    return Population(table.file, tuple(columns), shares, tuple(notes))


def _read_table(source: Path, schema: Schema, notes: list[str]) -> _Table:
    try:
        text = source.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"--population {source}: the file cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise InputError(f"--population {source.name}: expected a CSV in UTF-8 ({error}).") from error
    cells = read_cells(text, source.name, schema)
    notes.extend(cells.notes)
    lines = tuple(_Line(number, groups, value) for number, groups, value in cells.lines)
    return _Table(source.name, cells.names, "share" if cells.is_share else "count", lines)


def _population_column(file: str, column: Column, texts: list[str], notes: list[str]) -> PopulationColumn:
    if column.kind.is_levelled:
        return PopulationColumn(column.name, levels=_checked_levels(file, column, texts, notes))
    if column.kind.is_numeric:
        spans = sorted({_parse_span(file, column.name, text) for text in texts}, key=_start)
        for left, right in pairwise(spans):
            _check_neighbours(file, column.name, left, right)
        return PopulationColumn(column.name, intervals=tuple(spans))
    raise InputError(
        f"--population {file}: column {column.name!r} is {column.kind.value} in the data; shares can be compared for "
        "numbers and for columns with levels.",
        hint=f"Declare its kind if that is wrong, for example --kind-of {column.name}=category, or leave it out.",
    )


def _checked_levels(file: str, column: Column, texts: list[str], notes: list[str]) -> tuple[str, ...]:
    unknown = [text for text in texts if text not in column.levels]
    if len(unknown) == len(texts):
        raise InputError(
            f"--population {file}: none of the levels of column {column.name!r} is in the data, found {_some(texts)}.",
            hint=f"The data has: {_some(column.levels)}",
        )
    if unknown:
        notes.append(f"The data has no row with {column.name} = {_some(unknown)}, which {file} lists.")
    uncovered = [level for level in column.levels if level not in texts]
    if uncovered:
        notes.append(f"{file} gives no share for {column.name} = {_some(uncovered)}.")
    return tuple(texts)


def _parse_span(file: str, name: str, text: str) -> Span:
    parts = text[1:-1].split(",") if text.startswith("[") and text.endswith(")") else []
    try:
        low, high = (float(part) for part in parts)
    except ValueError:
        low = high = nan
    if not low < high:
        raise InputError(
            f"--population {file}: column {name!r} is numeric, so its groups are intervals such as [15,20), 15-19 or "
            f"85+; found {text!r}."
        )
    return (None if low == -inf else low, None if high == inf else high)


def _check_neighbours(file: str, name: str, left: Span, right: Span) -> None:
    end, start = _end(left), _start(right)
    if start < end:
        raise InputError(
            f"--population {file}: intervals of column {name!r} overlap: {_span_text(left)} and {_span_text(right)}."
        )
    if start > end:
        raise InputError(
            f"--population {file}: intervals of column {name!r} leave a gap between {end:g} and {start:g}.",
            hint="Add rows for the values between them, with count 0 where there is nobody.",
        )


def _cell_shares(table: _Table, columns: Sequence[PopulationColumn], notes: list[str]) -> tuple[float | None, ...]:
    places = [_placing(table.file, column) for column in columns]
    values: list[float | None] = [None] * prod(len(column) for column in columns)
    for line in table.lines:
        cell = 0
        for column, place, text in zip(columns, places, line.groups, strict=True):
            cell = cell * len(column) + place(text)
        if values[cell] is not None:
            described = ", ".join(f"{name} = {text}" for name, text in zip(table.names, line.groups, strict=True))
            raise InputError(
                f"--population {table.file}, line {line.number}: the cell {described} is listed twice.",
                hint="One row per cell: add up what belongs together.",
            )
        values[cell] = _parse_value(table, line)
    total = sum(value for value in values if value is not None)
    if not 0 < total < inf:
        raise InputError(f"--population {table.file}: the column {table.value_name} adds up to {total:g}.")
    if table.value_name == "share" and abs(total - 1) > SHARE_ROUNDING:
        raise InputError(
            f"--population {table.file}: shares must add up to 1, found {total:.6g}.",
            hint="Name the column count if it holds numbers rather than shares.",
        )
    if table.value_name == "share" and abs(total - 1) > 1e-9:
        notes.append(f"The shares in {table.file} add up to {total:.6g}; they were scaled to 1.")
    return tuple(None if value is None else value / total for value in values)


def _placing(file: str, column: PopulationColumn) -> Callable[[str], int]:
    if column.levels:
        return column.levels.index
    return lambda text: column.intervals.index(_parse_span(file, column.name, text))


def _parse_value(table: _Table, line: _Line) -> float:
    try:
        value = float(line.value)
    except ValueError:
        value = nan
    if not 0 <= value < inf:
        raise InputError(
            f"--population {table.file}, line {line.number}: expected a {table.value_name} of at least 0, "
            f"found {line.value!r}."
        )
    return value


def _start(span: Span) -> float:
    return -inf if span[0] is None else span[0]


def _end(span: Span) -> float:
    return inf if span[1] is None else span[1]


def _span_text(span: Span) -> str:
    return f"[{_start(span):g},{_end(span):g})"


def _some(values: Sequence[str]) -> str:
    shown = ", ".join(values[:5])
    return shown + (f" and {len(values) - 5} more" if len(values) > 5 else "")
