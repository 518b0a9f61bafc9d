"""Density by a masked autoregressive flow, evaluated from plain arrays (NumPy only)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.densities.arrays import ArrayDensity
from vaeaudit.config import Density, DensityFamily

FloatArray = npt.NDArray[np.floating]

#: Rows that are evaluated in one piece.
_PIECE = 8192


@dataclass(frozen=True)
class FlowDensity(ArrayDensity):
    """A masked autoregressive flow (Papamakarios 2017) as `vaeaudit.models.fit_flow` trained it.

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

    location: FloatArray
    scale: FloatArray
    weights_in: FloatArray
    bias_in: FloatArray
    weights_out: FloatArray
    bias_out: FloatArray
    largest_log_scale: FloatArray

    def __post_init__(self) -> None:
        if self.weights_in.ndim != 3:
            raise ValueError(f"weights_in must be [F, A, H], found {self.weights_in.shape}")
        n_layers, n_latents, n_hidden = self.weights_in.shape
        expected: dict[str, tuple[int, ...]] = {
            "location": (n_latents,),
            "scale": (n_latents,),
            "bias_in": (n_layers, n_hidden),
            "weights_out": (n_layers, n_hidden, 2 * n_latents),
            "bias_out": (n_layers, 2 * n_latents),
            "largest_log_scale": (),
        }
        self.require_shapes(expected)
        if not self.is_finite or (self.scale <= 0).any():
            raise ValueError("a flow must hold finite numbers, and positive scales")
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
