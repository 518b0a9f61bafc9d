"""Cells read as missing, as numbers or as points in time, with an account of those that are neither."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from vaeaudit.data.schema.conventions import USUAL, Convention, Usual
from vaeaudit.data.schema.date_texts import parse_times
from vaeaudit.data.schema.number_texts import parse_numbers
from vaeaudit.data.schema.storage import cell_counts
from vaeaudit.data.tables.cells import Cells, NumberCells, TextCells, TimeCells, times_from_microseconds

#: Missing in every column; compared without surrounding space and without case.
ALWAYS_MISSING = frozenset(
    ["", "?", "na", "n/a", "#na", "#n/a", "<na>", "nan", "-nan", "null", "nil", "-", "--", "---", ".", ".."]
)
#: Could be levels of a category ("Alley: none"), so they mean missing only where all other cells are numbers or dates.
MISSING_AMONG_NUMBERS = frozenset([
    "none", "missing", "unknown", "unk", "undefined", "n.a.", "not available", "not applicable",
    "nat", "tbd", "#value!",
])  # fmt: skip
#: Where a column also holds a plus sign, a minus sign is a value (a rhesus factor, the result of a test).
_SIGNS = frozenset(["-", "--", "---"])
_OPPOSITE_SIGNS = frozenset(["+", "++", "+++"])

What = Literal["numbers", "dates"]
ScalarT = TypeVar("ScalarT", np.float64, np.datetime64)

#: Up to this share of cells may be something else than numbers (or dates) before the column is a category.
MAX_STRAY_SHARE = 0.01
#: Up to this share where they are so few distinct texts that they must be words for "not known".
MAX_WORD_SHARE, MAX_WORDS = 0.2, 3
#: A day that no calendar has, written by databases where there is none.
_NO_DAY = r"^0{1,4}[-/.]0{1,2}[-/.]0{1,4}([ T][0:.]*Z?)?$"

#: Marks that nobody sees: soft hyphen, zero-width spaces and joiners, directions of writing, byte-order mark.
_UNSEEN = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
#: What is taken off both ends of a cell.
AROUND = _UNSEEN + "".join(filter(str.isspace, map(chr, range(0x3001))))

_NO_TIME = np.datetime64("NaT", "us")


def mark_missing(cells: Cells, *, extra: Iterable[str] = (), levels: Iterable[str] = ()) -> Cells:
    """Strip the cells of space and of marks that nobody sees, and set those that mean "missing" to missing.

    Parameters
    ----------
    cells
        [N].
    extra
        Further tokens (`--na`); one that is a number also applies to numeric columns.
    levels
        Declared levels: these are values whatever they look like.
    """
    extra = list(extra)
    if isinstance(cells, NumberCells):
        return _mark_numbers(cells, extra)
    if isinstance(cells, TimeCells):
        return cells
    stripped = pc.utf8_trim(cells.texts, characters=AROUND)
    folded = pc.utf8_lower(stripped).to_pylist()
    tokens = ALWAYS_MISSING | {token.strip().lower() for token in extra}
    if not _OPPOSITE_SIGNS.isdisjoint(folded):
        tokens -= _SIGNS
    tokens -= {level.strip().lower() for level in levels}
    gone = np.fromiter((text in tokens for text in folded), dtype=bool, count=len(folded))
    return _recode(cells, stripped, gone)


def are_missing_among_numbers(values: pa.Array) -> npt.NDArray[np.bool_]:
    """[U]; which of the distinct values are words that mean "missing" in a column of numbers or dates."""
    folded = pc.utf8_lower(values)
    return np.asarray(pc.is_in(folded, value_set=pa.array(sorted(MISSING_AMONG_NUMBERS), values.type)))


def _mark_numbers(cells: NumberCells, extra: Iterable[str]) -> NumberCells:
    numbers = [float(token) for token in extra if _is_number(token)]
    if not numbers:
        return cells
    return NumberCells(np.where(np.isin(cells.numbers, numbers), np.nan, cells.numbers))


def _is_number(token: str) -> bool:
    try:
        float(token)
    except ValueError:
        return False
    return True


def _recode(cells: TextCells, stripped: pa.Array, gone: npt.NDArray[np.bool_]) -> TextCells:
    """Merge values that stripping made equal, drop those that are gone, and renumber the codes."""
    if not gone.any() and stripped.equals(cells.texts):
        return cells
    encoded = stripped.filter(pa.array(~gone)).dictionary_encode()
    new_codes = np.full(len(gone) + 1, -1, dtype=np.int64)
    new_codes[:-1][~gone] = encoded.indices.to_numpy()
    return replace(cells, codes=new_codes[cells.codes], texts=encoded.dictionary)


@dataclass(frozen=True)
class Reading(Generic[ScalarT]):
    """A column read as float64 or datetime64[ns].

    Attributes
    ----------
    rows
        [N]; NaN or NaT where a cell is missing or could not be read.
    what
        `numbers` or `dates`.
    stray, stray_texts
        Cells that are neither that nor missing, and how many distinct texts they hold, with `examples` of them.
    problems
        What was noticed on the way.
    convention, unit
        Name of the `Convention` that was followed, and its unit.
    """

    rows: npt.NDArray[ScalarT]
    what: What
    stray: int = 0
    examples: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    convention: str = ""
    unit: str = ""
    stray_texts: int = 0

    @property
    def present(self) -> npt.NDArray[ScalarT]:
        """The values that are not missing."""
        return self.rows[~pd.isna(self.rows)]

    @property
    def few_strays(self) -> bool:
        """Whether so few cells are stray, or so few distinct ones, that the column can be read this way."""
        share = MAX_WORD_SHARE if self.stray_texts <= MAX_WORDS else MAX_STRAY_SHARE
        return self.stray <= share * len(self.present)

    @property
    def all_problems(self) -> tuple[str, ...]:
        """The problems, and how many stray cells were given up."""
        if not self.stray:
            return self.problems
        shown = ", ".join(repr(example) for example in self.examples)
        return (
            f"{self.stray:,} cell(s) that are not {self.what} were read as missing, such as {shown}",
            *self.problems,
        )


def read_numbers(cells: Cells, usual: Usual = USUAL) -> Reading[np.float64] | None:
    """Read the cells as numbers; infinite values become missing and are counted. None where no cell is a number.

    `usual` settles what the cells leave open.
    """
    if isinstance(cells, TimeCells):
        return None
    if isinstance(cells, NumberCells):
        rows, problems = _without_infinite(cells.numbers)
        return Reading(rows, "numbers", problems=problems)
    parsed, convention = parse_numbers(cells.texts, usual)
    if np.isnan(parsed).all():
        return None
    word = np.isnan(parsed) & are_missing_among_numbers(cells.texts)
    stray = np.isnan(parsed) & ~word
    rows, problems = _without_infinite(np.append(parsed, np.nan)[cells.codes])
    noticed = (*convention.said, *_words_problem(cells, word), *problems)
    return Reading(
        rows, "numbers", _n_cells(cells, stray), _examples(cells, stray), noticed, convention.name, convention.unit,
        _n_texts(cells, stray),
    )  # fmt: skip


def read_times(cells: Cells, usual: Usual = USUAL) -> Reading[np.datetime64] | None:
    """Read the cells as points in time (UTC); None where no cell is a date. `usual` is as in `read_numbers`."""
    if isinstance(cells, TimeCells):
        return Reading(cells.times, "dates", problems=_out_of_range(cells.out_of_range))
    if isinstance(cells, NumberCells) or len(cells.texts) == 0:
        return None
    parsed, convention = parse_times(cells.texts, cell_counts(cells), usual)
    if np.isnat(parsed).all():
        return None
    no_day = np.asarray(pc.match_substring_regex(cells.texts, _NO_DAY))
    word = np.isnat(parsed) & (no_day | are_missing_among_numbers(cells.texts))
    return times_reading(cells, parsed, word=word, convention=convention)


def times_reading(
    cells: TextCells,
    parsed: npt.NDArray[np.datetime64],
    *,
    word: npt.NDArray[np.bool_],
    convention: Convention | None = None,
) -> Reading[np.datetime64]:
    """Bring the dates of distinct texts, datetime64[us] [U], to the rows; texts in `word` mean "missing"."""
    convention = convention or Convention()
    stray = np.isnat(parsed) & ~word
    times = times_from_microseconds(np.append(parsed, _NO_TIME)[cells.codes])
    noticed = (*convention.said, *_words_problem(cells, word), *_out_of_range(times.out_of_range))
    return Reading(
        times.times, "dates", _n_cells(cells, stray), _examples(cells, stray), noticed, convention.name,
        stray_texts=_n_texts(cells, stray),
    )  # fmt: skip


def _without_infinite(numbers: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], tuple[str, ...]]:
    infinite = np.isinf(numbers)
    count = int(infinite.sum())
    if not count:
        return numbers, ()
    return np.where(infinite, np.nan, numbers), (f"{count:,} infinite value(s) were read as missing",)


def _words_problem(cells: TextCells, word: npt.NDArray[np.bool_]) -> tuple[str, ...]:
    count = _n_cells(cells, word)
    return (f"{count:,} cell(s) were read as missing: {', '.join(map(repr, _examples(cells, word)))}",) if count else ()


def _out_of_range(count: int) -> tuple[str, ...]:
    return (f"{count:,} date(s) outside the years 1678 to 2261 were read as missing",) if count else ()


def _n_cells(cells: TextCells, which: npt.NDArray[np.bool_]) -> int:
    return int(cell_counts(cells)[which].sum())


def _n_texts(cells: TextCells, which: npt.NDArray[np.bool_]) -> int:
    return int((which & (cell_counts(cells) > 0)).sum())


def _examples(cells: TextCells, which: npt.NDArray[np.bool_]) -> tuple[str, ...]:
    used = np.flatnonzero(which & (cell_counts(cells) > 0))[:3]
    return tuple(text[:40] for text in cells.texts.take(used).to_pylist())
