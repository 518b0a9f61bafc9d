"""What each rung of the ladder does to the same rows, with intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vaeaudit.analysis.grouping.groups import Grouping
from vaeaudit.analysis.latents.latent_map import groups_at
from vaeaudit.analysis.latents.model_summary import continuity, detour, mean_interval
from vaeaudit.analysis.latents.results import LatentMap, Rung
from vaeaudit.config import Objective
from vaeaudit.outputs.ladder import Ladder
from vaeaudit.statistics.cross_fit import macro_auc_interval
from vaeaudit.statistics.measures import FloatArray, Measure


def summarise_ladder(ladder: Ladder, confidence: float) -> tuple[Rung, ...]:
    """Return one result per model, in the order of the ladder.

    Parameters
    ----------
    ladder
        What the run measured.
    confidence
        Of the intervals.
    """
    return tuple(_rung(ladder, place, confidence) for place in range(len(ladder.objective)))


def maps_of(ladder: Ladder, groupings: Sequence[Grouping]) -> tuple[LatentMap, ...]:
    """Place rows on the two latents of each model that tell most, coloured by the groups of all rows."""
    groups, nobody = groups_at(groupings, ladder.shown), np.zeros(len(ladder.shown), dtype=bool)
    return tuple(
        LatentMap((int(first), int(second)), plane[:, 0], plane[:, 1], groups, nobody)
        for (first, second), plane in zip(ladder.axes, ladder.plane, strict=True)
    )


def _rung(ladder: Ladder, place: int, confidence: float) -> Rung:
    objective = Objective(ladder.objective[place])
    near, far = ladder.near_length[place], ladder.far_length[place]
    n_active = int(ladder.active[place].sum())
    return Rung(
        objective=objective,
        beta=float(ladder.beta[place]),
        log_likelihood=_mean(ladder.log_likelihood[place], confidence),
        kl=_mean(ladder.kl[place], confidence) if objective.has_prior else None,
        active_latents=n_active,
        mean_abs_correlation=float(ladder.overlap[place]) if n_active > 1 else None,
        continuity=continuity(near, far, confidence) if n_active else None,
        detour=detour(far, ladder.far_distance[place], confidence) if n_active else None,
        farther=_farther(ladder.prior_distance[place], ladder.held_out_distance[place], confidence),
    )


def _mean(values: FloatArray, confidence: float) -> Measure:
    mean, interval = mean_interval(values.astype(np.float64), confidence)
    return Measure(mean, interval, values.size)


def _farther(prior: FloatArray, held_out: FloatArray, confidence: float) -> Measure:
    """Return how often a decoded prior sample lies farther from the rows than a held-out row's reconstruction.

    One half where the two kinds lie equally far: the two-sample test of Mann and Whitney (1947), with the interval of
    DeLong (1988).
    """
    scores = np.concatenate([prior, held_out])[:, None]
    value, interval = macro_auc_interval(scores, (np.arange(len(scores)) < len(prior))[:, None], confidence)
    return Measure(value, interval, len(scores), 0.5)
