"""Density by a masked autoregressive flow, evaluated from plain arrays (NumPy only)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from vaeaudit.config import Density

FloatArray = npt.NDArray[np.floating]

#: Rows that are evaluated in one piece.
_PIECE = 8192


@dataclass(frozen=True)
class FlowDensity:
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

    family: ClassVar[str] = Density.FLOW.value

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
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} must have shape {shape}, found {getattr(self, name).shape}")
        if not all(np.isfinite(value).all() for value in self.to_arrays().values()) or (self.scale <= 0).any():
            raise ValueError("a flow must hold finite numbers, and positive scales")
        reach = np.abs(self.weights_in) @ np.abs(self.weights_out)
        if np.tril(reach[:, :, :n_latents]).any() or np.tril(reach[:, :, n_latents:]).any():
            raise ValueError("a flow's shift and scale of a latent must depend on the latents before it alone")

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return plain arrays."""
        return {entry.name: np.asarray(getattr(self, entry.name)) for entry in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Rebuild the density from `to_arrays`."""
        return cls(**{entry.name: arrays[entry.name] for entry in fields(cls)})

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
