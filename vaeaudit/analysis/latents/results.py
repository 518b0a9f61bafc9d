"""What the latents hold, how rows lie on them, what the decoder makes of the space, and how well the model learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from annotated_types import Ge, Gt

from vaeaudit.config import DensityFamily, Objective, Rarity, Stopped
from vaeaudit.statistics.measures import (
    Count,
    CountArray,
    FloatArray,
    Interval,
    Measure,
    NonNegative,
    Share,
    ShareArray,
)

#: Densities of held-out rows, in nats per row: two lower bounds, and that of the rows under independent columns.
HeldOutBound = Literal["elbo_nats", "iwae_nats", "baseline_nats"]
#: How far a meaning may be read into a latent.
Grade = Literal["A", "B", "C", "D"]
#: Scores of disentanglement: without known factors, over refits, and with known factors.
DisentanglementName = Literal[
    "mean_pairwise_mi_nats",
    "total_correlation_nats",
    "udr",
    "matched",
    "mig",
    "infom",
    "infoc",
    "infoe",
    "dci_disentanglement",
    "dci_completeness",
    "dci_informativeness",
    "sap",
    "factorvae",
]


@dataclass(frozen=True)
class HistogramCounts:
    """Counts per bin with intervals of the bin's share of the rows; all arrays are [bins]."""

    counts: CountArray
    share_low: ShareArray
    share_high: ShareArray

    @property
    def total(self) -> int:
        """Rows counted."""
        return int(self.counts.sum())


@dataclass(frozen=True)
class Histogram(HistogramCounts):
    """Histogram of one latent's posterior means, over all rows and per sensitive group.

    Attributes
    ----------
    counts, share_low, share_high
        Of all rows.
    edges
        [bins + 1]; the outer bins take in everything beyond them.
    by_group
        Attribute -> group -> counts over the same edges.
    """

    edges: FloatArray
    by_group: Mapping[str, Mapping[str, HistogramCounts]]

    def __post_init__(self) -> None:
        if self.counts.shape != (len(self.edges) - 1,):
            raise ValueError(f"{len(self.edges)} edges need {len(self.edges) - 1} counts")


@dataclass(frozen=True)
class Explains:
    """How much of a latent's variance one column predicts on held-out rows (R^2, 0 to 1), and which way.

    `direction` is "rises" or "falls" for ordered columns (with the column's value), else the levels at the two ends.
    """

    column: str
    score: Share
    ci: Interval
    direction: str


@dataclass(frozen=True)
class EndRow:
    """A row near one end of a latent: where it lies, and its cells in the columns that go with the latent, as text."""

    row_id: str
    position: Count
    value: float
    cells: Mapping[str, str]


@dataclass(frozen=True)
class GroupsApart:
    """How far the groups of an attribute lie apart on a latent.

    Attributes
    ----------
    distances
        Group -> Wasserstein distance from all other rows, in standard deviations of the latent; groups of too few rows
        are left out.
    n
        Rows compared.
    chance
        What the largest of them comes to where groups are shuffled over the rows.
    p_adjusted
        Of the permutation test that groups lie no further apart than shuffled ones; adjusted over latents in use and
        attributes (Benjamini-Hochberg).
    """

    distances: Mapping[str, NonNegative]
    n: Count
    chance: NonNegative
    p_adjusted: Share


@dataclass(frozen=True)
class LatentSummary:
    """One axis.

    Attributes
    ----------
    index, active, kl_nats
        Its place in the model, whether it carries information about the rows, and how much in the mean.
    name
        The columns that it goes with most; empty where it goes with none.
    stability
        |rank correlation| with its counterpart in refits, paired one to one, on held-out rows; None where no refit was
        made. The interval is that of the rows.
    grade
        How far a meaning may be read into it, A to D; None where that was not measured. See `analysis.latents.grades`.
    why
        What the grade rests on, in sentences.
    shown
        Whether the page describes it; what it encodes grounds nothing otherwise.
    explains, histogram
        Columns that predict it, best first; where the rows lie on it.
    low_end, high_end
        Rows at its two ends, the outermost first; outliers are left out.
    groups_apart
        Attribute -> how far its groups lie apart.
    """

    index: Count
    active: bool
    kl_nats: float
    name: str
    stability: Measure | None
    grade: Grade | None
    why: tuple[str, ...]
    shown: bool
    explains: tuple[Explains, ...]
    histogram: Histogram
    low_end: tuple[EndRow, ...] = ()
    high_end: tuple[EndRow, ...] = ()
    groups_apart: Mapping[str, GroupsApart] = field(default_factory=dict)


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

    latent: Count
    positions: FloatArray  # [T], in prior standard deviations
    columns: Mapping[str, tuple[str, ...]]  # column -> decoded value at each position, as text


