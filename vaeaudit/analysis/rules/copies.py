"""Columns that say the same as others: equal, renamed, in another unit, or the levels of one column."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence

import numpy as np

from vaeaudit.analysis.conclusions import subject
from vaeaudit.analysis.rules.columns import (
    FEWEST_EXACT,
    MOST_BROKEN,
    CodedColumn,
    both_present,
    enough,
    pairs_of,
)
from vaeaudit.data.schema.columns import Kind
from vaeaudit.outputs.table_rules import RuleKind, TableRule
from vaeaudit.statistics.intervals import FloatArray, IntArray
from vaeaudit.wording import table_rules as words

#: Rows in which columns must be equal without exception, and how many of them chance would tell apart.
_FEWEST_EQUAL, _TOLD_APART = 20, 10
#: Exceptions at most, as a share of those that chance would give.
SMALL_PART = 0.05
#: Numbers of fewer values, or of a spread of fewer grains, fit a line too easily.
_FEWEST_VALUES, _FEWEST_GRAINS = 10, 50
#: Levels whose other names are told.
_MOST_NAMED = 12
_TRUE_FALSE = ("false", "true")


def a_rule(
    kind: RuleKind,
    columns: Sequence[str],
    statement: str,
    rows: IntArray,
    wrong: IntArray,
    *,
    about: Sequence[str] = (),
    one_thing: bool = False,
    whole: bool = True,
) -> TableRule:
    """Make a rule of the rows that it speaks of and of those that break it, both as positions."""
    return TableRule(
        id=subject(kind.value, *columns, *about),
        kind=kind,
        columns=tuple(columns),
        statement=statement,
        support=len(rows),
        exceptions=len(wrong),
        exception_rows=tuple(wrong.tolist()),
        one_thing=one_thing or kind.repeats or kind is RuleKind.ONE_HOT,
        whole=whole,
    )


def missing_alike(first: CodedColumn, second: CodedColumn) -> bool:
    """Whether two columns are missing in the same rows, but for a few."""
    return float((first.present != second.present).mean()) <= MOST_BROKEN


# --- equal ------------------------------------------------------------------------------------------------------------


def equal_groups(columns: Sequence[CodedColumn], sample: IntArray) -> list[list[CodedColumn]]:
    """Group columns that hold the same values, whatever their kinds; each group has two columns or more."""
    known: dict[Hashable, int] = {}
    shared = np.stack([_shared(column, sample, known) for column in columns], axis=1)
    groups: list[list[CodedColumn]] = []
    taken: set[int] = set()
    for place, column in enumerate(columns):
        if place in taken:
            continue
        both = (shared[:, place : place + 1] >= 0) & (shared >= 0)
        differ = (both & (shared != shared[:, place : place + 1])).sum(axis=0)
        near = np.flatnonzero((differ <= 3 + 2 * MOST_BROKEN * both.sum(axis=0)) & both.any(axis=0))
        same = [
            other
            for other in near.tolist()
            if other > place and other not in taken and _are_equal(column, columns[other])
        ]
        if same:
            taken.update(same)
            groups.append([column, *(columns[other] for other in same)])
    return groups


def equal_rule(group: Sequence[CodedColumn]) -> TableRule:
    """Say that the columns of a group repeat the first."""
    first, others = group[0], group[1:]
    compared = [both_present(first, other) for other in others]
    rows = np.unique(np.concatenate(compared))
    wrong = np.unique(np.concatenate([_different(first, other) for other in others]))
    names = [column.name for column in group]
    whole = all(missing_alike(first, other) for other in others)
    return a_rule(RuleKind.EQUAL, names, words.equal(names), rows, wrong, whole=whole)


def _key(column: CodedColumn, level: int) -> Hashable:
    if column.values is not None and not column.is_date:
        return float(column.values[level])
    return column.text(level) if column.is_date else str(column.levels[level])


def _shared(column: CodedColumn, sample: IntArray, known: dict[Hashable, int]) -> IntArray:
    """Return the sampled cells in codes that all columns share."""
    codes = column.codes[sample]
    levels = np.unique(codes[codes >= 0])
    place = np.full(len(column.levels) + 1, -1)
    place[levels] = [known.setdefault(_key(column, level), len(known)) for level in levels.tolist()]
    return np.asarray(place[codes])


def _different(first: CodedColumn, second: CodedColumn) -> IntArray:
    known = {_key(first, level): level for level in range(len(first.levels))}
    place = np.array([known.get(_key(second, level), -2) for level in range(len(second.levels))])
    rows = both_present(first, second)
    return np.asarray(rows[place[second.codes[rows]] != first.codes[rows]])


def _are_equal(first: CodedColumn, second: CodedColumn) -> bool:
    rows, wrong = both_present(first, second), _different(first, second)
    if not (enough(rows.size, wrong.size) or (wrong.size == 0 and rows.size >= _FEWEST_EQUAL)):
        return False
    shares = np.bincount(first.codes[rows]) / rows.size
    expected = rows.size * (1 - float((shares**2).sum()))
    return expected >= _TOLD_APART and wrong.size <= SMALL_PART * expected


# --- renamed ----------------------------------------------------------------------------------------------------------


def renamed_rule(first: CodedColumn, second: CodedColumn) -> TableRule:
    """Say which level of one column is which of the other; each fixes the other."""
    rows = both_present(first, second)
    pairs, held = np.unique(np.stack([first.codes[rows], second.codes[rows]]), axis=1, return_counts=True)
    name_of: dict[int, int] = {}
    for place in np.argsort(-held, kind="stable"):
        name_of.setdefault(int(pairs[0, place]), int(pairs[1, place]))
    told = np.array([name_of.get(level, -2) for level in range(len(first.levels))])
    wrong = rows[told[first.codes[rows]] != second.codes[rows]]
    names = (first.name, second.name)
    whole = missing_alike(first, second)
    if is_flag(first) and is_flag(second):
        statement = words.complement(*names)
        return a_rule(RuleKind.COMPLEMENT, names, statement, rows, wrong, whole=whole)
    if _stand_alike(first, second, name_of):
        return a_rule(RuleKind.RENAMED, names, words.rescaled(*names), rows, wrong, whole=whole)
    known = sorted(name_of, key=lambda level: (level, "") if first.is_ordered else (0, first.text(level)))
    levels = {first.text(level): second.text(name_of[level]) for level in known}
    levels = levels if len(levels) <= _MOST_NAMED else {}
    return a_rule(RuleKind.RENAMED, names, words.renamed(*names, levels), rows, wrong, whole=whole)


def _stand_alike(first: CodedColumn, second: CodedColumn, name_of: Mapping[int, int]) -> bool:
    """Whether two columns of many numbers run through their values in the same order, or in the opposite one."""
    if first.values is None or second.values is None or len(first.levels) <= _FEWEST_VALUES:
        return False
    steps = np.diff([name_of[level] for level in sorted(name_of)])
    return bool((steps > 0).all() or (steps < 0).all())


def is_flag(column: CodedColumn) -> bool:
    """Whether a column holds zeros and ones, or true and false in this order."""
    if column.values is not None:
        return not column.is_date and column.values.tolist() == [0.0, 1.0]
    return tuple(str(level).lower() for level in column.levels) == _TRUE_FALSE


# --- another unit -----------------------------------------------------------------------------------------------------


def scaled_rules(columns: Sequence[CodedColumn], sample: IntArray) -> Iterator[TableRule]:
    """Yield pairs of numbers, or of dates, of which one is a + b times the other up to rounding."""
    eligible = [
        column
        for column in columns
        if column.values is not None and len(column.levels) >= _FEWEST_VALUES and column.kind is not Kind.IDENTIFIER
    ]
    for first, second in pairs_of(eligible):
        if first.is_date == second.is_date and abs(rank_correlation(first, second, sample)) >= 0.98:
            rule = _scaled(first, second)
            if rule is not None:
                yield rule


def rank_correlation(first: CodedColumn, second: CodedColumn, rows: IntArray) -> float:
    """Correlation of the ranks of two ordered columns where both are present; 0 where it is undefined."""
    one, other = first.codes[rows], second.codes[rows]
    both = (one >= 0) & (other >= 0)
    if both.sum() < 20:
        return 0.0
    one, other = one[both] - one[both].mean(), other[both] - other[both].mean()
    size = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / size if size > 0 else 0.0


def _scaled(first: CodedColumn, second: CodedColumn) -> TableRule | None:
    rows = both_present(first, second)
    if rows.size < FEWEST_EXACT:
        return None
    x, y = first.numbers[rows], second.numbers[rows]
    slope = _slope(x, y)
    spread = float(np.subtract(*np.quantile(y, [0.95, 0.05])))
    of_second = second.grain / 2
    for allowed in (of_second, of_second + abs(slope) * first.grain / 2):  # the first may have been rounded, too
        if slope == 0 or spread < _FEWEST_GRAINS * allowed:
            return None
        fitted = _line(x, y, slope, allowed)
        wrong = rows[np.abs(y - fitted[1] - fitted[0] * x) > allowed * (1 + 1e-3)]
        if enough(rows.size, wrong.size):
            names = (first.name, second.name)
            statement = words.scaled(*names, *fitted, days=first.is_date)
            return a_rule(RuleKind.SCALED, names, statement, rows, wrong, whole=missing_alike(first, second))
    return None


def _line(x: FloatArray, y: FloatArray, slope: float, allowed: float) -> tuple[float, float]:
    """Return slope and shift of the line through most rows, as round as they may be."""
    shift = float(np.median(y - slope * x))
    fits = np.abs(y - shift - slope * x) <= 3 * allowed
    if fits.sum() >= 0.9 * x.size and np.ptp(x[fits]) > 0:
        slope = float(np.polyfit(x[fits] - x[fits].mean(), y[fits], 1)[0])
    slope = _snapped(slope, allowed / float(np.abs(x).max()))
    return slope, _snapped(float(np.median(y - slope * x)), allowed)


def _slope(x: FloatArray, y: FloatArray) -> float:
    """Return the median slope between rows half the table apart in x (after Theil 1950)."""
    order = np.argsort(x, kind="stable")
    half = x.size // 2
    low, high = order[:half], order[-half:]
    rise, run = y[high] - y[low], x[high] - x[low]
    return float(np.median(rise[run > 0] / run[run > 0])) if (run > 0).any() else 0.0


def _snapped(value: float, within: float) -> float:
    """Return the number of fewest digits that lies within a small part of so much of the value."""
    rounded = (0.0, *(float(f"{value:.{digits}g}") for digits in range(1, 12)), value)
    return next(number for number in rounded if abs(number - value) <= within / 20)


# --- the levels of one column -----------------------------------------------------------------------------------------


def one_hot_rules(columns: Sequence[CodedColumn]) -> Iterator[TableRule]:
    """Yield three or more flags of which exactly one is set in each row; at most one, where their names go together."""
    flags = [column for column in columns if is_flag(column) and column.present.mean() > 1 - MOST_BROKEN]
    stems: dict[str, list[CodedColumn]] = {}
    for column in flags:
        stems.setdefault(_stem(column.name), []).append(column)
    taken: set[str] = set()
    for stem, group in stems.items():
        rule = _one_hot(group, also_none=bool(stem))
        if rule is not None:
            taken.update(rule.columns)
            yield rule
    for group in _exclusive([column for column in flags if column.name not in taken]):
        rule = _one_hot(group, also_none=False)
        if rule is not None:
            yield rule


def _stem(name: str) -> str:
    found = re.match(r"(.*\w)[ _.:=\-]+[^ _.:=\-]+$", name) or re.match(r"(.*[^\W\d])\d+$", name)
    return found[1] if found else ""


def _one_hot(group: Sequence[CodedColumn], *, also_none: bool) -> TableRule | None:
    if len(group) < 3:
        return None
    rows = both_present(*group)
    held = np.stack([column.codes[rows] for column in group]).sum(axis=0)
    shares = np.array([column.codes[rows].mean() for column in group])
    if rows.size == 0 or shares.max() == 1:
        return None
    none, odds = float(np.prod(1 - shares)), float((shares / (1 - shares)).sum())
    for exactly in (True, False) if also_none else (True,):
        wrong = rows[(held != 1) if exactly else (held > 1)]
        expected = rows.size * (1 - none * (odds if exactly else 1 + odds))
        if enough(rows.size, wrong.size) and expected >= 20 and wrong.size <= SMALL_PART * expected:
            names = [column.name for column in group]
            return a_rule(RuleKind.ONE_HOT, names, words.one_hot(names, exactly=exactly), rows, wrong)
    return None


def _exclusive(flags: Sequence[CodedColumn]) -> list[list[CodedColumn]]:
    """Put each flag into the first group with hardly any of whose flags it is set together."""
    groups: list[list[CodedColumn]] = []
    held: list[IntArray] = []
    for column in flags:
        codes = np.maximum(column.codes, 0)
        least = MOST_BROKEN / 2 * int(codes.sum())
        place = next((place for place, taken in enumerate(held) if int((taken & codes).sum()) <= least), len(groups))
        if place == len(groups):
            groups.append([])
            held.append(np.zeros_like(codes))
        groups[place].append(column)
        held[place] |= codes
    return groups
