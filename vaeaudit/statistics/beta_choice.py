"""Which weight of the KL to take, by what short trainings gained with each on rows that they did not see."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]

#: Share of the best gain that may be given up for a larger weight; docs/methods.md says how it was measured.
GIVEN_UP = 0.1
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


def choose_beta(beta: FloatArray, gain: FloatArray, active: IntArray) -> float:
    """Return the largest beta that leaves enough latents active and gains nearly as much as the best of these.

    Parameters
    ----------
    beta
        [B]; weights, 1 among them, which is taken where no other fits: where nothing is active, or nothing is gained.
    gain
        [B]; held-out nats per row beyond independent columns, by the bound that has beta 1 whatever was minimised: it
        is best near beta 1, and what a larger beta costs of it is paid for latents that are told apart more clearly.
    active
        [B]; how many latents are active.
    """
    able = active >= fewest_active(beta, active)
    best = gain[able].max(initial=0.0)
    fits = able & (gain >= (1 - GIVEN_UP) * best) & (best > 0)
    return float(beta[fits].max(initial=0.0)) or 1.0
