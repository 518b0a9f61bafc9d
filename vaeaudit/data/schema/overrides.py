"""Store a column as the kind that the user names, or say why its values cannot be that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from vaeaudit.data.schema.columns import Kind
from vaeaudit.data.schema.conventions import USUAL, Usual
from vaeaudit.data.schema.inference import from_times, infer, of_numbers, since_1970
from vaeaudit.data.schema.readings import Reading, read_numbers, read_times
from vaeaudit.data.schema.storage import Typed, category, cell_counts, levelled, n_distinct
from vaeaudit.data.tables.cells import EXACT_INTEGER, Cells, TextCells, TimeCells, as_text
from vaeaudit.errors import UsageError


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


def store_as(name: str, cells: Cells, kind: Kind, usual: Usual = USUAL) -> Typed:
    """Store a column as the kind given: cells that cannot be of it are read as missing, and counted.

    Raises
    ------
    UsageError
        Where no cell can be of that kind.
    """
    if kind.is_numeric:
        return _as_numbers(name, cells, kind, usual)
    if kind is Kind.DATETIME:
        return _as_times(name, cells, usual)
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


def _as_numbers(name: str, cells: Cells, kind: Kind, usual: Usual) -> Typed:
    reading = read_numbers(cells, usual)
    if reading is None or len(reading.present) == 0:
        raise _impossible(name, kind, "the column holds no numbers")
    with np.errstate(invalid="ignore"):
        unfit = ~np.isnan(reading.rows) & _is_impossible(reading.rows, kind)
    numbers = reading.rows[unfit]
    said = (
        f"{len(numbers):,} value(s) that are {_MUST_BE.get(kind)} were read as missing, such as {numbers[0]:g}"
        if len(numbers)
        else ""
    )
    reading = replace(reading, rows=np.where(unfit, np.nan, reading.rows))
    distinct = np.unique(reading.present)
    if len(distinct) < 2:
        found = f"only {distinct[0]:g}" if len(distinct) else "no such number"
        raise _impossible(name, kind, f"the column holds {found}")
    return of_numbers(kind, reading, *filter(None, [said]))


#: Kind -> what its numbers must not be.
_MUST_BE = {Kind.POSITIVE: "not above zero", Kind.COUNT: "no whole numbers from 0 on"}


def _is_impossible(numbers: npt.NDArray[np.float64], kind: Kind) -> npt.NDArray[np.bool_]:
    if kind is Kind.POSITIVE:
        return np.asarray(numbers <= 0)
    if kind is Kind.COUNT:
        return np.asarray((numbers < 0) | (numbers != np.floor(numbers)) | (numbers > EXACT_INTEGER))
    return np.zeros(len(numbers), dtype=bool)


def _as_times(name: str, cells: Cells, usual: Usual) -> Typed:
    reading = read_declared_times(cells, usual)
    if reading is None or len(reading.present) == 0:
        raise _impossible(
            name, Kind.DATETIME, "the column holds no dates", "Write them as 2024-01-31 or 2024-01-31 12:00:00."
        )
    typed = from_times(reading)
    if typed.kind is not Kind.DATETIME:
        raise _impossible(name, Kind.DATETIME, "the column holds one date only")
    return typed


def read_declared_times(cells: Cells, usual: Usual = USUAL) -> Reading[np.datetime64] | None:
    """Read cells that are known to be dates: also digits such as 20240131, and seconds since 1970."""
    reading = read_times(cells if isinstance(cells, TimeCells) else as_text(cells), usual)
    if reading is not None or isinstance(cells, TimeCells):
        return reading
    numbers = read_numbers(cells)
    return None if numbers is None else since_1970(numbers)


def _as_boolean(name: str, cells: Cells) -> Typed:
    text = as_text(cells)
    typed = infer(name, TextCells(text.codes, text.texts))
    if typed.kind is Kind.BOOLEAN:
        return typed
    counts = cell_counts(text)
    used = np.flatnonzero(counts)
    if len(used) < 2:
        raise _impossible(name, Kind.BOOLEAN, f"the column holds {len(used):,} distinct value(s), not two")
    kept = used[np.argsort(-counts[used], kind="stable")[:2]]
    others = int(counts.sum() - counts[kept].sum())
    levels = sorted(text.texts.take(kept).to_pylist())
    side = np.full(len(counts) + 1, -1, dtype=np.int64)
    side[kept] = [levels.index(level) for level in text.texts.take(kept).to_pylist()]
    said = (
        (f"{others:,} cell(s) that hold neither {levels[0]!r} nor {levels[1]!r} were read as missing",)
        if others
        else ()
    )
    return levelled(Kind.BOOLEAN, side[text.codes], levels, unique=2, problems=said)


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
    Kind.TEXT: lambda _, cells: _declared(Kind.TEXT, cells, "free text"),
    Kind.CONSTANT: _as_constant,
    Kind.IDENTIFIER: lambda _, cells: _declared(Kind.IDENTIFIER, cells, "an identifier"),
}
