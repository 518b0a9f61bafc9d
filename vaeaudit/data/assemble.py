"""From raw cells to a `Dataset`: mark what is missing, settle kinds and roles, account for every record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.config import ReadConfig
from vaeaudit.data.cells import Cells, as_text
from vaeaudit.data.dataset import QUARANTINE_COLUMNS, Dataset, RowAccounting
from vaeaudit.data.image_store import ImageStore
from vaeaudit.data.inference import infer, infer_measured
from vaeaudit.data.missing import mark_missing
from vaeaudit.data.overrides import parse_kind, store_as, store_ordinal
from vaeaudit.data.records import LeftOut, RawTable
from vaeaudit.data.roles import assign, require_columns
from vaeaudit.data.schema import Column, Schema
from vaeaudit.data.splits import store_split, suggest_split
from vaeaudit.data.storage import Typed
from vaeaudit.errors import InconclusiveError, InputError, UsageError

#: With fewer rows no share, interval or latent says anything.
MIN_ROWS = 20


def assemble(table: RawTable, config: ReadConfig, *, name: str, fingerprint: str) -> Dataset:
    """Settle kind and role of each column of a table, all of which may enter the model.

    Raises
    ------
    InputError, InconclusiveError
        Where no row, too few rows, or no column for the model is left.
    UsageError
        Where the configuration does not fit the columns.
    """
    _require_records(table, name)
    require_columns(table.names, config)
    table = _without_blank_rows(_mark(table, config))
    dataset = _dataset(table, config, name=name, fingerprint=fingerprint, entering=table.names)
    _require_modelled(dataset.schema.columns, name)
    return dataset


def assemble_vectors(
    table: RawTable, config: ReadConfig, *, name: str, fingerprint: str, elements: Collection[str]
) -> Dataset:
    """Assemble a table whose columns `elements` are the elements of vectors.

    These are real numbers whatever they look like (no ids, no categories), and the only columns that enter the model
    unasked.

    Raises
    ------
    InputError, InconclusiveError, UsageError
        As in `assemble`.
    """
    require_columns(table.names, config)
    table = _mark(table, config)
    dataset = _dataset(table, config, name=name, fingerprint=fingerprint, entering=elements, measured=elements)
    _require_modelled(dataset.schema.columns, name)
    return dataset


def assemble_images(
    table: RawTable,
    config: ReadConfig,
    images: ImageStore,
    *,
    name: str,
    fingerprint: str,
    row_names: npt.NDArray[np.object_] | None = None,
) -> Dataset:
    """Assemble pictures and what is known about them; only the pixels enter the model.

    Parameters
    ----------
    table
        One row per picture; it may have no column at all.
    row_names
        [N]; what the rows are called unless `--id` names a column; their numbers where None.

    Raises
    ------
    InputError, InconclusiveError
        Where no picture, or too few pictures are left.
    UsageError
        Where the configuration does not fit the columns.
    """
    require_columns(table.names, config)
    if config.include:
        raise UsageError(
            f"--include {config.include[0]}: of pictures only the pixels enter the model.",
            hint="Columns beside them are compared with what the model finds.",
        )
    dataset = _dataset(_mark(table, config), config, name=name, fingerprint=fingerprint, entering=())
    dataset = replace(dataset, images=images)
    if row_names is None:
        return dataset
    if config.id is None:
        return replace(dataset, row_ids=row_names)
    own = as_text(table.cells[table.names.index(config.id)])
    return replace(dataset, row_ids=np.where(own.missing, row_names, dataset.row_ids))


def _dataset(
    table: RawTable,
    config: ReadConfig,
    *,
    name: str,
    fingerprint: str,
    entering: Collection[str],
    measured: Collection[str] = (),
) -> Dataset:
    """Settle the columns; those in `entering` may enter the model unasked, those in `measured` are real numbers."""
    _require_rows(table, name)
    entering, measured = frozenset(entering), frozenset(measured)
    typed = {
        column: _settle(column, cells, config, measured=column in measured)
        for column, cells in zip(table.names, table.cells, strict=True)
    }
    columns = tuple(
        assign(column, entry, config, table.problems.get(column, ()), enters=column in entering)
        for column, entry in typed.items()
    )
    series = {column: _series(entry) for column, entry in typed.items()}
    return Dataset(
        frame=pd.DataFrame(series, index=pd.RangeIndex(len(table)), copy=False),
        schema=Schema(columns),
        row_ids=_row_ids(table, config.id),
        accounting=_account(table),
        quarantine=_quarantine(table.left_out),
        fingerprint=fingerprint,
        name=name,
        notes=(*table.notes, *(() if config.split else suggest_split(columns))),
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


def _settle(name: str, cells: Cells, config: ReadConfig, *, measured: bool) -> Typed:
    if name in config.levels:
        return store_ordinal(name, cells, [str(level) for level in config.levels[name]])
    if name == config.split:
        return store_split(name, cells, config.kinds.get(name))
    if name in config.kinds:
        return store_as(name, cells, parse_kind(name, config.kinds[name]))
    return infer_measured(cells) if measured else infer(name, cells)


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
