"""How well the model learned the data, and what each column holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vaeaudit.analysis.results.measures import FloatArray, Interval, Measure
from vaeaudit.config import Objective


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
class DensitySummary:
    """Which family of joint densities of the latents was chosen, and how they compared.

    Attributes
    ----------
    family
        `gmm`, `knn` or `flow`.
    held_out_nats
        Each family's mean log-density of rows that it was neither fitted to nor tuned on; None where it was not tried.
    n_held_out
        How many rows these were.
    """

    family: str
    held_out_nats: Mapping[str, float | None]
    n_held_out: int


@dataclass(frozen=True)
class WeightSummary:
    """What the weights are made from, and how many equally weighted rows the n rows are worth with them (Kish 1965)."""

    kind: str
    alpha: float
    cap: float
    effective_sample_size: float
    n: int


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

    n: int
    iwae_samples: int
    iwae_ci: Interval
    gain: float
    gain_ci: Interval
    dimensions: int | None
    per_dimension: Mapping[str, float]


@dataclass(frozen=True)
class ModelSummary:
    """How well the model learned the data; densities in nats per row.

    `latent_space` is None for runs that have not measured it; likewise `density`, `weights` and `held_out`.
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
    density: DensitySummary | None = None
    weights: WeightSummary | None = None
    held_out: HeldOutDensity | None = None

    @property
    def trained_as(self) -> Objective:
        """What training minimised."""
        return Objective(self.objective)

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
    """One column, for the table at the end of the report.

    `meaning` says what a `derived` column, one that was computed from the pictures, measures; it is empty for others.
    """

    name: str
    kind: str
    role: str
    in_model: bool
    missing: int
    unique: int
    summary: str
    problems: tuple[str, ...]
    suggested_sensitive: bool
    derived: bool = False
    meaning: str = ""
