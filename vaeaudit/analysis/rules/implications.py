"""Levels that leave another column no choice, and columns that are missing by rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vaeaudit.analysis.rules.columns import (
    FEWEST_EXACT,
    MOST_BROKEN,
    MOST_BROKEN_UNRELATED,
    CodedColumn,
    enough,
    words_of,
)
from vaeaudit.analysis.rules.copies import SMALL_PART, a_rule
from vaeaudit.analysis.rules.dependence import FEWEST_GUESSED, LEVEL
from vaeaudit.data.schema.columns import Kind
from vaeaudit.outputs.table_rules import RuleKind, TableRule
from vaeaudit.statistics.dependence import chance_of_so_few
from vaeaudit.statistics.intervals import FloatArray, Mask
from vaeaudit.wording import table_rules as words

#: Levels of a column whose levels are looked at; of a number of more, one value that has this share of rows.
_MOST_LEVELS, _LEAST_SHARE = 12, 0.05
#: Share of the other rows in which the implied level may stand as well: beyond it is no rule, but nearly everywhere.
_ELSEWHERE = 0.9
#: Share of the rows of the next level along an order from which columns are merely correlated.
_GRADUAL = 0.8
#: Rows of which all pairs of levels are counted at once, and rows of one such step.
_MOST_COUNTED, _STEP = 50_000, 5_000
#: Levels of a column that are named as those where another is present.
_NAMED = 3


@dataclass(frozen=True, eq=False)
class _Fact:
    """That a cell is a level of its column, or (None) missing or (-1) present; `known` are rows where this is told."""

    column: int
    level: int | None
    holds: Mask
    known: Mask

    @property
    def about_missing(self) -> bool:
        return self.level is None or self.level < 0


@dataclass(frozen=True, eq=False)
class _Implication:
    given: _Fact
    told: _Fact

    @property
    def rows(self) -> Mask:
        return self.given.holds & self.told.known

    @property
    def wrong(self) -> Mask:
        return self.rows & ~self.told.holds


#: Name of a given column -> what it implies.
_ByGiven = dict[str, list[_Implication]]


def implied_rules(
    columns: Sequence[CodedColumn], tied: Callable[[str, str], bool], rng: np.random.Generator
) -> tuple[list[TableRule], set[frozenset[str]]]:
    """Return which levels leave another column no choice and where columns are missing by rule, and all such pairs.

    Parameters
    ----------
    columns
        All but those that repeat others; of texts and identifiers only where they are missing counts.
    tied
        Whether another rule already says more of two columns.
    rng
        Draws the rows of which pairs are counted first.
    """
    facts = list(_facts(columns))
    found: dict[tuple[int, int], _Implication] = {}
    for a, b in _candidates(facts, rng):
        implication = _Implication(facts[a], facts[b])
        if _holds(columns, implication, len(facts) ** 2) and not (
            _is_gradual(columns, implication) or _is_gappy(columns, implication)
        ):
            found[a, b] = implication
    kept = [
        each
        for each in _minimal(found, facts, columns)
        if each.told.about_missing or not tied(columns[each.given.column].name, columns[each.told.column].name)
    ]
    levels = [each for each in kept if not each.told.about_missing]
    missing = [each for each in kept if each.told.about_missing]
    pairs = {
        frozenset((columns[each.given.column].name, name))
        for each in found.values()
        for name in (_missing_alike(columns, each) if each.told.about_missing else [columns[each.told.column].name])
    }
    return [*_level_rules(columns, levels), *_missing_rules(columns, missing)], pairs


def _facts(columns: Sequence[CodedColumn]) -> Iterator[_Fact]:
    masks: set[bytes] = set()
    for place, column in enumerate(columns):
        n_missing = int((~column.present).sum())
        if min(n_missing, column.codes.size - n_missing) >= FEWEST_GUESSED:
            everywhere = np.ones(column.codes.size, dtype=bool)
            packed = np.packbits(column.present).tobytes()
            if packed not in masks:  # columns that are missing together are told together
                masks.add(packed)
                yield _Fact(place, None, ~column.present, everywhere)
                yield _Fact(place, -1, column.present, everywhere)
        if column.kind in (Kind.TEXT, Kind.IDENTIFIER):
            continue
        for level in _levels_to_ask(column):
            yield _Fact(place, level, column.codes == level, column.present)


def _levels_to_ask(column: CodedColumn) -> list[int]:
    """Return the levels of a column of few, and what a number is most often where it is often the same."""
    if len(column.levels) <= _MOST_LEVELS:
        return np.flatnonzero(column.counts >= FEWEST_GUESSED).tolist()
    usual = int(column.counts.argmax())
    often = column.counts[usual] >= max(FEWEST_EXACT, _LEAST_SHARE * column.present.sum())
    return [usual] if often and column.values is not None else []


def _candidates(facts: Sequence[_Fact], rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Yield pairs of facts that could imply one another by the counts of all pairs."""
    if not facts:
        return
    n = facts[0].holds.size
    rows = np.arange(n) if n <= _MOST_COUNTED else np.sort(rng.choice(n, _MOST_COUNTED, replace=False))
    joint, support = _counts(facts, rows)
    both_known = support
    of = np.array([fact.column for fact in facts])
    size = np.array([fact.holds[rows].sum() for fact in facts])
    known = np.array([fact.known[rows].sum() for fact in facts])
    exceptions = both_known - joint
    base = size / np.maximum(known, 1)
    expected = both_known * (1 - base)[None, :]
    others = (size[None, :] - joint) / np.maximum(known[None, :] - both_known, 1)
    scale = n / rows.size
    likely = (
        (of[:, None] != of[None, :])
        & (both_known * scale >= 0.9 * FEWEST_EXACT)
        & (exceptions <= 1.3 * MOST_BROKEN * both_known + 1)
        & (expected * scale >= 0.9 * FEWEST_GUESSED)
        & (others <= _ELSEWHERE)
    )
    yield from zip(*(places.tolist() for places in np.nonzero(likely)), strict=True)


