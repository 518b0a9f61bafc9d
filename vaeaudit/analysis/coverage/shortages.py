"""The test of all cells that one baseline has, the cells that are short, and one ranking of those of all baselines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Generic, Protocol, Self, TypeVar

import numpy as np
import pandas as pd

from vaeaudit.analysis.coverage.axes import FloatArray, IntArray, is_asked_about
from vaeaudit.analysis.coverage.results import GAP, Baseline
from vaeaudit.analysis.grouping.rules import ConditionRows, same_conditions
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.images.measured_columns import computed_columns
from vaeaudit.data.schema.columns import Schema
from vaeaudit.outputs.record import BoolArray
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.measures import Interval
from vaeaudit.statistics.two_samples import Counted

CountedT = TypeVar("CountedT", bound=Counted)
CountedT_co = TypeVar("CountedT_co", bound=Counted, covariant=True)
Tables = tuple[IntArray, ...]
#: Stated expectations come before the question whether columns go together, and that before a wish.
_ORDER: tuple[Baseline, ...] = ("reference", "population", "independence", "uniform")
#: Baselines that somebody stated: a shortfall against them is a fault of the sample.
STATED = frozenset({"reference", "population"})
#: Two cells are the same gap where the rows expected in them overlap by at least this F1.
SAME = 0.5
#: Conditions of a rule, and levels that it names at most on one column; a longer one is no longer read.
MOST_CONDITIONS = 3
MAX_MERGED_LEVELS = 5
#: Of the regions listed, one in so many is kept for an even spread where it was asked for: columns that go together
#: would fill the list otherwise.
_PART_OF_UNIFORM = 4


class Testable(Protocol[CountedT_co]):
    """The cells of one set of columns under a null model."""

    def tested(self) -> tuple[IntArray, CountedT_co]:
        """Return the positions [M] of the cells in which enough rows are expected to tell, and these cells."""


@dataclass(frozen=True)
class Threshold:
    """What a cell has to meet to be short.

    Attributes
    ----------
    p
        Its p-value is at most this.
    level, min_ratio
        Its interval at this level, which counts what was selected, ends below the ratio.
    confidence
        Where given, that interval need only end below 1, and the one at this confidence below the ratio: that a cell
        is short at all is a matter of the many that were tested, by how much one of itself, as it is for a group.
    """

    p: float
    level: float
    min_ratio: float
    confidence: float | None = None

    def is_short(self, cells: Counted) -> BoolArray:
        """[M]; which cells are short."""
        high = cells.ratio_interval(self.level)[1]
        if self.confidence is None:
            surely = high < self.min_ratio
        else:
            surely = (high < 1) & (cells.ratio_interval(self.confidence)[1] < self.min_ratio)
        return np.asarray((cells.lower_tail() <= self.p) & surely)


@dataclass(frozen=True)
class Family:
    """Everything that one baseline tested.

    Attributes
    ----------
    p_values
        Rising; those of the cells that could be significant. The others need not be known.
    tested
        Cells tested in all.
    baselines
        How many baselines share the false-discovery rate: adjusted p-values are multiplied by it, so that the rate
        holds over all of them together.
    """

    p_values: FloatArray
    tested: int
    baselines: int = 1

    def rejected(self, fdr: float) -> tuple[int, float]:
        """Return how many cells Benjamini and Hochberg (1995) reject, and the largest of their p-values (or 0)."""
        rank = np.arange(1, self.p_values.size + 1)
        below = np.flatnonzero(self.p_values * (self.tested * self.baselines / rank) < fdr)
        if below.size == 0:
            return 0, 0.0
        return int(below[-1]) + 1, float(self.p_values[below[-1]])

    def adjusted(self, p: float) -> float:
        """Return the adjusted p-value of a cell with p-value `p`."""
        rank = int(np.searchsorted(self.p_values, p, side="right"))
        least = p / max(rank, 1)
        if rank < self.p_values.size:
            least = min(least, float(self._least_above[rank]))
        return min(1.0, least * self.tested * self.baselines)

    @cached_property
    def _least_above(self) -> FloatArray:
        """[p-values]; the least quotient of p-value and rank from each on."""
        quotients = self.p_values / np.arange(1, self.p_values.size + 1)
        return np.asarray(np.minimum.accumulate(quotients[::-1])[::-1])

    def with_more(self, tried: int) -> Self:
        """Return the same family with cells that were tried beside those tested."""
        return replace(self, tested=self.tested + tried)


@dataclass(frozen=True)
class Candidates(Generic[CountedT]):
    """The cells of one table that hold too few rows.

    Attributes
    ----------
    table
        Position of the table among those tested together.
    places, cells, p_values
        [M]; positions of the cells, their counts, and p-values.
    """

    table: int
    places: IntArray
    cells: CountedT
    p_values: FloatArray


def tested_together(
    tables: Sequence[Testable[CountedT]], config: AnalysisConfig, baselines: int
) -> tuple[list[Candidates[CountedT]], Family]:
    """Test all cells of all tables together; return those that hold too few rows, and the family of all.

    Of cells that are not short the p-values need not be known.

    Parameters
    ----------
    tables
        The cells, by set of columns.
    config
        Gives `min_ratio`.
    baselines
        How many baselines share the false-discovery rate.
    """
    found, n_tested = [], 0
    for position, table in enumerate(tables):
        places, cells = table.tested()
        n_tested += places.size
        short = np.flatnonzero(cells.observed < config.min_ratio * cells.expected)
        if short.size:
            cells = cells.subset(short)
            found.append(Candidates(position, places[short], cells, cells.lower_tail()))
    p_values = np.concatenate([each.p_values for each in found] or [np.empty(0)])
    return found, Family(np.sort(p_values), n_tested, baselines)


@dataclass(frozen=True)
class Recount:
    """What it takes to test a cell again on other rows.

    Attributes
    ----------
    tables
        Joint counts of the rows, of any shape: one table per dataset.
    cells
        Counts, from such tables, the cell and those on the same columns that overlap it by an F1 of at least `SAME`.
    """

    tables: Tables
    cells: Callable[[Tables], Counted]


@dataclass(frozen=True)
class Shortage:
    """A cell that is short against its baseline.

    Attributes
    ----------
    rule
        Conditions that its rows satisfy.
    observed, expected
        Rows counted, and rows the baseline leads one to expect.
    ci
        Of their quotient, at the level of `threshold`.
    p_adjusted
        Adjusted over everything that was tested against all baselines.
    strength
        Ranks the shortages of one baseline.
    rows_to_collect
        Fewest rows that close it if the ratio stands at the upper, and at the lower, end of the interval.
    threshold
        What it had to meet.
    recount
        To see whether it comes back on other rows.
    gap_share
        See `Region.gap_share`.
    explained
        Whether the main dependence of a pair, told by all its other cells, leaves one to expect no more rows here.
    """

    rule: tuple[Condition, ...]
    observed: int
    expected: float
    ci: Interval
    p_adjusted: float
    strength: float
    rows_to_collect: tuple[int, int]
    threshold: Threshold
    recount: Recount
    gap_share: float | None = None
    explained: bool = False

    @property
    def rank(self) -> tuple[bool, int, float]:
        """Sorts the shortages of one baseline, the strongest first of each: gaps, what may be either, dependences."""
        if self.gap_share is None:
            return self.explained, 1, -self.strength
        return self.explained, 0 if self.gap_share >= GAP else 2, -self.strength


@dataclass(frozen=True)
class BaselineSearch:
    """What was found against one baseline, and how hard was looked for it.

    Attributes
    ----------
    baseline
        Against what.
    shortages
        By rank.
    tested
        Cells tested.
    notes
        What was not searched, and why.
    """

    baseline: Baseline
    shortages: tuple[Shortage, ...]
    tested: int
    notes: tuple[str, ...]


def ranked_shortages(
    searches: Sequence[BaselineSearch],
    frame: pd.DataFrame,
    schema: Schema,
    latents: Collection[str],
    config: AnalysisConfig,
) -> list[tuple[Baseline, Shortage]]:
    """Return baselines and their shortages by rank, at most `max_regions`.

    Empty combinations of declared columns lead; then the order is that of the baselines, of rules over a person's
    columns before rules over what is computed from pictures and over latents (against independence), and of
    `Shortage.rank`. A quarter of the list is kept for an even spread where that was asked for. Left out is what a
    baseline ahead tells already, condition by condition.

    Parameters
    ----------
    searches
        What was found against each baseline.
    frame, schema
        [N]; all rows, outliers and latents included, and their columns.
    latents
        Which columns are latents.
    config
        Gives `max_regions`.
    """
    declared = {column.name for column in schema if is_asked_about(column)}
    unnamed = computed_columns(schema) | set(latents)

    def rank(entry: tuple[Baseline, Shortage]) -> tuple[float, ...]:
        baseline, shortage = entry
        named = {condition.column for condition in shortage.rule}
        empty = shortage.observed == 0 and len(named) > 1 and named <= declared
        told = (len(named & unnamed), len(named & set(latents))) if baseline == "independence" else (0, 0)
        return (not empty, _ORDER.index(baseline), *told, *shortage.rank)

    found = [(search.baseline, shortage) for search in searches for shortage in search.shortages]
    listed: list[tuple[Baseline, Shortage]] = []
    rows_of = ConditionRows(frame)
    wished = sum(baseline == "uniform" for baseline, _ in found)
    others = config.max_regions - min(wished, config.max_regions // _PART_OF_UNIFORM)
    for baseline, shortage in sorted(found, key=rank):
        if len(listed) >= (config.max_regions if baseline == "uniform" else others):
            continue
        told = any(
            other != baseline and same_conditions(shortage.rule, better.rule, rows_of) for other, better in listed
        )
        if not told:
            listed.append((baseline, shortage))
    return listed
