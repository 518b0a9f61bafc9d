"""Read other data in the columns of a run: by name, with the kinds and levels that are known. Nothing is inferred."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from vaeaudit.config import ReadConfig
from vaeaudit.data.dataset import Dataset, RawData
from vaeaudit.data.images.cache import Listener
from vaeaudit.data.images.measured_columns import with_same_columns
from vaeaudit.data.reading.assemble import dataset_of, require_records, require_usable, without_blank_rows
from vaeaudit.data.reading.load import read
from vaeaudit.data.reading.marking import mark_table
from vaeaudit.data.schema.columns import Column, Schema
from vaeaudit.data.schema.known_kinds import TAKEN_AS_USUAL, Fitted, fit_to
from vaeaudit.data.sources.image_store import PictureForm
from vaeaudit.data.sources.listing import first_few
from vaeaudit.data.tables.cells import empty_cells
from vaeaudit.data.tables.records import RawTable
from vaeaudit.errors import InputError, UsageError


@dataclass(frozen=True)
class OtherData:
    """Rows that a run has not seen, in its own columns.

    Attributes
    ----------
    dataset
        Its frame has exactly the run's columns, kinds and levels; a level that the run does not know is missing there.
    as_met
        [N, C]; the same frame, but the levels that the run does not know stand behind its own, so that a model can be
        surprised by them and no rule, and no comparison, takes them for missing.
    lacking
        Columns of the run that the data does not have; they are all missing.
    """

    dataset: Dataset
    as_met: pd.DataFrame
    lacking: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if tuple(self.as_met.columns) != self.dataset.schema.names or len(self.as_met) != len(self.dataset):
            raise ValueError("as_met must have the rows and the columns of the dataset")


def load_like(
    source: Any,
    schema: Schema,
    config: ReadConfig,
    *,
    form: PictureForm | None = None,
    on_progress: Listener | None = None,
) -> OtherData:
    """Read data that another data set is to be compared with, or that its model is to score.

    Parameters
    ----------
    source
        As for `load`.
    schema
        Columns, kinds, roles and levels of the run.
    config
        How to read, and in `id` which column names the rows; roles and kinds are those of `schema`.
    form
        What the run's pictures were brought to; None for a run of a table.
    on_progress
        As for `load`.

    Raises
    ------
    InputError
        Where nothing can be read, a modelled column is missing or cannot be read at all, or pictures meet a table.
    UsageError
        Where the configuration names an id that neither knows, or does not fit the source.
    """
    raw = read(source, config, form=form, on_progress=on_progress)
    _require_same_sort(raw, form)
    if raw.images is None:
        require_records(raw)
    _require_columns(raw, schema)
    known = {column.name: column.levels for column in schema if column.kind.is_levelled}
    table = mark_table(raw.table, config.na, known, config.keep)
    if raw.images is None and not raw.elements:
        table = without_blank_rows(table)
    require_usable(table, raw.name)
    if raw.images is not None:
        table = with_same_columns(table, raw.images, [column.name for column in schema if column.derived])
    fitted = {column.name: _fit(column, table, raw.name) for column in schema}
    lacking = tuple(name for name in schema.names if name not in table.names)
    id_column, said = _id_column(table, schema, config.id)
    notes = (*table.notes, *_notes(table, schema, fitted, lacking, id_column), *said)
    columns = Schema(tuple(_column(column, fitted[column.name]) for column in schema))
    stored = [fitted[name].stored for name in schema.names]
    dataset = dataset_of(raw, table, columns, stored, id_column, notes)
    strange = {name: entry.as_met for name, entry in fitted.items() if entry.as_met is not entry.stored}
    return OtherData(dataset, dataset.frame.assign(**strange), lacking)


def _require_same_sort(raw: RawData, form: PictureForm | None) -> None:
    if raw.images is None and form is not None:
        raise InputError(
            f"{raw.name}: expected pictures, as the run was learned from, found a table.",
            hint="Give a folder of pictures, or a .npy or .npz file of them.",
        )
    if raw.images is not None and form is None:
        raise InputError(
            f"{raw.name}: expected a table, as the run was learned from, found pictures.",
            hint="Give a table with the run's columns.",
        )


def _require_columns(raw: RawData, schema: Schema) -> None:
    needed = [column.name for column in schema if column.in_model or (column.given and not column.derived)]
    absent = [name for name in needed if name not in raw.table.names]
    if not absent:
        return
    found = first_few(raw.table.names) if raw.table.names else "none"
    raise InputError(
        f"{raw.name}: the run's model needs the column(s) {first_few(absent)}, which the data lacks; "
        f"its columns are: {found}.",
        hint="Columns are matched by name: rename or add them. A column whose values are not known may be left empty.",
    )


def _fit(column: Column, table: RawTable, name: str) -> Fitted:
    cells = table.cells[table.names.index(column.name)] if column.name in table.names else empty_cells(len(table))
    fitted = fit_to(column, cells)
    if fitted.unreadable and (column.in_model or column.given):
        shown = ", ".join(map(repr, fitted.unreadable))
        what = "numbers" if column.kind.is_numeric else "dates"
        raise InputError(
            f"{name}: column {column.name!r}: expected {what}, as in the run; no cell can be read as such, "
            f"found {shown}.",
            hint="Read tokens that mean missing with --na, or give the column that the run knows by this name.",
        )
    return fitted


def _id_column(table: RawTable, schema: Schema, wanted: str | None) -> tuple[str | None, tuple[str, ...]]:
    """Return the column that names the rows, and what is to be said where the data lacks that of the run."""
    if wanted is None or wanted in table.names:
        return wanted, ()
    if wanted in schema:
        return None, (f"the id column {wanted} is not there: rows are called by their number, or by their file",)
    raise UsageError(f"--id: the data has no column {wanted!r}.", hint=f"Its columns are: {first_few(table.names)}")


def _notes(
    table: RawTable, schema: Schema, fitted: dict[str, Fitted], lacking: tuple[str, ...], id_column: str | None
) -> tuple[str, ...]:
    given = [column for column in schema.given if not column.missing and pd.isna(fitted[column.name].as_met).any()]
    added = [name for name in table.names if name not in schema and name != id_column]
    absent = f"columns of the run that the data lacks, read as missing: {first_few(lacking)}"
    passed_over = f"columns that the run does not know were passed over: {first_few(added)}"
    return (
        *((absent,) if lacking else ()),
        *((passed_over,) if added else ()),
        *(f"{name}: {problem}" for name, entry in fitted.items() for problem in entry.problems),
        *(f"{column.name}: missing cells, of which the run has none; {TAKEN_AS_USUAL}" for column in given),
    )


def _column(column: Column, fitted: Fitted) -> Column:
    present = ~np.asarray(pd.isna(fitted.stored))
    unique = len(pd.unique(pd.Series(fitted.stored, dtype=fitted.stored.dtype)[present]))
    return replace(column, missing=int((~present).sum()), unique=unique, problems=fitted.problems)
