"""Combinations of columns with fewer rows than the shares of a population lead one to expect."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from vaeaudit.analysis.missing.baselines import BaselineSearch
from vaeaudit.analysis.missing.region_blocks import pair_tables, population_blocks
from vaeaudit.analysis.missing.region_search import find_shortfalls, prune
from vaeaudit.analysis.rules import Rule, satisfies
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.population import Population


def against_population(
    frame: pd.DataFrame, population: Population, config: AnalysisConfig, *, baselines: int = 1
) -> BaselineSearch:
    """Compare cells of a population's columns, at most three at a time, with its shares of the rows in its cells.

    *Cells.* All ranges of its intervals, single levels, and all of a column. *Test.* The rows of a cell, out of the
    rows that the population speaks about, are binomial with its share: exact lower tail. *Ratio.* Observed over
    expected, with the interval of Clopper and Pearson (1934). Shares that were given are taken as exact.

    *Multiplicity*, *ranking* and parameters are those of `against_independence`.
    """
    axes, blocks = population_blocks(frame, population)
    found, tested = find_shortfalls(blocks, axes, config, baselines=baselines)
    kept = prune(found, axes, pair_tables(axes), config.max_regions)
    shortages = tuple(replace(entry.shortage, rule=_without_idle(entry.shortage.rule, frame)) for entry in kept)
    return BaselineSearch("population", shortages, tested, tuple(population.outside(frame)))


def _without_idle(rule: Rule, frame: pd.DataFrame) -> Rule:
    """Leave out conditions that every row satisfies."""
    return tuple(condition for condition in rule if not satisfies(condition, frame[condition.column]).all())
