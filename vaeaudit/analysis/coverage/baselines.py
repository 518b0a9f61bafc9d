"""Combinations of columns that are short against independence, a population, or an even spread; and empty ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations, islice
from math import prod

import numpy as np
import pandas as pd

from vaeaudit.analysis.coverage.axes import Axis, declared_axes, joint_counts, population_axes, search_axes
from vaeaudit.analysis.coverage.crossed_columns import (
    TRIPLE_COLUMNS,
    CrossedColumns,
    ExpectedCounts,
    against_margins,
    against_shares,
    defining_pairs,
    pair_tables,
)
from vaeaudit.analysis.coverage.latent_points import uncrossed
from vaeaudit.analysis.coverage.search import Shortfall, find_shortfalls, pruned
from vaeaudit.analysis.coverage.shortages import BaselineSearch
from vaeaudit.analysis.grouping.rules import satisfies
from vaeaudit.analysis.representation.representation import MAX_CELLS_PER_SET, attribute_sets
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.images.measured_columns import computed_columns
from vaeaudit.data.population_shares import Population
from vaeaudit.data.schema.columns import Role, Schema
from vaeaudit.outputs.record import BoolArray
from vaeaudit.outputs.table_rules import NO_RULES, TableRules
from vaeaudit.wording.phrases import plural

#: Regions over latents alone, or columns computed from pictures alone, that are listed: that these depend on one
#: another is what clusters look like, and more of them would only say so again.
MOST_OF_LATENTS = 6
#: Combinations that are asked about at most: nobody answers more questions.
MOST_QUESTIONS = 10
_PAIRS_NAMED = 10


def against_independence(
    frame: pd.DataFrame,
    schema: Schema,
    config: AnalysisConfig,
    *,
    counted: BoolArray | None = None,
    rules: TableRules = NO_RULES,
    told: frozenset[frozenset[str]] = frozenset(),
    latents: frozenset[str] = frozenset(),
    baselines: int = 1,
) -> BaselineSearch:
    """Compare cells of two and three columns with what the columns, or their pairs, lead one to expect.

    *Cells.* Pairs of columns in all ranges of ten bins and in single levels; triples in all ranges of four. Latents are
    crossed with latents and with sensitive columns, columns computed from pictures likewise (`uncrossed`). Pairs that
    nearly determine one another, or that a rule of the table ties together, are left out.

    *Test.* A pair: given the rows of the rarer condition, those that meet the other too are binomial; exact lower tail.
    *Expected* is the product of the two counts over all rows. A triple: Poisson, against the least of seven
    expectations that its pairs alone allow (`triple_expectation`), so that it is news beside them. *Ratio.* Observed
    over expected, with the interval of Clopper and Pearson (1934) or, of triples, of Garwood (1936).

    *Multiplicity.* Benjamini and Hochberg (1995) over all cells, times the number of baselines; intervals at the level
    that keeps the false-coverage rate (Benjamini and Yekutieli 2005). A union of levels of one column that are short
    one by one has the largest of their p-values.

    *Ranking.* Gaps before signs of dependence (`gap_share`), and of either the most nearly empty first
    (`search.strength`); last what the main dependence of a pair explains. Two regions share at most half of the rows
    that are expected in the smaller one, and of the columns of one, or of columns tied to them, no other one is told.

    Parameters
    ----------
    frame, schema
        [N, C]; typed rows and their columns.
    counted
        [N]; rows in which cells are sought, such as those that are no outliers; a cell must be short among all rows,
        too, and is told as they are counted. None for all.
    config
        Gives `fdr`, `confidence`, `min_ratio` and `max_regions`.
    rules
        What holds in the table by construction.
    told
        Pairs of columns that are told to go together already, such as a date and what changes along it.
    latents
        Which columns are latents; regions over latents alone come last, behind those over columns computed from
        pictures.
    baselines
        How many baselines share the false-discovery rate.
    """
    everything, notes = search_axes(frame, schema)
    axes = _counted(everything, counted)
    tables = pair_tables(axes)
    determined = defining_pairs(tables)
    never = uncrossed(schema, tuple(axis.column for axis in axes), latents)
    tied = {pair for pair in tables if rules.tied(*(axes[axis].column for axis in pair))} - never
    changed = {pair for pair in tables if frozenset(axes[axis].column for axis in pair) in told} - never
    skipped = determined | never | tied | changed
    cells = list(against_margins(axes, tables, skipped))
    found, tested = find_shortfalls(
        cells, axes, config, everything=None if counted is None else everything, baselines=baselines
    )
    unnamed = latents | computed_columns(schema)
    known = [entry for entry in found if not _lies_in(entry, axes, unnamed)]
    unknown = [entry for entry in found if _lies_in(entry, axes, unnamed)]
    unknown.sort(key=lambda entry: _lies_in(entry, axes, latents))
    asked = _one_per_idea(pruned(known, axes, tables), axes, rules)
    kept = [
        *islice(asked, min(MOST_QUESTIONS, config.max_regions)),
        *islice(pruned(unknown, axes, tables), MOST_OF_LATENTS),
    ]
    said = list(notes)
    if len(axes) > TRIPLE_COLUMNS:
        said.append(f"Three columns at a time were searched among {TRIPLE_COLUMNS} of {len(axes)} columns.")
    if len(unknown) > MOST_OF_LATENTS:
        of = "latents" if unnamed == latents else "latents, or of columns computed from the pictures,"
        said.append(f"Of the combinations of {of} alone, the {MOST_OF_LATENTS} most nearly empty ones are listed.")
    if tied:
        said.append(
            f"Not searched for regions, because a rule of the table ties them: {plural(len(tied), 'pair')} of columns."
        )
    said.extend(_not_searched(axes, determined - never - tied - changed))
    return BaselineSearch("independence", tuple(entry.shortage for entry in kept), tested, tuple(said))


def _one_per_idea(found: Iterable[Shortfall], axes: Sequence[Axis], rules: TableRules) -> Iterator[Shortfall]:
    """Yield the first of those whose columns, or columns tied to them, are among those of one another."""
    kept: list[list[str]] = []
    for entry in found:
        names = [axes[axis].column for axis in entry.axes]
        if not any(_lies_within(names, other, rules) or _lies_within(other, names, rules) for other in kept):
            kept.append(names)
            yield entry


def _lies_within(names: Sequence[str], others: Sequence[str], rules: TableRules) -> bool:
    return all(any(name == other or rules.tied(name, other) for other in others) for name in names)


def _counted(axes: Sequence[Axis], counted: BoolArray | None) -> list[Axis]:
    return list(axes) if counted is None else [axis.of(counted) for axis in axes]


def _lies_in(entry: Shortfall, axes: Sequence[Axis], columns: frozenset[str]) -> bool:
    return columns.issuperset(axes[axis].column for axis in entry.axes)


def _not_searched(axes: Sequence[Axis], determined: set[tuple[int, int]]) -> list[str]:
    if not determined:
        return []
    named = [f"{axes[i].column} and {axes[j].column}" for i, j in sorted(determined)]
    more = f" and {len(named) - _PAIRS_NAMED} more pairs" if len(named) > _PAIRS_NAMED else ""
    return [
        "Not searched for regions, because one column nearly determines the other: "
        f"{'; '.join(named[:_PAIRS_NAMED])}{more}."
    ]


def against_population(
    frame: pd.DataFrame,
    population: Population,
    config: AnalysisConfig,
    *,
    counted: BoolArray | None = None,
    baselines: int = 1,
) -> BaselineSearch:
    """Compare cells of a population's columns, at most three at a time, with its shares of the rows in its cells.

    *Cells.* All ranges of its intervals, single levels, and all of a column. *Test.* The rows of a cell, out of the
    rows that the population speaks about, are binomial with its share: exact lower tail. *Ratio.* Observed over
    expected, with the interval of Clopper and Pearson (1934). Shares that were given are taken as exact.

    *Multiplicity*, *ranking* and parameters are those of `against_independence`.
    """
    everything = population_axes(frame, population)
    axes = _counted(everything, counted)
    cells = list(against_shares(axes, population))
    found, tested = find_shortfalls(
        cells, axes, config, everything=None if counted is None else everything, baselines=baselines
    )
    kept = islice(pruned(found, axes, pair_tables(axes)), config.max_regions)
    shortages = tuple(  # without conditions that every row satisfies
        replace(entry.shortage, rule=tuple(c for c in entry.shortage.rule if not satisfies(c, frame[c.column]).all()))
        for entry in kept
    )
    return BaselineSearch("population", shortages, tested, tuple(population.outside(frame)))


def against_uniform(
    frame: pd.DataFrame,
    schema: Schema,
    config: AnalysisConfig,
    *,
    counted: BoolArray | None = None,
    rules: TableRules = NO_RULES,
    baselines: int = 1,
) -> BaselineSearch:
    """Compare the groups of the sensitive columns and the label, and their combinations, with an even spread.

    *Cells.* The full product of at most three of these columns at a time, numbers in the groups in which
    representation shows them, missing values left out. *Test.* The rows of a cell are binomial with 1 / cells: exact
    lower tail. *Ratio.* Observed over expected, with the interval of Clopper and Pearson (1934).

    Only maximal uncovered patterns are named (Asudeh 2019): a combination that is short where nothing it is part of,
    with one column fewer, is short already.

    *Multiplicity* and parameters are those of `against_independence`. An even spread is what one may wish for to
    train on; it is no statement about the world.
    """
    everything = declared_axes(frame, schema)
    axes = _counted(everything, counted)
    cells, notes = [], []
    for chosen in attribute_sets(range(len(axes))):
        if rules.any_tied(axes[axis].column for axis in chosen):
            continue
        n_cells = prod(axes[axis].groups for axis in chosen)
        if n_cells > MAX_CELLS_PER_SET:
            names = " x ".join(axes[axis].column for axis in chosen)
            notes.append(f"The {n_cells:,} combinations of {names} are too many for an even spread.")
            continue
        crossed = CrossedColumns(chosen, tuple(axes[axis].many for axis in chosen))
        counts = joint_counts(*crossed.parts)
        total = int(counts.sum())
        cells.append(ExpectedCounts.testable(crossed, counts, np.full(counts.shape, total / counts.size), total))
    found, tested = find_shortfalls(
        cells, axes, config, everything=None if counted is None else everything, baselines=baselines, merge=False
    )
    kept = maximal_patterns(found)[: config.max_regions]
    return BaselineSearch("uniform", tuple(entry.shortage for entry in kept), tested, tuple(notes))


def maximal_patterns(found: Sequence[Shortfall]) -> list[Shortfall]:
    """Keep the patterns no part of which was found itself; each has one group on each of its axes."""
    patterns = [
        frozenset((axis, int(groups.argmax())) for axis, groups in zip(entry.axes, entry.groups, strict=True))
        for entry in found
    ]
    known = set(patterns)
    return [
        entry
        for entry, pattern in zip(found, patterns, strict=True)
        if not any(
            frozenset(part) in known for size in range(1, len(pattern)) for part in combinations(sorted(pattern), size)
        )
    ]


def empty_combination_notes(
    frame: pd.DataFrame, schema: Schema, config: AnalysisConfig, rules: TableRules = NO_RULES
) -> Iterator[str]:
    """Say, per set of declared columns, how many combinations have no row and are too small to be tested.

    That is where chance alone leaves a cell empty more often than `fdr` if the columns are independent: a region is
    never made of these, and they must not be taken for filled either.
    """
    axes = declared_axes(frame, schema)
    sensitive = {column.name for column in schema if column.role is Role.SENSITIVE}
    for chosen in attribute_sets(range(len(axes)), fewest=2):
        columns = [axes[axis] for axis in chosen]
        shape = tuple(axis.groups for axis in columns)
        if prod(shape) > MAX_CELLS_PER_SET or not any(axis.column in sensitive for axis in columns):
            continue
        if rules.any_tied(axis.column for axis in columns):
            continue
        counts = joint_counts(*(axis.many for axis in columns))
        total = max(int(counts.sum()), 1)
        expected = np.full(shape, float(total))
        for place in range(len(shape)):
            others = tuple(other for other in range(len(shape)) if other != place)
            expected = expected * counts.sum(axis=others, keepdims=True) / total
        untold = int(((counts == 0) & (np.exp(-expected) >= config.fdr)).sum())
        if untold:
            names = " x ".join(axis.column for axis in columns)
            has = "has" if untold == 1 else "have"
            yield (
                f"{plural(untold, 'combination')} of {names} {has} no row, where so few would be expected if these "
                "columns were independent that it cannot be told from chance."
            )
