"""Rows as plain standardised numbers: what the outlier score reads, whatever likelihood a column has in the model.

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
from vaeaudit.data.schema.columns import ABOUT_ROWS, Column, Kind, Role, Schema
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
        np.array(sizes, np.int64), np.array(marks, bool), np.array(locations, np.float64), np.array(scales, np.float64)
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


Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """The compared cells of N rows: `numbers` [N, A] in standard deviations (NaN = missing), `codes` [N, B]."""

    numbers: npt.NDArray[np.float64]
    codes: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def n_columns(self) -> int:
        """C = A + B."""
        return int(self.numbers.shape[1] + self.codes.shape[1])

    def take(self, rows: Rows) -> Cells:
        """Return a subset of the rows."""
        return Cells(self.numbers[rows], self.codes[rows])

    def differences(self, left: Rows, right: Rows) -> npt.NDArray[np.float64]:
        """Return [..., C]: 0 for equal cells, 1 for others; numbers by their distance, at most 1."""
        a, b = self.numbers[left], self.numbers[right]
        with np.errstate(invalid="ignore"):
            apart = np.minimum(np.abs(a - b), 1.0)
        apart = np.where(np.isnan(a) & np.isnan(b), 0.0, np.where(np.isnan(apart), 1.0, apart))
        return np.concatenate([apart, self.codes[left] != self.codes[right]], axis=-1)


#: Fewest rows in which integers that all differ are taken for numbers of the rows.
_FEWEST_NUMBERED = 20


def compared_columns(frame: pd.DataFrame, schema: Schema) -> tuple[Column, ...]:
    """Return the columns that two rows must share to be equal: all but ids, identifiers, the group and the split.

    Integers that differ in every row number the rows: an id that nobody declared would hide every copy.
    """
    return tuple(
        column
        for column in schema
        if column.role not in ABOUT_ROWS
        and column.kind is not Kind.IDENTIFIER
        and not _numbers_the_rows(frame[column.name], column)
    )


def _numbers_the_rows(values: pd.Series, column: Column) -> bool:
    free = column.kind is Kind.COUNT and column.role in (Role.INPUT, Role.EXCLUDED)
    return free and len(values) >= _FEWEST_NUMBERED and bool(values.notna().all() and values.is_unique)


def first_of_equal_rows(frame: pd.DataFrame, schema: Schema) -> Rows:
    """Return for each row [N] the position of the first that is equal to it; missing equals missing.

    A hash of each row proposes the candidates; they are then compared value by value, so that no two different rows
    are ever called equal.
    """
    names = [column.name for column in compared_columns(frame, schema)]
    first = np.arange(len(frame), dtype=np.int64)
    if not names or len(frame) < 2:
        return first
    hashes = np.asarray(pd.util.hash_pandas_object(frame[names], index=False))
    candidates = np.flatnonzero(pd.Series(hashes).duplicated(keep=False).to_numpy())
    if candidates.size:
        codes = np.stack([codes_of(frame[name].iloc[candidates]) for name in names], axis=1)
        _, earliest, group = np.unique(codes, axis=0, return_index=True, return_inverse=True)
        first[candidates] = candidates[earliest[group.ravel()]]
    return first


def codes_of(values: pd.Series) -> npt.NDArray[np.int64]:
    """Code of each value, from 0 on; missing has a code of its own."""
    codes, _ = pd.factorize(values, use_na_sentinel=False)
    return np.asarray(codes, dtype=np.int64)


def cells_of(frame: pd.DataFrame, schema: Schema) -> Cells:
    """Bring the compared columns to numbers in standard deviations, and codes."""
    numbers, codes = [np.zeros((len(frame), 0))], [np.zeros((len(frame), 0), np.int64)]
    for column in compared_columns(frame, schema):
        values = frame[column.name]
        if column.kind.is_numeric or column.kind is Kind.DATETIME:
            numbers.append(_in_standard_deviations(values)[:, None])
        else:
            codes.append(codes_of(values)[:, None])
    return Cells(np.concatenate(numbers, axis=1), np.concatenate(codes, axis=1))


def agreement(cells: Cells, tolerance: float) -> npt.NDArray[np.float64]:
    """Return [C]; share of all pairs of rows that agree in each column, numbers to within `tolerance`."""
    n_pairs = max(len(cells) * (len(cells) - 1) / 2, 1.0)
    agreeing = []
    for numbers in cells.numbers.T:
        present = np.sort(numbers[~np.isnan(numbers)])
        reach = np.searchsorted(present, present + tolerance, side="right") - np.arange(len(present)) - 1
        n_missing = float(len(numbers) - len(present))
        agreeing.append(float(reach.sum()) + n_missing * (n_missing - 1) / 2)
    for codes in cells.codes.T:
        sizes = np.bincount(codes).astype(np.float64)
        agreeing.append(float((sizes * (sizes - 1)).sum()) / 2)
    return np.array(agreeing) / n_pairs


def _in_standard_deviations(values: pd.Series) -> npt.NDArray[np.float64]:
    """Scale a column, its outer 1 % on each side drawn in for the scale, so that one 1e308 decides nothing."""
    if values.dtype.kind == "M":
        numbers = np.where(values.isna(), np.nan, values.to_numpy("datetime64[ns]").astype(np.int64) / 1e9)
    else:
        numbers = values.to_numpy(np.float64)
    present = numbers[~np.isnan(numbers)]
    if present.size == 0:
        return numbers
    low, high = np.quantile(present, [0.01, 0.99], method="nearest")
    drawn_in = np.clip(present, low, high) / 2  # halves: the difference of two numbers of 1e308 is beyond float64
    centre = float(np.median(drawn_in))
    halves = drawn_in - centre
    spread = float(np.max(np.abs(halves)))
    scale = spread * float(np.std(halves / spread)) if spread > 0 else float(np.max(np.abs(present / 2 - centre)))
    with np.errstate(over="ignore"):
        return np.asarray((numbers / 2 - centre) / (scale or 1.0))
