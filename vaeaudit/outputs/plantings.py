"""What became of faults that were planted in copies of the data, as plain counts that a run keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Le, Len

Fault = Literal["gap", "broken row", "flipped label"]
#: What counts as found: among the first five regions, or in the list at all; the row, or the label, among as many of
#: the first as faults were planted; the wrong cell named first, of the rows found.
Found = Literal["first five", "listed", "first", "cell named"]
_Share = Annotated[float, Ge(0), Le(1)]
_Count = Annotated[int, Ge(0)]


@dataclass(frozen=True)
class Planted:
    """Faults of one kind, and how many of them were found in one way.

    Attributes
    ----------
    fault, kind
        What was planted: a gap that is told by a baseline, which `kind` names; a row with one wrong cell, and which
        error it is; a flipped label.
    share
        Of the rows of a gap, those that were deleted; of all rows, those that were broken or flipped.
    of_rows
        Least and largest share of all rows that the rule of a gap held for; empty for other faults.
    found_as
        What counts as found.
    planted, found
        How many there were, and how many were found.
    """

    fault: Fault
    kind: str
    share: _Share
    of_rows: Annotated[tuple[_Share, ...], Len(0, 2)]
    found_as: Found
    planted: _Count
    found: _Count

    def __post_init__(self) -> None:
        if self.found > self.planted:
            raise ValueError(f"found must be at most planted = {self.planted}, found {self.found}")


@dataclass(frozen=True)
class Plantings:
    """All faults that were planted.

    Attributes
    ----------
    rows
        Rows of the copies; fewer than the data has where it is large.
    counts
        By fault, kind, size and what counts as found.
    notes
        What could not be planted, and why.
    """

    rows: _Count
    counts: tuple[Planted, ...]
    notes: tuple[str, ...] = ()
