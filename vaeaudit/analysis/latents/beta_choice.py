"""How beta was chosen: what short trainings with each came to, with intervals."""

from __future__ import annotations

import numpy as np

from vaeaudit.analysis.latents.model_summary import mean_interval
from vaeaudit.analysis.latents.results import BetaChoice, BetaTrial
from vaeaudit.outputs.beta_trials import BetaTrials
from vaeaudit.outputs.record import FloatArray
from vaeaudit.statistics.aggregated_posterior import agreement
from vaeaudit.statistics.beta_choice import GIVEN_UP, fewest_active
from vaeaudit.statistics.measures import Interval, Measure


def summarise_beta_choice(trials: BetaTrials, taken: float, confidence: float, seed: int) -> BetaChoice:
    """Summarise the trials of each beta.

    Parameters
    ----------
    trials, taken
        What the run keeps, and the beta that it was trained with.
    confidence
        Of the intervals: they say what other rows would give, not what other seeds would.
    seed
        Of the comparison between seeds.
    """
    elbo, active = trials.elbo.mean(axis=1).astype(np.float64), trials.fewest_active  # [B, H], [B]
    gain = elbo - trials.baseline
    best = gain[gain.mean(axis=1).argmax()]
    tried = tuple(
        BetaTrial(
            beta=float(beta),
            taken=bool(beta == taken),
            elbo=Measure(*mean_interval(elbo[place], confidence), best.size),
            kept=_kept(gain[place], best, confidence),
            active_latents=int(active[place]),
            udr=agreement(trials.mean[place], trials.active[place], np.random.default_rng(seed))["udr"].value,
        )
        for place, beta in enumerate(trials.beta)
    )
    return BetaChoice(trials.elbo.shape[1], GIVEN_UP, fewest_active(trials.beta, active), tried)


def _kept(gain: FloatArray, best: FloatArray, confidence: float) -> Measure | None:
    """Return the ratio of two mean gains [H] of the same rows, with the interval of the delta method."""
    most = float(best.mean())
    if most <= 0:
        return None
    ratio = float(gain.mean()) / most
    _, beyond = mean_interval((gain - ratio * best) / most, confidence)
    low, high = (None if bound is None else ratio + bound for bound in beyond.bounds)
    return Measure(ratio, Interval(low, high, confidence), gain.size)
