"""Which weight of the KL to take, by short trainings judged on rows that they did not see."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]

#: Latents that must stay active, or as many as beta 1 has where that are fewer.
FEWEST_ACTIVE = 3


def fewest_active(beta: FloatArray, active: IntArray) -> int:
    """Return how many latents a beta must leave active: `FEWEST_ACTIVE`, or what beta 1 has, but at least one.

    Parameters
    ----------
    beta, active
        [B]; weights, 1 among them, and how many latents are active with each.
    """
    return max(1, min(FEWEST_ACTIVE, int(active[beta == 1].min())))


def best_of(beta: FloatArray, gain: FloatArray, active: IntArray) -> int | None:
    """Return the position of the beta that gains most of those that leave enough latents active; None where none gains.

    Parameters
    ----------
    beta, gain, active
        As for `choose_beta`.
    """
    mean = np.where(active >= fewest_active(beta, active), gain.mean(axis=1), -np.inf)
    return int(mean.argmax()) if mean.max() > 0 else None


def choose_beta(beta: FloatArray, gain: FloatArray, active: IntArray, given_up: float = 0.0) -> float:
    """Return the largest beta that leaves enough latents active and gains as much as the best, as far as rows can tell.

    The rule of one standard error (Breiman et al. 1984, Classification and Regression Trees), of differences row by
    row; docs/methods.md has what it was compared with.

    Parameters
    ----------
    beta
        [B]; weights, 1 among them, which is taken where none leaves enough latents active, or none gains anything.
    gain
        [B, H]; nats of each held-out row beyond independent columns, by the bound that has beta 1 whatever was
        minimised.
    active
        [B]; how many latents are active.
    given_up
        Share of the best gain that a larger beta may cost besides, where it buys what the bound does not see.
    """
    best = best_of(beta, gain, active)
    if best is None:
        return 1.0
    lost = gain[best] - gain
    error = lost.std(axis=1, ddof=1) / np.sqrt(lost.shape[1])
    allowed = np.maximum(error, given_up * gain[best].mean())
    fits = (active >= fewest_active(beta, active)) & (lost.mean(axis=1) <= allowed)
    return float(beta[fits].max())
