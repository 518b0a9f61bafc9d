"""What a prediction that exists already does to each sensitive group: whom it selects, and on whom it errs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Len

from vaeaudit.analysis.fairness.error_slices import ErrorSlices, find_error_slices
from vaeaudit.analysis.fairness.predicted import Predicted, read_predictions
from vaeaudit.analysis.fairness.rates import RateComparison, compare_rates
from vaeaudit.analysis.fairness.score_in_groups import ScoreInGroup, score_in_groups
from vaeaudit.analysis.grouping.groups import OUTSIDE, GroupProduct
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.statistics.measures import Count, Interval, NonNegative, Share, finite
from vaeaudit.statistics.multiplicity import adjusted_where_tested
from vaeaudit.statistics.weighted import effective_counts

RateName = Literal["selection", "false_positive", "false_negative", "precision", "accuracy"]
#: Rate -> which rows it is taken over, and which of them count, both [M].
Asked = Mapping[RateName, tuple[BoolArray, BoolArray]]


@dataclass(frozen=True)
class PredictionRate:
    """One rate of a group, against all rows outside it.

    Attributes
    ----------
    measure
        `selection`: of which rows the outcome is predicted. `false_positive`: of which of those that do not have it.
        `false_negative`: of which of those that have it, it is not predicted. `precision`: which of those have it of
        which it is predicted. `accuracy`: of which rows the prediction is right.
    n, rate, ci
        Rows that it is taken over, and the share of them: weighted, where rows have weights.
    difference, difference_ci, ratio
        To the rate of all rows outside the group; None where there are none, or the rate of these is 0.
    p_adjusted
        None for groups too small to judge.
    minimum_detectable
        The smallest absolute difference that 80 % power would have found at these sizes.
    """

    measure: RateName
    n: Count
    rate: Share
    ci: Interval
    difference: float | None
    difference_ci: Interval | None
    ratio: NonNegative | None
    p_adjusted: Share | None
    minimum_detectable: NonNegative | None


@dataclass(frozen=True)
class GroupPredictions:
    """What is predicted of one group.

    Attributes
    ----------
    attributes, group
        One sensitive column and its group, or two or three and what meets in them.
    rule, n
        What picks its rows, and how many of these have a label and a prediction.
    status
        `inconclusive` where they are too few to judge.
    rates
        One per measure; those over no row at all are left out.
    score
        Of a score: how well it ranks the rows of the group, and what it means in it; None for values of the label.
    """

    attributes: Annotated[tuple[str, ...], Len(1)]
    group: Annotated[tuple[str, ...], Len(1)]
    rule: tuple[Condition, ...]
    n: Count
    status: Literal["judged", "inconclusive"]
    rates: tuple[PredictionRate, ...]
    score: ScoreInGroup | None

    def rate(self, measure: RateName) -> PredictionRate | None:
        """Return one of the rates; None where it is taken over no row, or not at all."""
        return next((rate for rate in self.rates if rate.measure == measure), None)


@dataclass(frozen=True)
class OverallRate:
    """One rate over all rows, as in `PredictionRate`."""

    measure: RateName
    n: Count
    rate: Share
    ci: Interval


@dataclass(frozen=True)
class Predictions:
    """What is predicted, and of whom it is right.

    Attributes
    ----------
    column, label
        What predicts, and what is predicted.
    outcome
        In words, which value of the label is meant; empty where it has several, and only `accuracy` is measured.
    form, threshold
        Whether the column holds values of the label or a score, and from which score on the outcome is predicted; None
        where nobody said, and nothing is predicted.
    n, left_out
        Rows that have a label and a prediction, and rows that do not.
    rates
        Over all rows.
    groups
        Every group of every sensitive column, then what meets in two or three of them, where there is a row. All are
        compared with all rows outside them.
    slices
        Where it errs most, whatever the columns.
    notes
        What was taken for granted, or set aside.
    """

    column: str
    label: str
    outcome: str
    form: Literal["values", "score"]
    threshold: float | None
    n: Count
    left_out: Count
    rates: tuple[OverallRate, ...]
    groups: tuple[GroupPredictions, ...]
    slices: ErrorSlices | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Compared:
    """One set of attributes: its cells, the cell of each of the M rows, and each rate in every cell."""

    cells: GroupProduct
    codes: IntArray
    rates: Mapping[RateName, RateComparison]


def assess_predictions(
    inputs: AuditInputs, cells: Sequence[GroupProduct], config: AnalysisConfig, seed: int, together: IntArray
) -> Predictions | None:
    """Compare selection and errors between groups; None without a label and a column of predictions.

    Each rate is compared with that of all rows outside the group (Fisher's exact test, or with weights a score test at
    what the rows are worth); p-values are adjusted by Holm within a set of attributes, over its groups and measures,
    and by Benjamini-Hochberg across sets. The measures are those of Hardt, Price and Srebro (2016) and Chouldechova
    (2017), who shows that not all of them can be equal where groups have the outcome more or less often.

    Parameters
    ----------
    inputs
        The rows.
    cells
        The sensitive columns, alone and crossed, of all N rows.
    config
        Says what is favourable, from which score on it is predicted, and what is too small to judge.
    seed, together
        As for `find_error_slices`.
    """
    notes: list[str] = []
    told = read_predictions(inputs.frame, inputs.schema, config, notes)
    label, column = inputs.schema.label, inputs.schema.prediction
    if told is None or label is None or column is None:
        return None
    weight = None if inputs.weight is None else inputs.weight[told.rows]
    asked = _asked(told)
    compared = [_compare(each, each.codes[told.rows], asked, weight, config) for each in cells]
    return Predictions(
        column=column.name,
        label=label.name,
        outcome=told.outcome,
        form="values" if told.score is None and not column.kind.is_numeric else "score",
        threshold=told.threshold,
        n=len(told.rows),
        left_out=len(inputs.frame) - len(told.rows),
        rates=tuple(_overall(asked, weight, config.confidence)),
        groups=tuple(_groups(compared, told, weight, config)),
        slices=find_error_slices(inputs, told, config, seed, together),
        notes=tuple(notes),
    )


def _asked(told: Predicted) -> Asked:
    everybody = np.ones(len(told.rows), dtype=bool)
    found: dict[RateName, tuple[BoolArray, BoolArray]] = {}
    if told.has is not None and told.says is not None:
        found["selection"] = everybody, told.says
        found["false_positive"] = ~told.has, told.says
        found["false_negative"] = told.has, ~told.says
        found["precision"] = told.says, told.has
    if told.right is not None:
        found["accuracy"] = everybody, told.right
    return found


def _overall(asked: Asked, weight: FloatArray | None, level: float) -> Iterator[OverallRate]:
    for measure, (of, counts) in asked.items():
        (count,), (worth,) = effective_counts(np.where(of, 0, OUTSIDE), counts, 1, weight)
        if worth > 0:
            yield OverallRate(measure, int(of.sum()), float(count / worth), share_interval(count, worth, level))


def _compare(
    cells: GroupProduct, codes: IntArray, asked: Asked, weight: FloatArray | None, config: AnalysisConfig
) -> _Compared:
    rates = {
        measure: compare_rates(np.where(of, codes, OUTSIDE), counts, len(cells), config, weight)
        for measure, (of, counts) in asked.items()
    }
    return _Compared(cells, codes, rates)


def _groups(
    compared: Sequence[_Compared], told: Predicted, weight: FloatArray | None, config: AnalysisConfig
) -> Iterator[GroupPredictions]:
    for each, adjusted in zip(compared, _adjusted(compared), strict=True):
        counts = np.bincount(each.codes[each.codes >= 0], minlength=len(each.cells))
        scores = score_in_groups(told, each.codes, len(each.cells), weight, config)
        for cell, n in enumerate(counts.tolist()):
            if n == 0 and len(each.cells.attributes) > 1:
                continue
            yield GroupPredictions(
                attributes=each.cells.attributes,
                group=each.cells.labels[cell],
                rule=each.cells.rules[cell],
                n=n,
                status="judged" if n >= config.smallest_group else "inconclusive",
                rates=tuple(
                    _rate(measure, rates, cell, adjusted[measure][cell], config.confidence)
                    for measure, rates in each.rates.items()
                    if rates.n[cell]
                ),
                score=None if scores is None else scores[cell],
            )


def _adjusted(compared: Sequence[_Compared]) -> list[dict[RateName, FloatArray]]:
    """Return the adjusted p-values of every measure in every cell of each set; NaN where it was not tested."""
    p = [np.concatenate([rates.p for rates in each.rates.values()] or [np.empty(0)]) for each in compared]
    family = np.repeat(np.arange(len(p)), [len(part) for part in p])
    pooled = adjusted_where_tested(np.concatenate([*p, np.empty(0)]), family)
    return [
        dict(zip(each.rates, np.split(pooled[family == place], max(len(each.rates), 1)), strict=False))
        for place, each in enumerate(compared)
    ]


def _rate(measure: RateName, rates: RateComparison, cell: int, p_adjusted: float, level: float) -> PredictionRate:
    difference = finite(rates.difference[cell])
    bounds = Interval(float(rates.difference_low[cell]), float(rates.difference_high[cell]), level)
    return PredictionRate(
        measure=measure,
        n=int(rates.n[cell]),
        rate=float(rates.rate[cell]),
        ci=Interval(float(rates.low[cell]), float(rates.high[cell]), level),
        difference=difference,
        difference_ci=None if difference is None else bounds,
        ratio=finite(rates.ratio[cell]),
        p_adjusted=finite(p_adjusted),
        minimum_detectable=finite(rates.minimum_detectable[cell]),
    )
