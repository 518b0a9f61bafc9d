"""Join the columns of `metadata.csv` and the like to the pictures that their `file_name` names."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.config import ReadConfig
from vaeaudit.data.images.folder import ImageFolder
from vaeaudit.data.sources.listing import first_few, readable_name
from vaeaudit.data.sources.table_files import identify
from vaeaudit.data.tables.cells import Cells, TextCells, as_text, take_or_missing
from vaeaudit.data.tables.records import LeftOut, RawTable, join
from vaeaudit.errors import InputError

FILE_NAME = "file_name"


@dataclass(frozen=True)
class PictureColumns:
    """What metadata files say about the entries of a listing.

    Attributes
    ----------
    names, cells
        Columns of one cell per entry of the listing.
    left_out
        Metadata records that could not be used, or name no picture.
    blank
        Metadata records without any value.
    notes, problems
        As in `RawTable`.
    """

    names: tuple[str, ...] = ()
    cells: tuple[Cells, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    blank: int = 0
    notes: tuple[str, ...] = ()
    problems: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Matched:
    """A metadata file: the columns of its usable rows, and the entry of the listing that each of them describes."""

    table: RawTable
    entries: npt.NDArray[np.int64]
    left_out: tuple[LeftOut, ...]


def join_metadata(folder: ImageFolder, names: Sequence[str], config: ReadConfig) -> PictureColumns:
    """Read the metadata files of a folder; each names pictures relative to the folder that it lies in.

    Parameters
    ----------
    folder
        Where the metadata files are.
    names
        All pictures of the folder, usable or not, relative to it.
    config
        For delimiter and encoding.

    Raises
    ------
    InputError
        Where a metadata file is damaged, or has no column `file_name`.
    """
    if not folder.metadata:
        return PictureColumns()
    listing = pd.Index([readable_name(name) for name in names], dtype=object)
    described = np.zeros(len(listing), dtype=bool)
    matched = [_match(folder, name, listing, described, config) for name in folder.metadata]
    union = tuple(dict.fromkeys(name for part in matched for name in part.table.names))
    joined = join([part.table.with_columns(union) for part in matched])
    row_of = np.full(len(listing), -1, dtype=np.int64)
    row_of[np.concatenate([part.entries for part in matched])] = np.arange(len(joined))
    return PictureColumns(
        names=union,
        cells=tuple(take_or_missing(cells, row_of) for cells in joined.cells),
        left_out=tuple(entry for part in matched for entry in (*part.table.left_out, *part.left_out)),
        blank=joined.blank,
        notes=(*joined.notes, *_note_undescribed(listing[~described])),
        problems={name: said for part in matched for name, said in part.table.problems.items()},
    )


def _match(
    folder: ImageFolder, metadata_name: str, listing: pd.Index, described: npt.NDArray[np.bool_], config: ReadConfig
) -> _Matched:
    """Find the picture of each row; marks in `described` which pictures have one now."""
    shown = readable_name(metadata_name)
    table = identify(folder.path / metadata_name, shown).read(config)
    if FILE_NAME not in table.names:
        raise InputError(
            f"{shown}: expected a column {FILE_NAME!r} that names the pictures, found {', '.join(table.names[:8])}.",
            hint="Rename the column that holds the file names, or move the file out of the folder.",
        )
    key = as_text(table.cells[table.names.index(FILE_NAME)])
    entries = _entries_of(key, PurePosixPath(shown).parent.as_posix(), listing)
    first = np.zeros(len(entries), dtype=bool)
    first[np.unique(entries, return_index=True)[1]] = True
    usable = (entries >= 0) & first
    usable[usable] &= ~described[entries[usable]]
    described[entries[usable]] = True
    return _Matched(
        table=_rows_of(table, usable), entries=entries[usable], left_out=_unmatched(shown, table, key, entries, usable)
    )


def _entries_of(key: TextCells, directory: str, listing: pd.Index) -> npt.NDArray[np.int64]:
    """[N]; the position in the listing that each row names, -1 for none."""
    texts = [text.strip() for text in key.texts.to_pylist()]
    plain = _positions(listing, directory, texts)
    positions = np.where(plain >= 0, plain, _positions(listing, directory, [text.replace("\\", "/") for text in texts]))
    return np.append(positions, -1).astype(np.int64)[key.codes]


def _positions(listing: pd.Index, directory: str, texts: list[str]) -> npt.NDArray[np.intp]:
    named = [posixpath.normpath(posixpath.join(directory, text)) for text in texts]
    return np.asarray(listing.get_indexer(pd.Index(named, dtype=object)))


def _rows_of(table: RawTable, usable: npt.NDArray[np.bool_]) -> RawTable:
    """Keep the rows that describe a picture, and all columns but the one that names it; its account is kept apart."""
    kept = table.with_columns([name for name in table.names if name != FILE_NAME])
    return replace(
        kept,
        cells=tuple(cells.take(usable) for cells in kept.cells),
        positions=kept.positions[usable],
        read=int(usable.sum()) + kept.blank + sum(entry.records for entry in kept.left_out),
        open_ended=False,
    )


def _unmatched(
    shown: str, table: RawTable, key: TextCells, entries: npt.NDArray[np.int64], usable: npt.NDArray[np.bool_]
) -> tuple[LeftOut, ...]:
    rows, directory = np.flatnonzero(~usable), PurePosixPath(shown).parent.as_posix()
    named = key.take(rows).to_objects()
    return tuple(
        LeftOut(shown, int(table.positions[row]), _reason(text, directory, known=entries[row] >= 0))
        for row, text in zip(rows, named, strict=True)
    )


def _reason(text: str | None, directory: str, *, known: bool) -> str:
    if text is None or not text.strip():
        return f"{FILE_NAME} is missing"
    if known:
        return f"describes {text!r} once more; the first row that does was taken"
    if posixpath.normpath(posixpath.join(directory, text.strip().replace("\\", "/"))).startswith(("../", "/")):
        return f"names {text!r}, which leads out of the folder; it was not opened"
    return f"names {text!r}, which is not among the pictures of the folder"


def _note_undescribed(names: pd.Index) -> tuple[str, ...]:
    if not len(names):
        return ()
    return (
        f"{len(names):,} picture(s) have no row in the metadata; their cells are missing: {first_few(list(names))}",
    )
