"""Rows of a group that is short, from what is known of all rows: by a tree per column, or by a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from vaeaudit.analysis.generation.rules import held_rules
from vaeaudit.analysis.generation.trees import ColumnTrees
from vaeaudit.analysis.grouping.rules import apply_rule
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.rebalancing.results import RepairSource
from vaeaudit.data.schema.columns import Role, Schema
from vaeaudit.outputs.record import IntArray
from vaeaudit.outputs.region_rules import Rule
from vaeaudit.outputs.table_rules import TableRules

#: How often rows that break a rule of the table, or are not of the group, are drawn anew.
_TRIES = 5

#: Makes rows, about as many as asked, that meet a rule.
Draw = Callable[[Rule, int, np.random.Generator], pd.DataFrame]


@dataclass(frozen=True)
class Generator:
    """What makes rows.

    Attributes
    ----------
    source
        What it is called.
    learn
        Fits it to the rows of the data at some positions, and to no others.
    split
        Positions of the rows that it has learned from and of those that it has not, where it cannot be fitted anew;
        else None.
    """

    source: RepairSource
    learn: Callable[[IntArray, np.random.Generator], Draw]
    split: tuple[IntArray, IntArray] | None = None


#: Makes a generator of rows that meet one of some rules.
GeneratorFor = Callable[[Sequence[Rule]], Generator]


def trees_generator(inputs: AuditInputs, rules: Sequence[Rule]) -> Generator:
    """Return a tree per column: those that the rules name are taken together from a row of the group, the others drawn.

    Parameters
    ----------
    inputs, rules
        The rows, and the rules that rows will be asked to meet; columns of no kind that can be modelled, ids, what
        names persons, and what was left out of the model are not drawn.
    """
    frame, schema = inputs.frame, inputs.schema
    first = tuple(dict.fromkeys(condition.column for rule in rules for condition in rule))
    others = tuple(name for name in drawn_columns(schema) if name not in first)

    def learn(rows: IntArray, rng: np.random.Generator) -> Draw:
        seen = frame.iloc[rows].reset_index(drop=True)
        trees = ColumnTrees(seen, (*first, *others), len(first), rng)
        held = held_rules(_rules_of(inputs.rules, rows), seen, {*first, *others})

        def once(members: IntArray, n: int, rng: np.random.Generator) -> pd.DataFrame:
            made = trees.draw(rng.choice(members, n), rng)
            for each in held:
                made = made if each.mend is None else each.mend(made)
            return made

        def draw(rule: Rule, n: int, rng: np.random.Generator) -> pd.DataFrame:
            members = np.flatnonzero(apply_rule(rule, seen))
            made = once(members, n, rng) if members.size else seen.iloc[:0]
            for _ in range(_TRIES):
                wrong = np.logical_or.reduce([~apply_rule(rule, made), *(each.breaks(made) for each in held)])
                if not wrong.any():
                    break
                again = once(members, int(wrong.sum()), rng)
                made = pd.concat([made[~wrong], again[made.columns]], ignore_index=True)
            return made[apply_rule(rule, made)].reset_index(drop=True)

        return draw

    return Generator("trees", learn)


def drawn_columns(schema: Schema) -> tuple[str, ...]:
    """Return the columns that trees draw: what is in the model, the sensitive ones, and last the label."""
    wanted = [column for column in schema if column.kind.can_be_modelled and not column.personal]
    inner = [column.name for column in wanted if column.role is not Role.LABEL]
    own = [name for name in inner if schema[name].in_model or schema[name].role is Role.SENSITIVE]
    return (*own, *(column.name for column in wanted if column.role is Role.LABEL))


def _rules_of(rules: TableRules, rows: IntArray) -> TableRules:
    """Return the rules with their exceptions among some of the rows, counted from the first of these."""
    place = {int(row): position for position, row in enumerate(rows)}
    own = (
        replace(rule, exception_rows=tuple(place[row] for row in rule.exception_rows if row in place))
        for rule in rules.rules
    )
    return TableRules(tuple(own), rules.ties, rules.order)
