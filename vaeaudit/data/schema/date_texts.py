"""Turn distinct texts into points in time, in the one way of writing that fits most of them.

The clock and the zone are taken off and read as numbers; what is left, the day, is read by pandas in the formats that
its shape allows, and where a month has a name and no format fits as pandas (and dateutil behind it) can.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from vaeaudit.config import DateOrder
from vaeaudit.data.schema import clocks
from vaeaudit.data.schema.conventions import USUAL, Convention, Usual

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_WEEKDAY = r"(?i)^(?:mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun)[a-z]*,?\s+"
_ZONE = r"(?i)\s?(?P<zone>z|utc|gmt|(?:utc|gmt)?[+-]\d{2}(?::?\d{2})?)$"
_TIME = r"(?i)^(?P<day>.*?)(?:,?[t ]\s?|:)(?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)\s?(?P<half>[ap]\.?m\.?)?$"
_COMPACT_TIME = r"(?i)^(?P<day>\d{8})t(?P<clock>\d{2}\d{2}(?:\d{2})?)(?P<half>)$"
_YEAR_LAST = r"(?i)^(?P<day>[a-z]{3,9} \d{1,2}) (?P<clock>\d{2}:\d{2}:\d{2}) (?P<year>\d{4})$"

#: Shape of a day -> formats to try.
_SHAPES: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), formats)
    for pattern, formats in (
        (r"^\d{4}-\d{1,2}-\d{1,2}$", ("%Y-%m-%d",)),
        (r"^\d{4}/\d{1,2}/\d{1,2}$", ("%Y/%m/%d",)),
        (r"^\d{4}\.\d{1,2}\.\d{1,2}$", ("%Y.%m.%d",)),
        (r"^\d{1,2}/\d{1,2}/\d{4}$", ("%m/%d/%Y", "%d/%m/%Y")),
        (r"^\d{1,2}/\d{1,2}/\d{2}$", ("%m/%d/%y", "%d/%m/%y")),
        (r"^\d{1,2}\.\d{1,2}\.\d{4}$", ("%d.%m.%Y",)),
        (r"^\d{1,2}\.\d{1,2}\.\d{2}$", ("%d.%m.%y",)),
        (r"^\d{1,2}-\d{1,2}-\d{4}$", ("%d-%m-%Y", "%m-%d-%Y")),
        (r"^\d{1,2}-\d{1,2}-\d{2}$", ("%d-%m-%y", "%m-%d-%y")),
        (r"^(?:18|19|20|21)\d{6}$", ("%Y%m%d",)),
        (r"^(?:18|19|20|21)\d{2}[-/](?:0?[1-9]|1[0-2])$", ("%Y-%m",)),
        (r"^(?:0?[1-9]|1[0-2])[-/](?:18|19|20|21)\d{2}$", ("%m-%Y",)),
        (r"^(?:18|19|20|21)\d{2}[- ]?q[1-4]$", ("quarter",)),
        (r"^(?:18|19|20|21)\d{2}-?w\d{2}$", ("week",)),
        (rf"^\d{{1,2}}[- ]?{_MONTH}[- ]?\d{{4}}$", ("%d %b %Y", "%d %B %Y")),
        (rf"^\d{{1,2}}[- ]?{_MONTH}[- ]?\d{{2}}$", ("%d %b %y", "%d %B %y")),
        (rf"^{_MONTH}[- ]\d{{1,2}},?[- ]\d{{4}}$", ("%b %d %Y", "%B %d %Y")),
        (rf"^\d{{4}}[- ]?{_MONTH}[- ]?\d{{1,2}}$", ("%Y %b %d", "%Y %B %d")),
        (rf"^{_MONTH}[- ,]+\d{{4}}$", ("%b %Y", "%B %Y")),
        (rf"^\d{{4}}[- ]{_MONTH}$", ("%Y %b", "%Y %B")),
        (rf"^.*\b{_MONTH}\b.*$", ("any",)),
    )
)
_SAMPLE = 50
_NONE = np.datetime64("NaT", "us")
#: Formats that spell the month with letters: everything else in them is parted by one space first.
_WITH_NAME = re.compile(r"%[bB]")


def parse_times(
    values: pa.Array,
    counts: npt.NDArray[np.int64],
    usual: Usual = USUAL,
) -> tuple[npt.NDArray[np.datetime64], Convention]:
    """Read distinct texts as dates, in the one format that fits most cells.

    Parameters
    ----------
    values
        [U] texts.
    counts
        [U]; how many cells hold each.
    usual
        What settles the order of day and month where a second one fits as well.

    Returns
    -------
    times
        datetime64[us] [U] in UTC, NaT where the text is no date.
    convention
        The order of day and month that was taken; it is said where nothing settles it.
    """
    sample = values.take(np.argsort(-counts, kind="stable")[:_SAMPLE])
    shape = _shape_of(_take_apart(sample)[0])
    if shape is None:
        return np.full(len(values), _NONE), Convention()
    days, offset = _take_apart(values)
    pattern, formats = shape
    fitting = np.fromiter((pattern.match(day) is not None for day in days), dtype=bool, count=len(days))
    distinct, place = np.unique(days[fitting].astype(str), return_inverse=True)
    read = [_days(distinct, layout) for layout in formats]
    if formats[0] == "%Y-%m" and _are_seasons(distinct):
        return np.full(len(values), _NONE), Convention()
    weight = np.bincount(place, weights=counts[fitting], minlength=len(distinct))
    share = [float(weight[~np.isnat(times)].sum()) for times in read]
    best, ordered = int(np.argmax(share)), formats[0][1] in "dm" and len(formats) == 2
    two_ways = ordered and _WITH_NAME.search(formats[0]) is None
    open_ = two_ways and share[0] == share[1] and not np.array_equal(read[0], read[1])
    settled = _settled(formats, usual) if open_ else None
    taken = best if settled is None else settled
    times = np.full(len(values), _NONE)
    times[fitting] = read[taken][place]
    doubt = _doubt(formats, taken) if open_ and settled is None else ()
    return times + offset, Convention(formats[taken] if two_ways else "", doubt)


def _settled(formats: Sequence[str], usual: Usual) -> int | None:
    """Return which of two orders was asked for, or is that of other data."""
    if usual.dates is not DateOrder.AUTO:
        letter = usual.dates[0]
        return next(place for place, layout in enumerate(formats) if layout[1] == letter)
    return formats.index(usual.name) if usual.name in formats else None


def _doubt(formats: Sequence[str], taken: int) -> tuple[str, ...]:
    words = {"d": ("the day first", "day-first"), "m": ("the month first", "month-first")}
    one, other = words[formats[taken][1]], words[formats[1 - taken][1]]
    return (f"nothing says whether day or month comes first; {one[0]} was taken; if not: --date-order {other[1]}",)


def _shape_of(days: npt.NDArray[np.object_]) -> tuple[re.Pattern[str], tuple[str, ...]] | None:
    """Return the shape of most days that can be read in it; the earlier one of two as frequent."""
    fitting = {place: [day for day in days if pattern.match(day)] for place, (pattern, _) in enumerate(_SHAPES)}
    for place in sorted((place for place, some in fitting.items() if some), key=lambda place: -len(fitting[place])):
        pattern, formats = _SHAPES[place]
        read = [_days(np.array(fitting[place], dtype=str), layout) for layout in formats]
        if any(not np.isnat(times).all() for times in read):
            return pattern, formats
    return None


def _are_seasons(days: npt.NDArray[np.str_]) -> bool:
    """Whether 2010-11, 2011-12 … are years that follow one another rather than months."""
    return all(int(day[5:]) == (int(day[:4]) + 1) % 100 for day in days.tolist())


def _days(days: npt.NDArray[np.str_], layout: str) -> npt.NDArray[np.datetime64]:
    """Read days in one format; NaT where it does not fit."""
    texts = pd.Series(days, dtype=object)
    if layout == "any":
        return _in_any_order(texts)
    if layout == "quarter":
        texts, layout = texts.str[:4] + "-" + (texts.str[-1].astype(int) * 3 - 2).astype(str), "%Y-%m"
    elif layout == "week":
        texts, layout = texts.str[:4] + " " + texts.str[-2:] + " 1", "%G %V %u"
    elif layout in ("%Y-%m", "%m-%Y"):
        texts = texts.str.replace("/", "-")
    elif _WITH_NAME.search(layout):
        texts = texts.str.replace(r"[-,. ]+", " ", regex=True).str.replace(
            r"(?<=\d)(?=[A-Za-z])|(?<=[A-Za-z])(?=\d)", " ", regex=True
        )
        texts = texts.str.replace(r"(?i)\bsept\b", "Sep", regex=True)
    read = pd.to_datetime(texts, format=layout, errors="coerce")
    return np.asarray(read.to_numpy(), dtype="datetime64[us]")


def _in_any_order(days: pd.Series) -> npt.NDArray[np.datetime64]:
    """Read days whose month has a name, in whatever order; one without a year is none."""
    read = np.asarray(pd.to_datetime(days, format="mixed", errors="coerce", utc=True).dt.tz_localize(None).to_numpy())
    times = read.astype("datetime64[us]")
    return np.where(times < np.datetime64("1600-01-01", "us"), _NONE, times)


def _take_apart(values: pa.Array) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.timedelta64]]:
    """Return the day of each text [U], and what its clock and its zone add to midnight in UTC [U]."""
    texts = pc.replace_substring_regex(values, _WEEKDAY, "")
    texts, zone = _zones(texts)
    days, clock = _clocks(texts)
    return np.asarray(days.to_numpy(zero_copy_only=False), dtype=object), (clock - zone).astype("timedelta64[us]")


def _zones(texts: pa.Array) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    """Take the zone off texts that hold a clock; return microseconds east of Greenwich."""
    has_clock = pc.match_substring_regex(texts, r"\d:\d{2}|(?i)\d{8}t\d{4}")
    found = pc.if_else(has_clock, pc.struct_field(pc.extract_regex(texts, _ZONE), "zone"), None)
    east = np.zeros(len(texts), dtype=np.int64)
    if not pc.any(pc.is_valid(found)).as_py():
        return texts, east
    signed = pc.extract_regex(found, r"(?P<sign>[+-])(?P<h>\d{2}):?(?P<m>\d{2})?$")
    valid = np.asarray(pc.is_valid(signed))
    sign = np.where(np.asarray(pc.fill_null(pc.equal(pc.struct_field(signed, "sign"), "-"), False)), -1, 1)
    hours, minutes = (clocks.part(pc.struct_field(signed, name)) for name in "hm")
    east = np.where(valid, sign * (hours * 60 + minutes) * 60_000_000, 0).astype(np.int64)
    bare = pc.replace_substring_regex(texts, _ZONE, "")
    return pc.if_else(pc.is_valid(found), bare, texts), east


def _clocks(texts: pa.Array) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    """Take the clock off; return microseconds after midnight. A clock that does not exist leaves the text as it is."""
    with_year = pc.extract_regex(texts, _YEAR_LAST)
    moved = pc.binary_join_element_wise(
        *(pc.struct_field(with_year, name) for name in ("day", "year", "clock")), pa.scalar(" ", texts.type)
    )
    texts = pc.if_else(pc.is_valid(with_year), moved, texts)
    parts = pc.extract_regex(texts, _TIME)
    compact = pc.extract_regex(texts, _COMPACT_TIME)
    day, clock, half = (
        pc.fill_null(pc.coalesce(pc.struct_field(parts, name), pc.struct_field(compact, name)), "")
        for name in ("day", "clock", "half")
    )
    digits = pc.extract_regex(clock, r"^(?P<h>\d{1,2}):?(?P<m>\d{2})(?::?(?P<s>\d{2}(?:[.,]\d+)?))?$")
    hours, minutes = (clocks.part(pc.struct_field(digits, name)) for name in "hm")
    seconds = clocks.part(pc.replace_substring(pc.struct_field(digits, "s"), ",", "."))
    after_midnight, halved = clocks.of_the_day(hours, half)
    possible = (minutes < 60) & (seconds < 61) & np.where(halved, (hours >= 1) & (hours <= 12), hours < 24)
    has = np.asarray(pc.is_valid(digits)) & possible
    after = np.where(has, (after_midnight * 3600 + minutes * 60) * 1e6 + np.round(seconds * 1e6), 0)
    return pc.if_else(pa.array(has), pc.utf8_rtrim(day, ", "), texts), after.astype(np.int64)
