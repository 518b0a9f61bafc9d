"""Cells as text, in the terms of the person who owns the table."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.data.schema.columns import Column, Kind
from vaeaudit.data.tables.cells import number_text as exact_text
from vaeaudit.outputs.record import BoolArray, FloatArray

MISSING = "(missing)"
PRESENT = "(any value)"


def number_text(value: float) -> str:
    """Write a number as a person would: whole numbers in full, others to four significant digits.

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
        return f"{value:.4g}"
    decimals = max(0, 3 - math.floor(math.log10(abs(value))))
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


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
        written = [exact_text(float(value)) for value in present]
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
    expected: FloatArray, column: Column, cell_is_missing: BoolArray, *, whole_days: bool = False
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
