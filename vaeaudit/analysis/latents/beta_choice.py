"""How beta was chosen: what short trainings with each came to, with intervals."""

from __future__ import annotations

import numpy as np

from vaeaudit.analysis.latents.model_summary import mean_interval
from vaeaudit.analysis.latents.results import BetaChoice, BetaTrial
from vaeaudit.config import Objective
from vaeaudit.outputs.beta_trials import BetaTrials
from vaeaudit.outputs.record import FloatArray
from vaeaudit.statistics.aggregated_posterior import agreement
from vaeaudit.statistics.beta_choice import best_of, fewest_active
from vaeaudit.statistics.measures import Measure


def summarise_beta_choice(
    trials: BetaTrials, objective: Objective, taken: float, confidence: float, seed: int
) -> BetaChoice:
    """Summarise the trials of each beta.

    Parameters
    ----------
    trials, objective, taken
        What the run keeps, and what it was trained with.
    confidence
        Of the intervals: they say what other rows would give, not what other seeds would.
    seed
        Of the comparison between seeds.
    """
    gain, active = trials.gain, trials.fewest_active
    best = best_of(trials.beta, gain, active)
    most = gain[gain.mean(axis=1).argmax() if best is None else best]
    tried = tuple(
        BetaTrial(
            beta=float(beta),
            taken=bool(beta == taken),
            gain=_mean(gain[place], confidence),
            lost=_mean(most - gain[place], confidence),
            active_latents=int(active[place]),
            udr=agreement(trials.mean[place], trials.active[place], np.random.default_rng(seed))["udr"].value,
        )
        for place, beta in enumerate(trials.beta)
    )
    fewest = fewest_active(trials.beta, active)
    return BetaChoice(trials.elbo.shape[1], fewest, objective.given_up, best is not None, tried)


def _mean(values: FloatArray, confidence: float) -> Measure:
    mean, interval = mean_interval(values, confidence)
    return Measure(mean, interval, values.size)
