"""How well the model learned the data, on rows that took no part in training."""

from __future__ import annotations

from typing import get_args

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.inputs import ModelFacts
from vaeaudit.analysis.latents.latent_space import completeness, continuity, summarise_latent_space
from vaeaudit.analysis.latents.results import DensitySummary, HeldOutBound, HeldOutDensity, ModelSummary, WeightSummary
from vaeaudit.config import DensityFamily, Rarity
from vaeaudit.outputs.histograms import effective_sample_size
from vaeaudit.outputs.latents import LatentCodes, LatentSpace
from vaeaudit.scoring.rarity.rareness import LatentDensity, Rareness
from vaeaudit.statistics.intervals import normal_quantile
from vaeaudit.statistics.measures import Interval

FloatArray = npt.NDArray[np.floating]


def summarise_model(
    codes: LatentCodes,
    facts: ModelFacts,
    space: LatentSpace | None = None,
    *,
    confidence: float,
    rareness: Rareness | None = None,
    weight: FloatArray | None = None,
    dimensions: int | None = None,
) -> ModelSummary:
    """Summarise training: held-out bounds with an interval, active latents, and how much the latents overlap.

    `disentanglement` holds `mean_abs_correlation` and `total_correlation_gaussian_nats` of the active posterior means
    (see `latent_overlap`). Both say how independent the axes are of one another, and nothing about what they mean.

    Parameters
    ----------
    codes, facts
        Of the run's rows, and of its training.
    space
        What was measured between and around the rows, if it was.
    confidence
        Of the intervals.
    rareness, weight
        What rarity is made from, and the weights [N] that follow; None where they are not known.
    dimensions
        Values that a row consists of, for nats per dimension: pixels times channels. None: the modelled columns.
    """
    judged = codes.held_out if codes.held_out.any() else np.ones(len(codes), dtype=bool)
    elbo = codes.elbo[judged]
    mean, interval = mean_interval(elbo, confidence)
    return ModelSummary(
        objective=facts.objective,
        beta=facts.beta,
        elbo_nats=mean,
        elbo_ci=interval,
        iwae_nats=mean_interval(codes.iwae[judged], confidence)[0],
        baseline_nats=float(facts.baseline_nats),
        active_latents=int(codes.active.sum()),
        latents=codes.n_latents,
        columns=len(codes.columns),
        epochs=facts.epochs,
        stopped=facts.stopped,
        seconds=float(facts.seconds),
        disentanglement=latent_overlap(codes.mean[:, codes.active]),
        history=facts.history,
        continuity=None if space is None else continuity(space.step_lengths, confidence),
        completeness=None if space is None else completeness(space.prior_distance, space.held_out_distance, confidence),
        latent_space=None if space is None else summarise_latent_space(space, confidence=confidence),
        density=None if rareness is None else summarise_density(rareness.densities.density),
        weights=None if rareness is None or weight is None else summarise_weights(rareness, weight),
        held_out=_held_out_density(codes, facts, judged, dimensions, confidence),
    )


def _held_out_density(
    codes: LatentCodes, facts: ModelFacts, judged: npt.NDArray[np.bool_], dimensions: int | None, confidence: float
) -> HeldOutDensity:
    elbo, iwae = codes.elbo[judged], codes.iwae[judged]
    mean, interval = mean_interval(iwae, confidence)
    gain, gain_interval = mean_interval(iwae - elbo, confidence)  # paired: both bounds are of the same rows
    dimensions = dimensions or len(codes.columns) or None
    nats: dict[HeldOutBound, float] = {
        "elbo_nats": mean_interval(elbo, confidence)[0],
        "iwae_nats": mean,
        "baseline_nats": float(facts.baseline_nats),
    }
    return HeldOutDensity(
        n=int(judged.sum()),
        iwae_samples=facts.iwae_samples,
        iwae_ci=interval,
        gain=gain,
        gain_ci=gain_interval,
        dimensions=dimensions,
        per_dimension={} if dimensions is None else {name: value / dimensions for name, value in nats.items()},
    )


def mean_interval(values: FloatArray, confidence: float) -> tuple[float, Interval]:
    """Return the mean and its normal interval, mean +- z * s / sqrt(n); open on both sides below two values."""
    if values.size < 2:
        return float(values.mean()) if values.size else 0.0, Interval(None, None, confidence)
    mean = float(values.mean())
    half = float(normal_quantile(confidence) * values.std(ddof=1) / np.sqrt(values.size))
    return mean, Interval(mean - half, mean + half, confidence)


def latent_overlap(means: FloatArray) -> dict[str, float]:
    """Measure how far the aggregated posterior's axes are from independent, as far as correlations show it.

    Parameters
    ----------
    means
        [N, A], posterior means of the active latents.

    Returns
    -------
    dict[str, float]
        `mean_abs_correlation`, over pairs of axes, and `total_correlation_gaussian_nats`, `-1/2 log det R` of the
        correlation matrix R: the total correlation that a Gaussian with these correlations would have, nats.
        Empty for fewer than two axes; the second is left out where one axis repeats another exactly.
    """
    n_rows, n_axes = means.shape
    if n_axes < 2 or n_rows < 3 or np.any(means.std(axis=0) == 0):
        return {}
    correlation = np.asarray(np.corrcoef(means, rowvar=False))
    pairs = correlation[np.triu_indices(n_axes, k=1)]
    overlap = {"mean_abs_correlation": float(np.abs(pairs).mean())}
    sign, log_determinant = np.linalg.slogdet(correlation)
    if sign > 0 and np.isfinite(log_determinant):
        overlap["total_correlation_gaussian_nats"] = max(0.0, float(-0.5 * log_determinant))
    return overlap


def summarise_density(density: LatentDensity) -> DensitySummary | None:
    """Say which family was chosen, and how the families compared; None where no latent is active.

    Parameters
    ----------
    density
        Of a run.
    """
    if not density.family:
        return None
    nats: dict[DensityFamily, float | None] = {
        name: density.held_out_nats.get(name) for name in get_args(DensityFamily)
    }
    return DensitySummary(density.family, nats, density.n_held_out)


def summarise_weights(rareness: Rareness, weight: FloatArray) -> WeightSummary:
    """Say what the weights are, and how much of the sample they leave (Kish 1965).

    Parameters
    ----------
    rareness
        Of a run.
    weight
        [N], of its rows; not all 0.
    """
    return WeightSummary(
        Rarity(rareness.kind), rareness.alpha, rareness.cap, effective_sample_size(weight), len(weight)
    )
