"""Changes along a date or the order of the rows, and what follows from them for who asks about two columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, Literal

from annotated_types import Ge, Le

from vaeaudit.outputs.region_rules import Condition

#: What the order of the rows of the file is called where a column could be named.
ROW_ORDER = "row order"
Rate = Annotated[float, Ge(0), Le(1)]
Rows = Annotated[int, Ge(0)]


@dataclass(frozen=True)
class Stretch:
    """The rows from one place of an order to another: how many of them satisfy a condition.

    Attributes
    ----------
    start, end
        First and last place.
    n, hits, value
        Rows that could satisfy it, those that do, and their share.
    low, high
        Wilson's interval of the share.
    """

    start: str
    end: str
    n: Rows
    hits: Rows
    value: Rate
    low: Rate = 0.0
    high: Rate = 1.0


@dataclass(frozen=True)
class Change:
    """How a column, or whether it is filled, changes along an order.

    Attributes
    ----------
    along, alike
        The date column, or `row order`; other dates in nearly the same order.
    column, aspect
        What changes: its values, or whether they are missing.
    shape
        `step`: from one level to another; `trend`: it drifts, and `before` and `after` are the first and the last third
        of the rows; `split`: these are the first four fifths of the rows and the last.
    at, ci
        The place that `after` starts with, and the first and last that it may be (95 %).
    rule
        What is counted on both sides, among rows with a value.
    within
        Only rows that satisfy this are looked at; empty for all.
    before, after
        From the last change to this one, and from this one to the next.
    p_adjusted
        For all columns and dates that were looked at.
    statement
        The change in words.
    curve
        The same share in stretches of about equal size.
    """

    along: str
    alike: tuple[str, ...]
    column: str
    aspect: Literal["values", "missing"]
    shape: Literal["step", "trend", "split"]
    at: str
    ci: tuple[str, str]
    rule: Condition
    within: tuple[Condition, ...]
    before: Stretch
    after: Stretch
    p_adjusted: Rate
    statement: str
    curve: tuple[Stretch, ...] = ()

    @property
    def difference(self) -> float:
        """By how much the share differs."""
        return abs(self.after.value - self.before.value)


@dataclass(frozen=True)
class Changes:
    """What changes along an order, as a run keeps it."""

    changes: tuple[Change, ...] = ()


def told_by_changes(changes: Iterable[Change]) -> frozenset[frozenset[str]]:
    """Return the pairs of columns of which a change says already that they go together.

    These are a date, or one that runs with it, and what changes along it; and two such dates.
    """
    return frozenset(
        frozenset(pair)
        for change in changes
        if change.along != ROW_ORDER
        for pair in combinations((change.along, *change.alike, change.column), 2)
    )
