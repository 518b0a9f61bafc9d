"""Decide what the values of a column are. One set of rules for every source, applied in this order.

1. Levels that the source declares (a categorical type): `category`, or `ordinal` where the source orders them.
2. Numbers (all cells, or all but a few of a column of many numbers; with separators, a currency or one unit): two
   values 0 and 1 are `boolean`, two other integers a `category`; integers that number things are an `identifier`; eight
   digits that are all days, or seconds since 1970 under a name that speaks of time, are `datetime`; whole numbers
   that the name calls codes are a `category`; non-negative integers are `count`; all above zero with a right tail
   that the logarithm shortens are `positive`; the rest is `real`. Digits of one width with leading zeros are codes, as
   are integers too long for float64.
3. Dates (at least 99 % of the cells, words for "not known" aside): `datetime`.
4. Text: personal data and long, mostly distinct text of several words is `text`; a usual pair (yes/no, true/false …)
   is `boolean`; distinct in nearly every row, or naming things that repeat, is an `identifier`; the rest is `category`.

A column of fewer than two distinct values is `constant`, whatever they are.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from vaeaudit.data.schema.columns import Kind
from vaeaudit.data.schema.conventions import USUAL, Usual
from vaeaudit.data.schema.names import suggests_code, suggests_identifier, suggests_text, suggests_time
from vaeaudit.data.schema.number_texts import are_codes
from vaeaudit.data.schema.personal_data import personal_data
from vaeaudit.data.schema.readings import Reading, read_numbers, read_times
from vaeaudit.data.schema.storage import (
    Typed,
    category,
    cell_counts,
    constant,
    identifier,
    levelled,
    n_distinct,
    personal,
)
from vaeaudit.data.tables.cells import EXACT_INTEGER, Cells, NumberCells, TextCells, TimeCells, as_text

#: A column with stray text counts as numeric only where at least this many distinct numbers say that it measures.
MIN_DISTINCT_NUMBERS = 10

_PAIRS = (("false", "true"), ("no", "yes"), ("f", "t"), ("n", "y"), ("off", "on"))
#: So many distinct texts of several words are no levels, in however many rows they stand.
_MANY_TEXTS = 300
_MANY_DIGITS = r"^[+-]?\d{16,}$"
_HASH_LIKE = r"(?i)^(\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?|[0-9a-f]{24,128})$"


#: Names of things that repeat: at least so many, and each in so many rows at most on average; else they are levels.
FEWEST_THINGS, MOST_ROWS_OF_ONE = 50, 50


def infer(name: str, cells: Cells, usual: Usual = USUAL) -> Typed:
    """Decide the kind of a column whose missing cells are marked; `usual` settles what the cells leave open."""
    if isinstance(cells, TextCells) and cells.declared:
        return category(cells, ordered=cells.ordered)
    numbers = read_numbers(cells, usual)
    if numbers is not None and _are_numbers(numbers, cells):
        return _infer_numbers(name, cells, numbers)
    times = read_times(cells, usual)
    if times is not None and times.few_strays:
        return from_times(times)
    typed = _infer_text(name, as_text(cells))
    return replace(typed, problems=(*typed.problems, *_mixed(typed, numbers)))


def infer_measured(cells: Cells) -> Typed:
    """Store a column that is known to hold measurements: `real`, or `constant` where nothing varies."""
    reading = read_numbers(cells)
    distinct = np.unique(reading.present) if reading is not None else np.empty(0)
    if reading is None or len(distinct) < 2:
        return constant(as_text(cells))
    return of_numbers(Kind.REAL, reading)


def of_numbers(kind: Kind, reading: Reading[np.float64], *more: str) -> Typed:
    """Store numbers that were read, with all that was noticed and what `more` there is to say."""
    return Typed(
        kind,
        reading.rows,
        len(np.unique(reading.present)),
        problems=(*reading.all_problems, *more),
        convention=reading.convention,
        unit=reading.unit,
    )


def _mixed(typed: Typed, numbers: Reading[np.float64] | None) -> tuple[str, ...]:
    """Say that a category holds mostly numbers: some token for "missing" may be unknown to us."""
    if typed.kind is not Kind.CATEGORY or numbers is None or not 0 < numbers.stray <= len(numbers.present):
        return ()
    if len(np.unique(numbers.present)) < MIN_DISTINCT_NUMBERS:
        return ()
    total, shown = numbers.stray + len(numbers.present), ", ".join(map(repr, numbers.examples))
    return (
        f"{numbers.stray:,} of {total:,} cells are not numbers, such as {shown}: read as a category; "
        "if they mean missing, name them with --na",
    )


def _are_numbers(reading: Reading[np.float64], cells: Cells) -> bool:
    if isinstance(cells, NumberCells):
        return True
    if isinstance(cells, TextCells) and (are_codes(cells.texts) or _are_long_codes(reading, cells)):
        return False
    if not reading.stray and not reading.unit:
        return True
    return reading.few_strays and len(np.unique(reading.present)) >= MIN_DISTINCT_NUMBERS


def _are_long_codes(reading: Reading[np.float64], cells: TextCells) -> bool:
    """Whether most numbers are digits that float64 would round, as account numbers are."""
    beyond = int((np.abs(reading.present) > EXACT_INTEGER).sum())
    many_digits = pc.any(pc.match_substring_regex(cells.texts, _MANY_DIGITS)).as_py()
    return bool(many_digits) and beyond * 2 > len(reading.present)


# --- numbers and dates ----------------------------------------------------------------------------------------------


def _infer_numbers(name: str, cells: Cells, reading: Reading[np.float64]) -> Typed:
    present, problems = reading.present, reading.all_problems
    distinct = np.unique(present)
    if len(distinct) < 2:
        return constant(as_text(NumberCells(reading.rows)), problems)
    if np.array_equal(distinct, [0, 1]):
        codes = np.where(np.isnan(reading.rows), -1, reading.rows == 1).astype(np.int64)
        return levelled(Kind.BOOLEAN, codes, ("0", "1"), unique=2, problems=problems)
    if are_integers(distinct):
        special = _whole_numbers(name, cells, reading, distinct)
        if special is not None:
            return special
    return of_numbers(number_kind(present), reading)


def _whole_numbers(
    name: str, cells: Cells, reading: Reading[np.float64], distinct: npt.NDArray[np.float64]
) -> Typed | None:
    """Return what integers are where they do not count: names of things, points in time, codes."""
    problems = reading.all_problems
    times = _as_times(name, cells, reading, distinct)
    if times is not None:
        return times
    if number_identifies(name, distinct, len(reading.present)):
        return identifier(as_text(cells), problems)
    if names_repeating_things(name, len(distinct), len(reading.present)):
        return repeating(as_text(cells), problems)
    if len(distinct) == 2 and not reading.unit:
        return category(as_text(NumberCells(reading.rows)), problems=problems)
    if suggests_code(name) and distinct[0] >= 0 and 2 * len(distinct) <= len(reading.present) and not reading.unit:
        said = f"whole numbers that the name calls codes: read as a category; if they count: --kind-of {name}=count"
        return category(as_text(NumberCells(reading.rows)), problems=(*problems, said))
    return None


def _as_times(name: str, cells: Cells, reading: Reading[np.float64], distinct: npt.NDArray[np.float64]) -> Typed | None:
    """Return points in time where integers are written as 20240131, or count seconds under a name that says so."""
    fewest = 5
    if len(distinct) < fewest:
        return None
    if distinct[0] >= 18_000_101 and distinct[-1] <= 21_991_231:
        times = read_times(as_text(cells))
        if times is not None and times.few_strays:
            said = f"eight digits were read as days; if they are numbers: --kind-of {name}=count"
            return from_times(replace(times, problems=(*times.problems, said)))
    times = since_1970(reading) if suggests_time(name) else None
    if times is None:
        return None
    said = f"if they are numbers: --kind-of {name}=count"
    return from_times(replace(times, problems=(*times.problems, said)))


def since_1970(reading: Reading[np.float64]) -> Reading[np.datetime64] | None:
    """Read seconds, milli-, micro- or nanoseconds since 1970; None unless all fall into the years 1980 to 2100."""
    first, last = np.datetime64("1980-01-01"), np.datetime64("2100-01-01")
    lowest, highest = reading.present.min(), reading.present.max()
    for unit, what in (("s", "seconds"), ("ms", "milliseconds"), ("us", "microseconds"), ("ns", "nanoseconds")):
        low, high = (float(moment.astype(f"datetime64[{unit}]").astype(np.int64)) for moment in (first, last))
        if low <= lowest and highest <= high:
            known = ~np.isnan(reading.rows)
            times = np.full(len(reading.rows), np.datetime64("NaT", "ns"))
            times[known] = reading.rows[known].astype(np.int64).astype(f"datetime64[{unit}]").astype("datetime64[ns]")
            return Reading(times, "dates", problems=(*reading.all_problems, f"read as {what} since 1970"))
    return None


def number_identifies(name: str, distinct: npt.NDArray[np.float64], n_present: int) -> bool:
    """Whether integers number the rows: all distinct, and in steps of one size or under a name that says so.

    Measurements that happen to be distinct are no identifier, which is why only integers can be.
    """
    if len(distinct) != n_present or not are_integers(distinct):
        return False
    steps = np.diff(distinct)
    return suggests_identifier(name) or bool((steps == np.median(steps)).mean() >= 0.9)


def names_repeating_things(name: str, distinct: int, present: int) -> bool:
    """Whether the column names things of which one may fill several rows: many of them, none in very many rows."""
    return suggests_identifier(name) and distinct >= FEWEST_THINGS and present <= MOST_ROWS_OF_ONE * distinct


def repeating(cells: TextCells, problems: tuple[str, ...] = ()) -> Typed:
    """Store a column that names things which fill several rows each."""
    distinct, present = n_distinct(cells), len(cells) - int(cells.missing.sum())
    said = (
        f"names {distinct:,} things in {present:,} rows: rows of one belong together, in folds and splits; left out of "
        "the model"
    )
    return Typed(Kind.IDENTIFIER, cells.to_objects(), distinct, problems=(said, *problems), repeats=True)


def are_integers(numbers: npt.NDArray[np.float64]) -> bool:
    """Whether all numbers are integers that float64 holds exactly."""
    return bool(np.all((np.abs(numbers) <= EXACT_INTEGER) & (numbers == np.floor(numbers))))


def number_kind(present: npt.NDArray[np.float64]) -> Kind:
    """Decide between `count`, `positive` and `real`."""
    lowest = present.min()
    if lowest >= 0 and are_integers(present):
        return Kind.COUNT
    if lowest > 0:
        skewness = percentile_skewness(present)
        if skewness > 0.2 and abs(percentile_skewness(np.log(present))) < skewness:
            return Kind.POSITIVE
    return Kind.REAL


def percentile_skewness(numbers: npt.NDArray[np.float64]) -> float:
    """Kelly's coefficient (p90 + p10 - 2 p50) / (p90 - p10), in [-1, 1]; one wild value does not move it.

    Examples
    --------
    >>> percentile_skewness(np.array([1.0, 2.0, 3.0]))
    0.0
    """
    scale = np.abs(numbers).max()
    low, middle, high = np.percentile(numbers / scale if scale > 0 else numbers, [10, 50, 90])
    return float((high + low - 2 * middle) / (high - low)) if high > low else 0.0


def from_times(reading: Reading[np.datetime64]) -> Typed:
    """Store points in time, or say that there is only one."""
    unique = len(np.unique(reading.present))
    if unique < 2:
        return constant(as_text(TimeCells(reading.rows)), reading.all_problems)
    return Typed(Kind.DATETIME, reading.rows, unique, problems=reading.all_problems, convention=reading.convention)


# --- text -----------------------------------------------------------------------------------------------------------


def _infer_text(name: str, cells: TextCells) -> Typed:
    distinct, present = n_distinct(cells), len(cells) - int(cells.missing.sum())
    if distinct < 2:
        return constant(cells)
    known = _usual_pair(cells) or _written(name, cells, distinct, present)
    if known is not None:
        return known
    if text_identifies(cells, distinct, present):
        return identifier(cells)
    if names_repeating_things(name, distinct, present):
        return repeating(cells)
    padded = are_codes(cells.texts)
    return category(cells, problems=("digits with leading zeros are codes: read as a category",) if padded else ())


def _written(name: str, cells: TextCells, distinct: int, present: int) -> Typed | None:
    """Store what people wrote or are called by; None for anything else."""
    what = personal_data(name, cells)
    if what:
        names_rows = text_identifies(cells, distinct, present)
        return personal(cells, what, Kind.IDENTIFIER if names_rows else Kind.TEXT)
    if _is_free_text(name, cells, distinct, present):
        return Typed(Kind.TEXT, cells.to_objects(), distinct, problems=("free text: left out of the model",))
    return None


def _usual_pair(cells: TextCells) -> Typed | None:
    """Store yes/no and the like, each level in its most frequent spelling."""
    counts = cell_counts(cells)
    used = np.flatnonzero(counts)
    if len(used) > 8:
        return None
    folded = [text.casefold() for text in cells.texts.take(used).to_pylist()]
    pair = next((pair for pair in _PAIRS if set(folded) == set(pair)), None)
    if pair is None:
        return None
    side = np.full(len(counts) + 1, -1, dtype=np.int64)
    side[used] = [pair.index(text) for text in folded]
    spelling = [max(used[side[used] == which], key=lambda position: counts[position]) for which in (0, 1)]
    return levelled(Kind.BOOLEAN, side[cells.codes], cells.texts.take(np.array(spelling)).to_pylist(), unique=2)


def _is_free_text(name: str, cells: TextCells, distinct: int, present: int) -> bool:
    """Whether cells are written rather than chosen: many distinct ones, of several words."""
    if distinct < min(0.1 * present, _MANY_TEXTS):
        return False
    words = pc.mean(pc.count_substring_regex(cells.texts, r"\s+")).as_py() + 1
    length = pc.mean(pc.utf8_length(cells.texts)).as_py()
    mostly_distinct = distinct >= min(0.3 * present, _MANY_TEXTS)
    return bool(words >= 5 or (mostly_distinct and words >= 3 and length >= 60) or (suggests_text(name) and words >= 3))


def text_identifies(cells: TextCells, distinct: int, present: int) -> bool:
    """Whether text names the rows: distinct in 99 % of them, or hash-like and mostly distinct."""
    if distinct >= 0.99 * present:
        return True
    return distinct >= 0.5 * present and bool(pc.all(pc.match_substring_regex(cells.texts, _HASH_LIKE)).as_py())
