"""A label with an order, between groups: means where it is a number, and who ranks above whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from annotated_types import Len
from scipy import stats

from vaeaudit.analysis.grouping.groups import OUTSIDE, GroupProduct
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind
from vaeaudit.outputs.record import BoolArray, FloatArray
from vaeaudit.statistics.cross_fit import macro_auc_interval
from vaeaudit.statistics.measures import Count, Interval, Share, finite
from vaeaudit.statistics.multiplicity import adjusted_where_tested


@dataclass(frozen=True)
class GradedDisparity:
    """The label of a group, which has an order, against that of all other rows.

    Attributes
    ----------
    attributes, group
        One sensitive column and its group, or two or three and what meets in them.
    n
        Rows that have a label.
    mean, difference, difference_ci
        Of a number, in its units: the mean, and what it is above that of all others (Welch 1947); weighted where rows
        have weights. None for ordered levels, and for groups too small to judge.
    superiority, superiority_ci
        The probability that a row of the group lies above one of the others, ties counting half: 0.5 where neither is
        above (DeLong 1988). None where rows have weights, and for groups too small to judge.
    p_adjusted
        Of equal means, or for ordered levels of a superiority of 0.5 (Mann, Whitney 1947).
    """

    attributes: Annotated[tuple[str, ...], Len(1)]
    group: Annotated[tuple[str, ...], Len(1)]
    n: Count
    mean: float | None = None
    difference: float | None = None
    difference_ci: Interval | None = None
    superiority: Share | None = None
    superiority_ci: Interval | None = None
    p_adjusted: Share | None = None


def assess_grades(
    inputs: AuditInputs, cells: Sequence[GroupProduct], config: AnalysisConfig
) -> tuple[GradedDisparity, ...]:
    """Compare a label of numbers or of ordered levels between groups; empty for other labels.

    Parameters
    ----------
    inputs
        The rows.
    cells
        The sensitive columns, alone and crossed.
    config
        Gives the confidence of the intervals and the smallest group that is judged. p-values are adjusted as those of
        rates are.
    """
    label = inputs.schema.label
    if label is None or not (label.kind.is_numeric or label.kind is Kind.ORDINAL):
        return ()
    held = inputs.frame[label.name]
    is_number = label.kind.is_numeric
    values = held.to_numpy(np.float64) if is_number else np.where(held.isna(), np.nan, held.cat.codes.astype(float))
    known = ~np.isnan(values)
    weight = np.ones(len(values)) if inputs.weight is None else inputs.weight
    found, p, family = [], [], []
    for place, each in enumerate(cells):
        codes = np.where(known, each.codes, OUTSIDE)[known]
        for cell in range(len(each)):
            inside = codes == cell
            graded = GradedDisparity(each.attributes, each.labels[cell], int(inside.sum()))
            p_value = np.nan
            if config.smallest_group <= graded.n <= len(codes) - config.smallest_group:
                if is_number:
                    graded, p_value = _means(graded, values[known], weight[known], inside, config.confidence)
                if inputs.weight is None:
                    graded, p_ranks = _ranks(graded, values[known], inside, config.confidence)
                    p_value = p_value if is_number else p_ranks
            found.append(graded)
            p.append(p_value)
            family.append(place)
    adjusted = adjusted_where_tested(p, family)
    return tuple(replace(each, p_adjusted=finite(value)) for each, value in zip(found, adjusted, strict=True))


def _means(
    graded: GradedDisparity, values: FloatArray, weight: FloatArray, inside: BoolArray, level: float
) -> tuple[GradedDisparity, float]:
    """Add the means; return the p-value too."""
    (mean, variance, df), (other, other_variance, other_df) = (
        _mean(values[rows], weight[rows]) for rows in (inside, ~inside)
    )
    total = variance + other_variance
    if total == 0:
        return replace(graded, mean=mean, difference=mean - other), float(mean == other)
    freedom = total**2 / (variance**2 / df + other_variance**2 / other_df)
    half = float(stats.t.ppf(0.5 + level / 2, freedom)) * np.sqrt(total)
    difference = mean - other
    ci = Interval(difference - half, difference + half, level)
    p = 2 * float(stats.t.sf(abs(difference) / np.sqrt(total), freedom))
    return replace(graded, mean=mean, difference=difference, difference_ci=ci), p


def _mean(values: FloatArray, weight: FloatArray) -> tuple[float, float, float]:
    """Return a weighted mean, its variance, and the degrees of freedom of that."""
    total = weight.sum()
    mean = float((weight * values).sum() / total)
    n = np.count_nonzero(weight)
    variance = float((weight**2 * (values - mean) ** 2).sum() / total**2) * n / (n - 1)
    return mean, variance, float(total**2 / (weight**2).sum()) - 1


def _ranks(
    graded: GradedDisparity, values: FloatArray, inside: BoolArray, level: float
) -> tuple[GradedDisparity, float]:
    above, ci = macro_auc_interval(values[:, None], inside[:, None], level)
    ranked = replace(graded, superiority=above, superiority_ci=ci)
    return ranked, float(stats.mannwhitneyu(values[inside], values[~inside]).pvalue)
