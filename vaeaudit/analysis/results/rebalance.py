"""What rebalancing would change: gaps to close, what weights make of them, and which rows to collect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vaeaudit.analysis.conditions import Condition
from vaeaudit.analysis.results.measures import Interval, require_one_of

CHECKS = ("passes", "still fails", "too few to tell")
GAP_KINDS = ("group", "region")


@dataclass(frozen=True)
class WeightedShare:
    """Share of the rows, weighted or not, with its interval.

    `effective_size` is how many rows of equal weight the share rests on; see `analysis.weighted_shares`.
    """

    share: float
    ci: Interval
    effective_size: float


@dataclass(frozen=True)
class GapSummary:
    """A group or region with fewer rows than it ought to have.

    Attributes
    ----------
    id, name
        `G1`, … for groups, the region's id for regions; its rule in words.
    kind, baseline
        `group` or `region`; what it is short against.
    rule
        Conditions that hold together.
    n, total
        Its rows, and the rows it is a share of (outliers are set aside for regions; rows outside a population's cells
        wherever a population is the baseline).
    share, ci
        Before anything is changed; the interval is that of the finding.
    target, tolerance
        The share it ought to have, and the least that is accepted, `min_ratio` times that.
    rows_to_collect, rows_to_collect_range
        Fewest rows that, added for it alone, bring the share as counted to the tolerance; and the same from the upper
        and from the lower end of `ci`.
    question
        Why it is a question rather than a fault, so that nothing is done about it unasked; None for a fault.
    """

    id: str
    name: str
    kind: str
    baseline: str
    rule: tuple[Condition, ...]
    n: int
    total: int
    share: float
    ci: Interval
    target: float
    tolerance: float
    rows_to_collect: int
    rows_to_collect_range: tuple[int, int]
    question: str | None

    def __post_init__(self) -> None:
        require_one_of("kind", self.kind, GAP_KINDS)


@dataclass(frozen=True)
class GapChange:
    """What the weights of one method make of one gap.

    Attributes
    ----------
    id
        Of the gap.
    before, after
        Its share of all rows without weights, and under weights that were fitted to all rows.
    status_before, status_after
        Of those two; `status_after` is told to the rows that the weights were fitted to.
    held_out
        Of rows that the weights were not fitted to: `passes` where the whole interval reaches the tolerance in both
        halves, `still fails` where it lies below in one and passes in none, else `too few to tell`.
    halves
        The shares in the two halves, each under weights fitted to the other.
    """

    id: str
    before: WeightedShare
    after: WeightedShare
    status_before: str
    status_after: str
    held_out: str
    halves: tuple[WeightedShare, WeightedShare]

    def __post_init__(self) -> None:
        for name in ("status_before", "status_after", "held_out"):
            require_one_of(name, getattr(self, name), CHECKS)


@dataclass(frozen=True)
class GroupChange:
    """Share of one sensitive group, or of one cell of two sensitive attributes, before and after weighting."""

    attributes: tuple[str, ...]
    group: tuple[str, ...]
    before: WeightedShare
    after: WeightedShare
    target: float | None


@dataclass(frozen=True)
class MethodResult:
    """Weights of one method over all rows, and what they change.

    Attributes
    ----------
    method
        As in `config.Weighting`.
    alpha, cap
        Smoothing of the density, None where the method has none; most that a weight may be, as a multiple of the
        median weight (of `targets`: of the mean, which is 1).
    effective_size, effective_share
        Kish's effective sample size, and as a share of the rows.
    largest
        The largest weight; the mean is 1.
    closed, faults
        Faults that pass on held-out rows, and all.
    newly_short
        Groups that were not short, and are under these weights.
    gaps, groups
        What changes.
    unreachable
        In words, the faults that no weights within the cap can close.
    """

    method: str
    alpha: float | None
    cap: float
    effective_size: float
    effective_share: float
    largest: float
    closed: int
    faults: int
    newly_short: tuple[str, ...]
    gaps: tuple[GapChange, ...]
    groups: tuple[GroupChange, ...]
    unreachable: tuple[str, ...]


@dataclass(frozen=True)
class PlanLine:
    """Rows of one kind to collect.

    Attributes
    ----------
    rows, fewest, most
        How many, and how many if the shares of what it closes stand at the upper or lower ends of their intervals.
    rule, name
        What they are, and in words.
    closes
        Ids of the gaps that these rows count towards.
    existing, examples
        Rows of this kind that there are, and ids of a few.
    """

    rows: int
    fewest: int
    most: int
    rule: tuple[Condition, ...]
    name: str
    closes: tuple[str, ...]
    existing: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class PlannedShare:
    """Share of a gap once the planned rows are there, recounted on the rows and not taken from the programme."""

    id: str
    before: float
    after: float
    ci: Interval
    target: float
    tolerance: float
    closed: bool


@dataclass(frozen=True)
class CollectionPlan:
    """The fewest rows that close all faults, and what else might be asked for.

    Attributes
    ----------
    lines, rows, fewest, most
        What to collect, most rows first; totals.
    at_least
        No plan among the combinations considered needs fewer rows than this.
    questions
        One line per gap that is only a question, each alone; not counted in the totals.
    expected
        Shares of the faults with the planned rows added.
    newly_short
        Groups that were not short and would be.
    notes
        What was not considered.
    """

    lines: tuple[PlanLine, ...]
    rows: int
    fewest: int
    most: int
    at_least: int
    questions: tuple[PlanLine, ...]
    expected: tuple[PlannedShare, ...]
    newly_short: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class RebalanceResults:
    """Everything in `rebalance.json`.

    Attributes
    ----------
    run
        As in `AuditResults`.
    rows
        N.
    method
        Whose weights are in `weights.parquet` under `weight`.
    seed
        Of the halves and of the density.
    level, min_ratio
        Confidence of a single interval; the part of a target that is accepted.
    check_level
        Confidence of each interval of the check, so that all of them hold together at `level`.
    gaps, methods, plan, notes
        What is short, what weights do about it, what to collect, and what a reader should know.
    """

    run: Mapping[str, Any]
    rows: int
    method: str
    seed: int
    level: float
    min_ratio: float
    check_level: float
    gaps: tuple[GapSummary, ...]
    methods: tuple[MethodResult, ...]
    plan: CollectionPlan
    notes: tuple[str, ...]
