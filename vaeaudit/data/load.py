"""From a source to a `Dataset`: read, mark what is missing, infer, assign roles, and account for every record."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vaeaudit.config import ReadConfig
from vaeaudit.data import frames, sources
from vaeaudit.data.cells import Cells, as_text, empty_cells
from vaeaudit.data.columnar import read_columnar
from vaeaudit.data.dataset import QUARANTINE_COLUMNS, Dataset, RowAccounting
from vaeaudit.data.delimited import read_delimited
from vaeaudit.data.inference import infer
from vaeaudit.data.jsonlines import read_json_lines
from vaeaudit.data.missing import mark_missing
from vaeaudit.data.overrides import parse_kind, store_as, store_ordinal
from vaeaudit.data.records import LeftOut, RawTable, join
from vaeaudit.data.roles import assign, require_columns
from vaeaudit.data.schema import Column, Schema
from vaeaudit.data.sources import Format, Source, SourceFile, readable_name
from vaeaudit.data.storage import Typed
from vaeaudit.errors import InconclusiveError, InputError, UsageError

#: With fewer rows no share, interval or latent says anything.
MIN_ROWS = 20


def load(source: Any, config: ReadConfig | None = None) -> Dataset:
    """Read a source and settle kind and role of each of its columns.

    Parameters
    ----------
    source
        Path of a file or folder, or a pandas or Dask DataFrame.
    config
        How to read it.

    Raises
    ------
    InputError
        Where nothing usable can be read.
    InconclusiveError
        Where there are fewer than 20 usable rows.
    UsageError
        Where the configuration does not fit the data.
    """
    config = config or ReadConfig()
    if frames.is_frame(source):
        table = frames.read_frame(source)
        return _assemble(table, config, name="DataFrame", fingerprint=frames.fingerprint(table))
    if not isinstance(source, str | Path):
        raise UsageError(f"expected a path or a DataFrame, found {type(source).__name__}.")
    found = sources.find(Path(source))
    table = _read_files(found, config)
    return _assemble(table, config, name=readable_name(found.path.resolve().name), fingerprint=found.fingerprint())


# --- files ----------------------------------------------------------------------------------------------------------


def _read_files(source: Source, config: ReadConfig) -> RawTable:
    if not source.path.is_dir():
        return _read_file(source.files[0], config)
    names, tables, refused = [], [], list(source.refused)
    for file in source.files:
        try:
            tables.append(_read_file(file, config))
            names.append(file.name)
        except InputError as error:
            refused.append(LeftOut(file.name, -1, error.message.removeprefix(f"{file.name}: ")))
    if not tables:
        raise InputError(f"{source.path}: no file could be read. {refused[0].file}: {refused[0].reason}")
    return _with_refused(_join_shards(source.path, names, tables), refused, source.notes)


def _read_file(file: SourceFile, config: ReadConfig) -> RawTable:
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


# --- the dataset ----------------------------------------------------------------------------------------------------


def _assemble(table: RawTable, config: ReadConfig, *, name: str, fingerprint: str) -> Dataset:
    _require_records(table, name)
    require_columns(table.names, config)
    table = _without_blank_rows(_mark(table, config))
    _require_rows(table, name)
    typed = [_settle(column, cells, config) for column, cells in zip(table.names, table.cells, strict=True)]
    columns = tuple(
        assign(column, entry, config, table.problems.get(column, ()))
        for column, entry in zip(table.names, typed, strict=True)
    )
    _require_modelled(columns, name)
    frame = pd.DataFrame({column: _series(entry) for column, entry in zip(table.names, typed, strict=True)}, copy=False)
    return Dataset(
        frame=frame,
        schema=Schema(columns),
        row_ids=_row_ids(table, config.id),
        accounting=_account(table),
        quarantine=_quarantine(table.left_out),
        fingerprint=fingerprint,
        name=name,
        notes=table.notes,
    )


def _mark(table: RawTable, config: ReadConfig) -> RawTable:
    def marked(name: str, cells: Cells) -> Cells:
        return mark_missing(cells, extra=map(str, config.na), levels=map(str, config.levels.get(name, ())))

    return replace(table, cells=tuple(map(marked, table.names, table.cells)))


def _without_blank_rows(table: RawTable) -> RawTable:
    blank = np.ones(len(table), dtype=bool)
    for cells in table.cells:
        if not blank.any():
            break
        blank &= cells.missing
    return table.take(~blank) if blank.any() else table


def _settle(name: str, cells: Cells, config: ReadConfig) -> Typed:
    if name in config.levels:
        return store_ordinal(name, cells, [str(level) for level in config.levels[name]])
    if name in config.kinds:
        return store_as(name, cells, parse_kind(name, config.kinds[name]))
    return infer(name, cells)


def _series(typed: Typed) -> pd.Series:
    # The dtype is spelled out because pandas 3 would take an array of objects for its own string type.
    return pd.Series(typed.stored, dtype=typed.stored.dtype, copy=False)


def _row_ids(table: RawTable, id_column: str | None) -> np.ndarray:
    numbers = table.positions.astype(str).astype(object)
    if id_column is None:
        return numbers
    cells = as_text(table.cells[table.names.index(id_column)])
    return np.where(cells.missing, numbers, cells.to_objects())


def _account(table: RawTable) -> RowAccounting:
    left_out = sum(entry.records for entry in table.left_out)
    return RowAccounting(read=table.read, scored=len(table), quarantined=left_out, skipped=table.blank)


def _quarantine(left_out: tuple[LeftOut, ...]) -> pd.DataFrame:
    records = [(entry.file, entry.row, entry.reason) for entry in left_out]
    return pd.DataFrame(records, columns=list(QUARANTINE_COLUMNS)).astype({"row": np.int64})


# --- what a table must have -----------------------------------------------------------------------------------------


def _require_records(table: RawTable, name: str) -> None:
    if not table.names and table.read == 0:
        raise InputError(f"{name}: expected a table, found no columns.")
    if table.read == 0:
        raise InputError(f"{name}: expected rows below the header, found none.")


def _require_rows(table: RawTable, name: str) -> None:
    reason = _first_reason(table)
    if len(table) == 0:
        raise InputError(f"{name}: none of the {table.read:,} record(s) can be used.{reason}")
    if len(table) == 1:
        raise InputError(f"{name}: found one usable row; an audit compares rows, at least {MIN_ROWS} of them.{reason}")
    if len(table) < MIN_ROWS:
        raise InconclusiveError(
            f"{name}: found {len(table)} usable rows, too few to say anything; an audit needs {MIN_ROWS}.{reason}"
        )


def _first_reason(table: RawTable) -> str:
    if not table.left_out:
        return ""
    first = table.left_out[0]
    where = f"{first.file}, record {first.row}" if first.row >= 0 else first.file
    return f" {sum(entry.records for entry in table.left_out):,} were left out; the first ({where}): {first.reason}."


def _require_modelled(columns: tuple[Column, ...], name: str) -> None:
    if any(column.in_model for column in columns):
        return
    kinds = Counter(column.kind.value if not column.kind.can_be_modelled else column.role.value for column in columns)
    found = ", ".join(f"{count} {what}" for what, count in kinds.most_common())
    raise InputError(
        f"{name}: no column is left for the model ({found}).",
        hint="Override a kind with --kind-of COL=KIND, or ask a column in with --include COL.",
    )
