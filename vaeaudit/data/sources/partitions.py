"""Columns that the folders of a partitioned table give: `region=north/part-0.parquet` is a column `region`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from vaeaudit.data.tables.cells import Cells, TextCells, text_cells
from vaeaudit.data.tables.records import RawTable
from vaeaudit.errors import InputError

_NUMBER = r"^[+-]?\d+(\.\d+)?$"
_DATE = r"^\d{4}-\d{1,2}(-\d{1,2})?([T ].*)?$"
#: More numbers than this are measured, fewer are levels.
_MOST_LEVELS = 20


def partition_of(name: str) -> dict[str, str | None]:
    """Read columns and values from the folders that a file lies in.

    Raises
    ------
    InputError
        Where what a folder is called is not UTF-8 once its escapes are resolved.

    Examples
    --------
    >>> partition_of("data/year=2024/city=S%C3%A3o%20Paulo/part-0.parquet")
    {'year': '2024', 'city': 'São Paulo'}
    """
    pairs = [folder.partition("=") for folder in name.split("/")[:-1]]
    keys = dict.fromkeys(key for key, equals, _ in pairs if key and equals)
    if not keys:
        return {}
    partitioning = ds.HivePartitioning(pa.schema([(key, pa.string()) for key in keys]))
    try:
        found = ds.get_partition_keys(partitioning.parse(name))
    except pa.ArrowInvalid as error:
        raise InputError(f"{name}: the names of its folders cannot be read: {error}.") from error
    return {key: found.get(key) or None for key in keys}


def with_partition(table: RawTable, name: str) -> tuple[RawTable, frozenset[str]]:
    """Add the columns that the folders of a file give, and name them; a column that the file itself has wins.

    Parameters
    ----------
    table, name
        The file's records, and its name relative to the folder that was given.
    """
    found = partition_of(name)
    own = [key for key in found if key in table.names]
    added = {key: text_cells([value] * len(table)) for key, value in found.items() if key not in own}
    said = tuple(f"the column {key} is read from the files, not from the folders {key}=…" for key in own)
    joined = replace(
        table,
        names=(*table.names, *added),
        cells=(*table.cells, *added.values()),
        notes=(*table.notes, *said),
    )
    return joined, frozenset(added)


def declare_levels(table: RawTable, names: Collection[str]) -> RawTable:
    """Declare what folders are called to be levels, `region=1` among them, unless they are dates or many numbers."""
    if not names:
        return table
    cells = tuple(
        _declared(each) if name in names else each for name, each in zip(table.names, table.cells, strict=True)
    )
    said = f"columns that the names of folders give: {', '.join(name for name in table.names if name in names)}"
    return replace(table, cells=cells, notes=(*table.notes, said))


def _declared(cells: Cells) -> Cells:
    if not isinstance(cells, TextCells) or len(cells.texts) == 0:
        return cells
    are_dates, are_numbers = (pc.all(pc.match_substring_regex(cells.texts, form)).as_py() for form in (_DATE, _NUMBER))
    measured = are_dates or (are_numbers and len(np.unique(cells.codes)) > _MOST_LEVELS)
    return cells if measured else replace(cells, declared=True)
