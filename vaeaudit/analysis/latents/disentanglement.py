"""Whether each latent stands for one thing: by known factors of the data, by refits, and by what latents share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from vaeaudit.analysis.grouping.groups import Grouping, group_column
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.latents.results import (
    Disentanglement,
    DisentanglementName,
    DisentanglementScore,
    FactorLatent,
)
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind, Schema
from vaeaudit.errors import UsageError
from vaeaudit.outputs.latents import ACTIVE_THRESHOLD
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.statistics.aggregated_posterior import agreement, dependence
from vaeaudit.statistics.disentanglement import Information, Score, score_all, scores_by_chance
from vaeaudit.statistics.intervals import normal_quantile
from vaeaudit.statistics.measures import Interval
from vaeaudit.wording import numbers

#: Rows that scores are taken of, and resamples of them for the intervals.
MOST_ROWS, RESAMPLES = 3000, 50
#: Fewest rows that a score is taken of, and fewest of a factor that do not have its most frequent value.
FEWEST_ROWS, FEWEST_OTHERS = 40, 20
#: Bins of a factor of numbers or dates (each value its own where there are no more), and most levels of any other.
FACTOR_BINS, MOST_LEVELS = 10, 50
#: What the figure of each score says of the model; a score between 0 and 1 is shown in percent.
_SAYS: Mapping[DisentanglementName, str] = {
    "mean_pairwise_mi_nats": "Two latents, drawn from their posteriors, share {} nats on average: 0 if each says "
    "something of its own.",
    "total_correlation_nats": "Taken together, latents drawn from their posteriors share at least {} nats: 0 if they "
    "are independent.",
    "udr": "Over trainings from other seeds, a latent goes with one latent alone to {}: the larger, the more stable "
    "and the more apart the axes are.",
    "matched": "Paired one to one with those of trainings from other seeds, the latents agree to {}.",
    "mig": "Of the entropy of an average factor, the best latent tells {} more than the next best.",
    "infom": "An average latent tells of one factor alone to {}.",
    "infoc": "An average factor is told by one latent alone to {}.",
    "infoe": "A linear model of all latents tells {} of the entropy of an average factor.",
    "dci_disentanglement": "In a forest that predicts the factors, a latent matters to one factor alone to {}.",
    "dci_completeness": "In a forest that predicts the factors, a factor rests on one latent alone to {}.",
    "dci_informativeness": "A forest of all latents gets {} of the rows right whose level a guess gets wrong.",
    "sap": "By thresholds, the best latent predicts an average factor better than the next best by {}.",
    "factorvae": "The latent that varies least where a factor is held tells which factor it was in {} of the cases.",
}


def factors_of(frame: pd.DataFrame, schema: Schema, names: Sequence[str]) -> tuple[Grouping, ...]:
    """Divide the columns that a user knows to be generating factors into levels.

    Parameters
    ----------
    frame, schema
        [N, C] rows and their schema.
    names
        Of the columns.

    Raises
    ------
    UsageError
        Where there is no such column, where it is text or has more than `MOST_LEVELS` levels, or where fewer than
        `FEWEST_OTHERS` rows differ from its most frequent value.
    """
    return tuple(_factor(frame, schema, name) for name in dict.fromkeys(names))


def _factor(frame: pd.DataFrame, schema: Schema, name: str) -> Grouping:
    known = [column.name for column in schema]
    if name not in known:
        raise UsageError(f"--factors {name}: there is no such column.", hint=f"The columns are {', '.join(known)}.")
    column = schema[name]
    levels = len(column.levels) if column.kind.is_levelled else 0
    if column.kind in (Kind.TEXT, Kind.IDENTIFIER) or levels > MOST_LEVELS:
        found = numbers.count(levels or column.unique)
        raise UsageError(
            f"--factors {name}: expected numbers, or at most {MOST_LEVELS} levels, found {found} distinct values.",
            hint="Numbers and dates are divided into bins; --kind-of at fit says that a column holds them.",
        )
    grouping = group_column(frame[name], column, bins=FACTOR_BINS)
    rows = np.delete(grouping.counts, [] if grouping.missing is None else grouping.missing)
    if rows.sum() - rows.max(initial=0) < FEWEST_OTHERS:
        raise UsageError(
            f"--factors {name}: expected a column that varies, found "
            f"{numbers.count(rows.sum() - rows.max(initial=0))} rows that differ from its most frequent value."
        )
    return grouping


def summarise_disentanglement(inputs: AuditInputs, config: AnalysisConfig, seed: int) -> Disentanglement:
    """Measure what can be said: always how independent the active latents are, the rest where it can be known.

    Parameters
    ----------
    inputs, config
        `config.factors` names the known factors, `config.confidence` is that of the intervals.
    seed
        Of rows, resamples and shuffles.

    Raises
    ------
    UsageError
        See `factors_of`; also where the rows that have a value of every factor are too few.
    """
    codes, rng = inputs.codes, np.random.default_rng(seed)
    active = np.flatnonzero(codes.active)
    factors = factors_of(inputs.frame, inputs.schema, config.factors)
    scores: dict[DisentanglementName, DisentanglementScore] = {}
    rows = _sample(np.ones(len(codes), bool), rng)
    if active.size > 1 and rows.size >= FEWEST_ROWS:
        mean, stddev = (part[rows][:, active].astype(np.float64) for part in (codes.mean, codes.stddev))
        scores |= _said(dependence(mean, stddev, rng, RESAMPLES), rows.size, config.confidence)
    if inputs.member_means is not None:
        scores |= _over_refits(inputs, inputs.member_means, rng, config.confidence)
    found: tuple[FactorLatent, ...] = ()
    if factors and active.size:
        found, with_factors = _with_factors(inputs, factors, active, rng, config.confidence)
        scores |= with_factors
    return Disentanglement(**latent_overlap(codes.mean[:, active]), scores=scores, factors=found)


def _sample(eligible: BoolArray, rng: np.random.Generator) -> IntArray:
    return np.sort(rng.permutation(np.flatnonzero(eligible))[:MOST_ROWS])


def _over_refits(
    inputs: AuditInputs, member_means: FloatArray, rng: np.random.Generator, level: float
) -> dict[DisentanglementName, DisentanglementScore]:
    """Compare the model with its refits on held-out rows, on which no latent agrees because it was fitted to them."""
    rows = _sample(inputs.codes.held_out, rng)
    if rows.size < FEWEST_ROWS:
        return {}
    means = np.concatenate([inputs.codes.mean[None, rows], member_means[:, rows]])
    active = np.vstack([inputs.codes.active, member_means.var(axis=1) > ACTIVE_THRESHOLD])
    return _said(agreement(means, active, rng, RESAMPLES), rows.size, level)


def _with_factors(
    inputs: AuditInputs, factors: Sequence[Grouping], active: IntArray, rng: np.random.Generator, level: float
) -> tuple[tuple[FactorLatent, ...], dict[DisentanglementName, DisentanglementScore]]:
    known = [factor.codes != (-1 if factor.missing is None else factor.missing) for factor in factors]
    rows = _sample(np.all(known, axis=0), rng)
    codes = np.stack([np.unique(factor.codes[rows], return_inverse=True)[1] for factor in factors], axis=1)
    if rows.size < FEWEST_ROWS or min(np.sort(np.bincount(each))[:-1].sum() for each in codes.T) < FEWEST_OTHERS // 2:
        named = ", ".join(factor.column for factor in factors)
        raise UsageError(f"--factors {named}: too few rows have a value in each, and differ in it, to judge by.")
    active = active[np.ptp(inputs.codes.mean[rows][:, active], axis=0) > 0]  # where the factors are known
    if not active.size:
        return (), {}
    latents = inputs.codes.mean[rows][:, active].astype(np.float64)
    scores = score_all(latents, codes, rng, RESAMPLES)
    chance = scores_by_chance(latents, codes, rng)
    shares = Information(latents, codes, rng).shares()
    found = tuple(
        _goes_with(factor.column, int(each.max()) + 1, share, active)
        for factor, each, share in zip(factors, codes.T, shares.T, strict=True)
    )
    return found, _said(scores, rows.size, level, {name: chance.get(name, 0.0) for name in scores})


def _goes_with(factor: str, levels: int, shares: FloatArray, active: IntArray) -> FactorLatent:
    order = np.argsort(-shares, kind="stable")[:2]
    told = [(int(active[place]), float(shares[place])) for place in order if shares[place]]
    nothing = (None, 0.0)
    (latent, share), (other, other_share) = (*told, nothing, nothing)[:2]
    return FactorLatent(factor, levels, latent, share, other, other_share)


def _said(
    scores: Mapping[str, Score], n: int, level: float, chance: Mapping[str, float] | None = None
) -> dict[DisentanglementName, DisentanglementScore]:
    """Add interval and sentence; the interval is normal, and ends where the score does."""
    return {
        name: DisentanglementScore(
            value=scores[name].value,
            ci=_interval(name, scores[name], level),
            n=n,
            chance=None if chance is None else chance[name],
            says=says.format(_written(name, scores[name].value)),
        )
        for name, says in _SAYS.items()
        if name in scores
    }


def _written(name: str, value: float) -> str:
    return numbers.nats(value) if name.endswith("_nats") else numbers.ratio(value)


def _interval(name: str, score: Score, level: float) -> Interval:
    half = normal_quantile(level) * score.error
    most = np.inf if name.endswith("_nats") else 1.0
    return Interval(float(max(score.value - half, 0.0)), float(min(score.value + half, most)), level)


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
