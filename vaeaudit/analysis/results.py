"""Typed results: what `analysis` hands to `report`. Field names are those of `report.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.picture_results import PictureSheets

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]

STATUSES = ("under", "over", "ok", "inconclusive")
FINDING_KINDS = ("representation", "region", "outlier", "disparity", "proxy", "duplicate", "latent", "quality")
SEVERITIES = ("high", "medium", "low", "info")
GATE_STATUSES = ("pass", "fail", "inconclusive")


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {choices}, found {value!r}")


@dataclass(frozen=True)
class Interval:
    """A confidence interval; `None` bounds are open."""

    low: float | None
    high: float | None
    level: float

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"interval must have low <= high, found [{self.low}, {self.high}]")


@dataclass(frozen=True)
class HistogramCounts:
    """Counts per bin with intervals of the bin's share of the rows; all arrays are [bins]."""

    counts: IntArray
    share_low: FloatArray
    share_high: FloatArray

    @property
    def total(self) -> int:
        """Rows counted."""
        return int(self.counts.sum())


@dataclass(frozen=True)
class Histogram:
    """Histogram of one latent's posterior means, overall and per sensitive group.

    Attributes
    ----------
    edges
        [bins + 1]; the outer bins take in everything beyond them.
    overall
        All rows.
    by_group
        Attribute -> group -> counts over the same edges.
    """

    edges: FloatArray
    overall: HistogramCounts
    by_group: Mapping[str, Mapping[str, HistogramCounts]]

    def __post_init__(self) -> None:
        if self.overall.counts.shape != (len(self.edges) - 1,):
            raise ValueError(f"{len(self.edges)} edges need {len(self.edges) - 1} counts")


@dataclass(frozen=True)
class Explains:
    """How much of a latent's variance one column predicts on held-out rows (R^2, 0 to 1), and which way.

    `direction` is "rises" or "falls" for ordered columns (with the column's value), else the levels at the two ends.
    """

    column: str
    score: float
    direction: str


@dataclass(frozen=True)
class LatentSummary:
    """One axis. `stability` is None where no refit measured it."""

    index: int
    active: bool
    kl_nats: float
    stability: float | None
    explains: tuple[Explains, ...]
    histogram: Histogram


@dataclass(frozen=True)
class Reason:
    """Why a row is atypical: a cell, how many nats beyond a typical cell of its column, and what was expected."""

    column: str
    nats: float
    value: str
    expected: str


@dataclass(frozen=True)
class OutlierRow:
    """One flagged (or merely top-ranked) row; `aspect` says of a picture in words what about it is atypical."""

    row_id: str
    position: int
    score: float
    p_value: float
    flagged: bool
    reasons: tuple[Reason, ...]
    aspect: str = ""


@dataclass(frozen=True)
class GroupOutlierRate:
    """Share of a group's rows that are flagged: what deleting the flagged rows would do to that group."""

    attribute: str
    group: str
    n: int
    flagged: int
    rate: float
    ci: Interval


@dataclass(frozen=True)
class OutlierSummary:
    """Outlier scores of the whole dataset.

    Attributes
    ----------
    definition
        What the score is, in one or two sentences.
    threshold
        Lowest flagged score, or None where nothing is flagged.
    fdr
        The false-discovery rate that the flags were chosen for.
    flagged, n
        Flagged rows and all rows.
    by_group, top
        See `GroupOutlierRate`; the rows of highest score, flagged ones first.
    score_quantiles
        [101]; quantiles 0, 1, ..., 100 % of the score, for the score curve.
    by_column
        Column -> number of flagged rows in which it is the first reason.
    unit
        Of the scores: `nats`, or for pictures `robust sd`, standard deviations estimated so that outliers hardly count.
    """

    definition: str
    threshold: float | None
    fdr: float
    flagged: int
    n: int
    by_group: tuple[GroupOutlierRate, ...]
    top: tuple[OutlierRow, ...]
    score_quantiles: FloatArray
    by_column: Mapping[str, int] = field(default_factory=dict)
    unit: str = "nats"


@dataclass(frozen=True)
class Condition:
    """One condition of a rule.

    `op` is `in` (value: list of str), `between` (value: [low, high), None = open) or `missing` (value: None).
    """

    column: str
    op: str
    value: Any

    def __post_init__(self) -> None:
        _one_of("op", self.op, ("in", "between", "missing"))


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
            _one_of("status", self.status, STATUSES)


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


