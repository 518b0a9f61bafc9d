"""Values that stand for "missing" and are not known to: -999, 9999, 1900-01-01, a 0 where nothing else is below 18."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.grouping.groups import Grouping, bin_columns
from vaeaudit.analysis.grouping.rules import satisfies
from vaeaudit.analysis.quality.contrast import Contrast, best_contrast
from vaeaudit.data.schema.columns import Column, Kind, Role, Schema
from vaeaudit.data.tables.cells import number_text
from vaeaudit.outputs.record import BoolArray, FloatArray
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.measures import Count

Sign = Literal["nines", "negative", "zero", "far", "date"]

#: Values at an end of a column that are judged together, such as 97, 98 and 99.
MOST_CODES = 3
#: Rows of one value, and distinct other values, from which it is judged.
FEWEST_ROWS, FEWEST_OTHERS = 5, 10
#: Standard deviations of the other values that part them from a value of each sign.
GAPS = {"nines": 0.5, "negative": 0.5, "zero": 0.5}
#: Share of the rows that have it, at most: what most rows have is a value, such as no capital gain.
MOST_ROWS = {"nines": 0.8, "negative": 0.98, "zero": 0.4, "far": 0.05}
#: Times the range of all other values from which a value is far away, and then the fewest rows and other values; nines
#: of four digits or more are no slip, if they stand in one row.
FAR, FEWEST_FAR, FEWEST_BESIDE, NINES = 100.0, 2, 2, 999
#: Times as many rows as the largest of so many neighbouring values: a spike, where there is no gap.
SPIKE, NEIGHBOURS = 5, 10
#: Logarithms are looked for up to here, and may be so far from a whole number.
_LARGEST_LOGARITHM, _ROUNDING = 7.0, 0.01


@dataclass(frozen=True)
class Placeholder:
    """A value that stands for "missing".

    Attributes
    ----------
    column, value
        Where, and which, as the column's kind is written.
    sign
        What gives it away: nines (or eights, sevens), the only negative one, 0, one that is far from all others, the
        first or last day of a year.
    rows, n
        Rows that have it, of those that have a value.
    nearest
        The nearest other value, as written.
    rule
        The condition that picks its rows.
    goes_with
        Which group of another column holds such rows more often than others do; None where none surely does.
    """

    column: str
    value: str
    sign: Sign
    rows: Count
    n: Count
    nearest: str
    rule: Condition
    goes_with: Contrast | None = None


def find_placeholders(frame: pd.DataFrame, schema: Schema, fdr: float) -> tuple[Placeholder, ...]:
    """Return such values of numbers and dates, in the order of the columns.

    Parameters
    ----------
    frame, schema
        [N, C] rows and their columns.
    fdr
        Level from which a group of another column is named.
    """
    found = [
        entry for column in schema if column.role is not Role.ID for entry in _of_column(frame[column.name], column)
    ]
    groupings = bin_columns(frame, schema) if found else []
    return tuple(
        replace(entry, goes_with=_goes_with(satisfies(entry.rule, frame[entry.column]), entry.column, groupings, fdr))
        for entry in found
    )


def _goes_with(rows: BoolArray, name: str, groupings: Sequence[Grouping], fdr: float) -> Contrast | None:
    others = [grouping for grouping in groupings if grouping.column != name]
    contrast = best_contrast(rows, others, more=True)
    return contrast if contrast is not None and contrast.p_adjusted <= fdr else None


def _of_column(values: pd.Series, column: Column) -> Iterator[Placeholder]:
    """Yield the placeholders of a column; what they go with is not yet known."""
    if column.kind.is_numeric:
        distinct, counts = np.unique(values.dropna().to_numpy(dtype=np.float64), return_counts=True)
        for place, sign, nearest in _codes(distinct, counts):
            value = float(distinct[place])
            rule = Condition(column.name, "between", [value, float(np.nextafter(value, np.inf))])
            held, n = int(counts[place]), int(counts.sum())
            yield Placeholder(
                column.name, number_text(value), sign, held, n, number_text(float(distinct[nearest])), rule
            )
    elif column.kind is Kind.DATETIME:
        moments = values.dropna().to_numpy(dtype="datetime64[D]")
        days, counts = np.unique(moments, return_counts=True)
        for place, nearest in _days(days, counts):
            text, after, beside = (str(day) for day in (days[place], days[place] + 1, days[nearest]))
            rule = Condition(column.name, "between", [text, after])
            yield Placeholder(column.name, text, "date", int(counts[place]), int(counts.sum()), beside, rule)


def _codes(distinct: FloatArray, counts: npt.NDArray[np.intp]) -> Iterator[tuple[int, Sign, int]]:
    """Yield place, sign and nearest other place of values at either end that stand apart from the others."""
    for step in (1, -1):
        ends, rows = distinct[::step], counts[::step]
        for several in range(MOST_CODES, 0, -1):
            code, other = ends[:several], ends[several:]
            if not len(other):
                continue
            signs = [_sign(value, other) for value in code]
            fewest = FEWEST_BESIDE if _is_far(code[-1], other) else FEWEST_OTHERS
            if len(other) < fewest or None in signs:
                continue
            if all(_apart(ends, rows, place, several, sign) for place, sign in enumerate(signs) if sign):
                for place, sign in enumerate(signs):
                    if sign is not None:
                        at = (place, several) if step == 1 else (len(distinct) - 1 - place, len(distinct) - 1 - several)
                        yield at[0], sign, at[1]
                break


def _sign(value: float, others: FloatArray) -> Sign | None:
    digits = f"{abs(value):.10g}" if abs(value) < NINES else str(int(abs(value)))
    if digits[0] in "987" and len(set(digits[:-1]) | {"9"}) == 1 and digits[-1] in "6789" and len(digits) > 1:
        return "nines"
    if len(set(digits)) == 1 and digits[0] in "987" and (len(digits) > 1 or value < 0):
        return "nines"
    if value < 0 and len(others) and others.min() >= 0:
        return "negative"
    if value == 0:
        return "zero"
    return "far" if _is_far(value, others) else None


def _is_far(value: float, others: FloatArray) -> bool:
    """Whether a value at an end lies very much farther from the others than they from one another."""
    with np.errstate(over="ignore"):  # numbers may be as large as 1e308
        return len(others) >= FEWEST_BESIDE and bool(np.abs(others - value).min() / FAR >= np.ptp(others))


def _apart(ends: FloatArray, rows: npt.NDArray[np.intp], place: int, several: int, sign: Sign) -> bool:
    """Whether a value at an end is frequent, but not the rule, and far from the others, or a spike beside them."""
    others, held = ends[several:], rows[several:]
    far = _is_far(ends[place], others)
    fewest = FEWEST_ROWS if not far else 1 if sign == "nines" and abs(ends[place]) > NINES else FEWEST_FAR
    if not fewest <= rows[place] <= MOST_ROWS[sign] * int(rows.sum()):
        return False
    if far:
        return True
    centre = np.average(others, weights=held)
    spread = np.sqrt(np.average((others - centre) ** 2, weights=held))
    gap = abs(others[0] - ends[several - 1])
    spacing = np.median(np.abs(np.diff(others)))
    if gap >= GAPS[sign] * spread and gap >= SPIKE * spacing:
        return sign != "zero" or not _is_logarithm(float(others[0]))
    spike = rows[place] >= max(SPIKE * held[:NEIGHBOURS].max(), 2 * FEWEST_ROWS)
    return bool(spike) and sign in ("nines", "negative")


def _is_logarithm(value: float) -> bool:
    """Whether a number is the logarithm of a whole one, as the lowest beside 0, that of 1, then is."""
    return 0 < value < _LARGEST_LOGARITHM and abs(np.exp(value) - round(float(np.exp(value)))) < _ROUNDING


def _days(days: npt.NDArray[np.datetime64], counts: npt.NDArray[np.intp]) -> Iterator[tuple[int, int]]:
    """Yield first and last days of years that hold many more rows than the days around, and than others of the kind."""
    if len(days) < FEWEST_OTHERS:
        return
    in_year = (days - days.astype("datetime64[Y]")).astype(int)
    turn = (in_year == 0) | ((days + 1).astype("datetime64[Y]") > days.astype("datetime64[Y]"))
    if turn.mean() > 0.5:
        return
    alike, spread = np.flatnonzero(turn), np.timedelta64(round(float(np.std(days.astype(float)))), "D")
    for place in map(int, np.flatnonzero(turn & (counts >= FEWEST_ROWS))):
        around = np.arange(max(place - NEIGHBOURS // 2, 0), min(place + NEIGHBOURS // 2 + 1, len(days)))
        beside = around[around != place]
        nearest = int(beside[np.abs(days[beside] - days[place]).argmin()])
        far = place in (0, len(days) - 1) and abs(days[nearest] - days[place]) >= spread
        most = max(counts[beside].max(), 0 if far else counts[alike[alike != place]].max(initial=0))
        if counts[place] >= SPIKE * most:
            yield place, nearest
