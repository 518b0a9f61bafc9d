"""Cells as text, in the terms of the person who owns the table."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.results.measures import Interval
from vaeaudit.data.schema import Column, Kind

MISSING = "(missing)"
PRESENT = "(any value)"


def number_text(value: float, *, digits: int = 4) -> str:
    """Write a number as a person would: whole numbers in full, others to `digits` significant digits.

    >>> number_text(13.0), number_text(2.71828), number_text(1234567.8)
    ('13', '2.718', '1234568')
    """
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "infinite" if value > 0 else "-infinite"
    if value == 0:
        return "0"
    if abs(value) >= 1e15 or abs(value) < 1e-4:
        return f"{value:.{digits}g}"
    whole_digits = math.floor(math.log10(abs(value))) + 1
    decimals = max(0, digits - whole_digits)
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def exact_number_text(value: float) -> str:
    """Write a number in full, as it stands in the data; whole numbers without a decimal point."""
    if math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return MISSING if math.isnan(value) else repr(float(value))


def moment_text(moment: pd.Timestamp) -> str:
    """Write a date-time as ISO 8601; midnights as a date alone."""
    if pd.isna(moment):
        return MISSING
    if moment == moment.normalize():
        return str(moment.date().isoformat())
    return str(moment.isoformat(sep=" ", timespec="seconds"))


def column_texts(values: pd.Series, column: Column, *, missing: str = MISSING) -> npt.NDArray[np.object_]:
    """Write the cells of a column as text.

    Parameters
    ----------
    values
        [N], stored as `Dataset.frame` is.
    column
        The column's entry in the schema.
    missing
        Stands for a missing cell.

    Returns
    -------
    npt.NDArray[np.object_]
        [N] of `str`.
    """
    absent = values.isna().to_numpy(dtype=bool)
    texts = np.full(len(values), missing, dtype=object)
    present = values[~absent]
    if column.kind.is_numeric:
        written = [exact_number_text(float(value)) for value in present]
    elif column.kind is Kind.DATETIME:
        written = [moment_text(moment) for moment in present]
    else:
        written = [str(value) for value in present]
    texts[~absent] = written
    return texts


def holds_whole_days(values: pd.Series) -> bool:
    """Whether a date-time column holds nothing but dates, so that a time of day would claim too much."""
    moments = values.dropna()
    return bool(values.dtype.kind == "M" and (moments == moments.dt.normalize()).all())


def expected_texts(
    expected: npt.NDArray[np.floating],
    column: Column,
    cell_is_missing: npt.NDArray[np.bool_],
    *,
    whole_days: bool = False,
) -> npt.NDArray[np.object_]:
    """Write what the model expected in cells of one column.

    Parameters
    ----------
    expected
        [M]; a number, seconds since 1970 (UTC) for a date-time, a position in `Column.levels` for a levelled column;
        NaN where the surprise is about missingness.
    column
        The column's entry in the schema.
    cell_is_missing
        [M]; where the cell itself is missing, so that any value would have been less of a surprise.
    whole_days
        Whether date-times are written as dates (see `holds_whole_days`).

    Returns
    -------
    npt.NDArray[np.object_]
        [M] of `str`.
    """
    texts = np.where(cell_is_missing, PRESENT, MISSING).astype(object)
    known = np.isfinite(expected)
    texts[known] = [_expected_text(float(value), column, whole_days) for value in expected[known]]
    return texts


def _expected_text(value: float, column: Column, whole_days: bool) -> str:
    if column.kind is Kind.DATETIME:
        moment = pd.Timestamp(round(value), unit="s")
        return moment_text(moment.round("D") if whole_days else moment)
    if column.kind.is_levelled:
        position = round(value)
        return column.levels[position] if 0 <= position < len(column.levels) else "(other)"
    if column.kind is Kind.COUNT and abs(value) >= 10:
        return number_text(round(value))
    return number_text(value)


def percent_text(share: float) -> str:
    """Write a share in per cent, with as many digits as tell it from 0 and from 100.

    >>> percent_text(0.4712), percent_text(0.0231), percent_text(0.00042), percent_text(0.0), percent_text(0.9996)
    ('47 %', '2.3 %', '0.042 %', '0 %', 'over 99.9 %')
    """
    percent = 100 * share
    if percent in (0, 100):
        return f"{percent:.0f} %"
    if percent < 0.001:
        return "under 0.001 %"
    if percent >= 99.95:
        return "over 99.9 %"
    if 10 <= percent < 99.5:
        return f"{percent:.0f} %"
    digits = f"{percent:.1f}" if percent >= 1 else f"{percent:.2g}"
    return f"{digits.removesuffix('.0')} %"


def share_interval_text(interval: Interval) -> str:
    """Write an interval of a share with digits enough to part its ends; open bounds are those of a share.

    >>> share_interval_text(Interval(0.31, 0.35, 0.95)), share_interval_text(Interval(0.1198, 0.1243, 0.95))
    ('31 % to 35 %', '12.0 % to 12.4 %')
    """
    low = 0.0 if interval.low is None else interval.low
    high = 1.0 if interval.high is None else interval.high
    texts = percent_text(low), percent_text(high)
    for decimals in (1, 2, 3):
        if low == high or texts[0] != texts[1]:
            break
        texts = f"{100 * low:.{decimals}f} %", f"{100 * high:.{decimals}f} %"
    return f"{texts[0]} to {texts[1]}"


def group_text(attributes: Sequence[str], groups: Sequence[str]) -> str:
    """Name a group, or an intersection of groups, by its columns.

    >>> group_text(["sex", "age"], ["Female", ">= 60"]), group_text(["age"], ["[20, 25)"])
    ('sex = Female, age >= 60', 'age in [20, 25)')
    """
    return ", ".join(_one_group(attribute, group) for attribute, group in zip(attributes, groups, strict=True))


def _one_group(attribute: str, group: str) -> str:
    if group.startswith(("< ", ">= ")):
        return f"{attribute} {group}"
    if re.fullmatch(r"\[.*, .*\)", group):
        return f"{attribute} in {group}"
    return f"{attribute} = {group}"


def list_text(names: Sequence[str], *, most: int = 3, separator: str = ", ") -> str:
    """Join names as a sentence does: "a, b and c", or "a, b, c and 4 more".

    >>> list_text(["a", "b"]), list_text(["a", "b", "c", "d", "e"])
    ('a and b', 'a, b, c and 2 more')
    """
    if len(names) > most:
        return f"{separator.join(names[:most])} and {len(names) - most} more"
    if len(names) <= 1:
        return "".join(names)
    return f"{separator.join(names[:-1])} and {names[-1]}"


def plural(count: int, noun: str) -> str:
    """Write a count with its noun.

    >>> plural(1, "row"), plural(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def finding_id(*parts: str) -> str:
    """Join parts to an id of lower-case letters, digits and hyphens that stays the same from run to run.

    Signs that tell groups apart are spelled out, so that `< 30` and `>= 30` differ.

    >>> finding_id("representation", "Sex", "Female"), finding_id("outlier", "age", ">= 30")
    ('representation-sex-female', 'outlier-age-from-30')
    """
    spelled = " ".join(parts).lower()
    for sign, word in ((">=", " from "), ("<=", " up to "), ("<", " below "), (">", " above ")):
        spelled = spelled.replace(sign, word)
    words = re.findall(r"\w+", spelled)
    return "-".join(words)[:80].rstrip("-")


def bounds(interval: Interval) -> list[float | None]:
    """Return an interval as plain numbers, for the evidence of a finding."""
    return [interval.low, interval.high]
