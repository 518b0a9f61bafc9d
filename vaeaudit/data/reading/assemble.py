"""From raw cells to a `Dataset`: mark what is missing, settle kinds and roles, account for every record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from vaeaudit.config import ReadConfig
from vaeaudit.data.dataset import QUARANTINE_COLUMNS, Dataset, RawData, RowAccounting
from vaeaudit.data.images.measured_columns import with_picture_columns
from vaeaudit.data.reading.marking import mark_table
from vaeaudit.data.reading.naming import with_names_of
from vaeaudit.data.schema.columns import Column, Kind, Schema
from vaeaudit.data.schema.conventions import Usual
from vaeaudit.data.schema.doubts import settle_doubts
from vaeaudit.data.schema.inference import are_integers, infer, infer_measured
from vaeaudit.data.schema.overrides import parse_kind, store_as, store_ordinal
from vaeaudit.data.schema.readings import read_numbers
from vaeaudit.data.schema.roles import assign, require_columns, store_split, suggest_split, with_split_folders
from vaeaudit.data.schema.storage import Stored, Typed, category, identifier, n_distinct
from vaeaudit.data.sources.image_store import ImageStore
from vaeaudit.data.sources.listing import first_few
from vaeaudit.data.tables.cells import Cells, as_text, value_text
from vaeaudit.data.tables.records import RawTable, index_columns
from vaeaudit.errors import InconclusiveError, InputError, UsageError

#: With fewer rows no share, interval or latent says anything.
MIN_ROWS = 20


def assemble(raw: RawData, config: ReadConfig) -> Dataset:
    """Settle kind and role of each column.

    Of a table all columns may enter the model; of vectors only their elements do so unasked, which are real numbers
    whatever they look like (no ids, no categories); of pictures only the pixels do.

    Raises
    ------
    InputError, InconclusiveError
        Where no row, too few rows, or no column for the model is left.
    UsageError
        Where the configuration does not fit the columns.
    """
    if raw.images is not None:
        return _assemble_images(raw, raw.images, config)
    if not raw.elements:
        require_records(raw)
    config = with_names_of(raw.table.names, config)
    require_columns(raw.table.names, config)
    marked = mark_table(raw.table, config.na, config.levels, config.keep)
    table = marked if raw.elements else without_blank_rows(marked)
    entering = raw.elements or table.names
    dataset = _dataset(raw, table, config, entering=entering, measured=raw.elements)
    _require_modelled(dataset.schema.columns, raw.name)
    return dataset


def _assemble_images(raw: RawData, images: ImageStore, config: ReadConfig) -> Dataset:
    table, config = with_split_folders(raw.table, raw.from_folders, with_names_of(raw.table.names, config))
    marked = mark_table(table, config.na, config.levels, config.keep)
    table, derived = with_picture_columns(marked, images)
    require_columns(table.names, config)
    if config.include:
        raise UsageError(
            f"--include {config.include[0]}: of pictures only the pixels enter the model.",
            hint="Columns beside them are compared with what the model finds.",
        )
    dataset = _dataset(raw, table, config, entering=(), measured=derived)
    columns = (replace(column, derived=column.name in derived) for column in dataset.schema)
    said = "the column class could be the label: --label class"
    notes = (*dataset.notes, *((said,) if "class" in table.names and not config.label else ()))
    return replace(dataset, schema=Schema(tuple(columns)), notes=notes)


def _dataset(
    raw: RawData, table: RawTable, config: ReadConfig, *, entering: Collection[str], measured: Collection[str] = ()
) -> Dataset:
    """Settle the columns; those in `entering` may enter the model unasked, those in `measured` are real numbers."""
    _require_rows(table, raw.name)
    entering, measured, index = frozenset(entering), frozenset(measured), index_columns(table)
    typed = {
        column: _settle(column, cells, config, measured=column in measured, index=column in index)
        for column, cells in zip(table.names, table.cells, strict=True)
    }
    declared = (*config.levels, *config.kinds, *config.annotator, *config.probability.values())
    settled = {*declared, *measured, *filter(None, [config.split, config.id, config.weight])}
    typed = settle_doubts(typed, settled)
    columns = tuple(
        assign(column, entry, config, table.problems.get(column, ()), enters=column in entering)
        for column, entry in typed.items()
    )
    notes = (*table.notes, *(() if config.split else suggest_split(columns)))
    dataset = dataset_of(raw, table, Schema(columns), [entry.stored for entry in typed.values()], config.id, notes)
    _require_probabilities(dataset)
    _require_weights(dataset)
    _require_predictions(dataset)
    return dataset


def _require_probabilities(dataset: Dataset) -> None:
    """Raise UsageError where what is given as probabilities of the label's values is not, or is too few of them."""
    label, given = dataset.schema.label, dataset.schema.probabilities
    if label is None or not given:
        return
    values = sorted(map(value_text, dataset.frame[label.name].dropna().unique()))
    for column in given:
        option = f"--probability {column.speaks_for}={column.name}"
        if column.speaks_for not in values:
            raise UsageError(
                f"{option}: {label.name} has no value {column.speaks_for!r}.", hint=f"It has: {first_few(values)}"
            )
        held = dataset.frame[column.name].dropna()
        strange = held[(held < 0) | (held > 1)]
        if len(strange):
            raise UsageError(f"{option}: expected probabilities from 0 to 1, found {strange.iloc[0]:g}.")
    if len(given) < len(values) - 1:
        raise UsageError(
            f"--probability: {label.name} has {len(values)} values, of which {len(given)} have a probability.",
            hint="Give a column for each of them; one may be left out.",
        )


