"""Shares of a population over the cells of a few columns: what a dataset's own shares are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, prod

import numpy as np
import numpy.typing as npt
import pandas as pd

Codes = npt.NDArray[np.int64]
Span = tuple[float | None, float | None]

#: The code of a row that lies in no cell.
OUTSIDE = -1


@dataclass(frozen=True)
class PopulationColumn:
    """How the population divides one column: by `levels`, or by rising `intervals` [low, high), None = open."""

    name: str
    levels: tuple[str, ...] = ()
    intervals: tuple[Span, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.levels) == bool(self.intervals):
            raise ValueError(f"population column {self.name!r} needs either levels or intervals")

    def __len__(self) -> int:
        return len(self.levels) or len(self.intervals)

    def codes(self, values: pd.Series) -> Codes:
        """Return [N]: the group of each row of a typed column, `OUTSIDE` where it lies in none or is missing."""
        if self.levels:
            if isinstance(values.dtype, pd.CategoricalDtype):  # each level is looked up once, and not each row
                place = {level: position for position, level in enumerate(self.levels)}
                of_level = [place.get(level, OUTSIDE) for level in values.dtype.categories]
                return np.array([*of_level, OUTSIDE], dtype=np.int64)[values.cat.codes]  # a missing value has code -1
            known = pd.Index(self.levels)
            return np.asarray(known.get_indexer(pd.Index(values.astype(object))), dtype=np.int64)
        numbers = values.to_numpy(dtype=np.float64)
        lows = np.array([-inf if low is None else low for low, _ in self.intervals])
        highs = np.array([inf if high is None else high for _, high in self.intervals])
        position = np.searchsorted(lows, numbers, side="right") - 1
        inside = (position >= 0) & (numbers < highs[position])  # NaN compares false
        return np.where(inside, position, OUTSIDE).astype(np.int64)


@dataclass(frozen=True)
class Population:
    """Shares of the cells of a full product of columns.

    Attributes
    ----------
    name
        What the source is called.
    columns
        How each column is divided.
    shares
        Share of each cell of the full product, the last column varying fastest, adding up to 1; None for a
        combination that the source does not list: nothing is known about it.
    notes
        What a reader should know about the file.
    """

    name: str
    columns: tuple[PopulationColumn, ...]
    shares: tuple[float | None, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        cells = prod(len(column) for column in self.columns)
        if len(self.shares) != cells:
            raise ValueError(f"the columns span {cells} cells, found {len(self.shares)} shares")
        total = sum(share for share in self.shares if share is not None)
        if abs(total - 1) > 1e-9:
            raise ValueError(f"shares must add up to 1, found {total}")

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns that it speaks about."""
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: str) -> PopulationColumn:
        return {column.name: column for column in self.columns}[name]

    def covers(self, names: Sequence[str]) -> bool:
        """Whether it knows the shares of all the columns named."""
        return set(names) <= set(self.column_names)

    def cell_codes(self, frame: pd.DataFrame) -> Codes:
        """Return [N]: the cell of each row of a typed frame, `OUTSIDE` where the source lists none for it."""
        codes = np.zeros(len(frame), dtype=np.int64)
        inside = np.ones(len(frame), dtype=bool)
        for column in self.columns:
            part = column.codes(frame[column.name])
            inside &= part != OUTSIDE
            codes = codes * len(column) + part
        codes[~inside] = OUTSIDE
        listed = np.array([share is not None for share in self.shares])
        codes[inside] = np.where(listed[codes[inside]], codes[inside], OUTSIDE)
        return codes

    def marginal(self, names: Sequence[str]) -> tuple[float | None, ...]:
        """Return the shares of the full product of the columns named, in the order named.

        Raises
        ------
        KeyError
            Where it does not speak about one of them.
        """
        missing = [name for name in names if name not in self.column_names]
        if missing:
            raise KeyError(f"the population has no column {missing[0]!r}")
        shape = tuple(len(column) for column in self.columns)
        table = np.array([np.nan if share is None else share for share in self.shares]).reshape(shape)
        kept = [self.column_names.index(name) for name in names]
        others = tuple(axis for axis in range(len(shape)) if axis not in kept)
        listed = (~np.isnan(table)).any(axis=others)
        sums = np.where(np.isnan(table), 0.0, table).sum(axis=others)
        order = np.argsort(np.argsort(kept))
        sums, listed = sums.transpose(order).ravel(), listed.transpose(order).ravel()
        return tuple(float(share) if known else None for share, known in zip(sums, listed, strict=True))

    def outside(self, frame: pd.DataFrame) -> tuple[str, ...]:
        """Say in words how many rows of a typed frame lie outside all cells, and because of which values."""
        codes = self.cell_codes(frame)
        count = int((codes == OUTSIDE).sum())
        if count == 0:
            return ()
        reasons = []
        for column in self.columns:
            values = frame[column.name]
            absent = values.isna().to_numpy()
            strange = (column.codes(values) == OUTSIDE) & ~absent
            if absent.any():
                reasons.append(f"{int(absent.sum()):,} without {column.name}")
            if strange.any():
                examples = ", ".join(value_text(value) for value in pd.unique(values[strange])[:3])
                reasons.append(f"{int(strange.sum()):,} with {column.name} in none of its groups (such as {examples})")
        if not reasons:
            reasons.append("in combinations that the file does not list")
        return (
            f"{count:,} of {len(frame):,} rows lie outside the cells of {self.name} and are set aside where it is "
            f"compared with: {'; '.join(reasons)}.",
        )


def value_text(value: object) -> str:
    """Write a cell's value without needless digits."""
    return f"{value:.12g}" if isinstance(value, float) else str(value)
