"""How the rows of each group fare, against all other rows, in what the audit says of every row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import stats

from vaeaudit.analysis.fairness.group_rates import RateStatus, against_others, status_of
from vaeaudit.analysis.fairness.rates import compare_rates
from vaeaudit.analysis.grouping.groups import Grouping
from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.statistics.cross_fit import macro_auc_interval
from vaeaudit.statistics.measures import Count, Interval, Share, finite
from vaeaudit.statistics.multiplicity import adjusted_where_tested

#: What is said of a row; all point one way: more is more atypical, rarer, worse known.
AspectName = Literal["improbable", "outlier rank", "rarity", "missing cells", "copy", "label suspicion"]
#: Which rows were compared.
Compared = Literal["held-out rows", "all rows"]


@dataclass(frozen=True)
class Aspect:
    """What the audit says of each of N rows in one respect.

    Attributes
    ----------
    name
        Which respect.
    values
        [N]; graded, NaN where nothing is said of a row; or true and false.
    held_out
        [N]; rows that took no part in training, where that matters: they alone are compared wherever they are enough.
    """

    name: AspectName
    values: FloatArray | BoolArray
    held_out: BoolArray | None = None

    @property
    def graded(self) -> bool:
        """Whether there is more or less of it, and not only yes or no."""
        return self.values.dtype != np.bool_

    @property
    def differs(self) -> bool:
        """Whether it tells any two rows apart."""
        return len(np.unique(self.values[np.isfinite(self.values)])) > 1


@dataclass(frozen=True)
class GroupView:
    """How the rows of a group fare in one respect, against all others.

    Attributes
    ----------
    attribute, group, aspect, compared
        Which group, in what, over which rows.
    measure
        `probability`: that a row of the group has more of it than a row of the others, ties half (Mann and Whitney
        1947; interval of DeLong 1988); .5 is no difference. `rate`: share of its rows that are it (Wilson 1927).
    n, n_others
        Rows of the group, and outside it, of which anything is said.
    value, ci
        Of the measure; None where it cannot be told.
    difference, difference_ci
        Of a rate: from that of all others, with Newcombe's interval; else None.
    p_adjusted
        Of Mann and Whitney's, or of Fisher's exact test; None for groups too small to judge.
    status
        `harder`: surely and clearly more than others have; `less`; `unclear`; `small`: too few rows; `empty`.
    """

    attribute: str
    group: str
    aspect: AspectName
    compared: Compared
    measure: Literal["probability", "rate"]
    n: Count
    n_others: Count
    value: Share | None
    ci: Interval | None
    difference: float | None
    difference_ci: Interval | None
    p_adjusted: Share | None
    status: RateStatus


def view_groups(
    groupings: Sequence[Grouping], aspects: Sequence[Aspect], config: AnalysisConfig, together: IntArray | None = None
) -> tuple[GroupView, ...]:
    """Compare every group with all other rows in every aspect that differs between rows.

    p-values are adjusted by Holm within an attribute and aspect, and by Benjamini-Hochberg across these. A difference
    is clear where the whole interval of the odds of being the higher one, or of the ratio of the rates, lies beyond
    the tolerance.

    Parameters
    ----------
    groupings
        The sensitive attributes, over the same N rows.
    aspects
        What is said of these rows.
    config
        Gives `confidence`, `fdr`, the tolerance and the smallest group that is judged.
    together
        [N]; rows of one number are copies or of one household: they count as one where intervals are made.
    """
    entries: list[GroupView] = []
    families: list[int] = []
    pairs = [(grouping, aspect) for grouping in groupings for aspect in aspects if aspect.differs]
    for family, (grouping, aspect) in enumerate(pairs):
        found = list(_graded(grouping, aspect, config, together) if aspect.graded else _rates(grouping, aspect, config))
        entries += found
        families += [family] * len(found)
    p = np.array([np.nan if entry.p_adjusted is None else entry.p_adjusted for entry in entries])
    return tuple(
        _judged(entry, value, config)
        for entry, value in zip(entries, adjusted_where_tested(p, np.array(families, np.int64)), strict=True)
    )


def _graded(
    grouping: Grouping, aspect: Aspect, config: AnalysisConfig, together: IntArray | None
) -> Iterator[GroupView]:
    """Yield the groups with their p-values as they are, and without a status."""
    known = np.isfinite(aspect.values)
    for place, group in enumerate(grouping.labels):
        inside = grouping.codes == place
        rows, compared = _rows(inside, known, aspect.held_out, config.smallest_group)
        n, n_others = int((inside & rows).sum()), int((~inside & rows).sum())
        value, ci, p = None, None, None
        if min(n, n_others) >= config.smallest_group:
            values, member = np.asarray(aspect.values[rows], np.float64), inside[rows]
            tied = None if together is None else together[rows]
            value, ci = macro_auc_interval(values[:, None], member[:, None], config.confidence, tied)
            p = float(stats.mannwhitneyu(values[member], values[~member], method="asymptotic").pvalue)
        yield GroupView(
            attribute=grouping.column,
            group=group,
            aspect=aspect.name,
            compared=compared,
            measure="probability",
            n=n,
            n_others=n_others,
            value=value,
            ci=ci,
            difference=None,
            difference_ci=None,
            p_adjusted=p,
            status="unclear",
        )


def _rows(inside: BoolArray, known: BoolArray, held_out: BoolArray | None, fewest: int) -> tuple[BoolArray, Compared]:
    """Return the rows to compare: held-out ones where they are enough on both sides."""
    if held_out is None:
        return known, "all rows"
    unseen = known & held_out
    enough = min((unseen & inside).sum(), (unseen & ~inside).sum()) >= fewest
    return (unseen, "held-out rows") if enough else (known, "all rows")


def _rates(grouping: Grouping, aspect: Aspect, config: AnalysisConfig) -> Iterator[GroupView]:
    """Yield the groups with their p-values as they are; the status is that of the ratio of the rates."""
    compared = compare_rates(grouping.codes, np.asarray(aspect.values, bool), len(grouping), config)
    for group, rate in zip(grouping.labels, against_others(compared, compared.p, config), strict=True):
        yield GroupView(
            attribute=grouping.column,
            group=group,
            aspect=aspect.name,
            compared="all rows",
            measure="rate",
            n=rate.n,
            n_others=rate.n_others,
            value=rate.rate if rate.n else None,
            ci=rate.ci if rate.n else None,
            difference=rate.difference,
            difference_ci=rate.difference_ci,
            p_adjusted=rate.p_adjusted,
            status=rate.status,
        )


def _judged(view: GroupView, p_adjusted: float, config: AnalysisConfig) -> GroupView:
    """Return a group with its adjusted p-value and the status that follows from it."""
    status = view.status
    if view.measure == "probability":
        low, high = (
            (0.5, 0.5) if view.ci is None else (view.ci.low or 0.0, 1.0 if view.ci.high is None else view.ci.high)
        )
        status = status_of(view.n, p_adjusted, _odds(low), _odds(high), config)
    elif status in {"harder", "less"} and p_adjusted >= config.fdr:
        status = "unclear"
    return replace(view, p_adjusted=finite(p_adjusted), status=status)


def _odds(probability: float) -> float:
    return probability / (1 - probability) if probability < 1 else np.inf
