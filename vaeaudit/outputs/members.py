"""What refits from other seeds found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from vaeaudit.outputs.record import Array, FloatArray, Record


@dataclass(frozen=True)
class Members(Record):
    """The same rows under K models from other seeds.

    Attributes
    ----------
    mean
        [K, N, L] float32; posterior means of all rows under each of K refits. A refit's latents have an order and
        signs of their own.
    stability
        [L]; how well each latent of the model in question is matched by one latent of a refit, averaged over the
        refits: the largest absolute rank correlation. 1 where the axis returns, near 0 where it was an accident of the
        seed (the idea of UDR, Duan 2020).
    """

    mean: Annotated[FloatArray, Array("K N L")]
    stability: Annotated[FloatArray, Array("L", least=0, most=1)]
