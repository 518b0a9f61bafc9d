"""What the model reads its rows from, whatever they are made of."""

from __future__ import annotations

from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from vaeaudit.data.encoding.image_encoding import ImageEncoding
from vaeaudit.data.encoding.table_encoding import Encoding

#: How rows become numbers: by columns or by pixels.
AnyEncoding = Encoding | ImageEncoding


class Rows(Protocol):
    """N rows, cut or chosen without copying what is not looked at."""

    def __len__(self) -> int: ...

    @property
    def condition(self) -> npt.NDArray[np.float32] | None:
        """[N, E]; what the model is given beside the latents; None where it is given nothing."""

    def take(self, rows: npt.NDArray[np.integer] | slice) -> Self:
        """Return a subset of the rows."""

    def arrays(self) -> tuple[npt.NDArray[Any], ...]:
        """Return what the model is given: arrays of N rows each, always as many and of the same types.

        Where there is a condition, it is the last of them.
        """
