"""What this audit could have seen: faults planted in copies of the data, and the smallest gap in each group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Len

from vaeaudit.outputs.plantings import Fault, Found
from vaeaudit.statistics.measures import Count, Interval, NonNegative, Share


@dataclass(frozen=True)
class Power:
    """Which share of planted faults of one kind is found, and its interval (Wilson 1927).

    Attributes
    ----------
    fault, kind, share, of_rows, found_as, planted, found
        As in `vaeaudit.outputs.plantings.Planted`.
    recall, ci
        The share found; its interval is as wide as so few plantings leave it.
    """

    fault: Fault
    kind: str
    share: Share
    of_rows: Annotated[tuple[Share, ...], Len(0, 2)]
    found_as: Found
    planted: Count
    found: Count
    recall: Share
    ci: Interval


@dataclass(frozen=True)
class SmallestGap:
    """The smallest gap in a sensitive group that this audit tells four times in five.

    Attributes
    ----------
    attribute, group
        Whose rows could be missing.
    baseline
        What would tell it; None where nothing was given that says how large the group should be.
    expected
        Rows of the group, if none were missing.
    missing
        Share of them that has to be missing; None where not even their absence would be told.
    """

    attribute: str
    group: str
    baseline: Literal["population", "reference"] | None
    expected: NonNegative | None
    missing: Share | None
