"""From encoded cells back to the user's columns: undoes `Encoding.encode`, by the rows that it was fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.data.encoding.column_encoding import ColumnEncoding, Likelihood, cell_numbers, quantise
from vaeaudit.data.encoding.table_encoding import EncodedRows, Encoding
from vaeaudit.data.schema.columns import Column, Kind, Schema

FloatArray = npt.NDArray[np.floating]
#: Decimals that a column of printed numbers may have; with more, numbers are left as they come.
_DECIMALS = 6
#: Seconds to which points in time may be kept: days, hours, minutes, seconds.
_CLOCK = (86400.0, 3600.0, 60.0, 1.0)


@dataclass(frozen=True)
class CellValues:
    """What encoded cells stand for.

    Attributes
    ----------
    encoding, schema, frame
        How columns became numbers, the columns, and the [N] rows whose values occur; stored as in `Dataset.frame`.
    lowest, highest
        [P]; the range of each numeric column, encoded: nothing beyond what was met is made up.
    occurs
        [Q]; which codes of each coded column some row has.
    """

    encoding: Encoding
    schema: Schema
    frame: pd.DataFrame
    lowest: FloatArray
    highest: FloatArray
    occurs: tuple[npt.NDArray[np.bool_], ...]

    @classmethod
    def of(cls, encoding: Encoding, schema: Schema, frame: pd.DataFrame) -> CellValues:
        """Look up what occurs in the rows [N]."""
        rows, n_numeric = encoding.encode(frame), len(encoding.numeric)
        there = rows.observed[:, :n_numeric]
        lowest = np.where(there, rows.values, np.inf).min(axis=0, initial=np.inf)
        highest = np.where(there, rows.values, -np.inf).max(axis=0, initial=-np.inf)
        occurs = tuple(
            np.bincount(codes[codes >= 0], minlength=column.n_codes) > 0
            for column, codes in zip(encoding.coded, rows.codes.T, strict=True)
        )
        return cls(encoding, schema, frame, lowest, highest, occurs)

    def decode(self, rows: EncodedRows, rng: np.random.Generator) -> pd.DataFrame:
        """Return typed cells [M, C], stored as in `Dataset.frame`, with integers, decimals and days as they were.

        Of values that share a code one is drawn: of rare levels as often as each occurs, of the numbers of a bin
        between two that lie next to each other.

        Parameters
        ----------
        rows
            [M] rows as `encode` would give them.
        rng
            Of what is drawn.
        """
        cells: dict[str, pd.Series | pd.Categorical] = {}
        n_numeric = len(self.encoding.numeric)
        for place, column in enumerate(self.encoding.columns):
            there, known = rows.observed[:, place], self.frame[column.name]
            if not column.likelihood.is_coded:
                numbers = _numbers(column, rows.values[:, place])
            else:
                codes = rows.codes[:, place - n_numeric]
                if column.kind.is_levelled:
                    cells[column.name] = _levels(column, self.schema[column.name], codes, known, rng)
                    continue
                numbers = _from_bins(column, codes, cell_numbers(known.dropna()), rng)
            cells[column.name] = _stored(numbers, column, known, there)
        return pd.DataFrame({name: cells[name] for name in self.schema.names if name in cells})


def _numbers(column: ColumnEncoding, values: FloatArray) -> FloatArray:
    """Undo `encode_numbers`."""
    if column.likelihood is Likelihood.NEGATIVE_BINOMIAL:
        return np.asarray(values, np.float64)
    numbers = column.location + column.scale * np.asarray(values, np.float64)
    return np.exp(np.minimum(numbers, 700.0)) if column.likelihood is Likelihood.LOG_NORMAL else numbers


def _levels(
    column: ColumnEncoding,
    declared: Column,
    codes: npt.NDArray[np.integer],
    known: pd.Series,
    rng: np.random.Generator,
) -> pd.Categorical:
    places = np.asarray(codes, np.int64).copy()
    shared = np.flatnonzero(places == column.n_codes - 1)
    if column.likelihood is Likelihood.CATEGORICAL and shared.size:
        held = known.cat.codes.to_numpy()
        rare = held[held >= column.n_codes - 1]
        places[shared] = rng.choice(rare, shared.size) if rare.size else -1
    return pd.Categorical.from_codes(places, pd.Index(declared.levels, dtype=object))


def _from_bins(
    column: ColumnEncoding, codes: npt.NDArray[np.integer], known: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Draw numbers of atoms and bins; in a bin evenly between two values that lie next to each other there."""
    numbers = np.full(len(codes), np.nan)
    place = quantise(column, np.asarray(known, np.float64))
    for code in np.unique(codes[codes >= 0]):
        drawn = np.flatnonzero(codes == code)
        if code < len(column.atoms):
            numbers[drawn] = column.atoms[code]
            continue
        own = np.sort(known[place == code])
        if own.size:
            at = rng.uniform(0, own.size - 1, drawn.size)
            numbers[drawn] = np.interp(at, np.arange(own.size), own)
    return numbers


def _stored(numbers: FloatArray, column: ColumnEncoding, known: pd.Series, there: npt.NDArray[np.bool_]) -> pd.Series:
    """Round to what the column is kept to, and bring into its range; NaN or NaT where nothing is there."""
    held = cell_numbers(known.dropna())
    step = grain_of(held, column.kind)
    rounded = (
        np.round(numbers / step) * step if step >= 1 else np.round(numbers, round(-np.log10(step))) if step else numbers
    )
    rounded = np.clip(rounded, held.min(), held.max()) if held.size else rounded
    rounded = np.where(there, rounded, np.nan)
    if column.kind is not Kind.DATETIME:
        return pd.Series(rounded)
    return pd.Series(pd.to_datetime(np.round(rounded * 1e6), unit="us").astype("datetime64[ns]"))


def grain_of(numbers: FloatArray, kind: Kind) -> float:
    """Return the largest unit that all numbers are multiples of: a power of ten, of times a day to a second; 0 if none.

    Parameters
    ----------
    numbers, kind
        [N] without missing ones, dates in seconds; what they are.

    Examples
    --------
    >>> grain_of(np.array([1.5, 2.25]), Kind.REAL), grain_of(np.array([3.0, 4.0]), Kind.COUNT)
    (0.01, 1.0)
    """
    if kind is Kind.DATETIME:
        return next((unit for unit in _CLOCK if np.all(numbers % unit == 0)), 0.0)
    whole = (10.0**-decimals for decimals in range(_DECIMALS + 1))
    return next(
        (unit for unit in whole if np.allclose(numbers, np.round(numbers, round(-np.log10(unit))), 1e-12, 1e-9)), 0.0
    )
