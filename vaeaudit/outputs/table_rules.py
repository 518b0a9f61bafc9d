"""Rules of a table, which hold by construction, and what follows from them for who asks about two of its columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import combinations
from typing import Annotated

from annotated_types import Ge


class RuleKind(StrEnum):
    """What a rule of the table says of its columns."""

    EQUAL = "equal"
    RENAMED = "renamed"
    COMPLEMENT = "complement"
    SCALED = "scaled"
    ONE_HOT = "one_hot"
    DETERMINES = "determines"
    ORDER = "order"
    ONLY_WHERE = "only_where"
    SUM = "sum"
    IMPLIES = "implies"

    @property
    def repeats(self) -> bool:
        """Whether one of the columns could be dropped without loss."""
        return self in (RuleKind.EQUAL, RuleKind.RENAMED, RuleKind.COMPLEMENT, RuleKind.SCALED)


@dataclass(frozen=True)
class TableRule:
    """Something that holds in the table by construction.

    Attributes
    ----------
    id
        Stays the same from run to run.
    kind, columns
        What it says of which columns; what the others follow from comes first (for some rules several), a sum last.
    statement
        The rule in words.
    support
        Rows that it speaks of: all that it needs is present in them.
    exceptions, exception_rows
        How many of these break it, and their positions.
    one_thing
        Whether its columns are the same thing in other words.
    whole
        Whether they are also missing in the same rows, so that one can stand for the others.
    """

    id: str
    kind: RuleKind
    columns: tuple[str, ...]
    statement: str
    support: Annotated[int, Ge(0)]
    exceptions: Annotated[int, Ge(0)]
    exception_rows: tuple[int, ...]
    one_thing: bool = False
    whole: bool = True


@dataclass(frozen=True)
class TableRules:
    """All rules of a table.

    Attributes
    ----------
    rules
        Those that are said; what follows from others is not.
    ties
        Pairs of columns, by name, that a rule ties together although no rule is said of the two.
    order
        Names of all columns, in the table's order.
    """

    rules: tuple[TableRule, ...]
    ties: tuple[tuple[str, str], ...] = ()
    order: tuple[str, ...] = ()

    def tied(self, first: str, second: str) -> bool:
        """Whether a rule governs which values of the two columns, or of copies of them, can go together."""
        firsts, seconds = self._same(first), self._same(second)
        return second in firsts or any(frozenset((one, other)) in self._tied for one in firsts for other in seconds)

    def any_tied(self, names: Iterable[str]) -> bool:
        """Whether any two of the columns are tied, so that some of their combinations cannot be."""
        return any(self.tied(one, other) for one, other in combinations(names, 2))

    def copies_of(self, name: str) -> tuple[str, ...]:
        """Return the other columns that are the same thing in other words, in the table's order."""
        return self._in_order(_reached(name, self._groups(rule for rule in self.rules if rule.one_thing)))

    @cached_property
    def redundant(self) -> dict[str, str]:
        """Column -> the first one that says the same, cell by cell."""
        groups = self._groups(rule for rule in self.rules if rule.kind.repeats and rule.whole)
        first = {name: self._in_order({name, *_reached(name, groups)})[0] for group in groups for name in group}
        return {name: kept for name, kept in first.items() if name != kept}

    @cached_property
    def _tied(self) -> frozenset[frozenset[str]]:
        """Pairs that a rule is about: parts and their sum, what fixes others and each of these."""
        pairs = set(map(frozenset, self.ties))
        for rule in self.rules:
            ends = rule.columns
            if rule.kind in (RuleKind.ONLY_WHERE, RuleKind.IMPLIES):  # which goes with which stands among the ties
                continue
            if rule.kind is RuleKind.SUM:
                ends = ends[-1:]
            elif rule.kind is RuleKind.DETERMINES:
                ends = ends[:1]
            pairs |= {frozenset((one, other)) for one in rule.columns for other in ends if one != other}
        return frozenset(pairs)

    def _same(self, name: str) -> set[str]:
        """Return the column with those that repeat it."""
        return {name, *_reached(name, self._groups(rule for rule in self.rules if rule.kind.repeats))}

    def _groups(self, rules: Iterable[TableRule]) -> list[tuple[str, ...]]:
        return [rule.columns for rule in rules]

    def _in_order(self, names: Iterable[str]) -> tuple[str, ...]:
        place = {name: position for position, name in enumerate(self.order)}
        return tuple(sorted(names, key=lambda name: place.get(name, len(place))))


def _reached(name: str, groups: Iterable[tuple[str, ...]]) -> set[str]:
    """Return what shares a group with the column, or with what does, and so on; without the column itself."""
    groups, found = list(groups), {name}
    while True:
        more = {other for group in groups if found & set(group) for other in group} - found
        if not more:
            return found - {name}
        found |= more


#: Of a table in which nothing is known to hold by construction.
NO_RULES = TableRules(())
