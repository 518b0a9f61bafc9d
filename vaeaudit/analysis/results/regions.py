"""Which combinations have fewer rows than they should, as rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vaeaudit.analysis.results.measures import Interval, require_one_of


@dataclass(frozen=True)
class Condition:
    """One condition of a rule.

    `op` is `in` (value: list of str), `between` (value: [low, high), None = open) or `missing` (value: None).
    """

    column: str
    op: str
    value: Any

    def __post_init__(self) -> None:
        require_one_of("op", self.op, ("in", "between", "missing"))


@dataclass(frozen=True)
class LatentRange:
    """One side of a region's box in the latents; None = open."""

    latent: int
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Region:
    """A combination with fewer rows than its baseline leads one to expect.

    Attributes
    ----------
    id
        `R1`, `R2`, … by rank.
    baseline
        `independence` or `population` (later also `reference`, `uniform`).
    rule
        At most three conditions that hold together.
    latent_box
        Where in the latents such rows lie or would lie, where that is known.
    observed, expected, ratio
        Rows that satisfy the rule, rows the baseline leads one to expect, and their quotient.
    ci
        Of the ratio.
    p_adjusted
        One-sided p-value, adjusted over everything that was tested.
    rows_to_collect
        Fewest rows of this kind that, once added, bring the ratio's point estimate to `min_ratio`; at least 1. Added
        rows also raise what the baseline leads one to expect, and that is counted in (for rules of three conditions
        against independence it is not).
    stability
        Share of refits in which the region returned, or None where none was made.
    """

    id: str
    baseline: str
    rule: tuple[Condition, ...]
    latent_box: tuple[LatentRange, ...]
    observed: int
    expected: float
    ratio: float
    ci: Interval
    p_adjusted: float
    rows_to_collect: int
    stability: float | None
