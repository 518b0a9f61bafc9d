"""Rows as plain standardised numbers: what the outlier ensemble reads, whatever likelihood a column has in the model.

Unlike the model's own encoding, which may cut a heaped or heavy-tailed column into bins, numbers stay numbers here, so
that a value far out lies far out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.data.column_encoding import cell_numbers, standardise
from vaeaudit.data.schema import Column, Kind, Schema

#: Levels of a category that get a feature of their own; the others share having none.
MOST_LEVELS = 32
#: Smallest standard deviation that levels and missing cells are divided by. A number far out is odd; a rare level is
#: first of all rare, and whoever belongs to a small group must not lie far out for it.
LEAST_SPREAD = 0.5
#: Ranges of the middle 98 % beyond which a number is drawn in before moments are taken: one 1e308 decides nothing.
_FAR = 20.0


@dataclass(frozen=True)
class FeatureScaling:
    """Location and scale of every feature.

    Attributes
    ----------
    columns
        C modelled columns, in the order of the schema.
    sizes
        [C]; features of each column, without the one that marks missing cells.
    with_missing
        [C] bool; whether missing cells are marked.
    location, scale
        [F]; of all features: those of the first column, its mark, those of the second column …
    """

    columns: tuple[Column, ...]
    sizes: npt.NDArray[np.int64]
    with_missing: npt.NDArray[np.bool_]
    location: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        n_features = int(self.sizes.sum() + self.with_missing.sum())
        if self.location.shape != (n_features,) or self.scale.shape != (n_features,):
            raise ValueError(f"location and scale must have shape ({n_features},), found {self.location.shape}")
        if not (self.scale > 0).all():
            raise ValueError("scale must be positive")

    @property
    def n_features(self) -> int:
        """F."""
        return len(self.location)

    def encode(self, frame: pd.DataFrame) -> npt.NDArray[np.float32]:
        """Return features [N, F], clipped at `CLIP`; 0 where a number is missing, and for levels never seen.

        Parameters
        ----------
        frame
            [N] typed rows, stored as in `Dataset.frame`.
        """
        features = np.zeros((len(frame), self.n_features), np.float32)
        place = 0
        for column, size, marked in zip(self.columns, self.sizes, self.with_missing, strict=True):
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

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return plain arrays; their names begin with `feature_`."""
        names = ("sizes", "with_missing", "location", "scale")
        return {f"feature_{name}": np.asarray(getattr(self, name)) for name in names}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], schema: Schema) -> Self:
        """Rebuild from `to_arrays` and the schema that it was fitted under; other arrays are passed over."""
        names = ("sizes", "with_missing", "location", "scale")
        return cls(schema.modelled, *(arrays[f"feature_{name}"] for name in names))


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
        columns,
        np.array(sizes, np.int64),
        np.array(marks, bool),
        np.array(locations, np.float64),
        np.array(scales, np.float64),
    )


def _is_one_hot(column: Column) -> bool:
    return column.kind in (Kind.CATEGORY, Kind.BOOLEAN)


def _raw(values: pd.Series, column: Column) -> npt.NDArray[np.float64]:
    """Return [N, size]: numbers with NaN for missing, ranks of an ordinal level, or 0/1 per level."""
    if not column.kind.is_levelled:
        return cell_numbers(values)[:, None]
    codes = _codes(values, column)
    if column.kind is Kind.ORDINAL:
        return np.where(codes < 0, np.nan, codes)[:, None]
    return np.asarray(codes[:, None] == np.arange(min(len(column.levels), MOST_LEVELS)), np.float64)


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
