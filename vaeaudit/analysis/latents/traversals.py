"""What the model decodes while one latent moves and the others rest at the prior mean."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.latents.results import Traversal
from vaeaudit.data.schema.columns import Column, Kind
from vaeaudit.outputs.record import FloatArray
from vaeaudit.wording.cells import expected_texts, holds_whole_days

#: Columns shown per latent.
MOST_COLUMNS = 5
#: A column stands still while it moves by less than a hundredth of its standard deviation in the data.
_SMALLEST_MOVE = 1e-4


def describe_traversals(inputs: AuditInputs) -> tuple[Traversal, ...]:
    """Describe, for each active latent, the columns that move the most along it, in the user's terms."""
    columns = [inputs.schema[name] for name in inputs.codes.columns]
    spreads = [data_spread(inputs.frame[column.name], column) for column in columns]
    dates = {column.name for column in columns if holds_whole_days(inputs.frame[column.name])}
    decoded = inputs.model.traversals
    positions = inputs.model.traversal_positions
    return tuple(
        Traversal(int(latent), positions, _moving_columns(decoded[latent], columns, spreads, dates))
        for latent in np.flatnonzero(inputs.codes.active)
        if latent < len(decoded)
    )


def _moving_columns(
    decoded: FloatArray, columns: list[Column], spreads: list[float], dates: set[str]
) -> dict[str, tuple[str, ...]]:
    """Pick the columns that move the most along [T, C] decoded values; those that stand still are left out."""
    moves = np.array(
        [movement(decoded[:, place], column, spreads[place]) for place, column in enumerate(columns)], dtype=np.float64
    )
    order = np.argsort(-moves, kind="stable")[:MOST_COLUMNS]
    nothing_missing = np.zeros(len(decoded), dtype=bool)
    return {
        column.name: tuple(expected_texts(decoded[:, place], column, nothing_missing, whole_days=column.name in dates))
        for place, column in ((place, columns[place]) for place in order)
        if moves[place] > _SMALLEST_MOVE
    }


def data_spread(values: pd.Series, column: Column) -> float:
    """Return the variance of a number in the data, or the Gini impurity of a levelled column."""
    present = values.dropna()
    if present.empty:
        return 0.0
    if column.kind.is_levelled:
        return gini_impurity(present.cat.codes.to_numpy())
    if column.kind is Kind.DATETIME:
        return float(present.to_numpy().astype("datetime64[s]").astype(np.float64).var())
    return _variance(present.to_numpy(dtype=np.float64))


def _variance(numbers: FloatArray) -> float:
    """Variance with the outer 1 % on each side drawn in: one 1e308 must not make every other number stand still."""
    low, high = np.quantile(numbers, [0.01, 0.99], method="nearest")
    with np.errstate(over="ignore"):
        return float(np.nan_to_num(np.clip(numbers, low, high).var(), posinf=np.finfo(np.float64).max))


def movement(decoded: FloatArray, column: Column, spread: float) -> float:
    """Return the spread of the decoded values [T] over that of the data, so that columns of all kinds compare."""
    known = decoded[np.isfinite(decoded)]
    if known.size == 0 or spread <= 0:
        return 0.0
    moved = gini_impurity(np.round(known)) if column.kind.is_levelled else _variance(known)
    return moved / spread


def gini_impurity(values: npt.NDArray[np.generic]) -> float:
    """Return the chance that two values drawn at random differ.

    >>> gini_impurity(np.array([0, 0, 1, 1]))
    0.5
    """
    _, counts = np.unique(values, return_counts=True)
    shares = counts / counts.sum()
    return float(1 - np.square(shares).sum())