def _counts(facts: Sequence[_Fact], rows: np.ndarray) -> tuple[FloatArray, FloatArray]:
    """Return [K, K] rows in which both facts hold, and rows in which the first does and the second is known."""
    joint = np.zeros((len(facts), len(facts)))
    support = np.zeros_like(joint)
    for start in range(0, rows.size, _STEP):
        part = rows[start : start + _STEP]
        holds = np.stack([fact.holds[part] for fact in facts], axis=1).astype(np.float32)
        known = np.stack([fact.known[part] for fact in facts], axis=1).astype(np.float32)
        joint += holds.T @ holds
        support += holds.T @ known
    return joint, support


def _holds(columns: Sequence[CodedColumn], implication: _Implication, tests: int) -> bool:
    given, told = implication.given, implication.told
    rows, wrong = int(implication.rows.sum()), int(implication.wrong.sum())
    other = told.known & given.known & ~given.holds
    base = told.holds.sum() / max(int(told.known.sum()), 1)
    elsewhere = (told.holds & other).sum() / max(int(other.sum()), 1) if other.any() else 1.0
    expected = rows * (1 - float(base))
    related = words_of(columns[given.column].name) & words_of(columns[told.column].name)
    return (
        enough(rows, wrong, MOST_BROKEN if told.about_missing or related else MOST_BROKEN_UNRELATED)
        and expected >= FEWEST_GUESSED
        and wrong <= SMALL_PART * expected
        and float(elsewhere) <= _ELSEWHERE
        and chance_of_so_few(wrong, rows, expected) * tests <= LEVEL
    )


def _is_gradual(columns: Sequence[CodedColumn], implication: _Implication) -> bool:
    """Whether the next level along an order nearly implies the same: two columns that go together, and no rule."""
    given, told = implication.given, implication.told
    column = columns[given.column]
    if given.about_missing or given.level is None or not column.is_ordered or len(column.levels) < 3:
        return False
    for level in {max(given.level - 1, 0), given.level + 1} - {given.level}:
        rows = (column.codes == level) & told.known
        held = (rows & told.holds).sum() / max(int(rows.sum()), 1)
        if _GRADUAL < held < 1 - MOST_BROKEN:
            return True
    return False


