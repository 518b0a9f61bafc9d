"""What the densities have in common: they are plain arrays of known shapes, kept with a run and checked when read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class ArrayDensity:
    """A density whose fields are all arrays."""

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return plain arrays."""
        return {entry.name: np.asarray(getattr(self, entry.name)) for entry in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Rebuild the density from `to_arrays`."""
        return cls(**{entry.name: arrays[entry.name] for entry in fields(cls)})

    def require_shapes(self, expected: Mapping[str, tuple[int, ...]]) -> None:
        """Raise ValueError where a field does not have its shape."""
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} must have shape {shape}, found {getattr(self, name).shape}")

    @property
    def is_finite(self) -> bool:
        """Whether every number of every field is finite."""
        return all(np.isfinite(value).all() for value in self.to_arrays().values())
