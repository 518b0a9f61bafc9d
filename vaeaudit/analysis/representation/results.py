"""How many rows the sensitive groups have, and how many they ought to have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Len

from vaeaudit.statistics.measures import Count, Interval, NonNegative, Share

Status = Literal["under", "over", "ok", "inconclusive"]


@dataclass(frozen=True)
class Representation:
    """One cell of the full product of one or more sensitive attributes; empty cells are listed.

    `baseline` is "population" where shares were given, else "balance": then `reference_share`, `ratio` and `status`
    are None, since nothing says how large the group should be.
    """

    attributes: Annotated[tuple[str, ...], Len(1)]
    group: Annotated[tuple[str, ...], Len(1)]
    n: Count
    share: Share
    ci: Interval
    baseline: Literal["population", "balance"]
    reference_share: Share | None = None
    ratio: NonNegative | None = None
    p_adjusted: Share | None = None
    status: Status | None = None
