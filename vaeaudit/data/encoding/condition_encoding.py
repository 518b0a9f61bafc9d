"""What a model is given beside the latents: the columns of `--condition` as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.data.encoding.column_encoding import cell_numbers, standardise, winsorised_moments
from vaeaudit.data.schema.columns import Schema

FloatArray = npt.NDArray[np.floating]


@dataclass(frozen=True)
class GivenColumn:
    """How one given column becomes numbers: one-hot levels, or a standardised number; then a place for missing cells.

    Attributes
    ----------
    name
        Of the column.
    has_missing
        Whether some of its cells were missing, so that the model has learned what that means.
    n_levels, usual
        Levelled columns: how many levels, and the position of the most frequent. It stands in for a level that the
        model does not know, and for a missing cell where it has met none; of a number the mean does.
    location, scale
        Numbers and dates: `(y - location) / scale`.
    """

    name: str
    has_missing: bool
    n_levels: int = 0
    usual: int = 0
    location: float = 0.0
    scale: float = 1.0

    @property
    def n_features(self) -> int:
        """How many numbers the column becomes."""
        return max(self.n_levels, 1) + self.has_missing

    def features(self, values: pd.Series) -> npt.NDArray[np.float32]:
        """Return [N, n_features] for the cells [N], stored as in `Dataset.frame`."""
        missing = values.isna().to_numpy()
        if not self.n_levels:
            numbers = standardise(cell_numbers(values), self.location, self.scale)
            columns = [np.where(missing, 0.0, numbers), *([missing] if self.has_missing else [])]
            return np.column_stack(columns).astype(np.float32)
        codes = np.asarray(values.cat.codes, np.int64)
        place = np.where((codes >= 0) & (codes < self.n_levels), codes, self.usual)
        if self.has_missing:
            place[missing] = self.n_levels
        return np.eye(self.n_features, dtype=np.float32)[place]


@dataclass(frozen=True)
class ConditionEncoding:
    """How the given columns become a condition of E numbers."""

    columns: tuple[GivenColumn, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns, in the order of the schema."""
        return tuple(column.name for column in self.columns)

    @property
    def n_features(self) -> int:
        """E."""
        return sum(column.n_features for column in self.columns)

    @property
    def usual(self) -> npt.NDArray[np.float32]:
        """[E]; the condition of the most frequent levels and of the mean numbers."""
        condition = np.zeros(self.n_features, np.float32)
        for column, part in self.parts():
            condition[part.start + column.usual] = column.n_levels > 0
        return condition

    def parts(self) -> tuple[tuple[GivenColumn, slice], ...]:
        """Return each column with its place among the E numbers."""
        stops = np.cumsum([column.n_features for column in self.columns]).tolist()
        return tuple(
            (column, slice(stop - column.n_features, stop)) for column, stop in zip(self.columns, stops, strict=True)
        )

    def encode(self, frame: pd.DataFrame) -> npt.NDArray[np.float32]:
        """Return the condition [N, E] of rows that are stored as in `Dataset.frame`."""
        return np.hstack([column.features(frame[column.name]) for column in self.columns])


def fit_condition(frame: pd.DataFrame, schema: Schema) -> ConditionEncoding | None:
    """Measure what the encoding of the given columns needs; None where none is given.

    Parameters
    ----------
    frame, schema
        [N] typed rows, stored as in `Dataset.frame`, and their columns.
    """
    columns = []
    for column in schema.given:
        values = frame[column.name]
        has_missing = bool(values.isna().any())
        if column.kind.is_levelled:
            usual = int(np.bincount(values.cat.codes[values.notna()], minlength=1).argmax())
            columns.append(GivenColumn(column.name, has_missing, len(column.levels), usual))
        else:
            location, scale = winsorised_moments(cell_numbers(values.dropna()))
            columns.append(GivenColumn(column.name, has_missing, location=location, scale=scale))
    return ConditionEncoding(tuple(columns)) if columns else None
