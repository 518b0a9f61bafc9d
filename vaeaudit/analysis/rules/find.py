"""The search for the rules of a table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.rules.columns import SAMPLE, CodedColumn, code_columns
from vaeaudit.analysis.rules.copies import equal_groups, equal_rule, one_hot_rules, renamed_rule, scaled_rules
from vaeaudit.analysis.rules.dependence import FEW_LEVELS, Edges, along_order, by_level, dependence_rules, minimal
from vaeaudit.analysis.rules.implications import implied_rules
from vaeaudit.analysis.rules.orders import order_rules
from vaeaudit.analysis.rules.sums import sum_rules
from vaeaudit.data.schema.columns import Kind, Schema
from vaeaudit.outputs.table_rules import RuleKind, TableRule, TableRules
from vaeaudit.statistics.intervals import IntArray
from vaeaudit.statistics.measures import Count
from vaeaudit.wording import table_rules as words

#: Rows named of those that break a rule.
MOST_ROWS = 20


@dataclass(frozen=True)
class RuleSummary:
    """A rule of the table, as the report shows it.

    Attributes
    ----------
    id, kind, columns, statement, support, exceptions
        As in `TableRule`.
    rows
        Ids of the first rows that break it.
    """

    id: str
    kind: RuleKind
    columns: tuple[str, ...]
    statement: str
    support: Count
    exceptions: Count
    rows: tuple[str, ...] = ()


def find_rules(frame: pd.DataFrame, schema: Schema, seed: int = 0, *, aside: Collection[str] = ()) -> TableRules:
    """Find what holds in a table by construction.

    A rule holds without exception in 100 rows or more (40 for a sum), or in 99 % of 200 or more (95 % for the order of
    two dates or whole numbers), where chance would break it far more often. Columns that repeat an earlier one are told
    once, and then left out; what follows from other rules is not told.

    Parameters
    ----------
    frame, schema
        As in `Dataset`; what was computed from pictures takes no part.
    seed
        Of the samples on which rules are sought first; what is found there is counted on all rows.
    aside
        Columns that take no part.
    """
    aside = {*aside, *(column.name for column in schema if column.derived)}
    columns = code_columns(frame, Schema(tuple(column for column in schema if column.name not in aside)))
    if len(columns) < 2:
        return TableRules((), order=schema.names)
    rng = np.random.default_rng(seed)
    sample = np.sort(rng.permutation(len(frame))[:SAMPLE])
    groups = equal_groups(columns, sample)
    rules = [equal_rule(group) for group in groups]
    left = _without(columns, {column.name for group in groups for column in group[1:]})
    texts = [column for column in left if column.kind is Kind.TEXT]
    left = [column for column in left if column.kind is not Kind.TEXT]
    scaled = _of_first(scaled_rules(left, sample))
    left = _without(left, {rule.columns[1] for rule in scaled})
    edges = by_level(left, rng)
    mutual = (
        (one, other)
        for one, other in combinations(left, 2)
        if {(one.name, other.name), (other.name, one.name)} <= edges.keys() and not _names_what_is_measured(one, other)
    )
    renamed = _of_first(renamed_rule(one, other) for one, other in mutual)
    left = _without(left, {rule.columns[1] for rule in renamed})
    named = [*texts, *(column for column in left if column.kind is Kind.IDENTIFIER)]
    left = [column for column in left if column.kind is not Kind.IDENTIFIER]
    names = {column.name for column in left}
    edges = {pair: follows for pair, follows in edges.items() if names.issuperset(pair)}
    told = TableRules((*rules, *scaled, *renamed), order=schema.names)
    return _among_different(left, named, told, edges, sample=sample, rng=rng)


def _among_different(
    columns: Sequence[CodedColumn],
    named: Sequence[CodedColumn],
    told: TableRules,
    edges: Edges,
    *,
    sample: IntArray,
    rng: np.random.Generator,
) -> TableRules:
    """Add to the rules of columns that repeat those of the columns that are left.

    Of `named`, texts and identifiers, only where they are missing counts.
    """
    levels = list(one_hot_rules(columns))
    parts = [set(rule.columns) for rule in levels]
    edges = edges | along_order(columns, sample)
    edges = {pair: follows for pair, follows in edges.items() if not any(part.issuperset(pair) for part in parts)}
    for rule in levels:
        edges = edges | _levels_of(rule.columns, edges)
    orders, in_order = order_rules(columns, sample)
    ties = {tuple(sorted(pair)) for pair in (*edges, *in_order)}
    numbers = {column.name for column in columns if column.values is not None and len(column.levels) > FEW_LEVELS}
    dependences = dependence_rules(_told(minimal(edges), numbers))
    said = [*told.rules, *levels, *dependences, *orders, *sum_rules(columns, rng)]
    so_far = TableRules(tuple(said), _in_order(ties), told.order)
    place = {name: position for position, name in enumerate(told.order)}
    implied, more = implied_rules(sorted([*columns, *named], key=lambda column: place[column.name]), so_far.tied, rng)
    return TableRules((*said, *implied), _in_order(ties | {tuple(sorted(pair)) for pair in more}), told.order)


def _in_order(ties: set[tuple[str, ...]]) -> tuple[tuple[str, str], ...]:
    return tuple((one, other) for one, other in sorted(ties))


def summarise_rules(found: TableRules, row_ids: npt.NDArray[np.object_]) -> tuple[RuleSummary, ...]:
    """Return the rules as the report shows them.

    Parameters
    ----------
    found
        What `find_rules` returned.
    row_ids
        [N]; what the rows are called.
    """
    return tuple(
        RuleSummary(
            id=rule.id,
            kind=rule.kind,
            columns=rule.columns,
            statement=rule.statement,
            support=rule.support,
            exceptions=rule.exceptions,
            rows=tuple(str(row_ids[row]) for row in rule.exception_rows[:MOST_ROWS]),
        )
        for rule in found.rules
    )


def _told(edges: Edges, numbers: Collection[str]) -> Edges:
    """Leave out what numbers of many values fix but for a few rows: such a value names a thing by chance, now and then.

    An income tells the county in which it was measured, until two counties share it: nothing is broken there.
    """
    return {
        pair: follows
        for pair, follows in edges.items()
        if follows.says or follows.wrong.size == 0 or pair[0] not in numbers
    }


def _names_what_is_measured(one: CodedColumn, other: CodedColumn) -> bool:
    """Whether an identifier stands beside a number: what was measured of a thing is no other name of it."""
    return Kind.IDENTIFIER in (one.kind, other.kind) and (one.kind.is_numeric or other.kind.is_numeric)


def _levels_of(parts: tuple[str, ...], edges: Edges) -> Edges:
    """Return how flags follow from a column whose levels they are."""
    fixing = {given for given, told in edges if told in parts}
    return {
        (given, part): replace(edges[given, part], says=words.levels_of(given, parts), one_thing=True)
        for given in fixing
        if all((given, part) in edges for part in parts)
        for part in parts
    }


def _of_first(rules: Iterable[TableRule]) -> list[TableRule]:
    """Keep, of columns that repeat one another, how each repeats the first."""
    taken: set[str] = set()
    kept = []
    for rule in rules:
        if not taken & set(rule.columns):
            taken.add(rule.columns[1])
            kept.append(rule)
    return kept


def _without(columns: Iterable[CodedColumn], names: set[str]) -> list[CodedColumn]:
    return [column for column in columns if column.name not in names]
