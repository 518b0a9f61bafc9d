"""Store a column as the kind that the user names, or say why its values cannot be that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from vaeaudit.data.schema.columns import Kind
from vaeaudit.data.schema.inference import are_integers, from_times, infer
from vaeaudit.data.schema.readings import Reading, read_numbers, read_times, times_reading
from vaeaudit.data.schema.storage import Typed, category, cell_counts, levelled, n_distinct
from vaeaudit.data.tables.cells import EXACT_INTEGER, Cells, TextCells, TimeCells, as_text
from vaeaudit.errors import UsageError

_COMPACT_DATE = r"^(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$"


def parse_kind(name: str, text: str) -> Kind:
    """Return the kind that an option names.

    Raises
    ------
    UsageError
        Where there is no such kind.
    """
    try:
        return Kind(text)
    except ValueError:
        raise UsageError(
            f"--kind-of {name}={text}: there is no such kind.",
            hint=f"Kinds are: {', '.join(kind.value for kind in Kind)}",
        ) from None


def store_as(name: str, cells: Cells, kind: Kind) -> Typed:
    """Store a column as the kind given.

    Raises
    ------
    UsageError
        Where the values cannot be of that kind.
    """
    if kind.is_numeric:
        return _as_numbers(name, cells, kind)
    return _STORE[kind](name, cells)


def store_ordinal(name: str, cells: Cells, levels: Sequence[str]) -> Typed:
    """Store a column whose levels were given in rising order.

    Raises
    ------
    UsageError
        Where levels repeat, are fewer than two, or do not cover the values.
    """
    option = f"--levels {name}"
    if len(levels) < 2 or len(set(levels)) != len(levels):
        raise UsageError(f"{option}: expected at least two levels, each once, found {list(levels)}.")
    text = as_text(cells)
    rank = {level: position for position, level in enumerate(levels)}
    ranks = np.array([rank.get(value, -1) for value in text.texts.to_pylist()] + [-1], dtype=np.int64)
    counts = cell_counts(text)
    unknown = np.flatnonzero((ranks[:-1] < 0) & (counts > 0))
    if len(unknown):
        shown = ", ".join(repr(value) for value in text.texts.take(unknown[:5]).to_pylist())
        raise UsageError(
            f"{option}: {int(counts[unknown].sum()):,} cell(s) hold values that are not among the levels: {shown}.",
            hint="Add them to the levels, or read them as missing with --na.",
        )
    return levelled(Kind.ORDINAL, ranks[text.codes], levels, unique=int((counts > 0).sum()))


def _impossible(name: str, kind: Kind, reason: str, hint: str | None = None) -> UsageError:
    return UsageError(f"--kind-of {name}={kind.value}: {reason}.", hint=hint)


def _as_ordered(name: str, cells: Cells) -> Typed:
    if isinstance(cells, TextCells) and cells.ordered:
        return category(cells, ordered=True)
    raise _impossible(name, Kind.ORDINAL, "the order is not known", f"Give it: --levels {name}=low,middle,high")


def _as_numbers(name: str, cells: Cells, kind: Kind) -> Typed:
    reading = read_numbers(cells)
    if reading is None or len(reading.present) == 0:
        raise _impossible(name, kind, "the column holds no numbers")
    _require_few_strays(name, kind, reading)
    present, distinct = reading.present, np.unique(reading.present)
    if kind is Kind.POSITIVE and distinct[0] <= 0:
        count = int((present <= 0).sum())
        raise _impossible(name, kind, f"{count:,} value(s) are not above zero, such as {distinct[0]:g}")
    if kind is Kind.COUNT and (distinct[0] < 0 or not are_integers(distinct)):
        wrong = distinct[(distinct < 0) | (distinct != np.floor(distinct)) | (distinct > EXACT_INTEGER)]
        raise _impossible(name, kind, f"values must be non-negative integers, found {wrong[0]:g}")
    if len(distinct) < 2:
        raise _impossible(name, kind, f"the column holds only {distinct[0]:g}")
    return Typed(kind, reading.rows, len(distinct), problems=reading.all_problems, convention=reading.convention)


def _require_few_strays(name: str, kind: Kind, reading: Reading[Any]) -> None:
    if not reading.few_strays:
        shown = ", ".join(repr(example) for example in reading.examples)
        reason = f"{reading.stray:,} cell(s) are not {reading.what}, such as {shown}"
        raise _impossible(name, kind, reason, "Read them as missing with --na.")


def _as_times(name: str, cells: Cells) -> Typed:
    reading = read_declared_times(cells)
    if reading is None or len(reading.present) == 0:
        raise _impossible(
            name, Kind.DATETIME, "the column holds no dates", "Write them as 2024-01-31 or 2024-01-31 12:00:00."
        )
    _require_few_strays(name, Kind.DATETIME, reading)
    typed = from_times(reading)
    if typed.kind is not Kind.DATETIME:
        raise _impossible(name, Kind.DATETIME, "the column holds one date only")
    return typed


def read_declared_times(cells: Cells, usual: str = "") -> Reading[np.datetime64] | None:
    """Read cells that are known to be dates, 20240131 among them; `usual` is as in `read_times`."""
    reading = None if isinstance(cells, TimeCells) else _compact_dates(as_text(cells))
    return reading or read_times(cells, usual)


def _compact_dates(cells: TextCells) -> Reading[np.datetime64] | None:
    """Read 20240131, which is taken for a date only when the user says that it is one."""
    if not len(cells.texts) or not pc.all(pc.match_substring_regex(cells.texts, _COMPACT_DATE)).as_py():
        return None
    texts = pd.Index(cells.texts.to_pylist(), dtype=object)
    parsed = pd.to_datetime(texts, format="%Y%m%d", errors="coerce").to_numpy().astype("datetime64[us]")
    return times_reading(cells, parsed, word=np.zeros(len(parsed), dtype=bool))


def _as_boolean(name: str, cells: Cells) -> Typed:
    text = as_text(cells)
    typed = infer(name, TextCells(text.codes, text.texts))
    if typed.kind is Kind.BOOLEAN:
        return typed
    counts = cell_counts(text)
    used = np.flatnonzero(counts)
    if len(used) != 2:
        raise _impossible(name, Kind.BOOLEAN, f"the column holds {len(used):,} distinct values, not two")
    levels = sorted(text.texts.take(used).to_pylist())
    side = np.full(len(counts) + 1, -1, dtype=np.int64)
    side[used] = [levels.index(level) for level in text.texts.take(used).to_pylist()]
    return levelled(Kind.BOOLEAN, side[text.codes], levels, unique=2)


def _as_category(name: str, cells: Cells) -> Typed:
    text = as_text(cells)
    if n_distinct(text) < 2:
        raise _impossible(name, Kind.CATEGORY, "the column holds fewer than two distinct values")
    return category(text)


def _as_constant(name: str, cells: Cells) -> Typed:
    typed = infer(name, cells)
    if typed.kind is not Kind.CONSTANT:
        raise _impossible(
            name,
            Kind.CONSTANT,
            f"the column holds {typed.unique:,} distinct values",
            f"--exclude {name} leaves it out.",
        )
    return typed


def _declared(kind: Kind, cells: Cells, what: str) -> Typed:
    text = as_text(cells)
    return Typed(kind, text.to_objects(), n_distinct(text), problems=(f"declared {what}: left out of the model",))


_STORE: dict[Kind, Callable[[str, Cells], Typed]] = {
    Kind.ORDINAL: _as_ordered,
    Kind.CATEGORY: _as_category,
    Kind.BOOLEAN: _as_boolean,
    Kind.DATETIME: _as_times,
    Kind.TEXT: lambda _, cells: _declared(Kind.TEXT, cells, "free text"),
    Kind.CONSTANT: _as_constant,
    Kind.IDENTIFIER: lambda _, cells: _declared(Kind.IDENTIFIER, cells, "an identifier"),
}
