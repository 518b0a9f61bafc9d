"""A condition on one column: what groups of rows, and rules, are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from annotated_types import Len

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
        if self.op not in get_args(Op):  # conditions are also read from files
            raise ValueError(f"op must be one of {get_args(Op)}, found {self.op!r}")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Callable[[Any], Any]) -> Any:
        """Tell the JSON Schema which `value` goes with which `op`."""
        return handler(InCondition | BetweenCondition | MissingCondition)


@dataclass(frozen=True)
class InCondition:
    """One of these levels."""

    column: str
    op: Literal["in"]
    value: Annotated[list[str], Len(1)]


@dataclass(frozen=True)
class BetweenCondition:
    """[low, high); null is open, text is a date-time (ISO 8601)."""

    column: str
    op: Literal["between"]
    value: tuple[float | str | None, float | str | None]


@dataclass(frozen=True)
class MissingCondition:
    """No value."""

    column: str
    op: Literal["missing"]
    value: None


#: Conditions that hold together.
Rule = tuple[Condition, ...]
