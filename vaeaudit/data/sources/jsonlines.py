"""Read JSON-lines: one object per line; a line that is none is quarantined."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from vaeaudit.data.sources.source_file import SourceFile
from vaeaudit.data.sources.textfiles import UNUSABLE_CHARACTER, detect_encoding, open_text
from vaeaudit.data.tables.cells import EXACT_INTEGER, Cells, NumberCells, cell_text, concat, empty_cells, text_cells
from vaeaudit.data.tables.records import LeftOut, RawTable, unique_names
from vaeaudit.errors import InputError

CHUNK_RECORDS = 20_000


def read_json_lines(file: SourceFile, *, encoding: str | None = None) -> RawTable:
    """Read one object per line; a key that a line lacks is a missing cell, a nested value becomes JSON text.

    Raises
    ------
    InputError
        Where the bytes are damaged.
    """
    chosen = detect_encoding(file, encoding)
    reading = _Reading(file.name)
    try:
        with open_text(file, chosen) as stream:
            for line in stream:
                reading.add(line)
    except (OSError, UnicodeError) as error:
        raise InputError(f"{file.name}: the file is damaged: {error}.") from error
    return reading.finish((chosen.note,) if chosen.note else ())


class _Reading:
    def __init__(self, name: str) -> None:
        self._name = name
        self._read = self._blank = self._packed = 0
        self._left_out: list[LeftOut] = []
        self._records: list[dict[str, Any]] = []
        self._positions: list[int] = []
        #: Column name -> chunks of cells; a column that appears late starts with a chunk of missing cells.
        self._columns: dict[str, list[Cells]] = {}

    def add(self, line: str) -> None:
        if not line.strip():
            self._blank += 1
        else:
            record, reason = _parse(line)
            if reason:
                self._left_out.append(LeftOut(self._name, self._read, reason))
            elif not record:
                self._blank += 1
            else:
                self._records.append(record)
                self._positions.append(self._read)
        self._read += 1
        if len(self._records) >= CHUNK_RECORDS:
            self._pack()

    def _pack(self) -> None:
        for name in dict.fromkeys(key for record in self._records for key in record):
            if name not in self._columns:
                self._columns[name] = [empty_cells(self._packed)] if self._packed else []
        for name, chunks in self._columns.items():
            chunks.append(_cells([record.get(name) for record in self._records]))
        self._packed += len(self._records)
        self._records = []

    def finish(self, notes: tuple[str, ...]) -> RawTable:
        if self._records:
            self._pack()
        found = [name.encode("utf-8", "backslashreplace").decode() for name in self._columns]
        names, problems = unique_names(found)
        return RawTable(
            names=names,
            cells=tuple(concat(chunks) for chunks in self._columns.values()),
            positions=np.array(self._positions, dtype=np.int64),
            read=self._read,
            blank=self._blank,
            left_out=tuple(self._left_out),
            notes=notes,
            problems=problems,
            open_ended=True,
        )


def _parse(line: str) -> tuple[dict[str, Any], str | None]:
    """Return the object of a line, or the reason why it cannot be used."""
    if not line.isascii() and UNUSABLE_CHARACTER.search(line):
        return {}, "holds bytes that the encoding cannot decode"
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {}, f"not a JSON object: {getattr(error, 'msg', 'a number is too large or the nesting too deep')}"
    return (value, None) if isinstance(value, dict) else ({}, f"expected a JSON object, found {type(value).__name__}")


def _cells(values: list[Any]) -> Cells:
    types = set(map(type, values)) - {type(None)}
    if types and types <= {int, float} and not any(type(v) is int and abs(v) > EXACT_INTEGER for v in values):
        return NumberCells(np.array([np.nan if value is None else value for value in values], dtype=np.float64))
    if types == {str}:
        try:
            return text_cells(values)
        except UnicodeEncodeError:  # an escaped lone surrogate is legal JSON
            pass
    return text_cells([None if value is None else cell_text(value) for value in values])
