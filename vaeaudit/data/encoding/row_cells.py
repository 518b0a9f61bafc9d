"""The cells of a table as they are compared: which rows are equal, and by how much others differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.data.schema.columns import Column, Kind, Role, Schema

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """The compared cells of N rows: `numbers` [N, A] in standard deviations (NaN = missing), `codes` [N, B]."""

    numbers: npt.NDArray[np.float64]
    codes: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def n_columns(self) -> int:
        """C = A + B."""
        return int(self.numbers.shape[1] + self.codes.shape[1])

    def take(self, rows: Rows) -> Cells:
        """Return a subset of the rows."""
        return Cells(self.numbers[rows], self.codes[rows])

    def differences(self, left: Rows, right: Rows) -> npt.NDArray[np.float64]:
        """Return [..., C]: 0 for equal cells, 1 for others; numbers by their distance, at most 1."""
        a, b = self.numbers[left], self.numbers[right]
        with np.errstate(invalid="ignore"):
            apart = np.minimum(np.abs(a - b), 1.0)
        apart = np.where(np.isnan(a) & np.isnan(b), 0.0, np.where(np.isnan(apart), 1.0, apart))
        return np.concatenate([apart, self.codes[left] != self.codes[right]], axis=-1)


def compared_columns(schema: Schema) -> tuple[Column, ...]:
    """Return the columns that two rows must share to be equal: all but ids, identifiers and the split."""
    return tuple(
        column for column in schema if column.role not in (Role.ID, Role.SPLIT) and column.kind is not Kind.IDENTIFIER
    )


def first_of_equal_rows(frame: pd.DataFrame, schema: Schema) -> Rows:
    """Return for each row [N] the position of the first that is equal to it; missing equals missing.

    A hash of each row proposes the candidates; they are then compared value by value, so that no two different rows
    are ever called equal.
    """
    names = [column.name for column in compared_columns(schema)]
    first = np.arange(len(frame), dtype=np.int64)
    if not names or len(frame) < 2:
        return first
    hashes = np.asarray(pd.util.hash_pandas_object(frame[names], index=False))
    candidates = np.flatnonzero(pd.Series(hashes).duplicated(keep=False).to_numpy())
    if candidates.size:
        codes = np.stack([codes_of(frame[name].iloc[candidates]) for name in names], axis=1)
        _, earliest, group = np.unique(codes, axis=0, return_index=True, return_inverse=True)
        first[candidates] = candidates[earliest[group.ravel()]]
    return first


def codes_of(values: pd.Series) -> npt.NDArray[np.int64]:
    """Code of each value, from 0 on; missing has a code of its own."""
    codes, _ = pd.factorize(values, use_na_sentinel=False)
    return np.asarray(codes, dtype=np.int64)


def cells_of(frame: pd.DataFrame, schema: Schema) -> Cells:
    """Bring the compared columns to numbers in standard deviations, and codes."""
    numbers, codes = [np.zeros((len(frame), 0))], [np.zeros((len(frame), 0), np.int64)]
    for column in compared_columns(schema):
        values = frame[column.name]
        if column.kind.is_numeric or column.kind is Kind.DATETIME:
            numbers.append(_in_standard_deviations(values)[:, None])
        else:
            codes.append(codes_of(values)[:, None])
    return Cells(np.concatenate(numbers, axis=1), np.concatenate(codes, axis=1))


def agreement(cells: Cells, tolerance: float) -> npt.NDArray[np.float64]:
    """Return [C]; share of all pairs of rows that agree in each column, numbers to within `tolerance`."""
    n_pairs = max(len(cells) * (len(cells) - 1) / 2, 1.0)
    agreeing = []
    for numbers in cells.numbers.T:
        present = np.sort(numbers[~np.isnan(numbers)])
        reach = np.searchsorted(present, present + tolerance, side="right") - np.arange(len(present)) - 1
        n_missing = float(len(numbers) - len(present))
        agreeing.append(float(reach.sum()) + n_missing * (n_missing - 1) / 2)
    for codes in cells.codes.T:
        sizes = np.bincount(codes).astype(np.float64)
        agreeing.append(float((sizes * (sizes - 1)).sum()) / 2)
    return np.array(agreeing) / n_pairs


def _in_standard_deviations(values: pd.Series) -> npt.NDArray[np.float64]:
    """Scale a column, its outer 1 % on each side drawn in for the scale, so that one 1e308 decides nothing."""
    if values.dtype.kind == "M":
        numbers = np.where(values.isna(), np.nan, values.to_numpy("datetime64[ns]").astype(np.int64) / 1e9)
    else:
        numbers = values.to_numpy(np.float64)
    present = numbers[~np.isnan(numbers)]
    if present.size == 0:
        return numbers
    low, high = np.quantile(present, [0.01, 0.99], method="nearest")
    drawn_in = np.clip(present, low, high) / 2  # halves: the difference of two numbers of 1e308 is beyond float64
    centre = float(np.median(drawn_in))
    halves = drawn_in - centre
    spread = float(np.max(np.abs(halves)))
    scale = spread * float(np.std(halves / spread)) if spread > 0 else float(np.max(np.abs(present / 2 - centre)))
    with np.errstate(over="ignore"):
        return np.asarray((numbers / 2 - centre) / (scale or 1.0))
