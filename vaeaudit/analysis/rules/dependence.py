"""Columns that follow from others: by level, in steps, or by never turning round."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from vaeaudit.analysis.rules.columns import (
    FEWEST_EXACT,
    SAMPLE,
    CodedColumn,
    both_present,
    enough,
    words_of,
)
from vaeaudit.analysis.rules.copies import SMALL_PART, a_rule, is_flag, rank_correlation
from vaeaudit.data.schema.columns import Kind
from vaeaudit.outputs.table_rules import RuleKind, TableRule
from vaeaudit.statistics.dependence import chance_of_so_few, foretold_by_mode, out_of_order
from vaeaudit.statistics.dependence import steps as steps_of
from vaeaudit.statistics.intervals import IntArray
from vaeaudit.wording import table_rules as words

#: Level of the tests of all pairs together, and errors that guessing must make.
LEVEL = 0.05
FEWEST_GUESSED = 20
#: Levels of a column that may follow in steps; numbers of more never turn round or they do.
FEW_LEVELS = 12
#: Days of the units in which time is counted.
_UNITS = (1.0, 7.0, 365.25 / 12, 365.25, 1 / 24)
#: Rows of a first look, which most pairs do not survive.
_FIRST_LOOK = 250
#: Share of the rows whose level must occur again.
_REPEATED = 1 / 3
#: Rows per level below which rows that were copied could make a column fix all others: only distinct rows count.
_ROWS_OF_A_LEVEL = 10


@dataclass(frozen=True)
class Follows:
    """That one column fixes another.

    Attributes
    ----------
    rows, wrong
        Positions that were counted, and those that break it.
    says
        In words; empty where each level has its own.
    one_thing
        As in `TableRule`.
    """

    rows: IntArray
    wrong: IntArray
    says: str = ""
    one_thing: bool = False


#: What fixes, and what is fixed -> how.
Edges = dict[tuple[str, str], Follows]


def by_level(columns: Sequence[CodedColumn], rng: np.random.Generator) -> Edges:
    """Return which columns fix which others level by level."""
    found: Edges = {}
    if len(columns) < 2:
        return found
    tests = len(columns) * (len(columns) - 1)
    distinct = _distinct_rows(columns)
    for given in columns:
        small = len(given.levels) * _ROWS_OF_A_LEVEL > given.codes.size
        present = distinct[given.present[distinct]] if small else np.flatnonzero(given.present)
        held = np.bincount(given.codes[present], minlength=len(given.levels))
        rows = present[held[given.codes[present]] >= 2]
        if rows.size < max(FEWEST_EXACT, _REPEATED * present.size):
            continue
        sample = _sample(given, rows, held, rng)
        for told in columns:
            if told is not given and _may_follow(given, told, sample):
                follows = _follows(given, told, rows, tests)
                if follows is not None:
                    found[given.name, told.name] = follows
    return found


def _distinct_rows(columns: Sequence[CodedColumn]) -> IntArray:
    """Return the first of all rows that are equal but for identifiers and numbers that never occur twice."""
    weights = np.random.default_rng(0).normal(size=len(columns))
    told = [column.kind is not Kind.IDENTIFIER and column.counts.max() > 1 for column in columns]
    sums = sum(
        (weight * column.codes for weight, column, tell in zip(weights, columns, told, strict=True) if tell),
        np.zeros(columns[0].codes.size),
    )
    return np.asarray(np.sort(np.unique(np.round(sums, 6), return_index=True)[1]))


def _sample(given: CodedColumn, rows: IntArray, held: IntArray, rng: np.random.Generator) -> IntArray:
    """Draw rows; of a column with few rows per level all rows of some levels."""
    if rows.size <= SAMPLE:
        return rng.permutation(rows)
    if np.count_nonzero(held >= 2) <= SAMPLE / _ROWS_OF_A_LEVEL:
        return rng.choice(rows, SAMPLE, replace=False)
    drawn = rng.permutation(held.size)[given.codes[rows]]
    return rows[np.argsort(drawn, kind="stable")[:SAMPLE]]


def _may_follow(given: CodedColumn, told: CodedColumn, sample: IntArray) -> bool:
    """Whether a first look, and then all sampled rows, leave it open that one column fixes another."""
    for part in (sample[:_FIRST_LOOK], sample):
        rows = part[told.codes[part] >= 0]
        seen = foretold_by_mode(given.codes[rows], told.codes[rows])
        if seen.errors > 3 + min(0.02 * seen.counted, 2 * SMALL_PART * seen.guessing):
            return False
    return True


def _follows(given: CodedColumn, told: CodedColumn, rows: IntArray, tests: int) -> Follows | None:
    rows = rows[told.codes[rows] >= 0]
    seen = foretold_by_mode(given.codes[rows], told.codes[rows])
    if not (
        enough(seen.counted, seen.errors)
        and seen.guessing >= FEWEST_GUESSED
        and seen.errors <= SMALL_PART * seen.guessing
        and chance_of_so_few(seen.errors, seen.counted, seen.guessing) * tests <= LEVEL
    ):
        return None
    held = np.bincount(given.codes[rows])
    return Follows(rows[held[given.codes[rows]] >= 2], rows[seen.wrong], one_thing=_is_part(given, told))


def _is_part(given: CodedColumn, told: CodedColumn) -> bool:
    """Whether a column says no more than whether another has a certain level, and its name says so."""
    if not is_flag(told):
        return False
    counts = np.zeros((len(given.levels), 2), dtype=np.int64)
    rows = both_present(given, told)
    np.add.at(counts, (given.codes[rows], told.codes[rows]), 1)
    set_by = np.flatnonzero(counts[:, 1] > counts[:, 0])
    named = words_of(given.name) | {word for level in set_by for word in words_of(given.text(int(level)))}
    return set_by.size == 1 and bool(named & words_of(told.name))


# --- along an order ---------------------------------------------------------------------------------------------------


def along_order(columns: Sequence[CodedColumn], sample: IntArray) -> Edges:
    """Return which columns follow from ordered ones: in few steps, without turning round, or counted from a date."""
    found: Edges = {}
    for place, given in enumerate(columns):
        if not given.is_ordered or len(given.levels) < 3 or given.kind is Kind.IDENTIFIER:
            continue
        drawn = sample[given.codes[sample] >= 0]
        drawn = drawn[np.argsort(given.codes[drawn], kind="stable")]
        for other, told in enumerate(columns):
            if other == place or told.kind is Kind.IDENTIFIER:
                continue
            follows = None
            if len(told.levels) <= min(FEW_LEVELS, len(given.levels) - 1):
                follows = _in_steps(given, told, drawn)
            elif told.is_ordered and _is_finer(given, place, told, other):
                follows = _without_turning(given, told, sample)
            if follows is not None:
                found[given.name, told.name] = follows
    return found


def _in_steps(given: CodedColumn, told: CodedColumn, drawn: IntArray) -> Follows | None:
    seen = told.codes[drawn]
    seen = seen[seen >= 0]
    most = len(told.levels)  # each level once
    if np.count_nonzero(np.diff(seen)) > most + 0.05 * seen.size:
        return None
    rows = both_present(given, told)
    if rows.size < FEWEST_EXACT:
        return None
    found = steps_of(given.codes[rows], told.codes[rows], smallest=max(5, rows.size // 500), most=most)
    if found is None or found[0].size < 2:
        return None
    starts, levels = found
    if np.unique(levels).size < levels.size:
        return None
    told_by = levels[np.searchsorted(starts, given.codes[rows], side="right") - 1]
    wrong = rows[told_by != told.codes[rows]]
    guessed = rows.size - int(np.bincount(told.codes[rows]).max())
    if not (enough(rows.size, wrong.size) and guessed >= FEWEST_GUESSED and wrong.size <= SMALL_PART * guessed):
        return None
    said = [(told.text(int(level)), given.text(int(start))) for start, level in zip(starts, levels, strict=True)]
    return Follows(rows, wrong, words.follows_in_steps(given.name, told.name, said), one_thing=True)


def _is_finer(given: CodedColumn, place: int, told: CodedColumn, other: int) -> bool:
    """Whether a column has more levels than another of many, or comes first."""
    first, second = len(given.levels), len(told.levels)
    return min(first, second) > FEW_LEVELS and (first > second or (first == second and place < other))


def _without_turning(given: CodedColumn, told: CodedColumn, sample: IntArray) -> Follows | None:
    correlation = rank_correlation(given, told, sample)
    if abs(correlation) < 0.9:
        return None
    sign = 1.0 if correlation > 0 else -1.0
    drawn = sample[(given.codes[sample] >= 0) & (told.codes[sample] >= 0)]
    rows = both_present(given, told)
    if rows.size < FEWEST_EXACT:
        return None
    if _wrong(given, told, drawn, sign).size <= 0.03 * drawn.size:
        wrong = _wrong(given, told, rows, sign)
        if enough(rows.size, wrong.size) and abs(rank_correlation(given, told, rows)) >= 0.98:
            return Follows(rows, wrong, words.moves_with(given.name, told.name, rises=sign > 0), one_thing=True)
    return _counted_from(given, told, rows)


def _wrong(given: CodedColumn, told: CodedColumn, rows: IntArray, sign: float) -> IntArray:
    return rows[out_of_order(given.codes[rows].astype(np.float64), sign * told.codes[rows].astype(np.float64))]


def _counted_from(given: CodedColumn, told: CodedColumn, rows: IntArray) -> Follows | None:
    """Say that a number is a time counted from dates: age and date of birth, up to when it was asked."""
    if not given.is_date or told.is_date or given.values is None or told.values is None:
        return None
    x, y = given.numbers[rows], told.numbers[rows]
    slope, shift = np.polyfit(x, y, 1)
    if min(abs(abs(slope) * unit - 1) for unit in _UNITS) > 0.02:
        return None
    spread = float(np.subtract(*np.quantile(y, [0.95, 0.05])))
    wrong = rows[np.abs(y - shift - slope * x) > SMALL_PART * spread + told.grain]
    if not enough(rows.size, wrong.size):
        return None
    return Follows(rows, wrong, words.counted_from(given.name, told.name), one_thing=True)


# --- what is said -----------------------------------------------------------------------------------------------------


def minimal(edges: Edges) -> Edges:
    """Leave out what follows from two others: a fixes c where a fixes b, and b fixes c."""
    nodes = {node for edge in edges for node in edge}
    return {
        (a, c): follows
        for (a, c), follows in edges.items()
        if not any((a, b) in edges and (b, c) in edges and (c, b) not in edges for b in nodes - {a, c})
    }


def dependence_rules(edges: Edges) -> Iterator[TableRule]:
    """Say what follows from what; all columns that one fixes level by level are told at once."""
    together: dict[tuple[str, bool, str], dict[str, Follows]] = {}
    for (given, told), follows in edges.items():
        together.setdefault((given, follows.one_thing, follows.says), {})[told] = follows
    for (given, one_thing, says), group in together.items():
        rows = np.unique(np.concatenate([follows.rows for follows in group.values()]))
        wrong = np.unique(np.concatenate([follows.wrong for follows in group.values()]))
        statement = says or words.follows(given, list(group))
        yield a_rule(RuleKind.DETERMINES, (given, *group), statement, rows, wrong, one_thing=one_thing)
