"""What was measured of sensitive groups: how many rows, how they fare, and what gives them away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vaeaudit.analysis.results.measures import Interval, require_one_of

STATUSES = ("under", "over", "ok", "inconclusive")


@dataclass(frozen=True)
class Representation:
    """One cell of the full product of one or more sensitive attributes; empty cells are listed.

    `baseline` is "population" where shares were given, else "balance": then `reference_share`, `ratio` and `status`
    are None, since nothing says how large the group should be.
    """

    attributes: tuple[str, ...]
    group: tuple[str, ...]
    n: int
    share: float
    ci: Interval
    baseline: str
    reference_share: float | None = None
    ratio: float | None = None
    p_adjusted: float | None = None
    status: str | None = None

    def __post_init__(self) -> None:
        if self.status is not None:
            require_one_of("status", self.status, STATUSES)


@dataclass(frozen=True)
class Disparity:
    """Share of the rows of a group that have the outcome, against all other rows.

    `difference` is the group's rate minus the rate of all rows outside the group; `ratio` is their quotient;
    `minimum_detectable` the smallest absolute difference that 80 % power would have found at these sizes. For
    groups too small to judge, `p_adjusted` is None.
    """

    attribute: str
    group: str
    outcome: str
    n: int
    rate: float
    ci: Interval
    difference: float | None
    difference_ci: Interval | None
    ratio: float | None
    p_adjusted: float | None
    minimum_detectable: float | None


@dataclass(frozen=True)
class Proxy:
    """How well something else predicts a sensitive attribute, out of fold.

    `source` is "columns" (all modelled columns together, `columns` names the strongest alone) or "latents"; `auc` is
    the macro one-against-rest area under the ROC curve; `by_column` the same for each column alone; `null_auc` the
    highest that was reached when the attribute had been shuffled, so that there was nothing to predict.
    """

    attribute: str
    source: str
    auc: float
    ci: Interval
    by_column: Mapping[str, float] = field(default_factory=dict)
    null_auc: float | None = None
