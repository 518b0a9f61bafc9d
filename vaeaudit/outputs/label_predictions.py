"""What a classifier on the latents says of held-out rows, learned with and without resampling by the latents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from vaeaudit.outputs.record import Array, BoolArray, FloatArray, IntArray, Record


@dataclass(frozen=True)
class LabelPredictions(Record):
    """Probabilities of K classes for H rows that have a label and that training did not see.

    Attributes
    ----------
    classes
        [K]; their names.
    row, label
        [H]; position of each row among those of the run, and its class.
    before, after
        [H, K]; p(y|z) at the posterior mean, by a model that drew its training rows evenly, and by that of the run,
        which has the same seed and settings but drew them by their latents.
    """

    classes: Annotated[tuple[str, ...], Array("K", "text")]
    row: Annotated[IntArray, Array("H", "whole numbers", least=0)]
    label: Annotated[IntArray, Array("H", "whole numbers", least=0)]
    before: Annotated[FloatArray, Array("H K", least=0, most=1)]
    after: Annotated[FloatArray, Array("H K", least=0, most=1)]

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.label >= len(self.classes)).any():
            raise ValueError(f"label must hold positions of {len(self.classes)} classes")

    @property
    def right(self) -> tuple[BoolArray, BoolArray]:
        """[H] each; whether the most probable class is that of the row, before and after."""
        return self.label == np.argmax(self.before, axis=1), self.label == np.argmax(self.after, axis=1)
