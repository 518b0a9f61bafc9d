"""How well the model learned the data, on rows that took no part in training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
from scipy import stats

from vaeaudit.analysis.inputs import ModelFacts
from vaeaudit.analysis.latents.results import (
    BetaChoice,
    DensitySummary,
    Disentanglement,
    GivenSummary,
    HeldOutBound,
    HeldOutDensity,
    LatentSpaceSummary,
    ModelSummary,
    Rung,
    WeightSummary,
)
from vaeaudit.config import DensityFamily, Rarity
from vaeaudit.outputs.histograms import effective_sample_size
from vaeaudit.outputs.latents import LatentCodes, LatentSpace
from vaeaudit.outputs.record import BoolArray, FloatArray
from vaeaudit.scoring.rarity.rareness import LatentDensity, Rareness
from vaeaudit.statistics.intervals import normal_quantile, share_interval, wilson
from vaeaudit.statistics.measures import Interval, Measure

#: A walk jumps where one step holds more than this share of its length.
JUMP = 0.5
#: Prior samples count as near to the data within this quantile of the distances of held-out reconstructions.
NEAR_QUANTILE = 0.95
#: Shorter walks, in units of the features, stand still: float32 rounding would decide how even they are.
_STANDS_STILL = 1e-4
#: Points of the curves of distances.
_CURVE = np.linspace(0.0, 1.0, 101)


def summarise_model(
    codes: LatentCodes,
    facts: ModelFacts,
    space: LatentSpace | None = None,
    *,
    confidence: float,
    rareness: Rareness | None = None,
    weight: FloatArray | None = None,
    dimensions: int | None = None,
    ladder: tuple[Rung, ...] = (),
    given: Sequence[GivenSummary] = (),
    disentanglement: Disentanglement | None = None,
    beta_choice: BetaChoice | None = None,
) -> ModelSummary:
    """Summarise training: held-out bounds with an interval, active latents, and what the decoder makes of them.

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
        Values that a row consists of, for nats per dimension: pixels times channels. None: the decoded columns.
    given
        What the model is given; of a table it does not decode these columns.
    ladder
        Models that were trained beside.
    disentanglement, beta_choice
        What was measured of it, and how beta was chosen, if it was.
    """
    decoded = [name for name in codes.columns if name not in {column.column for column in given}]
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
        gain_ci=_interval(mean - facts.baseline_nats, facts.gain_sd, int(judged.sum()), confidence),
        active_latents=int(codes.active.sum()),
        latents=codes.n_latents,
        columns=len(decoded),
        epochs=facts.epochs,
        stopped=facts.stopped,
        seconds=float(facts.seconds),
        disentanglement=disentanglement or Disentanglement(),
        history=facts.history,
        continuity=None if space is None else continuity(*_lengths(space), confidence),
        completeness=None if space is None else completeness(space.prior_distance, space.held_out_distance, confidence),
        latent_space=None if space is None else summarise_latent_space(space, confidence=confidence),
        density=None if rareness is None else summarise_density(rareness.densities.density),
        weights=None if rareness is None or weight is None else summarise_weights(rareness, weight),
        held_out=_held_out_density(codes, facts, judged, dimensions or len(decoded) or None, confidence),
        given=tuple(given),
        ladder=ladder,
        beta_choice=beta_choice,
    )


def _held_out_density(
    codes: LatentCodes, facts: ModelFacts, judged: BoolArray, dimensions: int | None, confidence: float
) -> HeldOutDensity:
    elbo, iwae = codes.elbo[judged], codes.iwae[judged]
    mean, interval = mean_interval(iwae, confidence)
    gain, gain_interval = mean_interval(iwae - elbo, confidence)  # paired: both bounds are of the same rows
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
    return mean, _interval(mean, float(values.std(ddof=1)), values.size, confidence)


def _interval(mean: float, deviation: float, n: int, confidence: float) -> Interval:
    half = float(normal_quantile(confidence) * deviation / np.sqrt(n))
    return Interval(mean - half, mean + half, confidence)


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


def summarise_latent_space(space: LatentSpace, *, confidence: float) -> LatentSpaceSummary:
    """Say how often the latent space jumps, how far it leads astray, how well it is covered, and what of rows it keeps.

    Parameters
    ----------
    space
        What the run measured.
    confidence
        Of the intervals.
    """
    largest = largest_shares(space.step_lengths)
    covered = int(np.sum(space.prior_gap <= space.held_out_gap))
    yardstick = float(np.quantile(space.held_out_distance, NEAR_QUANTILE))
    return LatentSpaceSummary(
        jumps=_share(int(np.sum(largest > JUMP)), largest.size, 0.0, confidence) if largest.size else None,
        detour=detour(_lengths(space)[1], space.far_distance, confidence),
        coverage=_share(
            covered, space.prior_gap.size, expected_coverage(space.n_compared, space.n_neighbours), confidence
        ),
        kept_variation=kept_variation(space.error, space.spread, confidence),
        n_reference=space.n_reference,
        yardstick=yardstick,
        distance_shares=_CURVE,
        prior_distances=np.quantile(space.prior_distance, _CURVE),
        held_out_distances=np.quantile(space.held_out_distance, _CURVE),
    )


def _lengths(space: LatentSpace) -> tuple[FloatArray, FloatArray]:
    """Lengths of the walks between neighbours [M], and between rows drawn at random [W]."""
    return space.step_lengths.sum(axis=1), space.far_step_lengths.sum(axis=1)


def continuity(near: FloatArray, far: FloatArray, confidence: float) -> Measure | None:
    """Return how much less what is decoded changes on the way to a neighbour than on the way between any two rows.

    1 minus the quotient of the mean lengths of the two kinds of walks: 1 where rows that are near in the latents are
    decoded alike, 0 where they are as different as any two. Our own measure of "near z, near x"; the interval is that
    of a quotient of two means (delta method). None where what is decoded nowhere changes.

    Parameters
    ----------
    near, far
        [M] and [W]; lengths of walks between neighbours, and between rows drawn at random.
    confidence
        Of the interval.
    """
    if not near.size or not far.size or far.mean() <= _STANDS_STILL:
        return None
    ratio = float(near.mean() / far.mean())
    if min(near.size, far.size) < 2:
        return Measure(1 - ratio, Interval(None, None, confidence), near.size)
    errors = [float(part.std(ddof=1) / np.sqrt(part.size)) for part in (near, far)]
    half = normal_quantile(confidence) * float(np.hypot(errors[0], ratio * errors[1]) / far.mean())
    return Measure(1 - ratio, Interval(1 - ratio - half, min(1.0, 1 - ratio + half), confidence), near.size)


def detour(far: FloatArray, far_distance: FloatArray, confidence: float) -> Measure | None:
    """Return how much longer than straight the decoded way between two rows is: the mean quotient, at least 1.

    A decoder that leads through what is neither row makes a detour. None where what is decoded nowhere changes.

    Parameters
    ----------
    far, far_distance
        [W]; lengths of walks between rows drawn at random, and how far apart their ends are decoded.
    confidence
        Of the interval.
    """
    moves = far_distance > _STANDS_STILL
    if not moves.any():
        return None
    quotient = far[moves] / far_distance[moves]
    mean, interval = mean_interval(quotient, confidence)
    low = None if interval.low is None else max(1.0, interval.low)
    return Measure(mean, Interval(low, interval.high, confidence), quotient.size, 1.0)


def largest_shares(step_lengths: FloatArray) -> FloatArray:
    """Return the largest step's share of the walk, of each walk [M, T] that moves at all; between 1/T and 1."""
    total = step_lengths.sum(axis=1)
    moves = total > _STANDS_STILL
    return np.asarray(step_lengths[moves].max(axis=1) / total[moves])


