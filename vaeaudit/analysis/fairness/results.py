"""How sensitive groups fare, and what gives them away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from vaeaudit.statistics.measures import Count, Interval, NonNegative, Share

ProxySource = Literal["columns", "latents"]


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
    n: Count
    rate: Share
    ci: Interval
    difference: float | None
    difference_ci: Interval | None
    ratio: NonNegative | None
    p_adjusted: Share | None
    minimum_detectable: NonNegative | None


@dataclass(frozen=True)
class Proxy:
    """How well something else predicts a sensitive attribute, out of fold.

    `from_`, in JSON `from`, is "columns" (all modelled columns together) or "latents"; `auc` is the macro
    one-against-rest area under the ROC curve; `by_column` the same for each column alone; `null_auc` the highest that
    was reached when the attribute had been shuffled, so that there was nothing to predict.
    """

    attribute: str
    from_: ProxySource
    auc: Share
    ci: Interval
    by_column: Mapping[str, Share] = field(default_factory=dict)
    null_auc: Share | None = None
