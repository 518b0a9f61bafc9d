"""A column as series whose means along an order are looked at, and the condition that differs most on two sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from vaeaudit.data.schema.columns import Column
from vaeaudit.outputs.record import BoolArray, FloatArray
from vaeaudit.outputs.region_rules import Condition

#: Levels that are looked at one by one, the most frequent ones.
MOST_LEVELS = 12
#: A number that has one value in this share of the rows may change in how often it has it.
OFTEN = 0.05
#: Standard errors by which a level must differ to be named.
SURELY = 3.0


@dataclass(frozen=True, eq=False)
class Cells:
    """One column of N rows.

    Attributes
    ----------
    column, cells
        Its entry in the schema, and its cells.
    present
        [N]; which of them have a value.
    numbers
        [N]; numbers, or codes of levels; NaN where missing.
    """

    column: Column
    cells: pd.Series
    present: BoolArray
    numbers: FloatArray

    @classmethod
    def of(cls, cells: pd.Series, column: Column) -> Cells:
        """Take a column of a typed frame."""
        present = np.asarray(cells.notna())
        if column.kind.is_numeric:
            return cls(column, cells, present, cells.to_numpy(np.float64))
        codes = cells.cat.codes.to_numpy(np.float64) if column.kind.is_levelled else np.zeros(len(cells))
        return cls(column, cells, present, np.where(present, codes, np.nan))

    @property
    def can_change(self) -> bool:
        """Whether its values are levels or numbers that differ."""
        known = self.numbers[self.present]
        return (
            (self.column.kind.is_numeric or self.column.kind.is_levelled) and known.size > 0 and bool(np.ptp(known) > 0)
        )

    def series(self) -> FloatArray:
        """Return [N, M]: of levels, which row has which; of a number its rank, how far from the middle, its mode."""
        values, present = self.numbers, self.present
        kept, counts = np.unique(values[present], return_counts=True)
        often = kept[np.argsort(-counts, kind="stable")]
        if self.column.kind.is_levelled:
            chosen = often[: 1 if len(often) == 2 else MOST_LEVELS]
            return np.stack([values == level for level in chosen], axis=1).astype(np.float64)
        rank = np.zeros(len(values))
        rank[present] = stats.rankdata(values[present]) / present.sum() - 0.5
        series = [rank, np.where(present, np.abs(rank), 0.0)]
        if counts.max() >= OFTEN * present.sum():
            series.append((values == often[0]).astype(np.float64))
        return np.stack(series, axis=1)

    def condition(self, before: BoolArray, after: BoolArray) -> Condition:
        """Return the condition whose share differs most between two sets of rows [N] that have values.

        Of the most frequent levels: those that surely become more frequent, or rarer where there is none; of a number:
        that it has some value or more (as Kolmogorov and Smirnov compare).
        """
        if self.column.kind.is_levelled:
            return Condition(self.column.name, "in", self._levels_that_differ(before, after))
        old, new = np.sort(self.numbers[before]), np.sort(self.numbers[after])
        cuts = np.unique(np.concatenate([old, new]))[1:]
        gap = np.abs(np.searchsorted(old, cuts) / len(old) - np.searchsorted(new, cuts) / len(new))
        return Condition(self.column.name, "between", [float(cuts[gap.argmax()]), None])

    def _levels_that_differ(self, before: BoolArray, after: BoolArray) -> list[str]:
        levels = self.column.levels
        old, new = (np.bincount(self.numbers[rows].astype(int), minlength=len(levels)) for rows in (before, after))
        often = np.bincount(self.numbers[self.present].astype(int), minlength=len(levels))
        rises = new / new.sum() - old / old.sum()
        share = (new + old) / (new.sum() + old.sum())
        z = rises / np.sqrt(np.maximum(share * (1 - share), 1e-12) * (1 / new.sum() + 1 / old.sum()))
        z[np.argsort(-often, kind="stable")[MOST_LEVELS:]] = 0  # what is rare comes in clusters
        if z.max() < SURELY and z.min() > -SURELY:
            return [levels[int(np.abs(z).argmax())]]
        sign = 1 if z.max() >= SURELY else -1
        return [levels[at] for at in np.argsort(-sign * rises, kind="stable") if sign * z[at] >= SURELY]
