"""Rows as plain standardised numbers: what the outlier ensemble reads, whatever likelihood a column has in the model.

Unlike the model's own encoding, which may cut a heaped or heavy-tailed column into bins, numbers stay numbers here, so
that a value far out lies far out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.data.encoding.column_encoding import cell_numbers, standardise
from vaeaudit.data.schema.columns import Column, Kind, Schema
from vaeaudit.outputs.record import Array, BoolArray, FloatArray, IntArray, Record

#: Levels of a category that get a feature of their own; the others share having none.
MOST_LEVELS = 32
#: Smallest standard deviation that levels and missing cells are divided by. A number far out is odd; a rare level is
#: first of all rare, and whoever belongs to a small group must not lie far out for it.
LEAST_SPREAD = 0.5
#: Ranges of the middle 98 % beyond which a number is drawn in before moments are taken: one 1e308 decides nothing.
_FAR = 20.0


@dataclass(frozen=True)
class FeatureScaling(Record):
    """Location and scale of every feature of the C modelled columns, in the order of the schema.

    Attributes
    ----------
    sizes
        [C]; features of each column, without the one that marks missing cells.
    with_missing
        [C] bool; whether missing cells are marked.
    location, scale
        [F]; of all features: those of the first column, its mark, those of the second column …
    """

    PREFIX: ClassVar[str] = "feature_"

    sizes: Annotated[IntArray, Array("C", "whole numbers", least=0)]
    with_missing: Annotated[BoolArray, Array("C", "true or false")]
    location: Annotated[FloatArray, Array("F")]
    scale: Annotated[FloatArray, Array("F", above=0)]

    def __post_init__(self) -> None:
        super().__post_init__()
        n_features = int(self.sizes.sum() + self.with_missing.sum())
        if self.n_features != n_features:
            raise ValueError(f"location and scale must have shape ({n_features},), found {self.location.shape}")

    @property
    def n_features(self) -> int:
        """F."""
        return len(self.location)

    def fits(self, schema: Schema) -> bool:
        """Whether these are the features of the modelled columns of a schema."""
        return list(self.sizes) == [_n_features(column) for column in schema.modelled]

    def encode(self, frame: pd.DataFrame, schema: Schema) -> npt.NDArray[np.float32]:
        """Return features [N, F], clipped at `CLIP`; 0 where a number is missing, and for levels never seen.

        Parameters
        ----------
        frame, schema
            [N] typed rows, stored as in `Dataset.frame`, and the columns that the scaling was fitted to.
        """
        features = np.zeros((len(frame), self.n_features), np.float32)
        place = 0
        for column, size, marked in zip(schema.modelled, self.sizes, self.with_missing, strict=True):
            values = frame[column.name]
            stop = place + int(size)
            raw = _raw(values, column)
            known = np.isfinite(raw)
            for offset in range(int(size)):
                at = place + offset
                scaled = standardise(raw[:, offset], float(self.location[at]), float(self.scale[at]))
                features[:, at] = np.where(known[:, offset], scaled, 0.0)
            if marked:
                features[:, stop] = (values.isna().to_numpy() - self.location[stop]) / self.scale[stop]
            place = stop + int(marked)
        return features


def fit_features(frame: pd.DataFrame, schema: Schema) -> FeatureScaling:
    """Take location and scale of every modelled column from the rows.

    Parameters
    ----------
    frame
        [N] typed rows, stored as in `Dataset.frame`.
    schema
        Their columns.
    """
    columns = schema.modelled
    sizes, marks, locations, scales = [], [], [], []
    for column in columns:
        values = frame[column.name]
        raw = _raw(values, column)
        moments = [_moments(raw[:, place]) for place in range(raw.shape[1])]
        location = [centre for centre, _ in moments]
        scale = [spread for _, spread in moments]
        if _is_one_hot(column):
            scale = [max(float(np.sqrt(np.square(scale).sum())), LEAST_SPREAD)] * len(scale)
        missing = values.isna().to_numpy()
        if missing.any():
            location.append(float(missing.mean()))
            scale.append(max(float(missing.std()), LEAST_SPREAD))
        sizes.append(raw.shape[1])
        marks.append(bool(missing.any()))
        locations += location
        scales += scale
    return FeatureScaling(
        np.array(sizes, np.int64),
        np.array(marks, bool),
        np.array(locations, np.float64),
        np.array(scales, np.float64),
    )


def _n_features(column: Column) -> int:
    """How many features a column has, without the mark of missing cells."""
    return min(len(column.levels), MOST_LEVELS) if _is_one_hot(column) else 1


def _is_one_hot(column: Column) -> bool:
    return column.kind in (Kind.CATEGORY, Kind.BOOLEAN)


def _raw(values: pd.Series, column: Column) -> npt.NDArray[np.float64]:
    """Return [N, size]: numbers with NaN for missing, ranks of an ordinal level, or 0/1 per level."""
    if not column.kind.is_levelled:
        return cell_numbers(values)[:, None]
    codes = _codes(values, column)
    if column.kind is Kind.ORDINAL:
        return np.where(codes < 0, np.nan, codes)[:, None]
    return np.asarray(codes[:, None] == np.arange(_n_features(column)), np.float64)


def _codes(values: pd.Series, column: Column) -> npt.NDArray[np.integer]:
    """Return [N] positions in `column.levels`; -1 where missing or never seen."""
    if tuple(values.cat.categories) == column.levels:
        return values.cat.codes.to_numpy(np.int64)
    return np.asarray(pd.Index(column.levels).get_indexer(pd.Index(values.astype(object))), np.int64)


def _moments(numbers: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return mean and standard deviation of the known numbers; (0, 1) without any, a scale of 1 without a spread."""
    known = numbers[np.isfinite(numbers)]
    if not len(known):
        return 0.0, 1.0
    low, middle, high = np.quantile(known, [0.01, 0.5, 0.99], method="nearest")
    reach = _FAR * max(high / 2 - low / 2, 0.0) * 2
    if reach > 0:
        known = np.clip(known, max(low - reach, -np.finfo(np.float64).max), min(high + reach, np.finfo(np.float64).max))
    halves = known / 2 - middle / 2
    spread = float(np.max(np.abs(halves)))
    if spread == 0:
        return float(middle), 1.0
    relative = halves / spread  # keeps the squares of huge numbers finite
    scale = 2 * spread * float(relative.std())
    centre = float(middle + 2 * spread * relative.mean())
    return centre, min(scale, np.finfo(np.float64).max / 2) if scale > 0 else 1.0
