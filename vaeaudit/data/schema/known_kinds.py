"""Store the cells of a column as a kind that is known already, and say what does not fit it. Nothing is inferred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from vaeaudit.data.schema.columns import Column, Kind
from vaeaudit.data.schema.conventions import Usual
from vaeaudit.data.schema.number_texts import are_zero_padded, plain_numbers
from vaeaudit.data.schema.overrides import read_declared_times
from vaeaudit.data.schema.readings import What, read_numbers
from vaeaudit.data.schema.storage import Stored, cell_counts
from vaeaudit.data.sources.listing import first_few
from vaeaudit.data.tables.cells import EXACT_INTEGER, TEXT, Cells, TextCells, as_text, number_text

_SHOWN = 3
#: What becomes of a given cell that the model does not know.
TAKEN_AS_USUAL = "where its latents are concerned, the model is given the usual value of the column instead"


@dataclass(frozen=True)
class Fitted:
    """A column of other data, stored as a known column is.

    Attributes
    ----------
    stored
        [N], as `Dataset` asks for; levels that the column does not know are missing.
    as_met
        The same, but unknown levels are kept behind the known ones.
    problems
        What did not fit, in words.
    unreadable
        Cells that are present, where not a single one could be read; else empty.
    """

    stored: Stored
    as_met: Stored
    problems: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


def fit_to(column: Column, cells: Cells) -> Fitted:
    """Store cells, of which those that mean "missing" are marked, as a column of another data set is stored."""
    if column.kind.is_numeric:
        return _numbers(column, cells)
    if column.kind is Kind.DATETIME:
        return _times(column, cells)
    if column.kind.is_levelled:
        return _levels(column, as_text(cells))
    objects = as_text(cells).to_objects()
    return Fitted(objects, objects)


def _numbers(column: Column, cells: Cells) -> Fitted:
    reading = read_numbers(cells, Usual(column.convention))
    if reading is None:
        missing = np.full(len(cells), np.nan)
        return Fitted(missing, missing, *_unread(cells, "numbers"))
    said = (*reading.all_problems, *_impossible(column, reading.rows), *_other_unit(column, reading.unit))
    return Fitted(reading.rows, reading.rows, said)


def _other_unit(column: Column, unit: str) -> tuple[str, ...]:
    """Say that numbers stand in another unit than the run's; they are not converted."""
    if not unit or unit.casefold() == column.unit.casefold():
        return ()
    return (f"the numbers stand in {unit}, those of the run in {column.unit or 'no unit'}; they were not converted",)


def _impossible(column: Column, numbers: npt.NDArray[np.float64]) -> tuple[str, ...]:
    """Say how many numbers the kind rules out; they stay, for nothing is more atypical."""
    with np.errstate(invalid="ignore"):
        if column.kind is Kind.POSITIVE:
            wrong, what = numbers <= 0, "not above zero, as all of the run's are"
        elif column.kind is Kind.COUNT:
            wrong = (numbers < 0) | (numbers != np.floor(numbers)) & ~np.isnan(numbers) | (numbers > EXACT_INTEGER)
            what = "no whole numbers from 0 on, as all of the run's are"
        else:
            return ()
    count = int(wrong.sum())
    return (f"{count:,} value(s) are {what}, such as {numbers[wrong][0]:g}",) if count else ()


def _times(column: Column, cells: Cells) -> Fitted:
    reading = read_declared_times(cells, Usual(column.convention))
    if reading is None:
        missing = np.full(len(cells), np.datetime64("NaT", "ns"))
        return Fitted(missing, missing, *_unread(cells, "dates"))
    return Fitted(reading.rows, reading.rows, reading.all_problems)


def _unread(cells: Cells, what: What) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Say that no cell could be read, unless all are missing."""
    present = int((~cells.missing).sum())
    if not present:
        return (), ()
    text = as_text(cells)
    met = text.texts.take(pa.array(np.flatnonzero(cell_counts(text))[:_SHOWN])).to_pylist()
    examples = tuple(str(value)[:40] for value in met)
    shown = ", ".join(map(repr, examples))
    return (f"{present:,} cell(s) that are not {what} were read as missing, such as {shown}",), examples


# --- levels ---------------------------------------------------------------------------------------------------------


def _levels(column: Column, cells: TextCells) -> Fitted:
    counts = cell_counts(cells)
    texts = cells.texts.to_pylist()
    place = level_places(texts, column.levels, fold=column.kind is Kind.BOOLEAN)
    unknown = np.flatnonzero((place < 0) & (counts > 0))
    known = pd.Categorical.from_codes(np.append(place, -1)[cells.codes], _index(column.levels))
    if not len(unknown):
        return Fitted(known, known)
    named = [texts[position] for position in unknown]
    said = f"{int(counts[unknown].sum()):,} cell(s) hold {len(named):,} level(s) that the run does not know: "
    aside = "" if column.kind is Kind.CATEGORY else "; its model takes them as missing"
    aside += f"; {TAKEN_AS_USUAL}" if column.given else ""
    extended = place.copy()
    extended[unknown] = len(column.levels) + np.arange(len(unknown))
    as_met = pd.Categorical.from_codes(np.append(extended, -1)[cells.codes], _index([*column.levels, *named]))
    return Fitted(known, as_met, (f"{said}{first_few(named)}{aside}",))


def level_places(texts: Sequence[str], levels: Sequence[str], *, fold: bool = False) -> npt.NDArray[np.int64]:
    """Return [U]: which level each distinct text is, or -1.

    A text is the level that is spelled like it. Where there is none, it is the level of the same number, since formats
    write numbers differently (`3`, `3.0`); digits with leading zeros are codes, not numbers.

    Parameters
    ----------
    texts, levels
        Distinct each.
    fold
        Whether upper and lower case are the same.

    Examples
    --------
    >>> level_places(["b", "3.0", "03", "x"], ["3", "b"]).tolist()
    [1, 0, -1, -1]
    """
    rank = {level: position for position, level in enumerate(levels)}
    places = np.array([rank.get(text, -1) for text in texts], dtype=np.int64)
    if fold:
        folded = {level.casefold(): position for level, position in rank.items()}
        in_other_case = np.array([folded.get(text.casefold(), -1) for text in texts], dtype=np.int64)
        places = np.where(places >= 0, places, in_other_case)
    strange = np.flatnonzero(places < 0)
    if len(strange):
        numbers = {key: position for position, key in enumerate(_number_keys(levels)) if key is not None}
        keys = _number_keys([texts[position] for position in strange.tolist()])
        places[strange] = [-1 if key is None else numbers.get(key, -1) for key in keys]
    return places


def _number_keys(texts: Sequence[str]) -> list[str | None]:
    """Write each text that is a finite number, and no code, in one way; None for the others."""
    array = pa.array(texts, TEXT)
    numbers = plain_numbers(array)
    usable = np.isfinite(numbers) & ~are_zero_padded(array)
    return [number_text(value) if fits else None for value, fits in zip(numbers.tolist(), usable, strict=True)]


def _index(levels: Sequence[str]) -> pd.Index:
    return pd.Index(levels, dtype=object)
