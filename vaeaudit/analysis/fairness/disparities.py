"""How often sensitive groups, and their combinations, have the outcome that the label records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Len

from vaeaudit.analysis.fairness.adjusted import AdjustedDifference, Strata, adjusted_differences, reverses, strata_of
from vaeaudit.analysis.fairness.crossed import crossed_groups
from vaeaudit.analysis.fairness.graded import GradedDisparity, assess_grades
from vaeaudit.analysis.fairness.outcomes import Outcome, outcomes_of
from vaeaudit.analysis.fairness.rates import RateComparison, compare_rates
from vaeaudit.analysis.grouping.groups import OUTSIDE, GroupProduct
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Schema
from vaeaudit.errors import UsageError
from vaeaudit.outputs.record import BoolArray, FloatArray
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.intervals import ratio_interval
from vaeaudit.statistics.measures import Count, Interval, NonNegative, Share, finite
from vaeaudit.statistics.multiplicity import adjusted_where_tested
from vaeaudit.wording import numbers


@dataclass(frozen=True)
class Disparity:
    """Share of the rows of a group that have the outcome, against all other rows.

    Attributes
    ----------
    attributes, group
        One sensitive column and its group, or two or three and what meets in them.
    rule
        What picks its rows.
    outcome, favourable
        In words, and whether it is good for the person; None where nobody said.
    n, rate, ci
        Rows that have a label, and the share of them that has the outcome: weighted, where rows have weights.
    difference, difference_ci, ratio, ratio_ci
        To the rate of all rows outside the group; None where either side is empty, or nobody outside has the outcome.
    impact_ratio, impact_ratio_ci
        Of a favourable outcome, the rate over the highest one among groups of these attributes that are large enough:
        what the four-fifths rule holds against 0.8, which is a convention (EEOC 1978). The highest one has no interval.
    p_adjusted
        None for groups too small to judge, or empty.
    minimum_detectable
        The smallest absolute difference that 80 % power would have found at these sizes.
    adjusted
        What is left within the strata of the control columns; None without them, or where no stratum holds both.
    """

    attributes: Annotated[tuple[str, ...], Len(1)]
    group: Annotated[tuple[str, ...], Len(1)]
    rule: tuple[Condition, ...]
    outcome: str
    favourable: bool | None
    n: Count
    rate: Share
    ci: Interval
    difference: float | None
    difference_ci: Interval | None
    ratio: NonNegative | None
    ratio_ci: Interval | None
    impact_ratio: NonNegative | None
    impact_ratio_ci: Interval | None
    p_adjusted: Share | None
    minimum_detectable: NonNegative | None
    adjusted: AdjustedDifference | None = None

    @property
    def of(self) -> str:
        """Of what its rate is one."""
        return self.outcome

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """Attributes and their groups."""
        return tuple(zip(self.attributes, self.group, strict=True))


@dataclass(frozen=True)
class DisparityTable:
    """One entry per sensitive group, combination and outcome; of an ordered label one more; and what was left out."""

    disparities: tuple[Disparity, ...]
    graded: tuple[GradedDisparity, ...]
    notes: tuple[str, ...]


def require_comparable(frame: pd.DataFrame, schema: Schema, config: AnalysisConfig) -> None:
    """Check that what is to be compared, and held equal, is there: a slip is told before anything is learned.

    Raises
    ------
    UsageError
        Naming the option.
    """
    strata_of(frame, schema, config.control)
    if config.favourable and schema.label is None:
        raise UsageError("--favourable: says what is good of the label, but there is none: give --label COL.")
    if config.threshold is not None and schema.prediction is None:
        raise UsageError("--threshold: says what a score predicts, but there is none: give --prediction COL.")
    if schema.label is not None:
        outcomes_of(frame[schema.label.name], schema.label, [], config.favourable)


@dataclass(frozen=True)
class _Rows:
    """Of N rows: which have a label, in which stratum they are if any, and how many they stand for if not one each."""

    labelled: BoolArray
    strata: Strata | None
    weight: FloatArray | None


@dataclass(frozen=True)
class _Compared:
    """One set of attributes, one outcome: its cells, their rates, and within strata what is left, with its p-value."""

    cells: GroupProduct
    outcome: Outcome
    rates: RateComparison
    within: list[tuple[AdjustedDifference, float] | None]


def assess_disparities(inputs: AuditInputs, config: AnalysisConfig) -> DisparityTable:
    """Compare the label between the groups of every declared sensitive column, and of two or three of them.

    What is compared is said by `outcomes_of`. Rows without a label are left out. p-values are adjusted by Holm within a
    set of attributes and by Benjamini-Hochberg across sets; those within strata likewise, by themselves. Columns that a
    rule of the table ties together are not crossed.

    Parameters
    ----------
    inputs
        The rows.
    config
        What is favourable, what is held fixed, and what counts as a finding.

    Raises
    ------
    UsageError
        See `require_comparable`.
    """
    label = inputs.schema.label
    require_comparable(inputs.frame, inputs.schema, config)
    strata = strata_of(inputs.frame, inputs.schema, config.control)
    if label is None or not inputs.schema.sensitive:
        return DisparityTable((), (), ())
    values = inputs.frame[label.name]
    labelled = np.asarray(values.notna())
    notes = []
    if not labelled.all():
        notes.append(
            f"{numbers.count((~labelled).sum())} rows without {label.name} are left out where its rates are compared."
        )
    outcomes = outcomes_of(values, label, notes, config.favourable)
    rows, crossed = _Rows(labelled, strata, inputs.weight), list(crossed_groups(inputs, notes))
    compared = [_compare(cells, outcome, rows, config) for cells in crossed for outcome in outcomes]
    graded = assess_grades(inputs, crossed, config)
    return DisparityTable(tuple(_judged(compared, config)), graded, tuple(notes))


def _compare(cells: GroupProduct, outcome: Outcome, rows: _Rows, config: AnalysisConfig) -> _Compared:
    codes, has, level = np.where(rows.labelled, cells.codes, OUTSIDE), outcome.has, config.confidence
    rates = compare_rates(codes, has, len(cells), config, rows.weight)
    within: list[tuple[AdjustedDifference, float] | None] = [None] * len(cells)
    if rows.strata is not None:
        within = adjusted_differences(codes, has, len(cells), rows.strata, level=level, weight=rows.weight)
    return _Compared(cells, outcome, rates, within)


def _judged(compared: Sequence[_Compared], config: AnalysisConfig) -> Iterator[Disparity]:
    sets = {each.cells.attributes: place for place, each in enumerate(compared)}
    family = np.repeat([sets[each.cells.attributes] for each in compared], [len(each.cells) for each in compared])
    p = adjusted_where_tested(np.concatenate([np.empty(0), *(each.rates.p for each in compared)]), family)
    p_within = adjusted_where_tested(np.concatenate([np.empty(0), *map(_p_within, compared)]), family)
    ends = np.cumsum([len(each.cells) for each in compared])
    for each, end in zip(compared, ends, strict=True):
        start = end - len(each.cells)
        impact = _impact(each, config)
        for cell in range(len(each.cells)):
            crude = _disparity(each, cell, p[start + cell], impact, config.confidence)
            found = each.within[cell]
            if found is not None:
                turned = np.isfinite(p_within[start + cell]) and reverses(crude.difference_ci, found[0].ci)
                adjusted = replace(found[0], p_adjusted=finite(p_within[start + cell]), reverses=bool(turned))
                crude = replace(crude, adjusted=adjusted)
            yield crude


def _p_within(compared: _Compared) -> FloatArray:
    """[cells]; NaN where there is none, or where the cell is too small to judge in all rows."""
    found = [np.nan if each is None else each[1] for each in compared.within]
    return np.where(np.isfinite(compared.rates.p), found, np.nan)


def _impact(compared: _Compared, config: AnalysisConfig) -> tuple[FloatArray, FloatArray, FloatArray, int] | None:
    """Ratios to the highest rate with their bounds, and whose that is; None where nobody said what is favourable."""
    rates = compared.rates
    large = rates.worth >= config.smallest_group
    if not compared.outcome.favourable or not large.any():
        return None
    best = int(np.argmax(np.where(large, rates.rate, -1.0)))
    if rates.rate[best] == 0:
        return None
    low, high = ratio_interval(rates.count, rates.worth, rates.count[best], rates.worth[best], config.confidence)
    return rates.rate / rates.rate[best], low, high, best


def _disparity(
    compared: _Compared,
    cell: int,
    p_adjusted: float,
    impact: tuple[FloatArray, FloatArray, FloatArray, int] | None,
    level: float,
) -> Disparity:
    cells, rates = compared.cells, compared.rates
    known = bool(np.isfinite(rates.difference[cell]))
    held = impact if impact is not None and rates.n[cell] else None
    return Disparity(
        attributes=cells.attributes,
        group=cells.labels[cell],
        rule=cells.rules[cell],
        outcome=compared.outcome.name,
        favourable=compared.outcome.favourable,
        n=int(rates.n[cell]),
        rate=float(rates.rate[cell]),
        ci=_interval(rates.low[cell], rates.high[cell], level),
        difference=finite(rates.difference[cell]),
        difference_ci=_interval(rates.difference_low[cell], rates.difference_high[cell], level) if known else None,
        ratio=finite(rates.ratio[cell]),
        ratio_ci=_interval(rates.ratio_low[cell], rates.ratio_high[cell], level) if known else None,
        impact_ratio=None if held is None else float(held[0][cell]),
        impact_ratio_ci=None if held is None or cell == held[3] else _interval(held[1][cell], held[2][cell], level),
        p_adjusted=finite(p_adjusted),
        minimum_detectable=finite(rates.minimum_detectable[cell]),
    )


def _interval(low: float, high: float, level: float) -> Interval:
    return Interval(float(low), finite(high), level)
