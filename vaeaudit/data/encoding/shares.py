"""How rare the codes of a table's columns are by themselves, and the presence and absence of their cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Self

import numpy as np
import numpy.typing as npt

from vaeaudit.data.encoding.table_encoding import EncodedRows, Encoding
from vaeaudit.outputs.record import Array, FloatArray, Record


@dataclass(frozen=True)
class CodeShares(Record):
    """-log of shares among some rows of a table, in model order.

    Attributes
    ----------
    codes
        [Q, K]; of each code among the known codes of its column, of Q coded columns; finite.
    presence
        [C, 2]; of missing and of present cells; 0 for columns that never miss one.
    """

    PREFIX: ClassVar[str] = "shares_"

    codes: Annotated[FloatArray, Array("_ _", least=0)]
    presence: Annotated[FloatArray, Array("C _", least=0)]

    @classmethod
    def of(cls, encoding: Encoding, rows: EncodedRows) -> Self:
        """Count the codes and the missing cells of rows."""
        with_missing = np.array([column.has_missing for column in encoding.columns], dtype=bool)
        presence = _share_nats(rows.observed.astype(np.int32), 2) * with_missing[:, None]
        return cls(_share_nats(rows.codes, most_codes(encoding)), presence)

    def nats(self, rows: EncodedRows) -> npt.NDArray[np.float32]:
        """Return -log of the share [N, C] that a cell's code, and that it is there or missing, has in its column.

        Columns without codes have that of presence only.
        """
        n_numeric = rows.values.shape[1]
        found = np.where(rows.observed, self.presence[:, 1], self.presence[:, 0])
        of_codes = self.codes[np.arange(rows.codes.shape[1]), np.maximum(rows.codes, 0)]
        found[:, n_numeric:] += np.where(rows.codes < 0, 0.0, of_codes)
        return found.astype(np.float32)


def most_codes(encoding: Encoding) -> int:
    """Return the number of codes of the column that has most; 1 without coded columns."""
    return max((column.n_codes for column in encoding.coded), default=1)


def _share_nats(codes: npt.NDArray[np.integer], n_codes: int) -> npt.NDArray[np.float64]:
    nats = np.zeros((codes.shape[1], n_codes))
    for position, column in enumerate(codes.T):
        counts = np.bincount(column[column >= 0], minlength=n_codes)
        nats[position] = np.log(counts.sum() + 1) - np.log(counts + 0.5)
    return nats
