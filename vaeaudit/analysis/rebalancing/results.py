"""What rebalancing would change: gaps to close, what weights make of them, and which rows to collect."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge

from vaeaudit.analysis.coverage.results import Baseline
from vaeaudit.analysis.inputs import RunFacts, Tool
from vaeaudit.config import Weighting
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.measures import Count, Interval, NonNegative, Share

#: What is told of a share against its tolerance.
Judgement = Literal["passes", "still fails", "too few to tell"]


@dataclass(frozen=True)
class WeightedShare:
    """Share of the rows, weighted or not, with its interval.

    `effective_size` is how many rows of equal weight the share rests on; see `analysis.weighted_shares`.
    """

    share: Share
    ci: Interval
    effective_size: NonNegative


@dataclass(frozen=True)
class GapSummary:
    """A group or region with fewer rows than it ought to have.

    Attributes
    ----------
    id, name
        `G` and eight digits for groups, the region's id for regions; its rule in words.
    kind, baseline
        `group` or `region` (what was found as both is the region); what it is short against.
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
    kind: Literal["group", "region"]
    baseline: Baseline
    rule: tuple[Condition, ...]
    n: Count
    total: Count
    share: Share
    ci: Interval
    target: Share
    tolerance: Share
    rows_to_collect: Count
    rows_to_collect_range: tuple[Count, Count]
    question: str | None


@dataclass(frozen=True, kw_only=True)
class ShareChange:
    """What the weights of one method make of a share that ought to reach a tolerance.

    Attributes
    ----------
    before, after
        Of all rows without weights, and under weights that were fitted to all rows.
    status_before, status_after
        Of those two; `status_after` is told to the rows that the weights were fitted to.
    held_out
        Of rows that the weights were not fitted to: `passes` where the whole interval reaches the tolerance in both
        halves, `still fails` where it lies below in one and passes in none, else `too few to tell`.
    halves
        The shares in the two halves, each under weights fitted to the other.
    """

    before: WeightedShare
    after: WeightedShare
    status_before: Judgement
    status_after: Judgement
    held_out: Judgement
    halves: tuple[WeightedShare, WeightedShare]


@dataclass(frozen=True, kw_only=True)
class GapChange(ShareChange):
    """What the weights of one method make of the gap of this `id`."""

    id: str


@dataclass(frozen=True, kw_only=True)
class LabelChange(ShareChange):
    """What the weights of a method that knows the label make of the share of one of its values.

    Attributes
    ----------
    attributes, group
        The group whose rows it is a share of; empty for all rows.
    value
        Of the label.
    n, total
        Rows with this value, and all labelled ones, of the group.
    target, tolerance
        What the method makes it in theory, and the least that is accepted, `min_ratio` times that.
    """

    attributes: tuple[str, ...]
    group: tuple[str, ...]
    value: str
    n: Count
    total: Count
    target: Share
    tolerance: Share


@dataclass(frozen=True)
class GroupChange:
    """Share of one sensitive group, or of one cell of two sensitive attributes, before and after weighting."""

    attributes: tuple[str, ...]
    group: tuple[str, ...]
    before: WeightedShare
    after: WeightedShare
    target: Share | None


@dataclass(frozen=True)
class MethodResult:
    """Weights of one method over all rows, and what they change.

    Attributes
    ----------
    method
        As in `config.Weighting`.
    alpha, cap
        Smoothing of the density, None where the method has none; most that a weight may be, as a multiple of the
        median weight (of `targets` and of those that know the label: of the mean, which is 1).
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
        In words, the faults that no weights within the cap can close, and shares of label values likewise.
    labels
        What changes of the label, by methods that know it; those of the largest groups.
    """

    method: Weighting
    alpha: float | None
    cap: Annotated[float, Ge(1)]
    effective_size: NonNegative
    effective_share: Share
    largest: NonNegative
    closed: Count
    faults: Count
    newly_short: tuple[str, ...]
    gaps: tuple[GapChange, ...]
    groups: tuple[GroupChange, ...]
    unreachable: tuple[str, ...]
    labels: tuple[LabelChange, ...] = ()


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

    rows: Count
    fewest: Count
    most: Count
    rule: tuple[Condition, ...]
    name: str
    closes: tuple[str, ...]
    existing: Count
    examples: tuple[str, ...]


