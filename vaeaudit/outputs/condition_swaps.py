"""What the decoder expects of the same rows under one condition after another: what `models` hands to `analysis`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from vaeaudit.outputs.record import Array, FloatArray, IntArray, PixelArray, Record


@dataclass(frozen=True)
class ConditionSwap(Record):
    """The same held-out rows, given V settings of one column after another; all else that they are given stays.

    Attributes
    ----------
    column
        The given column.
    n_rows
        Held-out rows that were decoded.
    group
        [N]; which setting each row of the dataset has itself, -1 for none of them.
    given
        [V]; what stands for each setting: a number, seconds since 1970, or a position in `Column.levels`; NaN for a
        missing cell.
    quantity, level
        [Q]; what is expected: a column's number where `level` is -1, else the share of rows of that level.
    expected
        [V, Q]; its mean over the rows.
    pictures
        [V, P, H, W, channels]; of pictures, what is decoded of the first P of these rows; None for tables.
    """

    column: Annotated[str, Array("", "text")]
    n_rows: Annotated[int, Array("", "whole numbers", least=1)]
    group: Annotated[IntArray, Array("N", "whole numbers", least=-1)]
    given: Annotated[FloatArray, Array("V", finite=False)]
    quantity: Annotated[tuple[str, ...], Array("Q", "text")]
    level: Annotated[IntArray, Array("Q", "whole numbers", least=-1)]
    expected: Annotated[FloatArray, Array("V Q")]
    pictures: Annotated[PixelArray, Array("V _ _ _ _", "bytes")] | None = None


@dataclass(frozen=True)
class ConditionSwaps(Record):
    """One swap per given column."""

    JOINT = "/"

    columns: tuple[ConditionSwap, ...]

    @property
    def pictures(self) -> dict[str, PixelArray]:
        """Given column -> pictures decoded with its values [V, P, H, W, channels]; none for tables."""
        return {swap.column: swap.pictures for swap in self.columns if swap.pictures is not None}