def _require_weights(dataset: Dataset) -> None:
    """Raise UsageError where what says how much rows count cannot."""
    column = dataset.schema.weight
    if column is None:
        return
    option = f"--weight {column.name}"
    if not column.kind.is_numeric:
        raise UsageError(f"{option}: the column is {column.kind.value}; a weight is a number.")
    held = dataset.frame[column.name]
    strange = held[held.isna() | (held < 0)]
    if len(strange):
        shown = "nothing" if strange.isna().iloc[0] else f"{strange.iloc[0]:g}"
        raise UsageError(
            f"{option}: expected a number of 0 or more in every row, found {shown} in row {strange.index[0]:,} and "
            f"{len(strange) - 1:,} more."
        )


def _require_predictions(dataset: Dataset) -> None:
    """Raise UsageError where a column of predictions holds neither levels of the label nor numbers."""
    label, column = dataset.schema.label, dataset.schema.prediction
    if label is None or column is None or column.kind.is_numeric:
        return
    said = sorted(set(map(value_text, dataset.frame[column.name].dropna().unique())))
    values = set(map(value_text, dataset.frame[label.name].dropna().unique()))
    strange = [value for value in said if value not in values]
    if not label.kind.is_levelled or strange:
        found = first_few(strange or said)
        raise UsageError(
            f"--prediction {column.name}: expected values of {label.name} or a score, found {found}.",
            hint=f"If it is a score: --kind-of {column.name}=real",
        )


def dataset_of(  # noqa: PLR0917 - what is known of the source, and what was made of it
    raw: RawData,
    table: RawTable,
    schema: Schema,
    stored: Sequence[Stored],
    id_column: str | None,
    notes: tuple[str, ...],
) -> Dataset:
    """Put typed columns, the names of the rows and the account of the records together.

    Parameters
    ----------
    raw
        What was read.
    table
        Its rows that are kept, with missing cells marked.
    schema, stored
        The columns, and their N cells, stored as `Dataset` asks for.
    id_column
        The column of the source that names the rows, if any.
    notes
        What a reader should know.
    """
    left_out = sum(entry.records for entry in table.left_out)
    records = [(entry.file, entry.row, entry.reason) for entry in table.left_out]
    series = {column.name: _series(cells) for column, cells in zip(schema, stored, strict=True)}
    return Dataset(
        frame=pd.DataFrame(series, index=pd.RangeIndex(len(table)), copy=False),
        schema=schema,
        row_ids=_row_ids(raw, table, id_column),
        accounting=RowAccounting(table.read, len(table), left_out, table.blank),
        quarantine=pd.DataFrame(records, columns=list(QUARANTINE_COLUMNS)).astype({"row": np.int64}),
        fingerprint=raw.fingerprint,
        name=raw.name,
        notes=notes,
        images=raw.images,
        elements=raw.elements,
    )


