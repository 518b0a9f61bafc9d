"""Columns that are sums or products of others; flags that are set where any of others is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from vaeaudit.analysis.rules.columns import CodedColumn, both_present, enough
from vaeaudit.analysis.rules.copies import SMALL_PART, a_rule
from vaeaudit.data.schema.columns import Kind
from vaeaudit.outputs.table_rules import RuleKind, TableRule
from vaeaudit.statistics.intervals import FloatArray, IntArray
from vaeaudit.wording import table_rules as words

#: Small samples in which a sum must hold without exception, in one of them at least, and rows of each.
_SAMPLES, _ROWS = 4, 12
#: Rows in which each part must matter, and errors that guessing must make.
_FEWEST_DIFFERENT = 20
#: Rows in which a sum must hold without exception: no other rule is told by so few, for no other is as hard to hit.
_FEWEST_EXACT = 40
#: Columns that may stand for one sum in a small sample.
_MOST_ALIKE = 5
#: Candidates that are looked at on all rows.
_MOST_TRIED = 2_000


def sum_rules(columns: Sequence[CodedColumn], rng: np.random.Generator) -> list[TableRule]:
    """Return columns that are the sum of two, of neighbours in the table, or the product of two."""
    numbers = [column for column in columns if column.values is not None and column.kind is not Kind.IDENTIFIER]
    if len(numbers) < 3:
        return []
    cells = np.stack([column.numbers for column in numbers], axis=1)
    rounding = np.array([_rounding(column) for column in numbers])
    found: dict[tuple[tuple[int, ...], int, bool], None] = {}
    for rows in _samples(cells, rng):
        weights = rng.uniform(0.5, 1.5, rows.size)
        for candidate in _candidates(cells[rows], rounding, weights):
            found[candidate] = None
    rules: list[TableRule] = []
    sums: list[set[int]] = []
    for parts, total, multiplied in list(found)[:_MOST_TRIED]:
        if any({*parts, total} == known for known in sums):
            continue
        rule = _rule(numbers, parts, total, multiplied)
        if rule is not None:
            rules.append(rule)
            sums.append({*parts, total})
    return rules


def _rounding(column: CodedColumn) -> float:
    """Return how far rounding moved a number; moments of which whole days are counted, by half a day."""
    if column.is_date:
        return 0.0 if column.grain == 1 else 0.5
    return column.grain / 2 if column.grain < 1 else 0.0


def _samples(cells: FloatArray, rng: np.random.Generator) -> Iterator[IntArray]:
    """Draw small samples among the rows with the fewest missing cells."""
    missing = np.isnan(cells).sum(axis=1)
    for _ in range(_SAMPLES):
        drawn = rng.choice(cells.shape[0], min(20 * _ROWS, cells.shape[0]), replace=False)
        yield drawn[np.argsort(missing[drawn], kind="stable")[:_ROWS]]


def _candidates(
    cells: FloatArray, rounding: FloatArray, weights: FloatArray
) -> Iterator[tuple[tuple[int, ...], int, bool]]:
    """Yield parts, total, and whether they are multiplied, of what holds in a small sample.

    A weighted sum over the rows stands for each column; that of a sum is the sum of theirs.
    """
    size = np.abs(cells).sum(axis=0)
    known = np.flatnonzero(~np.isnan(size) & (size > 0))
    if known.size < 3:
        return
    cells, rounding = cells[:, known], rounding[known]
    stand, slack = weights @ cells, weights.sum() * rounding
    first, second = np.triu_indices(known.size, 1)
    sums = np.r_[0.0, np.cumsum(stand)]
    begins, ends = np.triu_indices(known.size + 1, 3)
    product = ((cells.T * weights) @ cells)[first, second]
    sizes = np.abs(cells.T) @ weights
    of_product = sizes[first] * rounding[second] + sizes[second] * rounding[first]
    before = np.r_[0.0, np.cumsum(slack)]
    pairs = list(zip(first.tolist(), second.tolist(), strict=True))
    runs = [tuple(range(begin, end)) for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]
    tried: tuple[tuple[Sequence[tuple[int, ...]], FloatArray, FloatArray, bool], ...] = (
        (pairs, stand[first] + stand[second], slack[first] + slack[second], False),
        (runs, sums[ends] - sums[begins], before[ends] - before[begins], False),
        (pairs, product, of_product, True),
    )
    for parts, sought, allowed, multiplied in tried:
        for place, total in _matches(stand, slack, sought, allowed, float(weights.sum())):
            of = parts[place]
            gap, most = _gap(cells, rounding, of, total, multiplied=multiplied)
            if total not in of and (gap <= most).all():
                yield tuple(int(known[part]) for part in of), int(known[total]), multiplied


def _matches(
    stand: FloatArray, slack: FloatArray, sought: FloatArray, allowed: FloatArray, weight: float
) -> Iterator[tuple[int, int]]:
    """Yield which columns stand where a sum is sought; where too many do, the sample cannot tell them apart."""
    for whole in (False, True):
        totals = np.flatnonzero((slack == 0) == whole)
        totals = totals[np.argsort(stand[totals], kind="stable")]
        if totals.size == 0:
            continue
        within = allowed + slack[totals].max() + 1e-9 * np.abs(sought)
        if whole:
            within = within + np.where(allowed > 0, weight / 2, 0.0)
        low = np.searchsorted(stand[totals], sought - within, side="left")
        high = np.searchsorted(stand[totals], sought + within, side="right")
        for place in np.flatnonzero((high > low) & (high - low <= _MOST_ALIKE)).tolist():
            for total in totals[low[place] : high[place]].tolist():
                yield place, total


def _gap(
    cells: FloatArray, rounding: FloatArray, parts: Sequence[int], total: int, *, multiplied: bool
) -> tuple[FloatArray, FloatArray]:
    """Return how far the total lies from what its parts give, and how far rounding may bring it, row by row."""
    of = cells[:, list(parts)]
    given = of.prod(axis=1) if multiplied else of.sum(axis=1)
    allowed = np.full(len(of), rounding[total])
    if multiplied:
        allowed += np.abs(of[:, 0]) * rounding[parts[1]] + np.abs(of[:, 1]) * rounding[parts[0]]
    else:
        allowed += rounding[list(parts)].sum()
    if rounding[total] == 0 and rounding[list(parts)].any():  # a whole number of what is none
        allowed += 0.5
    return np.abs(cells[:, total] - given), allowed * (1 + 1e-6) + 1e-9 * np.abs(given)


def _rule(columns: Sequence[CodedColumn], parts: tuple[int, ...], total: int, multiplied: bool) -> TableRule | None:
    involved = [*(columns[part] for part in parts), columns[total]]
    rows = both_present(*involved)
    cells = np.stack([column.numbers[rows] for column in involved], axis=1)
    if multiplied:
        matter = (cells[:, :2] != 0).all(axis=1)
        rows, cells = rows[matter], cells[matter]
    if rows.size == 0:
        return None
    last = len(parts)
    rounding = np.array([_rounding(column) for column in involved])
    gap, allowed = _gap(cells, rounding, list(range(last)), last, multiplied=multiplied)
    wrong = rows[gap > allowed]
    either = not multiplied and wrong.size > 0 and bool(np.isin(cells, (0.0, 1.0)).all())
    if either and (cells[:, :last].max(axis=1) == cells[:, last]).all():
        wrong = rows[:0]
    neutral = 1.0 if multiplied else 0.0
    _, held = np.unique(cells[:, last], return_counts=True)
    common = enough(rows.size, wrong.size) or (wrong.size == 0 and rows.size >= _FEWEST_EXACT)
    if not common or ((cells[:, :last] != neutral).sum(axis=0) < _FEWEST_DIFFERENT).any():
        return None
    if any(np.ptp(cells[:, part]) == 0 for part in range(last)):
        return None
    guessed = rows.size - int(held.max())
    if (
        guessed < _FEWEST_DIFFERENT
        or wrong.size > SMALL_PART * guessed
        or np.median(allowed) * 20 > cells[:, last].std()
    ):
        return None
    *of, whole = [column.name for column in involved]
    if multiplied:
        return a_rule(RuleKind.SUM, (*of, whole), words.product(of[0], of[1], whole), rows, wrong, about=("product",))
    said = words.either(of, whole) if either and not wrong.size else words.total(of, whole)
    return a_rule(RuleKind.SUM, (*of, whole), said, rows, wrong)
