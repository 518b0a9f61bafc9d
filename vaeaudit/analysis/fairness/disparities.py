"""How often the groups of a sensitive attribute have the outcome that the label records, and findings about it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from vaeaudit.analysis.grouping.groups import Grouping, group_column
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Column, Kind, Schema
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.statistics.fisher import fisher_exact
from vaeaudit.statistics.intervals import newcombe_difference, normal_quantile, wilson
from vaeaudit.statistics.measures import Count, Interval, NonNegative, Share
from vaeaudit.statistics.multiplicity import holm_within_bh_across
from vaeaudit.wording import numbers
from vaeaudit.wording.rules import bound_text

#: The power at which the smallest detectable difference is stated (Cohen 1988: the customary figure).
POWER = 0.8
#: A label of more levels is compared on its most frequent ones.
MAX_OUTCOMES = 5
#: A sensitive column of more groups is not compared: every group would be too small to judge, or the list too long.
MAX_GROUPS = 200


@dataclass(frozen=True)
class Disparity:
    """Share of the rows of a group that have the outcome, against all other rows.

    `difference` is the group's rate minus the rate of all rows outside the group; `ratio` is their quotient;
    `minimum_detectable` the smallest absolute difference that 80 % power would have found at these sizes. For
    groups too small to judge, `p_adjusted` is None.
    """

    attribute: str
    group: str
    outcome: str
    n: Count
    rate: Share
    ci: Interval
    difference: float | None
    difference_ci: Interval | None
    ratio: NonNegative | None
    p_adjusted: Share | None
    minimum_detectable: NonNegative | None


@dataclass(frozen=True)
class DisparityTable:
    """One entry per sensitive group and outcome, and what was left out or set aside."""

    disparities: tuple[Disparity, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class RateComparison:
    """Rates of G groups, each against all rows outside it; arrays are [G].

    `difference` and `ratio` are NaN where either side has no rows (`ratio` also where nobody outside has the
    outcome); `p` is Fisher's exact two-sided p-value, NaN where a side has fewer rows than can be judged.
    """

    n: IntArray
    rate: FloatArray
    low: FloatArray
    high: FloatArray
    difference: FloatArray
    difference_low: FloatArray
    difference_high: FloatArray
    ratio: FloatArray
    minimum_detectable: FloatArray
    p: FloatArray


def assess_disparities(frame: pd.DataFrame, schema: Schema, config: AnalysisConfig) -> DisparityTable:
    """Compare the label between the groups of every declared sensitive column.

    Of a label with two levels the rarer one is the outcome, of one with more each of the first `MAX_OUTCOMES`, of a
    number being above its median. Rows without a label are left out. p-values are adjusted by Holm within an attribute
    and by Benjamini-Hochberg across attributes.
    """
    label = schema.label
    if label is None or not schema.sensitive:
        return DisparityTable((), ())
    values = frame[label.name]
    labelled = np.asarray(values.notna())
    notes = []
    if not labelled.all():
        notes.append(
            f"{numbers.count((~labelled).sum())} rows without {label.name} are left out where its rates are compared."
        )
    outcomes = outcomes_of(values, label, notes)
    results: list[Disparity] = []
    p_values: list[float] = []
    families: list[int] = []
    for family, column in enumerate(schema.sensitive):
        grouping = group_column(frame[column.name], column)
        if len(grouping) > MAX_GROUPS:
            notes.append(
                f"The {numbers.count(len(grouping))} groups of {column.name} are too many to compare on {label.name}."
            )
            continue
        for outcome, has_outcome in outcomes.items():
            compared = compare_rates(grouping.codes[labelled], has_outcome[labelled], len(grouping), config)
            results.extend(_disparities(grouping, outcome, compared, config))
            p_values.extend(compared.p.tolist())
            families.extend([family] * len(grouping))
    return DisparityTable(_with_adjusted_p(results, np.array(p_values), np.array(families)), tuple(notes))


def compare_rates(codes: IntArray, has_outcome: BoolArray, groups: int, config: AnalysisConfig) -> RateComparison:
    """Compare each group's rate of the outcome with that of all rows outside the group.

    Parameters
    ----------
    codes, has_outcome
        [N]; the group of each row, 0 to `groups` - 1, and whether it has the outcome.
    groups
        G.
    config
        Gives the confidence of the intervals (Wilson 1927, Newcombe 1998) and the smallest group that is tested.
    """
    n = np.bincount(codes, minlength=groups)
    count = np.bincount(codes[has_outcome], minlength=groups)
    rest, rest_count = n.sum() - n, count.sum() - count
    low, high = wilson(count, n, config.confidence)
    difference_low, difference_high = newcombe_difference(count, n, rest_count, rest, config.confidence)
    rate = count / np.maximum(n, 1)
    rest_rate = rest_count / np.maximum(rest, 1)
    both = (n > 0) & (rest > 0)
    judged = np.minimum(n, rest) >= config.smallest_group
    p = np.full(groups, np.nan)
    p[judged] = fisher_exact(*(part[judged] for part in (count, n, rest_count, rest)))
    return RateComparison(
        n=n,
        rate=rate,
        low=low,
        high=high,
        difference=np.where(both, rate - rest_rate, np.nan),
        difference_low=difference_low,
        difference_high=difference_high,
        ratio=np.divide(rate, rest_rate, out=np.full(groups, np.nan), where=both & (rest_count > 0)),
        minimum_detectable=minimum_detectable_difference(n, rest, int(count.sum()), config.confidence),
        p=p,
    )


def minimum_detectable_difference(
    n: npt.ArrayLike, rest: npt.ArrayLike, count: int, level: float, power: float = POWER
) -> FloatArray:
    """Smallest absolute difference of two rates that a two-sided test at 1 - `level` finds with `power`.

    The normal approximation with the pooled rate `count / (n + rest)` on both sides (Fleiss, Levin and Paik 2003,
    chapter 4); at most 1, and NaN where either side is empty.
    """
    size, others = np.asarray(n, dtype=np.float64), np.asarray(rest, dtype=np.float64)
    both = (size > 0) & (others > 0)
    pooled = count / np.maximum(size + others, 1)
    variance = pooled * (1 - pooled) * (1 / np.maximum(size, 1) + 1 / np.maximum(others, 1))
    detectable = (normal_quantile(level) + float(stats.norm.ppf(power))) * np.sqrt(variance)
    return np.where(both, np.minimum(detectable, 1.0), np.nan)


def outcomes_of(values: pd.Series, label: Column, notes: list[str]) -> dict[str, BoolArray]:
    """Return what is compared of a label [N], in words, and which rows have it; `notes` hear why there is nothing."""
    if label.kind.is_levelled:
        counts = values.value_counts(sort=False).reindex(list(label.levels), fill_value=0)
        present = counts[counts > 0].sort_values(ascending=False, kind="stable").index.tolist()
        if len(present) < 2:
            notes.append(f"{label.name} has {len(present)} value(s) among these rows: there are no rates to compare.")
            return {}
        chosen = [present[-1]] if len(present) == 2 else present[:MAX_OUTCOMES]
        if len(present) > MAX_OUTCOMES:
            notes.append(f"{label.name} has {len(present)} levels; rates are compared for the first {MAX_OUTCOMES}.")
        return {f"{label.name} = {level}": np.asarray(values == level) for level in chosen}
    if label.kind.is_numeric or label.kind is Kind.DATETIME:
        middle = values.median()
        above = np.asarray(values > middle)
        if not above.any():
            notes.append(f"{label.name} has no value above its median: there are no rates to compare.")
            return {}
        shown = bound_text(float(middle)) if label.kind.is_numeric else str(middle)
        return {f"{label.name} > {shown} (median)": above}
    notes.append(f"{label.name} is {label.kind.value}: there are no rates to compare.")
    return {}


def _disparities(grouping: Grouping, outcome: str, compared: RateComparison, config: AnalysisConfig) -> list[Disparity]:
    level = config.confidence
    entries = []
    for group, label in enumerate(grouping.labels):
        known = bool(np.isfinite(compared.difference[group]))
        bounds = Interval(float(compared.difference_low[group]), float(compared.difference_high[group]), level)
        entries.append(
            Disparity(
                attribute=grouping.column,
                group=label,
                outcome=outcome,
                n=int(compared.n[group]),
                rate=float(compared.rate[group]),
                ci=Interval(float(compared.low[group]), float(compared.high[group]), level),
                difference=_finite(compared.difference[group]),
                difference_ci=bounds if known else None,
                ratio=_finite(compared.ratio[group]),
                p_adjusted=None,
                minimum_detectable=_finite(compared.minimum_detectable[group]),
            )
        )
    return entries


def _with_adjusted_p(results: list[Disparity], p: FloatArray, family: IntArray) -> tuple[Disparity, ...]:
    if not results:
        return ()
    tested = np.isfinite(p)
    adjusted = np.full(p.shape, np.nan)
    adjusted[tested] = holm_within_bh_across(p[tested], family[tested])
    return tuple(replace(result, p_adjusted=_finite(value)) for result, value in zip(results, adjusted, strict=True))


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
