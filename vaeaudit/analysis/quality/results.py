"""What the data is like as it was read: its columns, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.statistics.measures import Count


@dataclass(frozen=True)
class QuarantinedRecord:
    """A record that was left out: its file, its 0-based row (-1 is the whole file), and why."""

    file: str
    row: Annotated[int, Ge(-1)]
    reason: str


@dataclass(frozen=True)
class ColumnSummary:
    """One column, for the table at the end of the report.

    `meaning` says what a `derived` column, one that was computed from the pictures, measures; it is empty for others.
    """

    name: str
    kind: Kind
    role: Role
    in_model: bool
    missing: Count
    unique: Count
    summary: str
    problems: tuple[str, ...]
    suggested_sensitive: bool
    derived: bool = False
    meaning: str = ""
