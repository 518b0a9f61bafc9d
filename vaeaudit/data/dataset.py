"""What reading a source gives: raw records, then typed rows, their schema, and an account of every row met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
import pandas as pd
from annotated_types import Ge

from vaeaudit.data.schema.columns import Kind, Schema
from vaeaudit.data.sources.image_store import ImageStore
from vaeaudit.data.tables.records import RawTable

QUARANTINE_COLUMNS = ("file", "row", "reason")


@dataclass(frozen=True)
class RawData:
    """The usable records of a source.

    Attributes
    ----------
    table
        Cells and account of the records; one row per picture where the source is made of pictures.
    name, fingerprint
        As in `Dataset`.
    images
        The pictures; None for a table.
    row_names
        [N]; what the rows are called unless a column names them; their numbers where None.
    elements
        Columns that are the elements of vectors; empty for any other source.
    from_folders
        Columns that the folders of pictures gave.
    """

    table: RawTable
    name: str
    fingerprint: str
    images: ImageStore | None = None
    row_names: npt.NDArray[np.object_] | None = None
    elements: tuple[str, ...] = ()
    from_folders: tuple[str, ...] = ()


@dataclass(frozen=True)
class RowAccounting:
    """How many rows were met and what became of them: `read = scored + quarantined + skipped`, exactly.

    Attributes
    ----------
    read
        Records met in the source.
    scored
        Rows of the dataset, each of which is scored.
    quarantined
        Records that could not be used, each listed with file, row and reason.
    skipped
        Records that hold no value at all (blank lines, rows of nothing but missing cells).
    """

    read: Annotated[int, Ge(0)]
    scored: Annotated[int, Ge(0)]
    quarantined: Annotated[int, Ge(0)]
    skipped: Annotated[int, Ge(0)]

    def __post_init__(self) -> None:
        parts = self.scored + self.quarantined + self.skipped
        if self.read != parts:
            raise ValueError(
                f"row accounting must add up: read {self.read} != scored {self.scored} + "
                f"quarantined {self.quarantined} + skipped {self.skipped} = {parts}"
            )

    def __str__(self) -> str:
        return (
            f"{self.read:,} read = {self.scored:,} scored + {self.quarantined:,} quarantined + {self.skipped:,} skipped"
        )


@dataclass(frozen=True)
class Dataset:
    """A typed table, ready to be encoded or analysed.

    Attributes
    ----------
    frame
        [N, C]; the columns of `schema`, in its order, with a plain `RangeIndex`. Real, positive and count columns
        are float64 with NaN for missing, date-times `datetime64[ns]` with NaT, levelled columns a Categorical over
        `Column.levels` with NaN, all others (text, identifier, constant) `object` holding `str` or None.
    schema
        One `Column` per column of `frame`.
    row_ids
        [N] text: the id column, or the 0-based number of the record in the source.
    accounting
        What became of every record; `scored` equals N.
    quarantine
        Columns `file`, `row` (0-based record number within the file, or -1 for a whole file) and `reason`.
    fingerprint
        SHA-256 of the source's bytes (of the values, for a DataFrame), as hex.
    name
        What the source is called in reports (the file's or folder's name).
    notes
        What a reader should know about the reading as a whole (encoding, delimiter, files ignored).
    images
        The pictures, row by row, where the source is made of pictures; the frame then holds what is known about each
        (its class, columns of its metadata) and what was computed from it, and only the pixels enter the model. None
        for a table.
    elements
        Columns that are the elements of vectors; empty for any other source.
    """

    frame: pd.DataFrame
    schema: Schema
    row_ids: np.ndarray
    accounting: RowAccounting
    quarantine: pd.DataFrame
    fingerprint: str
    name: str
    notes: tuple[str, ...] = ()
    images: ImageStore | None = None
    elements: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if tuple(self.frame.columns) != self.schema.names:
            raise ValueError(f"frame has columns {list(self.frame.columns)}, schema has {list(self.schema.names)}")
        n_rows = len(self.frame)
        if self.row_ids.shape != (n_rows,):
            raise ValueError(f"row_ids must have shape ({n_rows},), found {self.row_ids.shape}")
        if self.accounting.scored != n_rows:
            raise ValueError(f"accounting.scored is {self.accounting.scored}, the frame has {n_rows} rows")
        if tuple(self.quarantine.columns) != QUARANTINE_COLUMNS:
            raise ValueError(f"quarantine must have columns {QUARANTINE_COLUMNS}")
        if self.images is not None and len(self.images) != n_rows:
            raise ValueError(f"images holds {len(self.images)} pictures, the frame has {n_rows} rows")
        for column in self.schema:
            _check_storage(column.name, column.kind, self.frame[column.name], column.levels)

    def __len__(self) -> int:
        return len(self.frame)


def _check_storage(name: str, kind: Kind, values: pd.Series, levels: tuple[str, ...]) -> None:
    if kind.is_numeric and values.dtype != np.float64:
        raise ValueError(f"column {name!r} is {kind.value}: expected float64, found {values.dtype}")
    if kind is Kind.DATETIME and values.dtype.kind != "M":
        raise ValueError(f"column {name!r} is datetime: expected datetime64, found {values.dtype}")
    if kind.is_levelled:
        if not isinstance(values.dtype, pd.CategoricalDtype):
            raise ValueError(f"column {name!r} is {kind.value}: expected a Categorical, found {values.dtype}")
        if tuple(values.cat.categories) != levels:
            raise ValueError(f"column {name!r}: the categories of the frame are not the levels of the schema")
