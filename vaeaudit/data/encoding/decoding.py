"""From encoded cells back to the user's columns: undoes `Encoding.encode`, by the rows that it was fitted to."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.data.encoding.column_encoding import ColumnEncoding, Likelihood, cell_numbers, quantise
from vaeaudit.data.encoding.table_encoding import EncodedRows, Encoding
from vaeaudit.data.schema.columns import Column, Kind, Schema
from vaeaudit.data.schema.conventions import CLOCK

FloatArray = npt.NDArray[np.floating]
#: Decimals that a column of printed numbers may have; with more, numbers are left as they come.
_DECIMALS = 6
#: Seconds to which points in time may be kept: days, hours, minutes, seconds.
_CLOCK = (86400.0, 3600.0, 60.0, 1.0)
#: Distinct numbers from which on what they are all multiples of is no chance.
_FEWEST = 20


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
    usual
        [K, P]; encoded numbers as the model draws them for the rows of the data, each column sorted, NaN last where
        missing; None where they are not known.
    """

    encoding: Encoding
    schema: Schema
    frame: pd.DataFrame
    lowest: FloatArray
    highest: FloatArray
    occurs: tuple[npt.NDArray[np.bool_], ...]
    usual: FloatArray | None = None

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

    def with_usual(self, drawn: EncodedRows) -> CellValues:
        """Return the same, which brings the numbers of each column to the distribution that they have in the rows.

        A number becomes the one of the same rank among the rows, given its rank among what the model draws for them:
        order, and so what goes together, stays. A bell over dates would otherwise lay eggs in April.

        Parameters
        ----------
        drawn
            [K]; drawn by the model at posteriors of the rows.
        """
        there = drawn.observed[:, : len(self.encoding.numeric)]
        return replace(self, usual=np.sort(np.where(there, drawn.values, np.nan), axis=0))

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
                usual = None if self.usual is None else self.usual[:, place]
                numbers = _numbers(column, rows.values[:, place], usual, cell_numbers(known.dropna()), rng)
            else:
                codes = rows.codes[:, place - n_numeric]
                if column.kind.is_levelled:
                    cells[column.name] = _levels(column, self.schema[column.name], codes, known, rng)
                    continue
                numbers = _from_bins(column, codes, cell_numbers(known.dropna()), rng)
            cells[column.name] = _stored(numbers, self.schema[column.name], known, there)
        return pd.DataFrame({name: cells[name] for name in self.schema.names if name in cells})


def _numbers(
    column: ColumnEncoding, values: FloatArray, usual: FloatArray | None, known: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Undo `encode_numbers`, by rank where it is known what is usual."""
    drawn = np.zeros(0) if usual is None else usual[~np.isnan(usual)]
    if drawn.size and known.size:
        low, high = (np.searchsorted(drawn, values, side=side) for side in ("left", "right"))
        return _at(low + rng.random(len(values)) * np.maximum(high - low, 1), drawn.size, known)
    if column.likelihood is Likelihood.NEGATIVE_BINOMIAL:
        return np.asarray(values, np.float64)
    numbers = column.location + column.scale * np.asarray(values, np.float64)
    return np.exp(np.minimum(numbers, 700.0)) if column.likelihood is Likelihood.LOG_NORMAL else numbers


def _at(rank: FloatArray, of: int, known: FloatArray) -> FloatArray:
    """Return the number at each rank [M] of so many, among known ones; between two neighbours where few repeat."""
    ranked = np.sort(known)
    place = np.clip(rank / of, 0.0, 1.0) * (ranked.size - 1)
    if 2 * np.unique(ranked).size <= ranked.size:
        return np.asarray(ranked[np.round(place).astype(np.int64)])
    return np.interp(place, np.arange(ranked.size), ranked)


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
        own = known[place == code]
        if own.size:
            numbers[drawn] = _at(rng.random(drawn.size), 1, own)
    return numbers


def _stored(numbers: FloatArray, column: Column, known: pd.Series, there: npt.NDArray[np.bool_]) -> pd.Series:
    """Round to what the column is kept to, and bring into its range; NaN or NaT where nothing is there."""
    held = cell_numbers(known.dropna())
    rounded: FloatArray
    if column.convention == CLOCK:  # hours, of which whole minutes are no decimals
        rounded = _to_grain(3600 * numbers, np.round(3600 * held, _DECIMALS), Kind.DATETIME) / 3600
    else:
        rounded = _to_grain(numbers, held, column.kind)
    rounded = np.clip(rounded, held.min(), held.max()) if held.size else rounded
    rounded = np.where(there, rounded, np.nan)
    if column.kind is not Kind.DATETIME:
        return pd.Series(rounded)
    return pd.Series(pd.to_datetime(np.round(rounded * 1e6), unit="us").astype("datetime64[ns]"))


def _to_grain(numbers: FloatArray, held: FloatArray, kind: Kind) -> FloatArray:
    step = grain_of(held, kind)
    if not step:
        return numbers
    rounded: FloatArray = held.min() + np.round((numbers - held.min()) / step) * step
    return np.round(rounded, _DECIMALS) if step < 1 else rounded


def grain_of(numbers: FloatArray, kind: Kind) -> float:
    """Return what numbers differ by whole multiples of; 0 where they do not.

    A power of ten, or of many numbers a multiple of it: of times a second to a day, or to a week where all are Sundays.

    Parameters
    ----------
    numbers, kind
        [N] without missing ones, dates in seconds; what they are.

    Examples
    --------
    >>> grain_of(np.array([1.5, 2.25]), Kind.REAL), grain_of(np.arange(0.0, 900.0, 25.0), Kind.COUNT)
    (0.01, 25.0)
    """
    if not len(numbers):
        return 0.0
    if kind is Kind.DATETIME:
        unit = next((unit for unit in _CLOCK if np.all(numbers % unit == 0)), 0.0)
    else:
        kept = (n for n in range(_DECIMALS + 1) if np.allclose(numbers, np.round(numbers, n), 1e-12, 1e-9))
        unit = float(next((10.0**-n for n in kept), 0.0))
    distinct = np.unique(numbers)
    if not unit or distinct.size < _FEWEST or np.ptp(distinct) / unit > 2**53:
        return unit
    return unit * int(np.gcd.reduce(np.round((distinct - distinct[0]) / unit).astype(np.int64)))
