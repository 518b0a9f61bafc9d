"""The label as classes, for a model that is trained to tell it: it is never among what the encoder reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.data.encoding.rows import Rows
from vaeaudit.data.schema.columns import Kind, Schema
from vaeaudit.errors import UsageError

#: Classes that a classifier on the latents is to tell, at most: each needs rows of its own, held out and not.
MOST_CLASSES = 50


@dataclass(frozen=True)
class RowLabels:
    """Classes of N rows.

    Attributes
    ----------
    codes
        [N] int32; position of each row's class in `classes`, -1 for a row without a label.
    classes
        [K]; their names, K >= 2.
    """

    codes: npt.NDArray[np.int32]
    classes: tuple[str, ...]

    def take(self, rows: npt.NDArray[np.integer]) -> RowLabels:
        """Return those of a subset of the rows."""
        return RowLabels(self.codes[rows], self.classes)


@dataclass(frozen=True)
class LabelledRows:
    """Rows as training is given them: behind their arrays stands the class [N] of each."""

    rows: Rows
    codes: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def condition(self) -> npt.NDArray[np.float32] | None:
        """[N, E]; what the model is given beside the latents; None where it is given nothing."""
        return self.rows.condition

    def take(self, rows: npt.NDArray[np.integer] | slice) -> Self:
        """Return a subset of the rows."""
        return type(self)(self.rows.take(rows), self.codes[rows])

    def arrays(self) -> tuple[npt.NDArray[Any], ...]:
        """Return the arrays of the rows, and their classes."""
        return *self.rows.arrays(), self.codes


def row_labels(frame: pd.DataFrame, schema: Schema) -> RowLabels:
    """Return the classes of rows; those that none of them has are left out.

    Parameters
    ----------
    frame, schema
        [N] typed rows, stored as in `Dataset.frame`, and their columns.

    Raises
    ------
    UsageError
        Where there is no label, it has no classes, one or too many, or the model is given it to read.
    """
    label, objective = schema.label, "--objective db-vae"
    if label is None:
        raise UsageError(f"{objective}: it learns to tell a label, but there is none.", hint="Give --label COL.")
    if label.in_model or label.given:
        option = "--condition" if label.given else "--include"
        raise UsageError(
            f"{objective}: the model would be told what it is to tell: {option} {label.name} lets the label into it.",
            hint=f"Leave out {option} {label.name}.",
        )
    if not label.kind.is_levelled:
        raise UsageError(
            f"{objective}: the label {label.name} is {label.kind.value}, and has no classes to tell.",
            hint=None if label.kind is Kind.CONSTANT else f"If it holds classes: --kind-of {label.name}=category",
        )
    cells = frame[label.name].cat.codes.to_numpy()
    present = np.unique(cells[cells >= 0])
    if not 2 <= len(present) <= MOST_CLASSES:
        found = f"{len(present)} class{'' if len(present) == 1 else 'es'}"
        raise UsageError(f"{objective}: the label {label.name} has {found}; expected 2 to {MOST_CLASSES}.")
    codes = np.where(cells >= 0, np.searchsorted(present, cells), -1)
    return RowLabels(codes.astype(np.int32), tuple(label.levels[place] for place in present))
