"""Typed cells in the form in which the source has them: whole numbers, days, commas and clocks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from vaeaudit.data.schema.columns import Column, Kind
from vaeaudit.data.schema.conventions import CLOCK, DECIMAL_COMMA

_WHOLE = 2**53


def as_written(values: pd.Series, column: Column, *, as_text: bool) -> pd.Series:
    """Return the cells [N] of a column as the source would have them; units are left out.

    Parameters
    ----------
    values, column
        [N], stored as in `Dataset.frame`, and the entry in the schema.
    as_text
        Whether the file knows texts only (CSV): dates, decimal commas and times of day are then written as they were
        read. Else numbers, booleans and points in time keep a type of their own.
    """
    if column.kind is Kind.DATETIME:
        return _times(values, column.convention) if as_text else values
    if column.kind.is_numeric:
        return _numbers(values, column.convention if as_text else "")
    if column.kind.is_levelled:
        return values.astype(object).where(values.notna(), None) if as_text else _typed_levels(values, column)
    return values


def _numbers(values: pd.Series, convention: str) -> pd.Series:
    known = values.dropna()
    if convention == CLOCK:
        return values.map(_clock, na_action="ignore")
    if np.all(known == np.round(known)) and np.all(np.abs(known) < _WHOLE):
        return values.astype("Int64")
    if convention == DECIMAL_COMMA:
        return values.map(lambda number: repr(float(number)).replace(".", ","), na_action="ignore")
    return values


def _times(values: pd.Series, convention: str) -> pd.Series:
    days = values.dropna()
    form = convention if convention.startswith("%") else "%Y-%m-%d"
    if not (days == days.dt.normalize()).all():
        form += " %H:%M:%S" if "%H" not in form else ""
    texts: pd.Series = values.dt.strftime(form).astype(object)
    return texts.where(values.notna(), None)


def _typed_levels(values: pd.Series, column: Column) -> pd.Series:
    folded = tuple(level.lower() for level in column.levels)
    texts = values.astype(object).where(values.notna(), None)
    if folded == ("false", "true"):
        return texts.map(lambda level: level.lower() == "true", na_action="ignore").astype("boolean")
    if all(level.lstrip("-").isdecimal() and str(int(level)) == level for level in column.levels):
        return pd.to_numeric(texts).astype("Int64")
    return texts


def _clock(hours: float) -> str:
    seconds = round(hours * 3600)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}"
    return text if seconds % 60 == 0 else f"{text}:{seconds % 60:02d}"
