"""What the rest of the data says of each row's label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from vaeaudit.outputs.record import Array, FloatArray, Record

#: What spoke: columns, columns and latents, latents (with what was measured of pictures), or the user's own model.
DoubtBasis = Literal["columns", "columns and latents", "latents", "given probabilities"]


@dataclass(frozen=True)
class LabelDoubts(Record):
    """How strongly the rest of the data speaks against the label of each of N rows, by models that never saw the row.

    NaN in all arrays where a row has no label, or one so rare that nothing was learned of it.

    Attributes
    ----------
    basis
        What spoke.
    suspicion
        [N]; higher is more suspicious. Of a class: above 1/2 where another is more probable than that of the row. Of a
        number: how far it lies from what is expected, against how far such rows lie.
    said
        [N]; what the rest speaks for in its place: position in `levels` of the most probable other class, or a number.
    own, other
        [N]; probability of the class that the row has, and of `said`; NaN for numbers.
    odds
        [N]; log odds of the most probable class against the second, by the model that never saw the row; below 0 where
        the row has another class than the most probable one. NaN for numbers.
    levels
        [K]; the classes, as text; empty for a number.
    without
        [Q]; columns that are the label in other words and took no part.
    """

    basis: Annotated[DoubtBasis, Array("", "text")]
    suspicion: Annotated[FloatArray, Array("N", least=0, most=1, finite=False)]
    said: Annotated[FloatArray, Array("N", finite=False)]
    own: Annotated[FloatArray, Array("N", least=0, most=1, finite=False)]
    other: Annotated[FloatArray, Array("N", least=0, most=1, finite=False)]
    odds: Annotated[FloatArray, Array("N", finite=False)]
    levels: Annotated[tuple[str, ...], Array("K", "text")]
    without: Annotated[tuple[str, ...], Array("Q", "text")] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        judged = np.isfinite(self.suspicion)
        for name in ("said", "own", "other", "odds"):
            told = judged if self.levels or name == "said" else np.zeros_like(judged)
            if (np.isfinite(getattr(self, name)) != told).any():
                raise ValueError(f"{name} must be there for the rows that were judged, and for no others")
        said = self.said[np.isfinite(self.said)]
        if self.levels and ((said < 0) | (said >= len(self.levels)) | (said % 1 != 0)).any():
            raise ValueError(f"said must hold positions of {len(self.levels)} levels")

    def __len__(self) -> int:
        return len(self.suspicion)
