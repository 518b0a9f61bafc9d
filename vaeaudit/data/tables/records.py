"""What a reader hands over: the records of one file or frame, and what it had to leave out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

import numpy as np
import numpy.typing as npt

from vaeaudit.data.tables.cells import Cells, NumberCells, TextCells, concat, empty_cells


@dataclass(frozen=True)
class LeftOut:
    """A record, or with `row` = -1 a whole file of `records` records, that could not be used."""

    file: str
    row: int
    reason: str
    records: int = 1


@dataclass(frozen=True)
class RawTable:
    """The usable records of a source, with the account of the others.

    Attributes
    ----------
    names
        C unique column names.
    cells
        C columns of N cells.
    positions
        [N]; 0-based record number in the source.
    read, blank
        Records met, and those among them that were blank.
    left_out
        Records or files that could not be used.
    notes
        What a reader should know about the reading.
    problems
        Column name -> what is wrong with its name.
    open_ended
        Whether records may lack columns (JSON-lines), so that tables with other columns can still be joined.
    """

    names: tuple[str, ...]
    cells: tuple[Cells, ...]
    positions: npt.NDArray[np.int64]
    read: int
    blank: int = 0
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    problems: dict[str, tuple[str, ...]] = field(default_factory=dict)
    open_ended: bool = False

    def __post_init__(self) -> None:
        n_rows = len(self.positions)
        for name, cells in zip(self.names, self.cells, strict=True):
            if len(cells) != n_rows:
                raise ValueError(f"column {name!r} must have {n_rows} cells, found {len(cells)}")
        left_out = sum(entry.records for entry in self.left_out)
        if self.read != n_rows + self.blank + left_out:
            raise ValueError(f"read {self.read} != usable {n_rows} + blank {self.blank} + left out {left_out}")

    def __len__(self) -> int:
        return len(self.positions)

    def take(self, rows: npt.NDArray[np.bool_]) -> RawTable:
        """Keep the rows of a mask; the others are counted as blank."""
        return replace(
            self,
            cells=tuple(cells.take(rows) for cells in self.cells),
            positions=self.positions[rows],
            blank=self.blank + int((~rows).sum()),
        )

    def with_columns(self, names: Sequence[str]) -> RawTable:
        """Bring the columns into the order of `names`; a column that the table lacks is all missing."""
        own = dict(zip(self.names, self.cells, strict=True))
        cells = tuple(own[name] if name in own else empty_cells(len(self)) for name in names)
        return replace(self, names=tuple(names), cells=cells)


def unique_names(found: Sequence[str]) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Make column names unique and non-empty, with a problem for each that had to change.

    Examples
    --------
    >>> unique_names(["a", "", "a"])[0]
    ('a', 'column_2', 'a.2')
    """
    stripped = [name.strip() for name in found]
    given = set(stripped)
    taken: set[str] = set()
    last_number: dict[str, int] = {}
    names: list[str] = []
    problems: dict[str, tuple[str, ...]] = {}
    for position, name in enumerate(stripped, start=1):
        base = name or f"column_{position}"
        unique, number = base, last_number.get(base, 1)
        while unique in taken or (unique in given and unique != name):
            number += 1
            unique = f"{base}.{number}"
        last_number[base] = number
        if not name:
            problems[unique] = (f"column {position} has no name in the source; it is called {unique!r} here",)
        elif unique != name:
            problems[unique] = (
                f"the name {name!r} occurs more than once; column {position} is called {unique!r} here",
            )
        taken.add(unique)
        names.append(unique)
    return tuple(names), problems


#: What pandas, Arrow and R's readr call a column without a name, of which only the first ones can be an index.
_NO_NAME = re.compile(r"Unnamed: 0(\.\d+)*|__index_level_\d+__|(\.\.\.|…)1")


def index_columns(table: RawTable) -> frozenset[str]:
    """Return the leading columns that have no name of their own, as the index of a saved data frame has none."""
    unnamed = (name for name in table.names[:1] if name in table.problems and name.startswith("column_1"))
    return frozenset([*unnamed, *takewhile(_NO_NAME.fullmatch, table.names)])


def join(tables: Sequence[RawTable]) -> RawTable:
    """Put tables with the same column names one below the other; record numbers run on."""
    first = tables[0]
    starts = np.cumsum([0, *(table.read for table in tables)])
    return RawTable(
        names=first.names,
        cells=tuple(concat([table.cells[i] for table in tables]) for i in range(len(first.names))),
        positions=np.concatenate([table.positions + start for table, start in zip(tables, starts, strict=False)]),
        read=int(starts[-1]),
        blank=sum(table.blank for table in tables),
        left_out=tuple(entry for table in tables for entry in table.left_out),
        notes=tuple(dict.fromkeys(note for table in tables for note in table.notes)),
        problems=first.problems,
        open_ended=first.open_ended,
    )


def fingerprint(table: RawTable) -> str:
    """Return SHA-256 over names and values, as hex; equal tables give equal digests however they were stored."""
    total = hashlib.sha256()
    for name, cells in zip(table.names, table.cells, strict=True):
        total.update(f"{name}\0{len(cells)}\0{type(cells).__name__}\n".encode())
        if isinstance(cells, TextCells):
            total.update("\0".join(cells.texts.to_pylist()).encode())
            total.update(np.ascontiguousarray(cells.codes).tobytes())
        else:
            stored = cells.numbers if isinstance(cells, NumberCells) else cells.times
            total.update(np.ascontiguousarray(stored).tobytes())
    return total.hexdigest()
