"""Kinds of rows that a collection plan can ask for, alone or several at once, and rows of these kinds to check it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.grouping.rules import apply_rule, on_line, satisfies, simplify
from vaeaudit.outputs.record import BoolArray
from vaeaudit.outputs.region_rules import Condition, Rule

#: Combinations that are considered; with more, the plan is the best among the first.
MOST_CANDIDATES = 2_000


@dataclass(frozen=True)
class Candidate:
    """Rows of one rule, and which of the K rules they were made of every such row counts towards."""

    rule: Rule
    serves: frozenset[int]


def candidates_of(rules: Sequence[Rule], frame: pd.DataFrame) -> tuple[list[Candidate], bool]:
    """Combine the rules of gaps as long as they can hold together; says also whether any had to be left out.

    A combination is only proposed where a row of its kind exists: that it exists in the world is then known, whereas
    rules of different findings may combine to what cannot be (a widow of twelve). The rule of a gap alone needs no
    such witness, since its baseline says that there are such rows.

    Parameters
    ----------
    rules
        Of the gaps.
    frame
        [N, C] typed rows, witnesses of what exists.
    """
    masks = [apply_rule(rule, frame) for rule in rules]
    found: dict[frozenset[int], Candidate] = {}
    queue: deque[tuple[Candidate, BoolArray]] = deque()

    seen: set[frozenset[str]] = set()

    def add(rule: Rule, rows: BoolArray) -> bool:
        told = frozenset(repr(condition) for condition in rule)
        if told in seen:
            return True
        seen.add(told)
        serves = frozenset(place for place, other in enumerate(rules) if implies(rule, other))
        if serves in found:
            return True
        if len(found) == MOST_CANDIDATES:
            return False
        found[serves] = Candidate(rule, serves)
        queue.append((found[serves], rows))
        return True

    complete = True
    for rule, mask in zip(rules, masks, strict=True):
        complete &= add(simplify(rule), mask)
    while queue:
        candidate, rows = queue.popleft()
        for place, (rule, mask) in enumerate(zip(rules, masks, strict=True)):
            if place in candidate.serves:
                continue
            both = rows & mask
            if both.any():
                complete &= add(simplify((*candidate.rule, *rule)), both)
    return list(found.values()), complete


def implies(inner: Rule, outer: Rule) -> bool:
    """Whether every row that satisfies `inner` satisfies `outer`, as far as their conditions alone tell.

    Examples
    --------
    >>> young, minor = Condition("age", "between", [None, 30.0]), Condition("age", "between", [None, 18.0])
    >>> implies((minor, Condition("sex", "in", ["f"])), (young,)), implies((young,), (minor,))
    (True, False)
    """
    return all(any(_within(condition, other) for condition in inner) for other in outer)


def _within(inner: Condition, outer: Condition) -> bool:
    if inner.column != outer.column:
        return False
    if outer.op == "between" and outer.value == [None, None]:
        return inner.op != "missing"
    if inner.op != outer.op:
        return False
    if inner.op == "missing":
        return True
    if inner.op == "in":
        return set(inner.value) <= set(outer.value)
    (low, high), (outer_low, outer_high) = inner.value, outer.value
    return on_line(outer_low, -inf) <= on_line(low, -inf) and on_line(high, inf) <= on_line(outer_high, inf)


def with_planned_rows(
    frame: pd.DataFrame, wanted: Sequence[tuple[Rule, int]], eligible: BoolArray, generator: np.random.Generator
) -> pd.DataFrame:
    """Return the rows [N, C] with the planned ones after them.

    What a rule leaves open is taken from existing rows: those that satisfy most of its conditions are drawn from, and
    the cells that do not satisfy them are replaced by values that do.

    Parameters
    ----------
    frame
        [N, C] typed rows, N >= 1.
    wanted
        Rules and how many rows of each.
    eligible
        [N]; rows that are drawn from, such as those that the population speaks about; all where there is none.
    generator
        Draws the rows.
    """
    frame = _with_levels(frame, [rule for rule, _ in wanted])
    parts = [frame]
    for rule, count in wanted:
        met = [satisfies(condition, frame[condition.column]) for condition in rule]
        matches = np.sum(met, axis=0) if met else np.zeros(len(frame))
        matches = np.where(eligible | ~eligible.any(), matches, -1)
        nearest = np.flatnonzero(matches == matches.max())
        added = frame.iloc[generator.choice(nearest, size=count)].reset_index(drop=True)
        for condition in rule:
            added[condition.column] = _satisfying(condition, added[condition.column], frame, generator)
        parts.append(added)
    return pd.concat(parts, ignore_index=True)


def _satisfying(
    condition: Condition, values: pd.Series, frame: pd.DataFrame, generator: np.random.Generator
) -> pd.Series:
    """Replace the values that do not satisfy a condition, by existing ones that do where there are any."""
    wrong = ~satisfies(condition, values)
    if not wrong.any():
        return values
    column = frame[condition.column]
    existing = column[satisfies(condition, column)]
    if condition.op != "missing" and len(existing):
        chosen: npt.NDArray[np.object_] = existing.to_numpy(object)[generator.integers(len(existing), size=wrong.sum())]
    else:
        chosen = np.full(int(wrong.sum()), _invented(condition), dtype=object)
    replaced = values.astype(object).to_numpy(copy=True)
    replaced[wrong] = chosen
    return pd.Series(replaced, index=values.index).astype(values.dtype)


def _with_levels(frame: pd.DataFrame, rules: Sequence[Rule]) -> pd.DataFrame:
    """Let columns take levels that a rule names and no row has (a population's)."""
    changed: dict[str, pd.Series] = {}
    for condition in (condition for rule in rules for condition in rule if condition.op == "in"):
        values = changed.get(condition.column, frame[condition.column])
        if isinstance(values.dtype, pd.CategoricalDtype):
            new = [level for level in condition.value if level not in values.cat.categories]
            changed[condition.column] = values.cat.add_categories(new)
    return frame.assign(**changed)


def _invented(condition: Condition) -> object:
    if condition.op == "missing":
        return None
    if condition.op == "in":
        return condition.value[0]
    low, high = condition.value
    if isinstance(low, str) or isinstance(high, str):
        return pd.Timestamp(low) if low is not None else pd.Timestamp(high) - pd.Timedelta(1, "D")
    if low is not None:
        return low
    return np.nextafter(high, -np.inf) if high is not None else 0.0
