"""Rules: up to three conditions on columns that hold together, applied to a table, merged and simplified."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np
import pandas as pd

from vaeaudit.outputs.record import BoolArray
from vaeaudit.outputs.region_rules import Condition, Rule
from vaeaudit.wording.rules import describe


def apply_rule(rule: Rule, frame: pd.DataFrame) -> BoolArray:
    """Return [N]: which rows of a typed frame satisfy all conditions; the empty rule holds for every row.

    Parameters
    ----------
    rule
        Conditions that hold together.
    frame
        [N] rows, stored as `Dataset.frame` is.
    """
    mask = np.ones(len(frame), dtype=bool)
    for condition in rule:
        mask &= satisfies(condition, frame[condition.column])
    return mask


def satisfies(condition: Condition, values: pd.Series) -> BoolArray:
    """Return [N]: which values satisfy one condition; a missing value satisfies `missing` only."""
    if condition.op == "missing":
        return np.asarray(values.isna())
    if condition.op == "in":
        return np.asarray(values.isin(condition.value))
    low, high = condition.value
    mask = values.notna().to_numpy(copy=True)
    if low is not None:
        mask &= np.asarray(values >= _bound(low))
    if high is not None:
        mask &= np.asarray(values < _bound(high))
    return mask


class ConditionRows:
    """Which rows of a typed frame satisfy single conditions; each is found once, however many rules have it."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame
        self._known: dict[str, BoolArray] = {}

    def __call__(self, condition: Condition) -> BoolArray:
        """Return [N]."""
        key = repr(condition)
        if key not in self._known:
            self._known[key] = satisfies(condition, self._frame[condition.column])
        return self._known[key]

    def lies_in(self, part: Condition, whole: Condition) -> bool:
        """Whether some rows satisfy the one condition, and all of these the other."""
        rows = self(part)
        return part == whole or bool(rows.any() and not np.any(rows & ~self(whole)))


def same_conditions(one: Rule, other: Rule, rows_of: ConditionRows, *, overlap: float = 0.5) -> bool:
    """Whether two rules say much the same: each condition of either has its like in the other.

    Two conditions are alike where the rows that satisfy them overlap by an F1 of at least `overlap`. Taken condition by
    condition, since the rows that satisfy all of them are what is missing.
    """
    if len(one) != len(other):
        return False
    left, right = [rows_of(condition) for condition in one], [rows_of(condition) for condition in other]
    alike = np.array([[f1(mask, match) >= overlap for match in right] for mask in left])
    return bool(alike.any(axis=0).all() and alike.any(axis=1).all())


def f1(one: BoolArray, other: BoolArray) -> float:
    """Return the harmonic mean of how much of either set of rows [N] the other holds; 0 where both are empty."""
    rows = int(np.count_nonzero(one)) + int(np.count_nonzero(other))
    return 2 * int(np.count_nonzero(one & other)) / max(rows, 1)


def merge_conditions(conditions: Sequence[Condition]) -> Condition:
    """Return the one condition that holds where any of several on the same column holds.

    `in` conditions are united; `between` conditions must touch or overlap.

    Raises
    ------
    ValueError
        Where no single condition says the same.
    """
    first = conditions[0]
    if {(condition.column, condition.op) for condition in conditions} != {(first.column, first.op)}:
        raise ValueError("only conditions of one column and one kind can be merged")
    if first.op == "missing":
        return first
    if first.op == "in":
        levels = dict.fromkeys(level for condition in conditions for level in condition.value)
        return Condition(first.column, "in", list(levels))
    spans = sorted((condition.value for condition in conditions), key=lambda span: on_line(span[0], -inf))
    low, high = spans[0]
    for next_low, next_high in spans[1:]:
        if high is not None and next_low is not None and on_line(next_low) > on_line(high):
            raise ValueError(f"{first.column}: the intervals up to {high} and from {next_low} do not touch")
        if high is not None:
            high = None if next_high is None else max(high, next_high, key=on_line)
    return Condition(first.column, "between", [low, high])


def simplify(rule: Rule) -> Rule:
    """Return the same rule with conditions of one column intersected into one, and empty ones left out.

    Raises
    ------
    ValueError
        Where no row could satisfy the rule.
    """
    kept: dict[tuple[str, str], Condition] = {}
    for condition in rule:
        if condition.op == "between" and condition.value == [None, None]:
            continue
        key = (condition.column, condition.op)
        kept[key] = _intersect(kept[key], condition) if key in kept else condition
    return tuple(kept.values())


def _intersect(left: Condition, right: Condition) -> Condition:
    if left.op == "missing":
        return left
    if left.op == "in":
        levels = [level for level in left.value if level in right.value]
        if not levels:
            raise ValueError(f"no row can satisfy both {describe((left,))!r} and {describe((right,))!r}")
        return Condition(left.column, "in", levels)
    lows = [bound for bound in (left.value[0], right.value[0]) if bound is not None]
    highs = [bound for bound in (left.value[1], right.value[1]) if bound is not None]
    low = max(lows, key=on_line) if lows else None
    high = min(highs, key=on_line) if highs else None
    if low is not None and high is not None and not on_line(low) < on_line(high):
        raise ValueError(f"no row can satisfy both {describe((left,))!r} and {describe((right,))!r}")
    return Condition(left.column, "between", [low, high])


def _bound(value: float | str) -> float | pd.Timestamp:
    return pd.Timestamp(value) if isinstance(value, str) else value


def on_line(bound: float | str | None, where_open: float = 0.0) -> float:
    """Place a bound on a line, an open one at `where_open`; all bounds of one column are numbers, or date-times."""
    if bound is None:
        return where_open
    return float(pd.Timestamp(bound).value) if isinstance(bound, str) else bound
