"""How large the sensitive groups are, each alone and crossed, and against a population where one is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Annotated, Literal, TypeVar

import numpy as np
import pandas as pd
from annotated_types import Len
from scipy import stats

from vaeaudit.analysis.grouping.groups import (
    MISSING_LABEL,
    OUTSIDE,
    Grouping,
    GroupProduct,
    group_by_population,
    group_column,
    product,
    product_size,
)
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.population_shares import Population, PopulationColumn
from vaeaudit.data.schema.columns import Column, Schema
from vaeaudit.outputs.record import FloatArray, IntArray
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.outputs.table_rules import NO_RULES, TableRules
from vaeaudit.statistics.intervals import share_interval, wilson
from vaeaudit.statistics.measures import Count, Interval, NonNegative, Share
from vaeaudit.statistics.multiplicity import adjusted_where_tested
from vaeaudit.wording import numbers

T = TypeVar("T")
Status = Literal["under", "over", "ok", "inconclusive"]
#: Most attributes that are crossed: cells of more are nearly all empty, and nobody reads them.
MAX_CROSSED = 3
#: Most cells listed for one set of attributes, and for all sets together.
MAX_CELLS_PER_SET = 1_000
MAX_CELLS = 5_000
#: The group of numbers that lie in none of a population's intervals.
OUTSIDE_LABEL = "(in no interval)"


@dataclass(frozen=True)
class Representation:
    """One cell of the full product of one or more sensitive attributes; empty cells are listed.

    `baseline` is "population" where shares were given, else "balance": then `reference_share`, `ratio` and `status`
    are None, since nothing says how large the group should be. `rule` picks its rows, of which there are `rows`; `n` of
    them were compared, and make up `share`: the population does not speak of the others, which lack another column.
    """

    attributes: Annotated[tuple[str, ...], Len(1)]
    group: Annotated[tuple[str, ...], Len(1)]
    n: Count
    share: Share
    ci: Interval
    baseline: Literal["population", "balance"]
    reference_share: Share | None = None
    ratio: NonNegative | None = None
    p_adjusted: Share | None = None
    status: Status | None = None
    rows: Count = 0
    rule: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class RepresentationTable:
    """Every cell of every attribute set that was crossed, empty ones first within a set; and what was left out.

    Groups that a population says nothing about come last, with shares of all rows.
    """

    cells: tuple[Representation, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class CellShares:
    """Cells of one attribute set; arrays are [cells], `reference` and what follows from it NaN where unknown.

    `n` counts rows; `share` is the part of all that are compared, weighted where rows have weights; `low` and `high`
    bound it at the configured confidence; `p` is the two-sided p-value of a share equal to its reference.
    """

    cells: GroupProduct
    n: IntArray
    share: FloatArray
    low: FloatArray
    high: FloatArray
    reference: FloatArray
    p: FloatArray

    @cached_property
    def rows(self) -> IntArray:
        """[cells]; all rows of each, also those that are not compared since another column lacks them."""
        return self.cells.counts

    @property
    def against_population(self) -> bool:
        """Whether any reference share is known."""
        return bool(np.isfinite(self.reference).any())


def assess_representation(
    frame: pd.DataFrame,
    schema: Schema,
    config: AnalysisConfig,
    population: Population | None = None,
    rules: TableRules = NO_RULES,
    *,
    weight: FloatArray | None = None,
) -> RepresentationTable:
    """Count every group of the declared sensitive columns, and every combination of two or three of them.

    Attribute sets that `population` covers are compared with its shares, over the rows that lie in its cells; p-values
    are exact binomial, adjusted by Holm within an attribute set and by Benjamini-Hochberg across sets. All other sets
    are described without a verdict (baseline "balance"). Columns that a rule of the table ties together are not
    crossed, unless a population speaks of both: that some of their combinations are empty is the rule. With `weight`
    [N], shares are those of the weights.
    """
    groupings, notes = _sensitive_groupings(frame, schema, population)
    if population is not None and any(name in groupings for name in population.column_names):
        notes.extend(population.outside(frame))
    tables = []
    listed = 0
    for names in attribute_sets(tuple(groupings)):
        if rules.any_tied(names) and not (population is not None and population.covers(names)):
            continue
        size = product_size([groupings[name] for name in names])
        if size > MAX_CELLS_PER_SET or listed + size > MAX_CELLS:
            notes.append(f"The {numbers.count(size)} combinations of {' x '.join(names)} are too many to list.")
            continue
        listed += size
        tables.append(count_cells(frame, [groupings[name] for name in names], config, population, weight))
    cells = [*_judged(tables, config)]
    if population is not None:
        for name in groupings:
            if population.covers([name]):
                cells.extend(_uncovered(frame[name], population[name], config))
    return RepresentationTable(tuple(cells), tuple(notes))


def count_cells(
    frame: pd.DataFrame,
    groupings: Sequence[Grouping],
    config: AnalysisConfig,
    population: Population | None,
    weight: FloatArray | None = None,
) -> CellShares:
    """Count the cells of one attribute set, and compare them with the population where it covers all its columns.

    With weights [N] shares are weighted, and intervals and tests are of as many rows as all together are worth.
    """
    names = tuple(grouping.column for grouping in groupings)
    if population is None or not population.covers(names):
        cells = product(groupings)
        codes = cells.codes
        reference = np.full(len(cells), np.nan)
    else:
        cells = product([group_by_population(frame[name], population[name]) for name in names])
        codes = np.where(population.cell_codes(frame) != OUTSIDE, cells.codes, OUTSIDE)
        shares = population.marginal(names)
        reference = np.array([np.nan if share is None else min(share, 1.0) for share in shares])
    inside = codes != OUTSIDE
    n = np.bincount(codes[inside], minlength=len(cells))
    if weight is None:
        total = int(n.sum())
        low, high = wilson(n, total, config.confidence)
        return CellShares(cells, n, n / max(total, 1), low, high, reference, _binomial_p(n, total, reference))
    held = np.bincount(codes[inside], weight[inside], minlength=len(cells))
    share = np.minimum(held / max(held.sum(), np.finfo(float).tiny), 1.0)
    worth = float(held.sum() ** 2 / max((weight[inside] ** 2).sum(), np.finfo(float).tiny))
    low, high = wilson(share * worth, worth, config.confidence)
    return CellShares(cells, n, share, low, high, reference, _score_p(share, worth, reference))


def statuses(table: CellShares, p_adjusted: FloatArray, config: AnalysisConfig) -> list[Status | None]:
    """Judge each cell: under, over, ok, inconclusive, or None without a reference.

    "under" needs the whole interval of the ratio below `min_ratio` and an adjusted p below `fdr`, "over" likewise;
    "ok" needs the whole interval within the tolerance.
    """
    significant = p_adjusted < config.fdr
    under = significant & (table.high < config.min_ratio * table.reference)
    over = significant & (table.low > config.max_ratio * table.reference)
    ok = (table.low >= config.min_ratio * table.reference) & (table.high <= config.max_ratio * table.reference)
    nobody_expected = (table.reference == 0) & (table.n == 0)
    choices = np.select([under, over, ok | nobody_expected], ["under", "over", "ok"], default="inconclusive")
    known = np.isfinite(table.reference)
    return [choice if is_known else None for choice, is_known in zip(choices.tolist(), known, strict=True)]


def group_sensitive(frame: pd.DataFrame, column: Column, population: Population | None) -> Grouping:
    """Divide a column as a population does that has shares of it, else as every column is divided."""
    if population is not None and population.covers([column.name]):
        return group_by_population(frame[column.name], population[column.name])
    return group_column(frame[column.name], column)


def _sensitive_groupings(
    frame: pd.DataFrame, schema: Schema, population: Population | None
) -> tuple[dict[str, Grouping], list[str]]:
    groupings: dict[str, Grouping] = {}
    notes = []
    for column in schema.sensitive:
        grouping = group_sensitive(frame, column, population)
        if len(grouping) > MAX_CELLS_PER_SET:
            notes.append(f"The {numbers.count(len(grouping))} groups of {column.name} are too many to list.")
        else:
            groupings[column.name] = grouping
    return groupings, notes


def _uncovered(values: pd.Series, column: PopulationColumn, config: AnalysisConfig) -> Iterator[Representation]:
    """List the groups of one column that the population says nothing about; their shares are of all rows."""
    outside = column.codes(values) == OUTSIDE
    if not outside.any():
        return
    absent = np.asarray(values.isna())
    strange = outside & ~absent
    names = values[strange].astype(str) if column.levels else pd.Series(OUTSIDE_LABEL, index=values[strange].index)
    counts = {str(name): int(count) for name, count in names.value_counts().items() if count}
    if absent.any():
        counts[MISSING_LABEL] = int(absent.sum())
    for name, count in counts.items():
        yield Representation(
            attributes=(column.name,),
            group=(name,),
            n=count,
            share=count / values.size,
            ci=share_interval(count, values.size, config.confidence),
            baseline="balance",
            rows=count,
            rule=_rule_of_uncovered(column, name),
        )


def _rule_of_uncovered(column: PopulationColumn, name: str) -> tuple[Condition, ...]:
    """Return the rule of a group of which the population says nothing; none for numbers between its intervals."""
    if name == MISSING_LABEL:
        return (Condition(column.name, "missing", None),)
    return (Condition(column.name, "in", [name]),) if column.levels else ()


def attribute_sets(attributes: Sequence[T], *, fewest: int = 1) -> Iterator[tuple[T, ...]]:
    """Yield all sets of at least `fewest` and at most `MAX_CROSSED` attributes, in their order."""
    for size in range(fewest, min(len(attributes), MAX_CROSSED) + 1):
        yield from combinations(attributes, size)


def _binomial_p(n: IntArray, total: int, reference: FloatArray) -> FloatArray:
    """Exact two-sided p: twice the smaller tail, at most 1; NaN without a reference, 1 without rows."""
    p = np.full(n.shape, np.nan)
    known = np.isfinite(reference)
    lower = stats.binom.cdf(n[known], total, reference[known])
    upper = stats.binom.sf(n[known] - 1, total, reference[known])
    p[known] = np.minimum(2 * np.minimum(lower, upper), 1.0)
    return p


def _score_p(share: FloatArray, worth: float, reference: FloatArray) -> FloatArray:
    """Two-sided p of a share of so many rows, not necessarily whole; NaN without a reference."""
    stderr = np.sqrt(reference * (1 - reference) / max(worth, 1.0))
    z = np.divide(share - reference, stderr, out=np.where(share == reference, 0.0, np.inf), where=stderr > 0)
    return np.where(np.isfinite(reference), 2 * stats.norm.sf(np.abs(z)), np.nan)


def _judged(tables: Sequence[CellShares], config: AnalysisConfig) -> Iterator[Representation]:
    family = np.repeat(np.arange(len(tables)), [len(table.cells) for table in tables])
    adjusted = adjusted_where_tested(np.concatenate([np.empty(0), *(table.p for table in tables)]), family)
    for index, table in enumerate(tables):
        p_adjusted = adjusted[family == index]
        verdicts = statuses(table, p_adjusted, config)
        for cell in np.argsort(table.n > 0, kind="stable"):
            yield _representation(table, int(cell), float(p_adjusted[cell]), verdicts[cell], config)


def _representation(
    table: CellShares, cell: int, p_adjusted: float, status: Status | None, config: AnalysisConfig
) -> Representation:
    reference = float(table.reference[cell])
    known = bool(np.isfinite(reference))
    share = float(table.share[cell])
    return Representation(
        attributes=table.cells.attributes,
        group=table.cells.labels[cell],
        n=int(table.n[cell]),
        share=share,
        ci=Interval(float(table.low[cell]), float(table.high[cell]), config.confidence),
        baseline="population" if known else "balance",
        reference_share=reference if known else None,
        ratio=share / reference if known and reference > 0 else None,
        p_adjusted=p_adjusted if known else None,
        status=status,
        rows=int(table.rows[cell]),
        rule=table.cells.rules[cell],
    )
