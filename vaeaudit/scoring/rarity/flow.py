"""Density by a masked autoregressive flow, evaluated from plain arrays (NumPy only)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from vaeaudit.config import Density, DensityFamily
from vaeaudit.outputs.record import Array, FloatArray, Record

#: Rows that are evaluated in one piece.
_PIECE = 8192


@dataclass(frozen=True)
class FlowDensity(Record):
    """A masked autoregressive flow (Papamakarios 2017) as `vaeaudit.models.flow.fit_flow` trained it.

    Attributes
    ----------
    location, scale
        [A]; rows are standardised by them first.
    weights_in, bias_in
        [F, A, H] and [F, H]; from latents to H hidden units, in each of F layers.
    weights_out, bias_out
        [F, H, 2 A] and [F, 2 A]; from hidden units to shifts, then to log scales before they are bounded.
    largest_log_scale
        The bound.
    """

    family: ClassVar[DensityFamily] = Density.FLOW.value

    location: Annotated[FloatArray, Array("A")]
    scale: Annotated[FloatArray, Array("A", above=0)]
    weights_in: Annotated[FloatArray, Array("F A H")]
    bias_in: Annotated[FloatArray, Array("F H")]
    weights_out: Annotated[FloatArray, Array("F H 2*A")]
    bias_out: Annotated[FloatArray, Array("F 2*A")]
    largest_log_scale: Annotated[FloatArray, Array("", above=0)]

    def __post_init__(self) -> None:
        super().__post_init__()
        n_latents = len(self.location)
        reach = np.abs(self.weights_in) @ np.abs(self.weights_out)
        if np.tril(reach[:, :, :n_latents]).any() or np.tril(reach[:, :, n_latents:]).any():
            raise ValueError("a flow's shift and scale of a latent must depend on the latents before it alone")

    def log_density(self, z: FloatArray) -> npt.NDArray[np.float64]:
        """Return log density [N] in nats at points [N, A]."""
        starts = range(0, max(1, len(z)), _PIECE)
        return np.concatenate([self._piece(np.asarray(z[at : at + _PIECE], np.float64)) for at in starts])

    def _piece(self, z: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        u = (z - self.location) / self.scale
        log_det = np.full(len(z), -np.log(self.scale).sum())
        bound = float(self.largest_log_scale)
        for layer in range(len(self.weights_in)):
            hidden = np.tanh(u @ self.weights_in[layer] + self.bias_in[layer])
            out = hidden @ self.weights_out[layer] + self.bias_out[layer]
            shift, log_scale = out[:, : u.shape[1]], bound * np.tanh(out[:, u.shape[1] :] / bound)
            u = ((u - shift) * np.exp(-log_scale))[:, ::-1]
            log_det -= log_scale.sum(axis=1)
        return np.asarray(log_det - 0.5 * (np.square(u).sum(axis=1) + u.shape[1] * np.log(2 * np.pi)))