def without_blank_rows(table: RawTable) -> RawTable:
    """Leave out rows of nothing but missing cells; they count as blank."""
    blank = np.ones(len(table), dtype=bool)
    for cells in table.cells:
        if not blank.any():
            break
        blank &= cells.missing
    return table.take(~blank) if blank.any() else table


def _settle(name: str, cells: Cells, config: ReadConfig, *, measured: bool, index: bool = False) -> Typed:
    usual = Usual(decimal=config.decimal, dates=config.date_order)
    if name in config.levels:
        return store_ordinal(name, cells, [str(level) for level in config.levels[name]])
    if name == config.split or name in config.annotator:
        return store_split(name, cells, config.kinds.get(name)) if name == config.split else category(as_text(cells))
    if name == config.weight and n_distinct(as_text(cells)) < 2:
        raise UsageError(f"--weight {name}: all rows have the same value; leave it out.")
    if name in config.kinds or name in (*config.probability.values(), config.weight):
        kind = parse_kind(name, config.kinds[name]) if name in config.kinds else Kind.REAL
        return store_as(name, cells, kind, usual)
    if index and _numbers_rows(cells):
        said = "has no name and numbers the rows: the index of a saved data frame; left out of the model"
        return replace(identifier(as_text(cells)), problems=(said,))
    return infer_measured(cells) if measured else infer(name, cells, usual)


def _numbers_rows(cells: Cells) -> bool:
    """Whether there is a whole number in each row, and none twice, in whatever order."""
    reading = read_numbers(cells)
    if reading is None or len(reading.present) < len(cells):
        return False
    return len(np.unique(reading.present)) == len(cells) and are_integers(reading.present)


def _series(stored: Stored) -> pd.Series:
    # The dtype is spelled out because pandas 3 would take an array of objects for its own string type.
    return pd.Series(stored, dtype=stored.dtype, copy=False)


def _row_ids(raw: RawData, table: RawTable, id_column: str | None) -> np.ndarray:
    own = table.positions.astype(str).astype(object) if raw.row_names is None else raw.row_names
    if id_column is None:
        return own
    cells = as_text(table.cells[table.names.index(id_column)])
    return np.where(cells.missing, own, cells.to_objects())


# --- what a table must have -----------------------------------------------------------------------------------------


def require_records(raw: RawData) -> None:
    """Raise InputError where a table holds no record at all."""
    if not raw.table.names and raw.table.read == 0:
        raise InputError(f"{raw.name}: expected a table, found no columns.")
    if raw.table.read == 0:
        raise InputError(f"{raw.name}: expected rows below the header, found none.")


def require_usable(table: RawTable, name: str) -> None:
    """Raise InputError where no record can be used, with the first reason."""
    if len(table) == 0:
        raise InputError(f"{name}: none of the {table.read:,} record(s) can be used.{_first_reason(table)}")


def _require_rows(table: RawTable, name: str) -> None:
    require_usable(table, name)
    reason = _first_reason(table)
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
    if any(column.in_model and not column.given for column in columns):
        return
    kinds = Counter(column.kind.value if not column.kind.can_be_modelled else column.role.value for column in columns)
    found = ", ".join(f"{count} {what}" for what, count in kinds.most_common())
    raise InputError(
        f"{name}: no column is left for the model ({found}).",
        hint="Override a kind with --kind-of COL=KIND, or ask a column in with --include COL.",
    )
