"""Which cells mean "missing", by column; and what is said of those that could have been values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from vaeaudit.data.reading.own_tokens import mark_own_tokens
from vaeaudit.data.schema.readings import mark_missing, read_numbers, read_times
from vaeaudit.data.tables.cells import Cells, TextCells
from vaeaudit.data.tables.records import RawTable

#: Of the tokens that always mean "missing" those that people also write as values: a continent or Namibia as NA.
_COULD_BE_VALUES = frozenset(["na", "n/a", "nan", "null", "nil"])


def mark_table(
    table: RawTable, na: Iterable[str], levels: Mapping[str, Sequence[str]], keep: Iterable[str] = ()
) -> RawTable:
    """Set the cells that mean "missing" to missing, and say by which word where that could have been a value.

    Parameters
    ----------
    table
        As it was read.
    na
        Further tokens that mean "missing", in all columns or, as `COL=TOKEN`, in one.
    levels
        Column name -> levels, which are values whatever they look like; those that the source declares are, too.
    keep
        Tokens that are values in columns of text; among numbers and dates they still mean "missing".
    """
    table, tokens = mark_own_tokens(table, na)
    extra, kept = [*map(str, tokens)], [*map(str, keep)]
    cells, problems = [], dict(table.problems)
    for name, found in zip(table.names, table.cells, strict=True):
        values = [*map(str, levels.get(name, ())), *_declared(found, extra)]
        marked = mark_missing(found, extra=extra, levels=values)
        words = {word: n for word, n in _read_away(found, marked) if _folded(word) in {*_COULD_BE_VALUES, *_all(kept)}}
        if words and _is_text(marked):
            marked = mark_missing(found, extra=extra, levels=[*values, *kept])
            meant = {*_all(extra), *_all(kept)}
            said = tuple(_said(word, count) for word, count in words.items() if _folded(word) not in meant)
            problems[name] = (*problems.get(name, ()), *said)
        cells.append(marked)
    return replace(table, cells=tuple(cells), problems=problems)


def _declared(cells: Cells, extra: Sequence[str]) -> list[str]:
    """Return the levels that the source declares, but for empty ones and those that the user reads as missing."""
    if not (isinstance(cells, TextCells) and cells.declared):
        return []
    return [level for level in cells.texts.to_pylist() if _folded(level) not in {"", *_all(extra)}]


def _read_away(found: Cells, marked: Cells) -> Iterator[tuple[str, int]]:
    """Return which texts were set to missing, and how many cells hold each."""
    if not (isinstance(found, TextCells) and isinstance(marked, TextCells)):
        return
    codes, counts = np.unique(found.codes[marked.missing & ~found.missing], return_counts=True)
    yield from zip(map(str.strip, found.texts.take(codes).to_pylist()), counts.tolist(), strict=True)


def _is_text(cells: Cells) -> bool:
    """Whether the cells that are left are neither numbers nor dates."""
    readings = (read(cells) for read in (read_numbers, read_times))
    return not cells.missing.all() and not any(reading is not None and reading.few_strays for reading in readings)


def _said(word: str, count: int) -> str:
    return f"{count:,} cell(s) that hold {word!r} were read as missing; if that is a value: --keep {word}"


def _folded(text: str) -> str:
    return text.strip().lower()


def _all(tokens: Iterable[str]) -> set[str]:
    return {_folded(token) for token in tokens}
