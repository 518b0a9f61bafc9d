"""Read the files of a table into one `RawTable`: shards are joined, refused files accounted for."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from vaeaudit.config import ReadConfig
from vaeaudit.data.cells import empty_cells
from vaeaudit.data.columnar import read_columnar
from vaeaudit.data.delimited import read_delimited
from vaeaudit.data.jsonlines import read_json_lines
from vaeaudit.data.records import LeftOut, RawTable, join
from vaeaudit.data.sources import Format, Source, SourceFile
from vaeaudit.errors import InputError


def read_tables(source: Source, config: ReadConfig) -> RawTable:
    """Read a file, or join the files of a folder that share their columns.

    Raises
    ------
    InputError
        Where nothing can be read, or the files of a folder do not share their columns.
    """
    if not source.path.is_dir():
        return read_table(source.files[0], config)
    names, tables, refused = [], [], list(source.refused)
    for file in source.files:
        try:
            tables.append(read_table(file, config))
            names.append(file.name)
        except InputError as error:
            refused.append(LeftOut(file.name, -1, error.message.removeprefix(f"{file.name}: ")))
    if not tables:
        raise InputError(f"{source.path}: no file could be read. {refused[0].file}: {refused[0].reason}")
    return _with_refused(_join_shards(source.path, names, tables), refused, source.notes)


def read_table(file: SourceFile, config: ReadConfig) -> RawTable:
    """Read one file of records.

    Raises
    ------
    InputError
        Where it is damaged.
    """
    if file.format is Format.DELIMITED:
        return read_delimited(file, delimiter=config.delimiter, encoding=config.encoding)
    if file.format is Format.JSON_LINES:
        return read_json_lines(file, encoding=config.encoding)
    return read_columnar(file)


def _join_shards(folder: Path, files: list[str], tables: list[RawTable]) -> RawTable:
    """Join the files that share their columns; a file with other columns is left out as a whole."""
    tables = _align_open_ended(tables)
    votes = Counter(frozenset(table.names) for table in tables)
    common, count = votes.most_common(1)[0]
    if count * 2 <= len(tables):
        raise InputError(
            f"{folder}: expected files with one schema, found {len(votes)} sets of columns in {len(tables)} files.",
            hint="Give one of the files, or move the others away.",
        )
    names = next(table.names for table in tables if frozenset(table.names) == common)
    return join([_conform(file, table, names) for file, table in zip(files, tables, strict=True)])


def _align_open_ended(tables: list[RawTable]) -> list[RawTable]:
    """Give all JSON-lines files the union of their columns: a key that a file lacks is missing there."""
    union = tuple(dict.fromkeys(name for table in tables if table.open_ended for name in table.names))
    return [table.with_columns(union) if table.open_ended else table for table in tables]


def _conform(file: str, table: RawTable, names: tuple[str, ...]) -> RawTable:
    """Bring a file's columns into the common order, or leave out all its records where it has others."""
    if set(table.names) == set(names):
        return table.with_columns(names)
    entry = LeftOut(file, -1, _difference(table, set(names)), records=len(table))
    return RawTable(
        names=names,
        cells=tuple(empty_cells(0) for _ in names),
        positions=np.empty(0, dtype=np.int64),
        read=table.read,
        blank=table.blank,
        left_out=(*table.left_out, entry),
        notes=table.notes,
    )


def _difference(table: RawTable, common: set[str]) -> str:
    lacks = sorted(common - set(table.names))[:3]
    adds = sorted(set(table.names) - common)[:3]
    parts = [f"lacks {lacks}" if lacks else "", f"has {adds} that the others lack" if adds else ""]
    return f"other columns than most files ({' and '.join(filter(None, parts))}): all {len(table):,} records left out"


def _with_refused(table: RawTable, refused: list[LeftOut], notes: tuple[str, ...]) -> RawTable:
    return replace(
        table,
        read=table.read + sum(entry.records for entry in refused),
        left_out=(*table.left_out, *refused),
        notes=(*table.notes, *notes),
    )
