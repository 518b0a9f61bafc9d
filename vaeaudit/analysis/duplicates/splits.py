"""What differs between splits: columns, levels that only one knows, periods that overlap, groups that both hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Ge
from scipy import special

from vaeaudit.analysis.coverage.axes import is_searchable
from vaeaudit.analysis.coverage.comparison import compare_column
from vaeaudit.analysis.coverage.results import Difference, Statistic
from vaeaudit.analysis.grouping.together import group_codes, splits_of
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.data.encoding.features import compared_columns
from vaeaudit.data.schema.columns import Column, Kind, Role
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.statistics.cross_fit import binned_auc
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.statistics.measures import Count, Interval, Share
from vaeaudit.statistics.multiplicity import benjamini_hochberg
from vaeaudit.wording.cells import moment_text

#: A column differs between splits where its distance is at least this, and its adjusted p-value at most that: most
#: splits are drawn at random, so that one in a thousand of them may be accused, and for what matters.
LEAST_DISTANCE, LEVEL = 0.1, 0.001
#: A split is one in time where a row of it is later than one that is trained on with at least this probability.
LATER = 0.9
#: Levels that are listed of each split.
MOST_LEVELS = 20


@dataclass(frozen=True)
class UnseenLevel:
    """A level that `rows` rows of a split have, and none that is trained on; `surely`: more often than chance gives."""

    column: str
    level: str
    rows: Count
    surely: bool


@dataclass(frozen=True)
class PeriodOverlap:
    """A split in time that begins, by a date column, before what is trained on ends.

    `begins` and `ends` are the first moment of the split and the last one that is trained on; `rows` of the latter are
    not before `begins`.
    """

    column: str
    begins: str
    ends: str
    rows: Count


@dataclass(frozen=True)
class SharedGroups:
    """Groups of the group column with rows in both, the rows of the split in them, and their `share` of it."""

    column: str
    groups: Count
    rows: Count
    share: Share
    ci: Interval


@dataclass(frozen=True)
class SplitComparison:
    """A split against the one that is trained on.

    Attributes
    ----------
    split, other
        The two; `other` is called train or the like, or else is the largest.
    n, n_other
        Their rows.
    compared
        Columns that were compared.
    columns
        Those that differ: by `LEAST_DISTANCE` and beyond chance, most of all first.
    unseen_levels, unseen
        Rows with a level that `other` does not know, and the levels, those beyond chance first, then by rows.
    in_time, overlaps
        Date columns by which the split lies later, and those of them by which the two overlap.
    groups
        Groups that both hold, by group column.
    """

    split: str
    other: str
    n: Annotated[int, Ge(1)]
    n_other: Annotated[int, Ge(1)]
    compared: Count
    columns: tuple[Difference, ...]
    unseen_rows: Count
    unseen: tuple[UnseenLevel, ...]
    in_time: tuple[str, ...]
    overlaps: tuple[PeriodOverlap, ...]
    groups: tuple[SharedGroups, ...]


def compare_splits(inputs: AuditInputs, together: IntArray, *, confidence: float) -> tuple[SplitComparison, ...]:
    """Compare each split with the one that is trained on.

    Columns as in `compare_with_reference`: ordered values by the distance of Kolmogorov and Smirnov, levels by total
    variation and Pearson's chi-square; p-values are adjusted over all columns and splits (Benjamini and Hochberg 1995).
    Rows that belong together count as one row of evidence. A date by which the splits lie one after the other differs
    by construction, and is not told as a difference.

    Parameters
    ----------
    inputs
        The rows.
    together
        [N]; number of those that belong together.
    confidence
        Level of the intervals.
    """
    splits = splits_of(inputs)
    if splits is None:
        return ()
    codes, names = np.asarray(splits.cat.codes, np.int64), [str(name) for name in splits.cat.categories]
    sizes = np.bincount(codes[codes >= 0], minlength=len(names))
    base = _trained_on(names, sizes)
    others = [place for place in np.flatnonzero(sizes).tolist() if place != base]
    independent = len(np.unique(together)) / max(len(together), 1)
    pairs = [_Pair(inputs, codes == place, codes == base, names[place], names[base]) for place in others]
    compared = [pair.compare(independent) for pair in pairs]
    p_values = np.array([p for found in compared for *_, p in found], np.float64)
    adjusted = iter(benjamini_hochberg(p_values).tolist())
    results = []
    for pair, found in zip(pairs, compared, strict=True):
        told = [
            Difference(name, statistic, distance, p, significant=True, differs=words)
            for (name, statistic, distance, words, _), p in zip(found, [next(adjusted) for _ in found], strict=True)
            if p <= LEVEL and distance >= LEAST_DISTANCE
        ]
        results.append(pair.summed_up(tuple(sorted(told, key=lambda each: -each.distance)), len(found), confidence))
    return tuple(results)


def _trained_on(names: Sequence[str], sizes: IntArray) -> int:
    """Return the place of the split that is trained on: the largest that is called so, or of all."""
    called = [name.casefold().startswith("train") for name in names]
    return int(np.argmax(np.where(called, sizes, -1) if np.any(sizes[called]) else sizes))


@dataclass(frozen=True)
class _Pair:
    """The rows [N] of a split and of the one that is trained on, and what both are called."""

    inputs: AuditInputs
    here: BoolArray
    there: BoolArray
    split: str
    other: str

    def compare(self, independent: float) -> list[tuple[str, Statistic, float, str, float]]:
        """Return name, statistic, distance, words and p-value of every column that is not the date of the split."""
        rows = self.here | self.there
        frame, sides = self.inputs.frame[rows], (f"in {self.split}", f"in {self.other}")
        columns = [
            column for column in compared_columns(self.inputs.frame, self.inputs.schema) if is_searchable(column)
        ]
        dates = self.dates()
        return [
            (column.name, *compare_column(frame[column.name], column, self.here[rows], sides, independent=independent))
            for column in columns
            if column.name not in dates
        ]

    def dates(self) -> dict[str, tuple[pd.Series, pd.Series]]:
        """Return name -> known moments here and there, of date columns by which the split lies later."""
        found = {}
        for column in self.inputs.schema:
            if column.kind is Kind.DATETIME and column.role is not Role.EXCLUDED:
                values = self.inputs.frame[column.name]
                here, there = values[self.here].dropna(), values[self.there].dropna()
                if len(here) and len(there) and _chance_of_later(here, there) >= LATER:
                    found[column.name] = (here, there)
        return found

    def summed_up(self, columns: tuple[Difference, ...], compared: int, confidence: float) -> SplitComparison:
        """Return the comparison, whose differing columns are known."""
        unseen_rows, unseen = self._unseen()
        dates = self.dates()
        overlaps = [_overlap(name, here, there) for name, (here, there) in dates.items() if here.min() <= there.max()]
        return SplitComparison(
            split=self.split,
            other=self.other,
            n=int(self.here.sum()),
            n_other=int(self.there.sum()),
            compared=compared,
            columns=columns,
            unseen_rows=unseen_rows,
            unseen=unseen,
            in_time=tuple(dates),
            overlaps=tuple(overlaps),
            groups=tuple(self._groups(confidence)),
        )

    def _unseen(self) -> tuple[int, tuple[UnseenLevel, ...]]:
        """Return how many rows here have a level that is not there, and the levels."""
        frame, met, found = self.inputs.frame, np.zeros(len(self.here), bool), []
        tested = 0
        for column in filter(_has_levels, self.inputs.schema):
            codes = np.asarray(frame[column.name].cat.codes, np.int64)
            here, there = (
                np.bincount(codes[rows & (codes >= 0)], minlength=len(column.levels))
                for rows in (self.here, self.there)
            )
            tested += int(np.count_nonzero(here + there))
            new = np.flatnonzero((here > 0) & (there == 0))
            met |= self.here & np.isin(codes, new)
            found += [(column.name, column.levels[level], int(here[level])) for level in new.tolist()]
        p_values = self._chance_of_none_there(np.array([rows for *_, rows in found], np.float64))
        surely = benjamini_hochberg(p_values, tested) <= LEVEL
        levels = [UnseenLevel(*level, surely=bool(sure)) for level, sure in zip(found, surely, strict=True)]
        levels.sort(key=lambda level: (not level.surely, -level.rows))
        return int(met.sum()), tuple(levels[:MOST_LEVELS])

    def _chance_of_none_there(self, rows: FloatArray) -> FloatArray:
        """Return the probability that none of so many rows falls to the other side, drawn without replacement."""
        n, both = int(self.here.sum()), int((self.here | self.there).sum())
        logs = special.gammaln(n + 1) - special.gammaln(n - rows + 1)
        logs -= special.gammaln(both + 1) - special.gammaln(both - rows + 1)
        return np.minimum(np.exp(logs), 1.0)

    def _groups(self, confidence: float) -> Iterator[SharedGroups]:
        n = int(self.here.sum())
        for name, codes in group_codes(self.inputs.frame, self.inputs.schema).items():
            shared = np.intersect1d(codes[self.here & (codes >= 0)], codes[self.there & (codes >= 0)])
            rows = int(np.count_nonzero(self.here & np.isin(codes, shared)))
            yield SharedGroups(name, len(shared), rows, rows / n, share_interval(rows, n, confidence))


def _has_levels(column: Column) -> bool:
    return column.kind.is_levelled and is_searchable(column)


def _chance_of_later(here: pd.Series, there: pd.Series) -> float:
    """Return the probability that a moment here is later than one there, ties counted half."""
    moments, place = np.unique(np.concatenate([here.to_numpy(), there.to_numpy()]), return_inverse=True)
    counts = [np.bincount(part, minlength=len(moments)) for part in np.split(place, [len(here)])]
    return binned_auc(np.arange(len(moments), dtype=np.float64), *counts)


def _overlap(name: str, here: pd.Series, there: pd.Series) -> PeriodOverlap:
    begins, ends = here.min(), there.max()
    return PeriodOverlap(name, moment_text(begins), moment_text(ends), int((there >= begins).sum()))
