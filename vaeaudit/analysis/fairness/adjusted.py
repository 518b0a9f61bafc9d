"""What is left of a difference within equal circumstances: groups compared within the strata of control columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from vaeaudit.analysis.grouping.groups import QUANTILE_BINS, group_column
from vaeaudit.data.schema.columns import Role, Schema
from vaeaudit.errors import UsageError
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.statistics.measures import Count, Interval, NonNegative, Share
from vaeaudit.statistics.stratified import compare_within_strata
from vaeaudit.statistics.weighted import GroupSums


@dataclass(frozen=True)
class AdjustedDifference:
    """A group's rate less that of all others within the strata of the control columns.

    Attributes
    ----------
    difference, ci
        The mean over strata, each weighted by n1 n2 / (n1 + n2).
    odds_ratio, odds_ratio_ci
        Of Mantel and Haenszel; None where it is not defined.
    p_adjusted
        Of no association in any stratum; None where the group is too small to judge.
    same_odds_p
        Of one ratio of odds in all strata (Breslow, Day and Tarone): where it is small the figures above are a mean
        over strata that differ. None with one stratum.
    control, exact
        The columns that are held equal; and whether they are so within a stratum, or only in one range.
    n, strata
        Rows of the group in strata that hold others too, and those strata.
    reverses
        Whether the difference is surely one way in all rows, and surely the other way within the strata (Simpson 1951).
    """

    difference: float
    ci: Interval
    odds_ratio: NonNegative | None
    odds_ratio_ci: Interval | None
    p_adjusted: Share | None
    same_odds_p: Share | None
    n: Count
    strata: Count
    control: tuple[str, ...]
    exact: bool
    reverses: bool = False


@dataclass(frozen=True)
class Strata:
    """The stratum of each row [N], 0 to `n` - 1, by the columns that are held equal; `exact` as below."""

    control: tuple[str, ...]
    exact: bool
    codes: IntArray
    n: int


def strata_of(frame: pd.DataFrame, schema: Schema, control: Sequence[str]) -> Strata | None:
    """Divide the rows by the control columns; None without any.

    Numbers are cut by the bands that were said, else into twenty parts, and where they have no more than twenty values
    into these; cells without a value are a stratum of their own.

    Raises
    ------
    UsageError
        Where a control is no column, or is the label or a column of another part.
    """
    if not control:
        return None
    codes, exact = np.zeros(len(frame), dtype=np.int64), True
    for name in control:
        column = schema.require(name, option="--control")
        if column.role not in (Role.INPUT, Role.SENSITIVE, Role.EXCLUDED):
            raise UsageError(f"--control {name}: the column is {column.role.value} already.")
        if not column.kind.can_be_modelled:
            raise UsageError(
                f"--control {name}: the column is {column.kind.value}: nothing can be held equal in it.",
                hint=f"If it is something else, say so: --kind-of {name}=category",
            )
        grouping = group_column(frame[name], column, bins=None if column.bands else QUANTILE_BINS)
        exact = exact and bool(frame[name].nunique() <= np.count_nonzero(grouping.counts[: grouping.missing]))
        codes = np.unique(codes * len(grouping) + grouping.codes, return_inverse=True)[1]
    return Strata(tuple(control), exact, codes, int(codes.max(initial=-1)) + 1)


def adjusted_differences(
    codes: IntArray,
    has: BoolArray,
    groups: int,
    strata: Strata,
    *,
    level: float,
    weight: FloatArray | None,
) -> list[tuple[AdjustedDifference, float] | None]:
    """Compare each group with all others within strata, with the p-value that is to be adjusted; [G].

    None where no stratum holds both.

    Parameters
    ----------
    codes, has, groups
        As for `compare_rates`; rows outside all groups have negative codes.
    strata
        As `strata_of` gives them, of the same rows.
    level
        Of the intervals.
    weight
        [N] or None.
    """
    n_strata = strata.n
    cells = np.where(codes >= 0, codes * n_strata + strata.codes, -1)
    sums = GroupSums.of(cells, has, (groups, n_strata), weight)
    others = sums.others
    rows = np.bincount(cells[cells >= 0], minlength=groups * n_strata).reshape(groups, n_strata)
    count, n, other_count, other_n = sums.count, sums.n, others.count, others.n
    found: list[tuple[AdjustedDifference, float] | None] = []
    for group in range(groups):
        told = compare_within_strata(count[group], n[group], other_count[group], other_n[group], level)
        if told is None:
            found.append(None)
            continue
        defined = bool(np.isfinite([told.odds_ratio, told.odds_low, told.odds_high]).all())
        adjusted = AdjustedDifference(
            difference=told.difference,
            ci=Interval(told.low, told.high, level),
            odds_ratio=told.odds_ratio if defined else None,
            odds_ratio_ci=Interval(told.odds_low, told.odds_high, level) if defined else None,
            p_adjusted=None,
            same_odds_p=told.same_odds_p if np.isfinite(told.same_odds_p) else None,
            n=int(rows[group][(n[group] > 0) & (other_n[group] > 0)].sum()),
            strata=told.strata,
            control=strata.control,
            exact=strata.exact,
        )
        found.append((adjusted, told.p))
    return found


def reverses(crude: Interval | None, within: Interval) -> bool:
    """Whether one interval lies above 0 and the other below it."""
    if crude is None or None in (*crude.bounds, *within.bounds):
        return False
    first, second = (np.sign(interval.low or 0.0) + np.sign(interval.high or 0.0) for interval in (crude, within))
    return bool(first * second == -4)