@dataclass(frozen=True)
class PlannedShare:
    """Share of a gap once the planned rows are there, recounted on the rows and not taken from the programme."""

    id: str
    before: Share
    after: Share
    ci: Interval
    target: Share
    tolerance: Share
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
    rows: Count
    fewest: Count
    most: Count
    at_least: Count
    questions: tuple[PlanLine, ...]
    expected: tuple[PlannedShare, ...]
    newly_short: tuple[str, ...]
    notes: tuple[str, ...]


#: Whether generated rows repair a gap; only where they help are they offered.
RepairOutcome = Literal["helps", "does not repair", "inconclusive", "not checked"]
#: What made them: a decision tree per column, or the model of the run.
RepairSource = Literal["trees", "model"]


@dataclass(frozen=True)
class RepairGain:
    """By how much the loss of held-out rows is lower with generated rows; below 0 where they make it worse.

    `detectable` is the gain that would have been found with a probability of 0.8.
    """

    value: float
    ci: Interval
    detectable: NonNegative


@dataclass(frozen=True, kw_only=True)
class Repair:
    """What a check on held-out rows says of generated rows for the gap of this `id`.

    Attributes
    ----------
    id, outcome
        `helps`: the gains over nothing and over weighting lie above 0 with their whole intervals, and all rows together
        are not worse off. `inconclusive`: they do not, but both might be a twentieth of the loss.
    why
        Why it was not checked; else empty.
    source, label
        What made the rows, and what was learned from them; None where nothing was checked.
    held_out, added
        Rows of the group that were judged, and rows that were made for it, of as many as the whole table has.
    level
        Confidence of each interval, so that those of all gaps hold together.
    loss
        Brier's score of held-out rows of the group without generated rows, or the squared error of a number.
    over_nothing, over_weighting, of_all
        Gain of these rows over leaving all as it is, and over counting the group's own rows for as many, each for no
        more than the cap, by weights or repeated, whichever is better; gain of all held-out rows over leaving all as it
        is.
    written, broke_rules, unseen_pairs
        Rows in `generated.csv`; how many of them break a rule of the table all the same, and how many have a pair of
        levels that no row of the table has.
    """

    id: str
    outcome: RepairOutcome
    why: str = ""
    source: RepairSource | None = None
    label: str | None = None
    held_out: Count = 0
    added: Count = 0
    level: Share | None = None
    loss: NonNegative | None = None
    over_nothing: RepairGain | None = None
    over_weighting: RepairGain | None = None
    of_all: RepairGain | None = None
    written: Count = 0
    broke_rules: Count = 0
    unseen_pairs: Count = 0


@dataclass(frozen=True, kw_only=True)
class RebalanceResults:
    """Everything in `rebalance.json`.

    Attributes
    ----------
    schema_version, tool
        Of this document, raised when a key changes its meaning or goes; and what wrote it.
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
    label
        The column that methods which know the label go by; None where there is none.
    gaps, methods, plan, notes
        What is short, what weights do about it, what to collect, and what a reader should know.
    repairs
        What generated rows would do about each fault.
    """

    schema_version: Literal["1.0"] = field(default="1.0", init=False)
    tool: Tool = field(default_factory=Tool, init=False)
    run: RunFacts
    rows: Annotated[int, Ge(1)]
    method: Weighting
    seed: int
    level: Share
    min_ratio: Share
    check_level: Share
    gaps: tuple[GapSummary, ...]
    methods: tuple[MethodResult, ...]
    plan: CollectionPlan
    notes: tuple[str, ...]
    label: str | None = None
    repairs: tuple[Repair, ...] = ()
