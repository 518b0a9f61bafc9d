"""Turn distinct text values into numbers or points in time, strictly: what does not parse says so."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_DIGITS_AND_COMMA = r"^[+-]?[\d.]+,[\d.,]*$"
_THOUSANDS = r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$"
_DECIMAL_COMMA = r"^[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+$"
_DECIMAL_POINT = r"^[+-]?\d*\.(\d{1,2}|\d{4,})$"
_INFINITE = r"(?i)^[+-]?(inf|infinity)$"
_ZERO_PADDED = r"^0\d+$"

#: Thousands of 1.234, which a decimal comma is beside.
_POINT_THOUSANDS = r"^[+-]?\d{1,3}(\.\d{3})+$"

_CLOCK = r"([T ]\d{1,2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?"
_ZONE = r"(\s?(Z|[+-]\d{2}:?\d{2}))?"
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"

#: Shape of a date -> day, month and year orders to try. The first order in which most values are dates is used.
_DATE_SHAPES = (
    (re.compile(rf"^\d{{4}}-\d{{2}}-\d{{2}}{_CLOCK}{_ZONE}$"), ("ISO8601",)),
    (re.compile(rf"^\d{{4}}/\d{{1,2}}/\d{{1,2}}{_CLOCK}$"), ("%Y/%m/%d",)),
    (re.compile(rf"^\d{{1,2}}/\d{{1,2}}/\d{{4}}{_CLOCK}$"), ("%m/%d/%Y", "%d/%m/%Y")),
    (re.compile(rf"^\d{{1,2}}\.\d{{1,2}}\.\d{{4}}{_CLOCK}$"), ("%d.%m.%Y",)),
    (re.compile(rf"^\d{{1,2}}-\d{{1,2}}-\d{{4}}{_CLOCK}$"), ("%d-%m-%Y", "%m-%d-%Y")),
    (re.compile(rf"^\d{{1,2}}[- ]{_MONTH}[- ]\d{{4}}$", re.IGNORECASE), ("%d-%b-%Y", "%d %b %Y", "%d %B %Y")),
    (re.compile(rf"^{_MONTH} \d{{1,2}}, \d{{4}}$", re.IGNORECASE), ("%b %d, %Y", "%B %d, %Y")),
)
_CLOCK_FORMATS = ("", "%H:%M", "%H:%M:%S", "%H:%M:%S.%f")
_SAMPLE = 50

THOUSANDS_COMMA, DECIMAL_COMMA = "thousands comma", "decimal comma"


@dataclass(frozen=True)
class Convention:
    """Which of several ways a column is written in.

    Attributes
    ----------
    name
        `thousands comma`, `decimal comma`, an order of day and month (`%d/%m/%Y`), or empty where there is one way.
    said
        What a reader should know about it; empty where it goes without saying.
    """

    name: str = ""
    said: str = ""


def parse_numbers(texts: pa.Array, usual: str = "") -> tuple[npt.NDArray[np.float64], Convention]:
    """Read distinct texts as numbers.

    Parameters
    ----------
    texts
        [U].
    usual
        Name of the convention to follow where the texts themselves would allow for another.

    Returns
    -------
    numbers
        float64 [U]; +-inf for infinities, NaN where the text is no number.
    convention
        Whether commas were read as thousands separators or as decimal commas.
    """
    plain, convention = _without_commas(texts, usual)
    usable = pc.or_(pc.match_substring_regex(plain, _NUMBER), pc.match_substring_regex(plain, _INFINITE))
    if not pc.any(usable).as_py():
        return np.full(len(texts), np.nan), Convention()
    numbers = pc.cast(pc.if_else(usable, plain, None), pa.float64())
    return np.array(numbers.to_numpy(zero_copy_only=False), dtype=np.float64), convention


def _without_commas(texts: pa.Array, usual: str) -> tuple[pa.Array, Convention]:
    """Bring 1,234.5 and 1.234,5 to 1234.5, where all texts with a comma are written the same way."""
    commas = texts.filter(pc.match_substring_regex(texts, _DIGITS_AND_COMMA))
    if not len(commas) and usual != DECIMAL_COMMA:
        return texts, Convention()
    points = pc.any(pc.match_substring_regex(texts, _DECIMAL_POINT)).as_py()
    if not len(commas):
        if points or not pc.any(pc.match_substring_regex(texts, _POINT_THOUSANDS)).as_py():
            return texts, Convention()
        return pc.replace_substring(texts, ".", ""), Convention(usual, "points were read as thousands separators")
    decimal = not points and pc.all(pc.match_substring_regex(commas, _DECIMAL_COMMA)).as_py()
    thousands = pc.all(pc.match_substring_regex(commas, _THOUSANDS)).as_py()
    if thousands and not (decimal and usual == DECIMAL_COMMA):
        said = f"commas were read as thousands separators, as in {commas[0]}"
        return pc.replace_substring(texts, ",", ""), Convention(THOUSANDS_COMMA, said)
    if decimal:
        without_points = pc.replace_substring(texts, ".", "")
        said = f"decimal commas were read as such, as in {commas[0]}"
        return pc.replace_substring(without_points, ",", "."), Convention(DECIMAL_COMMA, said)
    return texts, Convention()


def are_zero_padded(values: pa.Array) -> npt.NDArray[np.bool_]:
    """[U]; which texts are digits that open with a needless zero, as codes do ("007")."""
    return np.asarray(pc.match_substring_regex(values, _ZERO_PADDED))


def parse_times(
    values: pa.Array, counts: npt.NDArray[np.int64], usual: str = ""
) -> tuple[npt.NDArray[np.datetime64], Convention]:
    """Read distinct texts as dates, in the one format that fits most cells.

    Parameters
    ----------
    values
        [U] texts.
    counts
        [U]; how many cells hold each.
    usual
        The order of day and month to follow where a second one fits as well.

    Returns
    -------
    times
        datetime64[us] [U] in UTC, NaT where the text is no date.
    convention
        The order of day and month that was taken; it is said where nothing settles it.
    """
    texts = np.asarray(values.to_numpy(zero_copy_only=False), dtype=object)
    sample = texts[np.argsort(-counts, kind="stable")[:_SAMPLE]].tolist()
    fits_most = (shape for shape in _DATE_SHAPES if sum(map(bool, map(shape[0].match, sample))) * 2 > len(sample))
    shape = next(fits_most, None)
    if shape is None:
        return np.full(len(texts), np.datetime64("NaT", "us")), Convention()
    pattern, orders = shape
    fitting = np.fromiter((pattern.match(text) is not None for text in texts), dtype=bool, count=len(texts))
    parsed = [_parse_order(texts, fitting, order) for order in orders]
    share = [int(counts[~np.isnat(times)].sum()) for times in parsed]
    best = int(np.argmax(share))
    if len(orders) != 2:
        return parsed[best], Convention()
    ambiguous = share[0] == share[1] and not np.array_equal(parsed[0], parsed[1])
    if ambiguous and usual in orders:
        return parsed[orders.index(usual)], Convention(usual)
    said = f"dates could be read as {orders[0]} or {orders[1]}; {orders[best]} was taken" if ambiguous else ""
    return parsed[best], Convention(orders[best], said)


def _parse_order(
    texts: npt.NDArray[np.object_], fitting: npt.NDArray[np.bool_], order: str
) -> npt.NDArray[np.datetime64]:
    times = np.full(len(texts), np.datetime64("NaT", "us"))
    candidates = texts[fitting]
    if order == "ISO8601":
        times[fitting] = _to_microseconds(candidates, "ISO8601")
        return times
    found = np.full(len(candidates), np.datetime64("NaT", "us"))
    plain = np.array([text.replace("T", " ", 1) if text[:1].isdigit() else text for text in candidates], dtype=object)
    for clock in _CLOCK_FORMATS:
        left = np.isnat(found)
        if left.any():
            found[left] = _to_microseconds(plain[left], f"{order} {clock}".strip())
    times[fitting] = found
    return times


def _to_microseconds(texts: npt.NDArray[np.object_], layout: str) -> npt.NDArray[np.datetime64]:
    index = pd.to_datetime(pd.Index(texts, dtype=object), format=layout, errors="coerce", utc=True)
    return np.asarray(index.tz_localize(None).to_numpy(), dtype="datetime64[us]")
