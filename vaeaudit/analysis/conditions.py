"""A condition on one column: what groups of rows, and rules, are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

Op = Literal["in", "between", "missing"]


@dataclass(frozen=True)
class Condition:
    """One condition of a rule.

    `op` is `in` (value: list of str), `between` (value: [low, high), None = open) or `missing` (value: None).
    """

    column: str
    op: Op
    value: Any

    def __post_init__(self) -> None:
        if self.op not in get_args(Op):
            raise ValueError(f"op must be one of {get_args(Op)}, found {self.op!r}")