@dataclass(frozen=True)
class LatentSpaceSummary:
    """What the decoder makes of the space between and around the rows; see `vaeaudit.analysis.latents.model_summary`.

    Attributes
    ----------
    jumps
        Share of the ways from a row to a neighbour that have a step in which more than half of the change happens; None
        where the decoding nowhere changes.
    detour
        How much longer than straight the decoded way between two rows drawn at random is.
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

    jumps: Measure | None
    detour: Measure | None
    coverage: Measure
    kept_variation: Measure | None
    n_reference: Count
    yardstick: NonNegative
    distance_shares: ShareArray
    prior_distances: FloatArray
    held_out_distances: FloatArray


@dataclass(frozen=True)
class Rung:
    """What one model of the ladder does to the rows.

    Attributes
    ----------
    objective, beta
        What it was trained by.
    log_likelihood, kl
        Of a held-out row, log p(x|z) at its posterior mean and KL(q(z|x) || p(z)), in nats; no KL without a prior.
    active_latents, mean_abs_correlation
        How many latents carry information, and how far these go together; None for fewer than two.
    continuity, detour
        As of the run's own model; None where no latent carries information, or nothing that is decoded changes.
    farther
        How often a decoded prior sample lies farther from the rows than the reconstruction of a held-out row; one half
        where they lie equally far.
    """

    objective: Objective
    beta: NonNegative
    log_likelihood: Measure
    kl: Measure | None
    active_latents: Count
    mean_abs_correlation: Share | None
    continuity: Measure | None
    detour: Measure | None
    farther: Measure


@dataclass(frozen=True)
class BetaTrial:
    """What short trainings with one beta came to, averaged over their seeds.

    Attributes
    ----------
    beta, taken
        The weight, and whether the run was trained with it.
    gain
        Nats of a held-out row beyond independent columns or pixels, by the ELBO with beta 1 whatever was minimised.
    lost
        By how much that is less than with the beta that gains most, row by row; below 0 only for one that leaves too
        few latents active.
    active_latents
        With the seed that has fewest.
    udr
        How far the latents of one seed are those of another; see `Disentanglement.scores`. Not what it is chosen by.
    """

    beta: NonNegative
    taken: bool
    gain: Measure
    lost: Measure
    active_latents: Count
    udr: Share


@dataclass(frozen=True)
class BetaChoice:
    """How beta was chosen without labels, over short trainings on a few of the rows.

    Attributes
    ----------
    seeds
        With which each beta was tried.
    fewest_active, given_up
        Latents that it must leave active, and share of the best gain that it may cost beyond one standard error.
    gains
        Whether any that does gains on independent columns or pixels.
    tried
        By rising beta.
    """

    seeds: Count
    fewest_active: Count
    given_up: Share
    gains: bool
    tried: tuple[BetaTrial, ...]


@dataclass(frozen=True)
class GivenValue:
    """The same held-out rows, given one value of a column.

    Attributes
    ----------
    value
        The level, the range of numbers that it stands for, or `(missing)`.
    n
        Held-out rows that have it themselves.
    expected
        Column -> what the decoder expects on average over all these rows: its number, or the share of its level.
    observed
        Column -> mean of the n rows in the data; left out where none of them has a cell.
    """

    value: str
    n: Count
    expected: Mapping[str, float]
    observed: Mapping[str, Measure]


@dataclass(frozen=True)
class GivenSummary:
    """One column that the model is given beside its latents, and what it then expects of the same rows.

    Attributes
    ----------
    column, n
        Its name, and how many held-out rows were decoded.
    levels
        Column -> which of its levels is told, of those that move most; columns of numbers are not in it.
    values
        By rising numbers, or falling frequency of levels; all tell of the same columns, the one that moves most first.
    """

    column: str
    n: Count
    levels: Mapping[str, str]
    values: tuple[GivenValue, ...]


@dataclass(frozen=True)
class DensitySummary:
    """Which family of joint densities of the latents was chosen, and how they compared.

    Attributes
    ----------
    family
        `gmm` or `knn`.
    held_out_nats
        Each family's mean log-density of rows that it was neither fitted to nor tuned on; None where it was not tried.
    n_held_out
        How many rows these were.
    """

    family: DensityFamily
    held_out_nats: Mapping[DensityFamily, float | None]
    n_held_out: Annotated[int, Ge(1)]


@dataclass(frozen=True)
class WeightSummary:
    """What the weights are made from, and how many equally weighted rows the n rows are worth with them (Kish 1965)."""

    kind: Rarity
    alpha: Annotated[float, Gt(0)]
    cap: Annotated[float, Ge(1)]
    effective_sample_size: NonNegative
    n: Count


@dataclass(frozen=True)
class HeldOutDensity:
    """How dense the model is on rows that it was not trained on, for comparison with other models.

    Attributes
    ----------
    n
        Held-out rows.
    iwae_samples, iwae_ci
        S of the importance-weighted bound (Burda 2016), or 0 where it is not known; the interval of its mean over rows.
    gain, gain_ci
        What the importance-weighted bound gains over the ELBO, row by row, and the interval of its mean.
    dimensions
        What a row's nats are divided by: modelled columns, or values of pixels; None where that is not known.
    per_dimension
        `elbo_nats`, `iwae_nats` and `baseline_nats`, each divided by `dimensions`; empty where that is not known.
    """

    n: Count
    iwae_samples: Count
    iwae_ci: Interval
    gain: float
    gain_ci: Interval
    dimensions: Annotated[int, Ge(1)] | None
    per_dimension: Mapping[HeldOutBound, float]


@dataclass(frozen=True)
class DisentanglementScore:
    """A score of how far each latent stands for one thing; see `vaeaudit.statistics.disentanglement`.

    Attributes
    ----------
    value, ci, n
        The figure, its interval by the bootstrap over rows, and how many rows there were.
    chance
        What it comes to where the factors are shuffled over the rows; None where no factors are needed.
    says
        The figure in a sentence.
    """

    value: float
    ci: Interval
    n: Count
    chance: float | None
    says: str


@dataclass(frozen=True)
class FactorLatent:
    """Which latent goes with a known factor.

    Attributes
    ----------
    factor, levels
        Name of the column, and levels or bins of it that were told apart.
    latent, share
        The latent that tells most of it, and the share of its entropy that it tells; None and 0 where none tells more
        than chance.
    next_latent, next_share
        The same of the latent that tells the second most.
    """

    factor: str
    levels: Annotated[int, Ge(2)]
    latent: Count | None
    share: Share
    next_latent: Count | None
    next_share: Share


@dataclass(frozen=True)
class Disentanglement:
    """How far each active latent stands for one thing.

    Attributes
    ----------
    mean_abs_correlation
        Of posterior means, over pairs of latents; None for fewer than two.
    total_correlation_gaussian_nats
        The total correlation that Gaussians with these correlations have; None for fewer than two latents, and where
        one repeats another.
    scores
        By name; those that need known factors, refits or two latents only where there are any.
    factors
        The known factors, in the order in which they were named.
    """

    mean_abs_correlation: Share | None = None
    total_correlation_gaussian_nats: NonNegative | None = None
    scores: Mapping[DisentanglementName, DisentanglementScore] = field(default_factory=dict)
    factors: tuple[FactorLatent, ...] = ()


@dataclass(frozen=True)
class ModelSummary:
    """How well the model learned the data; densities in nats per row.

    `continuity` says how evenly the decoding changes on the way from a row to a neighbour, 0 to 1; None where it
    nowhere changes. `completeness` is the share of decoded prior samples that are as near to the data as
    reconstructions of held-out rows. Both and `latent_space` are None for runs that have not measured them; likewise
    `density`, `weights` and `held_out`. `given` are the columns that it is given; `columns` counts those it decodes.
    """

    objective: Objective
    beta: float
    elbo_nats: float
    elbo_ci: Interval
    iwae_nats: float
    baseline_nats: float  # the same rows under independent columns: what learning gained is elbo - baseline
    gain_ci: Interval  # of that, row by row: both are of the same rows
    active_latents: Count
    latents: Count
    columns: Count
    epochs: Count
    stopped: Stopped
    seconds: NonNegative
    disentanglement: Disentanglement
    history: Mapping[str, FloatArray]
    continuity: Measure | None = None
    completeness: Measure | None = None
    latent_space: LatentSpaceSummary | None = None
    density: DensitySummary | None = None
    weights: WeightSummary | None = None
    held_out: HeldOutDensity | None = None
    ladder: tuple[Rung, ...] = ()
    given: tuple[GivenSummary, ...] = ()
    beta_choice: BetaChoice | None = None

    @property
    def parts(self) -> str:
        """What a row is made of, as far as the model sees it: columns, or the pixels of a picture."""
        return "columns" if self.columns else "pixels"
