"""What an auto-encoder, a VAE and a beta-VAE each make of the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt

from vaeaudit.outputs.record import Array, FloatArray, IntArray, Record

Lengths = Annotated[tuple[FloatArray, ...], Array("_", least=0)]


@dataclass(frozen=True)
class Ladder(Record):
    """R models of the same latents, trained alike on the same rows; distances as in `LatentSpace`.

    Attributes
    ----------
    objective, beta
        [R]; what each was trained by.
    log_likelihood, kl
        [R, H]; of held-out rows, log p(x|z) at the posterior mean, and KL(q(z|x) || p(z)), in nats.
    active, overlap
        [R, L]; which latents carry information, and [R] the mean absolute correlation of these.
    shown, axes, plane
        [P] positions of rows, [R, 2] the two latents of each model that tell most, and [R, P, 2] the posterior means of
        these rows there.
    near_length, far_length, far_distance
        Per model; lengths of decoded walks between neighbours, and between rows drawn at random, and how far apart the
        ends of the latter are decoded.
    prior_distance, held_out_distance
        Per model; of decoded prior samples, and of reconstructions of held-out rows, to the nearest reference row.
    """

    objective: Annotated[tuple[str, ...], Array("R", "text")]
    beta: Annotated[FloatArray, Array("R", least=0)]
    log_likelihood: Annotated[FloatArray, Array("R H")]
    kl: Annotated[FloatArray, Array("R H", least=0)]
    active: Annotated[npt.NDArray[np.bool_], Array("R L", "true or false")]
    overlap: Annotated[FloatArray, Array("R", least=0, most=1)]
    shown: Annotated[IntArray, Array("P", "whole numbers", least=0)]
    axes: Annotated[IntArray, Array("R 2", "whole numbers", least=0)]
    plane: Annotated[FloatArray, Array("R P 2")]
    near_length: Lengths
    far_length: Lengths
    far_distance: Lengths
    prior_distance: Lengths
    held_out_distance: Lengths

    def __post_init__(self) -> None:
        super().__post_init__()
        lengths = (self.near_length, self.far_length, self.far_distance, self.prior_distance, self.held_out_distance)
        if any(len(each) != len(self.objective) for each in lengths):
            raise ValueError(f"expected lengths and distances of {len(self.objective)} models")
