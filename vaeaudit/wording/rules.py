"""Rules in words: up to three conditions on columns that hold together."""

from __future__ import annotations

from collections.abc import Iterable

from vaeaudit.outputs.region_rules import Condition
from vaeaudit.wording.phrases import listed, name

#: Levels of a condition that are named where a rule is cut; `report.json` lists them all.
MOST_LEVELS = 6


def describe(rule: Iterable[Condition], *, cut: bool = False) -> str:
    """Say conditions that hold together in plain words, such as `age is below 25 and sex is Female`.

    `cut` shortens names to a readable length, and levels to no more than fit. Bounds stay in full, for a rule must be
    applicable as it is read.
    """
    return " and ".join(_condition(condition, cut=cut) for condition in rule) or "any row"


def bound_text(bound: float | str) -> str:
    """Write a bound without needless digits."""
    return f"{bound:.12g}" if isinstance(bound, float) else str(bound)


def _condition(condition: Condition, *, cut: bool) -> str:
    column = name(condition.column) if cut else condition.column
    if condition.op == "missing":
        return f"{column} is missing"
    if condition.op == "in":
        levels = [name(str(level)) if cut else str(level) for level in condition.value]
        return f"{column} is {listed(levels, most=MOST_LEVELS if cut else len(levels), last='or')}"
    low, high = condition.value
    if low is None and high is None:
        return f"{column} is present"
    if low is None:
        return f"{column} is below {bound_text(high)}"
    if high is None:
        return f"{column} is {bound_text(low)} or more"
    return f"{column} is from {bound_text(low)} to below {bound_text(high)}"