def _is_gappy(columns: Sequence[CodedColumn], implication: _Implication) -> bool:
    """Whether cells of two columns are merely missing in about the same rows."""
    given, told = implication.given, implication.told
    if not (given.about_missing and told.about_missing):
        return False
    differ = np.count_nonzero(given.holds != told.holds)
    smallest = min(np.count_nonzero(told.holds), np.count_nonzero(~told.holds))
    related = words_of(columns[given.column].name) & words_of(columns[told.column].name)
    return bool(differ > SMALL_PART * smallest) and not (related and not implication.wrong.any())


def _minimal(
    found: Mapping[tuple[int, int], _Implication], facts: Sequence[_Fact], columns: Sequence[CodedColumn]
) -> list[_Implication]:
    """Leave out contrapositives, what follows from two others, and all but one of facts that imply one another.

    Of an implication and its contrapositive that is said whose given fact implies more: "none of these" rules out all
    other answers at once.
    """
    implies = Counter(a for a, _ in found)
    edges = {*found, *_present_where_known(facts, columns)}
    first = _first_of_equals(edges)
    follows: dict[int, set[int]] = {}
    for a, b in edges:
        if first(a) != first(b):
            follows.setdefault(first(a), set()).add(first(b))
    opposite = _opposites(facts)
    said: set[tuple[int | None, int | None]] = set()
    kept = []
    for (a, b), implication in sorted(
        found.items(), key=lambda each: (not each[1].told.about_missing, -implies[each[0][0]])
    ):
        above, below = first(a), first(b)
        turned = (opposite.get(b), opposite.get(a)) in said
        within = above == below and above not in (a, b)
        by_equals = above != below and (a, b) != (above, below) and (above, below) in found
        between = above != below and any(below in follows.get(c, ()) for c in follows.get(above, set()) - {below})
        if turned or within or by_equals or between:
            continue
        said.add((a, b))
        kept.append(implication)
    return kept


def _present_where_known(facts: Sequence[_Fact], columns: Sequence[CodedColumn]) -> Iterator[tuple[int, int]]:
    """Yield from each level to the fact that its column is present."""
    present = {fact.holds.tobytes(): place for place, fact in enumerate(facts) if fact.level == -1}
    for place, fact in enumerate(facts):
        if not fact.about_missing and (held := present.get(columns[fact.column].present.tobytes())) is not None:
            yield place, held


def _first_of_equals(edges: set[tuple[int, int]]) -> Callable[[int], int]:
    """Return what gives, for a fact, the first of those that imply it and are implied by it."""
    first: dict[int, int] = {}
    for a, b in sorted((min(edge), max(edge)) for edge in edges if edge[::-1] in edges):
        first.setdefault(b, first.get(a, a))
    return lambda fact: first.get(fact, fact)


def _opposites(facts: Sequence[_Fact]) -> dict[int, int]:
    """Return fact -> the one that holds wherever it does not, of columns with two levels and of missing cells."""
    of_column: dict[tuple[int, bool], list[int]] = {}
    for place, fact in enumerate(facts):
        of_column.setdefault((fact.column, fact.about_missing), []).append(place)
    pairs = [places for places in of_column.values() if len(places) == 2]
    pairs = [pair for pair in pairs if (facts[pair[0]].holds | facts[pair[1]].holds | ~facts[pair[0]].known).all()]
    return {one: other for pair in pairs for one, other in (pair, pair[::-1])}


# --- what is said -----------------------------------------------------------------------------------------------------


def _level_rules(columns: Sequence[CodedColumn], found: Sequence[_Implication]) -> Iterator[TableRule]:
    """Say at once all levels that leave a column no choice, all columns that they leave the same one, all givens."""
    by_told: dict[tuple[int, bool, int, int | None], list[_Implication]] = {}
    for each in found:
        key = (each.given.column, each.given.about_missing, each.told.column, each.told.level)
        by_told.setdefault(key, []).append(each)
    groups: dict[tuple[int, str, str], list[_Implication]] = {}
    for (a, _, b, level), group in by_told.items():
        which = _which(columns[a], [each.given for each in group])
        groups.setdefault((a, which, columns[b].text(level or 0)), []).extend(group)
    said: dict[tuple[str, str, tuple[str, ...]], _ByGiven] = {}
    for (a, which, text), group in groups.items():
        names = tuple(dict.fromkeys(columns[each.told.column].name for each in group))
        said.setdefault((which, text, names), {})[columns[a].name] = group
    for (which, text, names), by_given in said.items():
        for givens, group in _at_once(by_given):
            where = words.where(givens, which)
            statement = words.implied(where, names, text)
            yield a_rule(RuleKind.IMPLIES, (*givens, *names), statement, *_together(group), about=(where, text))