@dataclass(frozen=True)
class DuplicatePair:
    """Two rows that are equal (`exact`), or nearly so at a `distance` (see `vaeaudit.analysis.row_pairs`).

    `splits` are those of the two rows, None where a row has none; `differs` names the columns whose cells differ.
    """

    rows: tuple[str, str]
    positions: tuple[int, int]
    exact: bool
    distance: float
    splits: tuple[str | None, ...]
    differs: tuple[str, ...]


@dataclass(frozen=True)
class Leak:
    """How many of the `n` rows of a split have an exact, or else a near copy in another, larger split.

    `share` counts both, with interval `ci`; `other_rows` are the rows of the larger split that are copied.
    """

    split: str
    other: str
    n: int
    exact: int
    near: int
    share: float
    ci: Interval
    other_rows: int


@dataclass(frozen=True)
class Duplicates:
    """Rows that occur more than once, exactly (over all columns but id and split, or pixel for pixel) or nearly.

    Attributes
    ----------
    rows_in_groups, groups
        Rows that are equal to another, and groups of equal rows.
    largest
        (row_id of the first, rows) of the largest groups.
    expected_pairs
        Pairs of equal rows that chance would give under independent columns: a low estimate, and above 1 a sign that
        the table is too coarse for equal rows to mean copies.
    basis
        What rows were compared by: `cells` or `pixels`.
    searched
        Whether near duplicates were looked for.
    near_pairs, near_rows
        Near pairs found, and rows in them.
    pairs
        Exact and near pairs that are listed, pairs across splits first.
    chances
        Sort of altered copy -> share of such copies that would have been found here.
    look_alikes
        Rows as near to another as a copy would be, in a place where ordinary neighbours are as near: not listed.
    set_aside
        Pictures too plain to be compared.
    splits, without_split
        Split -> its rows, where splits were declared; rows without one.
    leakage
        For each pair of splits, how much of the smaller one occurs in the larger one.
    """

    rows_in_groups: int
    groups: int
    largest: tuple[tuple[str, int], ...]
    expected_pairs: float = 0.0
    basis: str = "cells"
    searched: bool = False
    near_pairs: int = 0
    near_rows: int = 0
    pairs: tuple[DuplicatePair, ...] = ()
    chances: Mapping[str, float] = field(default_factory=dict)
    look_alikes: int = 0
    set_aside: int = 0
    splits: Mapping[str, int] = field(default_factory=dict)
    without_split: int = 0
    leakage: tuple[Leak, ...] = ()


@dataclass(frozen=True)
class Measure:
    """A figure with its interval, and over how many it was taken; `expected` is what an ideal model would give."""

    value: float
    ci: Interval
    n: int
    expected: float | None = None


@dataclass(frozen=True)
class LatentSpaceSummary:
    """What the decoder makes of the space between and around the rows; see `vaeaudit.analysis.latent_space`.

    Attributes
    ----------
    continuity
        How evenly the decoding changes on the way from a row to a neighbour, 0 to 1; None where it nowhere changes.
    jumps
        Share of these ways that have a step in which more than half of the change happens.
    completeness
        Share of decoded prior samples that are as near to the data as reconstructions of held-out rows.
    coverage
        Share of reconstructions of held-out rows that have a decoded prior sample as near as their K-th neighbour.
    kept_variation
        How much of the rows' variation their reconstructions keep; None where the rows do not vary.
    n_reference
        Rows among which the nearest was sought.
    yardstick
        Distance within which a sample counts as near to the data.
    distance_shares, prior_distances, held_out_distances
        [Q]; quantiles of the distances to the nearest row: of decoded prior samples, of held-out reconstructions.
    """

    continuity: Measure | None
    jumps: Measure | None
    completeness: Measure
    coverage: Measure
    kept_variation: Measure | None
    n_reference: int
    yardstick: float
    distance_shares: FloatArray
    prior_distances: FloatArray
    held_out_distances: FloatArray


