"""What short trainings with different weights of the KL, or of what the objective has in its place, came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from vaeaudit.outputs.record import Array, BoolArray, FloatArray, IntArray, Record


@dataclass(frozen=True)
class BetaTrials(Record):
    """B values of beta, each tried with S seeds, on the same H rows, which no trial trained on.

    Attributes
    ----------
    beta
        [B], rising.
    elbo, baseline
        [B, S, H] log p(x|z) - KL(q(z|x) || p(z)) in nats, with beta 1 whatever was minimised; and [H] log p(x) with
        independent columns or pixels.
    mean, stddev
        [B, S, H, L]; q(z|x).
    active
        [B, S, L]; which latents carry information.
    """

    beta: Annotated[FloatArray, Array("B", above=0)]
    elbo: Annotated[FloatArray, Array("B S H")]
    baseline: Annotated[FloatArray, Array("H")]
    mean: Annotated[FloatArray, Array("B S H L")]
    stddev: Annotated[FloatArray, Array("B S H L", least=0)]
    active: Annotated[BoolArray, Array("B S L", "true or false")]

    @property
    def gain(self) -> FloatArray:
        """[B, H]; nats of each row beyond independent columns or pixels, averaged over seeds."""
        return np.asarray(self.elbo.mean(axis=1, dtype=np.float64) - self.baseline)

    @property
    def fewest_active(self) -> IntArray:
        """[B]; how many latents are active, with the seed that has fewest."""
        return np.asarray(self.active.sum(axis=2).min(axis=1))
