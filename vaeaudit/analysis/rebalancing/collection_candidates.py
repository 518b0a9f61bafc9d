"""Kinds of rows that a collection plan can ask for: the rules of gaps, and what several of them ask for at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.grouping.rules import apply_rule, simplify
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
    queue: deque[tuple[Candidate, npt.NDArray[np.bool_]]] = deque()

    seen: set[frozenset[str]] = set()

    def add(rule: Rule, rows: npt.NDArray[np.bool_]) -> bool:
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
    return _place(outer_low, -inf) <= _place(low, -inf) and _place(high, inf) <= _place(outer_high, inf)


def _place(bound: Any, where_open: float) -> float:
    if bound is None:
        return where_open
    return float(pd.Timestamp(bound).value) if isinstance(bound, str) else float(bound)
