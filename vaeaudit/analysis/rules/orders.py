"""Columns of which one is never above the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from vaeaudit.analysis.rules.columns import (
    FEWEST_EXACT,
    MOST_BROKEN,
    CodedColumn,
    both_present,
    enough,
    words_of,
)
from vaeaudit.analysis.rules.copies import a_rule
from vaeaudit.analysis.rules.dependence import LEVEL
from vaeaudit.data.schema.columns import Kind
from vaeaudit.outputs.table_rules import RuleKind, TableRule
from vaeaudit.statistics.dependence import above_by_chance, chance_of_so_few
from vaeaudit.statistics.intervals import FloatArray, IntArray
from vaeaudit.wording import table_rules as words

#: Share of rows that may break an order of dates, or of whole numbers whose names are related.
_MOST_BROKEN = 0.05
#: The same of columns whose names have nothing to do with each other: some 1 % are what correlation alone leaves.
_MOST_BROKEN_UNRELATED = 0.005
#: By how much chance must break an order more often: percentage points (none where the names say it), and times.
_POINTS, _TIMES = 0.05, 5
#: Share of rows in which they differ at least.
_LEAST_APART = 0.05
#: Share of rows in which both columns are equal, or nearly (by this part of their spread), as they are at an edge.
#: Columns whose names are related may lie so many times farther apart.
_TIED, _NEAR, _NEARER, _FEWEST_TIED = 0.01, 0.01, 10, 10
#: What the smaller and the larger of two columns are called.
_WORDS_OF_ORDER = [
    ({low}, {high})
    for low, high in (
        *(("min", "max"), ("minimum", "maximum"), ("low", "high"), ("lower", "upper"), ("smallest", "largest")),
        *(("start", "end"), ("begin", "end"), ("first", "last"), ("from", "to"), ("in", "out")),
    )
]


#: Share of rows that lie at the edge of an order with a distance, the fewest rows, and levels that these must hold.
_AT_EDGE, _FEWEST_AT_EDGE, _FEWEST_LEVELS = 0.003, 10, 3


@dataclass(frozen=True)
class _Order:
    rows: IntArray
    wrong: IntArray
    distance: int = 0


def order_rules(columns: Sequence[CodedColumn], sample: IntArray) -> tuple[list[TableRule], set[tuple[str, str]]]:
    """Return the orders that follow from no others, and all pairs that are in order."""
    eligible = [
        column
        for column in columns
        if column.values is not None and len(column.levels) > 2 and column.kind is not Kind.IDENTIFIER
    ]
    found: dict[tuple[int, int], _Order] = {}
    for a, b in _candidates(eligible, sample):
        order = _order(eligible[a], eligible[b], len(eligible) ** 2) or _at_a_distance(eligible[a], eligible[b])
        if order is not None:
            found[a, b] = order
    said = [
        _rule(eligible[a], eligible[b], order)
        for (a, b), order in found.items()
        if not any(
            (a, c) in found and (c, b) in found and found[a, c].distance + found[c, b].distance >= order.distance
            for c in range(len(eligible))
        )
    ]
    return said, {(eligible[a].name, eligible[b].name) for a, b in found}


def _candidates(columns: Sequence[CodedColumn], sample: IntArray) -> Iterator[tuple[int, int]]:
    """Yield pairs that could be in order by the sampled rows."""
    if not columns:
        return
    cells = np.stack([column.numbers[sample] for column in columns], axis=1)
    for a, first in enumerate(columns):
        broken = (cells[:, a : a + 1] > cells).sum(axis=0)
        both = (~np.isnan(cells[:, a : a + 1]) & ~np.isnan(cells)).sum(axis=0)
        for b in np.flatnonzero(broken <= 3 + 1.5 * _MOST_BROKEN * both).tolist():
            if b != a and first.is_date == columns[b].is_date:
                yield a, b


def _order(first: CodedColumn, second: CodedColumn, tests: int) -> _Order | None:
    rows = both_present(first, second)
    low, high = first.numbers[rows], second.numbers[rows]
    wrong = rows[low > high]
    if rows.size < FEWEST_EXACT or (low < high).mean() < _LEAST_APART:
        return None
    related = _are_related(first.name, second.name)
    loose = first.is_date or (related and first.grain == 1 == second.grain)
    most = _MOST_BROKEN if loose else MOST_BROKEN if related else _MOST_BROKEN_UNRELATED
    if not enough(rows.size, wrong.size, most):
        return None
    said = _say_the_order(first.name, second.name)
    chance, broken = above_by_chance(low, high), wrong.size / rows.size
    if (
        chance < max(broken + (0 if said else _POINTS), _TIMES * broken)
        or chance_of_so_few(wrong.size, rows.size, chance * rows.size) * tests > LEVEL
    ):
        return None
    if not (said or _has_an_edge(low, high, _NEARER if related else 1)):
        return None
    return _Order(rows, wrong)


def _at_a_distance(first: CodedColumn, second: CodedColumn) -> _Order | None:
    """Return by how much whole numbers always differ, where an edge says so: nobody works before the age of 18.

    The edge must hold rows of several levels, and chance must cross it; what merely goes together has no edge.
    """
    rows = both_present(first, second)
    if rows.size < FEWEST_EXACT or first.is_date or not first.grain == 1 == second.grain:
        return None
    low, high = first.numbers[rows], second.numbers[rows]
    distance = float((high - low).min())
    at_edge = high - low == distance
    if distance < 1 or at_edge.sum() < max(_FEWEST_AT_EDGE, _AT_EDGE * rows.size):
        return None
    if np.unique(high[at_edge]).size < _FEWEST_LEVELS or above_by_chance(low + distance, high) < _POINTS:
        return None
    return _Order(rows, rows[:0], int(distance))


def _are_related(first: str, second: str) -> bool:
    """Whether two names share a word, but not all: columns that are only numbered are not."""
    one, other = words_of(first), words_of(second)
    return bool(one & other) and one != other


def _say_the_order(first: str, second: str) -> bool:
    """Whether two names are the same but for a word of order, such as min and max."""
    one, other = words_of(first), words_of(second)
    return (one - other, other - one) in _WORDS_OF_ORDER


def _has_an_edge(low: FloatArray, high: FloatArray, times: float) -> bool:
    """Whether rows lie close to the order's edge, as they would not if two columns were merely of different size."""
    apart = (low != 0) | (high != 0)  # two columns may both be nothing in many rows
    low, high = low[apart], high[apart]
    gap = high - low
    near = np.count_nonzero((gap >= 0) & (gap <= times * _NEAR * min(low.std(), high.std())))
    return bool(near >= max(_TIED * gap.size, _FEWEST_TIED))


def _rule(first: CodedColumn, second: CodedColumn, order: _Order) -> TableRule:
    names = (first.name, second.name)
    return a_rule(
        RuleKind.ORDER,
        names,
        words.ordered(*names, dates=first.is_date, distance=order.distance),
        order.rows,
        order.wrong,
    )