def completeness(prior_distance: FloatArray, held_out_distance: FloatArray, confidence: float) -> Measure:
    """Return the share of decoded prior samples that fall as near to the data as held-out reconstructions do.

    Near is within the 95 % quantile of `held_out_distance`, so that samples of the same distribution give 95 % (less
    for few held-out rows, which `expected` counts in). Our own definition, after the improved precision of Kynkäänniemi
    et al. (2019), with one radius for all rows. The interval joins Wilson's with that of the quantile, which is itself
    an estimate, by squares as in Newcombe's (1998) method.

    Parameters
    ----------
    prior_distance, held_out_distance
        [P], [H]; distances to the nearest reference row.
    confidence
        Of the interval.
    """
    n, n_held_out = prior_distance.size, held_out_distance.size
    near = int(np.sum(prior_distance <= np.quantile(held_out_distance, NEAR_QUANTILE)))
    share = near / n
    low, high = (float(bound) for bound in wilson(near, n, confidence))
    least, most = (float(np.mean(prior_distance <= bound)) for bound in _quantile_bounds(held_out_distance, confidence))
    interval = Interval(
        max(0.0, share - float(np.hypot(share - low, share - least))),
        min(1.0, share + float(np.hypot(high - share, most - share))),
        confidence,
    )
    expected = ((n_held_out - 1) * NEAR_QUANTILE + 1) / (n_held_out + 1)
    return Measure(share, interval, n, expected)


def _quantile_bounds(values: FloatArray, confidence: float) -> tuple[float, float]:
    """Exact interval of the quantile `NEAR_QUANTILE` from order statistics; infinite where too few values bound it."""
    tail = (1 - confidence) / 2
    low, high = (int(stats.binom.ppf(level, values.size, NEAR_QUANTILE)) for level in (tail, 1 - tail))
    padded = np.concatenate([[-np.inf], np.sort(values), [np.inf]])
    return float(padded[low]), float(padded[high + 1])


def expected_coverage(n: int, k: int) -> float:
    """Return the coverage that n samples of the same distribution as the n others would have (Naeem et al. 2020).

    Not covered is a point whose k nearest, among both, are all of the others: the probability is that of drawing only
    those. About 1 - 2^-k.
    """
    drawn = np.arange(min(k, n))
    return float(1.0 - np.prod((n - drawn) / (2 * n - drawn)))


def kept_variation(error: FloatArray, spread: FloatArray, confidence: float) -> Measure | None:
    """Return 1 - sum(error) / sum(spread): how much of the rows' variation their reconstructions keep.

    1 where each row is reconstructed exactly, 0 where all are reconstructed as the mean row, less where worse. None
    where the rows do not vary. The interval is that of a ratio of means (delta method).

    Parameters
    ----------
    error, spread
        [H]; squared distance of each row to its reconstruction, and to the mean row.
    confidence
        Of the interval.
    """
    n, mean_spread = error.size, float(spread.mean())
    if mean_spread <= _STANDS_STILL**2:
        return None
    ratio = float(error.mean()) / mean_spread
    if n < 2:
        return Measure(1 - ratio, Interval(None, None, confidence), n)
    residual = error - ratio * spread
    half = normal_quantile(confidence) * float(residual.std(ddof=1)) / (float(np.sqrt(n)) * mean_spread)
    return Measure(1 - ratio, Interval(1 - ratio - half, min(1.0, 1 - ratio + half), confidence), n)


def _share(count: int, n: int, expected: float, confidence: float) -> Measure:
    return Measure(count / n, share_interval(count, n, confidence), n, expected)