def _at_once(by_given: _ByGiven) -> Iterator[tuple[tuple[str, ...], list[_Implication]]]:
    """Yield together the givens of which the same is said without exception, and each of the others alone."""
    exact = tuple(name for name, group in by_given.items() if not any(each.wrong.any() for each in group))
    if exact:
        yield exact, [each for name in exact for each in by_given[name]]
    yield from (((name,), group) for name, group in by_given.items() if name not in exact)


def _missing_rules(columns: Sequence[CodedColumn], found: Sequence[_Implication]) -> Iterator[TableRule]:
    """Say where columns are missing or present, those of which the same is said at once."""
    groups: dict[tuple[int, bool, int, bool], list[_Implication]] = {}
    for each in found:
        key = (each.given.column, each.given.about_missing, each.told.column, each.told.level is None)
        groups.setdefault(key, []).append(each)
    alike: dict[tuple[int, words.How, str], list[_Implication]] = {}
    for (a, about_missing, b, missing), group in groups.items():
        turned = groups.get((a, about_missing, b, not missing), [])
        exactly = len(group) + len(turned) == (2 if about_missing else len(columns[a].levels)) and bool(turned)
        if exactly and missing:  # it is said by where they are present
            continue
        how, which = _said_of_missing(columns[a], [each.given for each in group], exactly=exactly, missing=missing)
        alike.setdefault((a, how, which), []).extend([*group, *turned] if exactly else group)
    said: dict[tuple[words.How, str, tuple[str, ...]], _ByGiven] = {}
    for (a, how, which), group in alike.items():
        same = {name for each in group for name in _missing_alike(columns, each)}
        names = tuple(column.name for column in columns if column.name in same)
        said.setdefault((how, which, names), {})[columns[a].name] = group
    for (how, which, names), by_given in said.items():
        apart = (((name,), group) for name, group in by_given.items())
        for givens, group in _at_once(by_given) if how in ("missing", "never missing") else apart:
            where = words.where(givens, which)
            statement = words.present_where(names, how, where)
            yield a_rule(RuleKind.ONLY_WHERE, (*givens, *names), statement, *_together(group), about=(how, where))


def _missing_alike(columns: Sequence[CodedColumn], implication: _Implication) -> list[str]:
    """Name the columns that are missing where the told one is, without the one that this follows from."""
    told, given = columns[implication.told.column], columns[implication.given.column]
    return [column.name for column in columns if column is not given and np.array_equal(column.present, told.present)]


def _said_of_missing(
    given: CodedColumn, facts: Sequence[_Fact], *, exactly: bool, missing: bool
) -> tuple[words.How, str]:
    """Return how to say that columns are missing, or present, where facts hold, and what the given one is there."""
    which = _which(given, facts)
    if not missing:
        return ("present exactly" if exactly else "never missing"), which
    elsewhere = [] if facts[0].about_missing else _elsewhere(given, facts)
    return ("present only", words.is_level(elsewhere)) if elsewhere else ("missing", which)


def _elsewhere(column: CodedColumn, facts: Sequence[_Fact]) -> list[str]:
    """Return the other levels of the column, where they are few."""
    taken = {fact.level for fact in facts}
    others = [level for level in range(len(column.levels)) if level not in taken]
    return [column.text(level) for level in others] if len(others) <= min(_NAMED, len(taken)) else []


def _which(column: CodedColumn, facts: Sequence[_Fact]) -> str:
    if facts[0].level == -1:
        return "is present"
    return words.is_level([column.text(fact.level) for fact in facts if fact.level is not None])


def _together(group: Sequence[_Implication]) -> tuple[np.ndarray, np.ndarray]:
    rows = np.logical_or.reduce([each.rows for each in group])
    wrong = np.logical_or.reduce([each.wrong for each in group])
    return np.flatnonzero(rows), np.flatnonzero(wrong)