@dataclass(frozen=True)
class ModelSummary:
    """How well the model learned the data; densities in nats per row.

    `latent_space` is None for runs that have not measured it.
    """

    objective: str
    beta: float
    elbo_nats: float
    elbo_ci: Interval
    iwae_nats: float
    baseline_nats: float  # the same rows under independent columns: what learning gained is elbo - baseline
    active_latents: int
    latents: int
    columns: int
    epochs: int
    stopped: str
    seconds: float
    disentanglement: Mapping[str, float]
    history: Mapping[str, FloatArray]
    latent_space: LatentSpaceSummary | None = None

    @property
    def parts(self) -> str:
        """What a row is made of, as far as the model sees it: columns, or the pixels of a picture."""
        return "columns" if self.columns else "pixels"

    @property
    def continuity(self) -> Measure | None:
        """Of the latent space, where it was measured."""
        return self.latent_space.continuity if self.latent_space else None

    @property
    def completeness(self) -> Measure | None:
        """Of the latent space, where it was measured."""
        return self.latent_space.completeness if self.latent_space else None


@dataclass(frozen=True)
class ColumnSummary:
    """One column, for the table at the end of the report."""

    name: str
    kind: str
    role: str
    in_model: bool
    missing: int
    unique: int
    summary: str
    problems: tuple[str, ...]
    suggested_sensitive: bool


@dataclass(frozen=True)
class Gate:
    """One question of the verdict. `meaning` says in words what was asked and what was found."""

    name: str
    status: str
    value: float | None
    threshold: float | None
    meaning: str

    def __post_init__(self) -> None:
        _one_of("status", self.status, GATE_STATUSES)


@dataclass(frozen=True)
class Verdict:
    """fail if a gate failed, else inconclusive if one is, else pass."""

    status: str
    sentence: str
    gates: tuple[Gate, ...]

    def __post_init__(self) -> None:
        _one_of("status", self.status, GATE_STATUSES)


@dataclass(frozen=True)
class Finding:
    """One line that a reviewer acts on. `evidence` holds numbers under plain names, `anchor` the section it is in."""

    id: str
    kind: str
    severity: str
    title: str
    evidence: Mapping[str, Any]
    action: str
    anchor: str

    def __post_init__(self) -> None:
        _one_of("kind", self.kind, FINDING_KINDS)
        _one_of("severity", self.severity, SEVERITIES)


@dataclass(frozen=True)
class LatentMap:
    """A sample of rows placed on the two latents of largest KL, for a scatter plot."""

    latents: tuple[int, int]
    x: FloatArray
    y: FloatArray
    groups: Mapping[str, tuple[str, ...]]  # attribute -> group of each point
    outlier: npt.NDArray[np.bool_]
    row_ids: tuple[str, ...] = ()  # of pictures: the points are then those of `Pictures.thumbnails`, in their order


@dataclass(frozen=True)
class Traversal:
    """What the model decodes while one latent moves and the others rest at the prior mean."""

    latent: int
    positions: FloatArray  # [T], in prior standard deviations
    columns: Mapping[str, tuple[str, ...]]  # column -> decoded value at each position, as text


@dataclass(frozen=True)
class AuditResults:
    """Everything the report shows.

    Attributes
    ----------
    run
        id, created, seed, config, data{name, kind, fingerprint}, versions, timings.
    rows
        read, scored, quarantined, skipped.
    quarantine
        The first records that were left out: file, row, reason.
    verdict, findings
        What is concluded, by rank.
    latents, outliers, regions, representation, disparities, proxies, duplicates, model, columns
        What was measured; each type says what its fields are.
    regions_tested
        Cells that the search for regions tested.
    latent_map, traversals
        For the figures: rows on two latents (None where fewer are active), and what the decoder expects along each.
    notes
        What a reader should know: what was set aside, not searched, or searched on a sample.
    pictures
        What is shown in pictures, where the data is made of them.
    """

    run: Mapping[str, Any]
    rows: Mapping[str, int]
    quarantine: tuple[tuple[str, int, str], ...]
    verdict: Verdict
    findings: tuple[Finding, ...]
    latents: tuple[LatentSummary, ...]
    outliers: OutlierSummary
    regions: tuple[Region, ...]
    regions_tested: int
    representation: tuple[Representation, ...]
    disparities: tuple[Disparity, ...]
    proxies: tuple[Proxy, ...]
    duplicates: Duplicates
    model: ModelSummary
    columns: tuple[ColumnSummary, ...]
    latent_map: LatentMap | None
    traversals: tuple[Traversal, ...]
    notes: tuple[str, ...]
    pictures: PictureSheets | None = None
