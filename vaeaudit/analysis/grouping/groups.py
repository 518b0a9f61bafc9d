"""Any column as a few named groups, each with the condition that picks its rows out of a table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from vaeaudit.data.population_shares import PopulationColumn
from vaeaudit.data.schema.columns import ABOUT_ROWS, Column, Kind, Role, Schema
from vaeaudit.outputs.record import FloatArray, IntArray
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.binning import date_cuts, number_cuts
from vaeaudit.wording.rules import bound_text

MISSING_LABEL = "(missing)"
#: Groups of a numeric or date-time column where nothing else is asked for: enough for a trend, few enough to read.
DEFAULT_BINS = 5
#: The code of a row that lies in none of the groups, e.g. an age below the youngest of a population file.
OUTSIDE = -1

Codes = npt.NDArray[np.int64]
Bound = float | str | None
#: Quantile bins of a number: fine enough for a bend in a curve, coarse enough for 1,000 rows.
QUANTILE_BINS = 20
#: Cells (rows x columns) that a statistic per column looks at; wide tables are judged on fewer rows.
MOST_CELLS = 20_000_000


@dataclass(frozen=True)
class Grouping:
    """One column as G groups.

    Attributes
    ----------
    column
        Name of the column.
    codes
        [N]; the group of each row, 0 to G - 1, or `OUTSIDE`.
    labels, conditions
        [G]; how each group is called, and the condition that its rows satisfy.
    ordered
        Whether neighbouring groups are neighbours in value (`missing` aside).
    missing
        Position of the group of rows without a value (always the last), or None where all rows have one.
    """

    column: str
    codes: Codes
    labels: tuple[str, ...]
    conditions: tuple[Condition, ...]
    ordered: bool
    missing: int | None = None

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.conditions):
            raise ValueError(f"{len(self.labels)} labels need as many conditions, found {len(self.conditions)}")
        if self.codes.ndim != 1:
            raise ValueError(f"codes must have shape [N], found {self.codes.shape}")
        if self.codes.size and not OUTSIDE <= self.codes.min() <= self.codes.max() < len(self.labels):
            raise ValueError(f"codes must lie between {OUTSIDE} and {len(self.labels) - 1}")

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def counts(self) -> Codes:
        """[G]; rows per group, rows outside all groups left out."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self))


@dataclass(frozen=True)
class GroupProduct:
    """The full Cartesian product of groupings, empty cells included, the last attribute varying fastest.

    Attributes
    ----------
    codes
        [N]; the cell of each row, or `OUTSIDE` where any of its groupings says so.
    labels, rules
        [cells]; the groups that make up each cell, and their conditions.
    """

    attributes: tuple[str, ...]
    codes: Codes
    labels: tuple[tuple[str, ...], ...]
    rules: tuple[tuple[Condition, ...], ...]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def counts(self) -> Codes:
        """[cells]; rows per cell, 0 for the empty ones."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self))


def group_column(
    values: pd.Series, column: Column, *, edges: Sequence[float] | None = None, bins: int | None = None
) -> Grouping:
    """Divide a column of a typed frame into groups.

    Parameters
    ----------
    values
        [N], stored as `Dataset.frame` is.
    column
        Its entry in the schema. A levelled column has one group per level (also of levels without rows), a numeric or
        date-time column one per bin, any other one per value. Rows without a value are a group of their own.
    edges
        Rising bounds of a numeric column; the outer bins are open. None: about `bins` quantile bins with round edges,
        where a value that holds a bin's worth of rows gets a bin to itself, and few distinct values one each.
    bins
        How many quantile bins to aim at; None: those that were said (`Column.bands`), or else `DEFAULT_BINS`.
    """
    if bins is None and edges is None:
        edges = column.bands or None
    bins = bins or DEFAULT_BINS
    if column.kind.is_levelled:
        codes = np.asarray(values.cat.codes, dtype=np.int64)
        return _with_missing(column.name, codes, column.levels, _one_of_each(column.name, column.levels), column.kind)
    if column.kind.is_numeric:
        numbers = values.to_numpy(dtype=np.float64)
        cuts = number_cuts(numbers, bins) if edges is None else [float(edge) for edge in edges]
        codes = np.where(np.isnan(numbers), OUTSIDE, np.searchsorted(cuts, numbers, side="right"))
        names = _single_values(numbers, codes) if edges is None else {}
        return _binned(column, codes, cuts, names)
    if column.kind is Kind.DATETIME:
        moments = values.to_numpy(dtype="datetime64[ns]")
        borders = date_cuts(moments, bins)
        codes = np.where(np.isnat(moments), OUTSIDE, np.searchsorted(borders, moments, side="right"))
        return _binned(column, codes, [str(np.datetime_as_string(border, unit="auto")) for border in borders], {})
    codes, found = pd.factorize(values.astype(object), sort=True)
    levels = tuple(str(level) for level in found)
    return _with_missing(column.name, codes.astype(np.int64), levels, _one_of_each(column.name, levels), column.kind)


def group_by_population(values: pd.Series, column: PopulationColumn) -> Grouping:
    """Divide a column as a population file does; rows in none of its intervals or levels are `OUTSIDE`."""
    codes = column.codes(values)
    if column.levels:
        return Grouping(column.name, codes, column.levels, _one_of_each(column.name, column.levels), ordered=False)
    conditions = tuple(Condition(column.name, "between", [low, high]) for low, high in column.intervals)
    labels = tuple(interval_label(low, high) for low, high in column.intervals)
    return Grouping(column.name, codes, labels, conditions, ordered=True)


def product(groupings: Sequence[Grouping]) -> GroupProduct:
    """Cross groupings of the same rows.

    Raises
    ------
    ValueError
        Where there is none, or where they differ in their number of rows.
    """
    if not groupings:
        raise ValueError("product needs at least one grouping")
    sizes = {grouping.codes.size for grouping in groupings}
    if len(sizes) > 1:
        raise ValueError(f"groupings must share their rows, found {sorted(sizes)} rows")
    codes = np.zeros(sizes.pop(), dtype=np.int64)
    outside = np.zeros(codes.size, dtype=bool)
    labels: list[tuple[str, ...]] = [()]
    rules: list[tuple[Condition, ...]] = [()]
    for grouping in groupings:
        codes = codes * len(grouping) + grouping.codes
        outside |= grouping.codes == OUTSIDE
        labels = [(*cell, label) for cell in labels for label in grouping.labels]
        rules = [(*rule, condition) for rule in rules for condition in grouping.conditions]
    codes = np.where(outside, OUTSIDE, codes)
    return GroupProduct(tuple(grouping.column for grouping in groupings), codes, tuple(labels), tuple(rules))


def product_size(groupings: Sequence[Grouping]) -> int:
    """How many cells `product` would have."""
    return prod(len(grouping) for grouping in groupings)


def interval_label(low: Bound, high: Bound) -> str:
    """Name a bin: `[25, 35)`, `< 25` or `>= 35`; None bounds are open.

    Examples
    --------
    >>> interval_label(25.0, 35.0), interval_label(None, 0.5), interval_label(1200.0, None)
    ('[25, 35)', '< 0.5', '>= 1200')
    """
    if low is None:
        return "any value" if high is None else f"< {bound_text(high)}"
    if high is None:
        return f">= {bound_text(low)}"
    return f"[{bound_text(low)}, {bound_text(high)})"


def _single_values(numbers: FloatArray, codes: IntArray) -> dict[int, str]:
    """Name the bins in which all rows have the same value by that value."""
    present = codes >= 0
    held, groups = numbers[present], codes[present]
    if held.size == 0:
        return {}
    order = np.argsort(groups, kind="stable")
    held, groups = held[order], groups[order]
    first = np.flatnonzero(np.diff(groups, prepend=-1))  # where each bin that has rows begins
    single = first[np.minimum.reduceat(held, first) == np.maximum.reduceat(held, first)]
    return dict(zip(groups[single].tolist(), map(bound_text, held[single].tolist()), strict=True))


def _binned(column: Column, codes: IntArray, cuts: Sequence[float | str], names: Mapping[int, str]) -> Grouping:
    bounds: list[Bound] = [None, *cuts, None]
    pairs = list(pairwise(bounds))
    labels = tuple(names.get(group, interval_label(low, high)) for group, (low, high) in enumerate(pairs))
    conditions = tuple(Condition(column.name, "between", [low, high]) for low, high in pairs)
    return _with_missing(column.name, codes.astype(np.int64), labels, conditions, column.kind)


def _one_of_each(name: str, levels: Sequence[str]) -> tuple[Condition, ...]:
    return tuple(Condition(name, "in", [level]) for level in levels)


def _with_missing(
    name: str, codes: Codes, labels: tuple[str, ...], conditions: tuple[Condition, ...], kind: Kind
) -> Grouping:
    ordered = kind.is_numeric or kind in (Kind.DATETIME, Kind.ORDINAL)
    absent = codes < 0
    if not absent.any():
        return Grouping(name, codes, labels, conditions, ordered)
    position = len(labels)
    label = MISSING_LABEL if MISSING_LABEL not in labels else f"{MISSING_LABEL} cells"
    codes = np.where(absent, position, codes)
    return Grouping(name, codes, (*labels, label), (*conditions, Condition(name, "missing", None)), ordered, position)


def bin_columns(frame: pd.DataFrame, schema: Schema, names: Collection[str] | None = None) -> list[Grouping]:
    """Group finely each column whose cells repeat or order themselves, in the order of the schema.

    Text, identifiers, constants and the id are left out, and so is a column all of whose rows are in one group.

    Parameters
    ----------
    frame, schema
        [N, C] rows and their schema.
    names
        Only these columns; None for all.
    """
    grouped = [
        group_column(frame[column.name], column, bins=QUANTILE_BINS)
        for column in schema
        if column.kind.can_be_modelled
        and (column.role not in ABOUT_ROWS or column.role is Role.SPLIT)
        and (names is None or column.name in names)
    ]
    return [grouping for grouping in grouped if np.count_nonzero(grouping.counts) > 1]


def sample_rows(n_rows: int, n_columns: int, rng: np.random.Generator, *, most_rows: int | None = None) -> IntArray:
    """Return the positions, rising, of all rows or of as many as keep rows x columns below `MOST_CELLS`."""
    most = max(1_000, MOST_CELLS // max(n_columns, 1))
    most = most if most_rows is None else min(most, most_rows)
    return np.arange(n_rows) if n_rows <= most else np.sort(rng.choice(n_rows, size=most, replace=False))


def column_features(columns: Sequence[Grouping], rows: IntArray) -> sparse.csr_array:
    """One-hot features [M, bins of all columns] of the binned columns."""
    offsets = np.cumsum([0, *(len(column) for column in columns)])
    places = np.stack(
        [column.codes[rows] + offset for column, offset in zip(columns, offsets[:-1], strict=True)], axis=1
    )
    pointers = np.arange(0, places.size + 1, len(columns))
    shape = (len(rows), int(offsets[-1]))
    return sparse.csr_array((np.ones(places.size), places.ravel(), pointers), shape=shape)


def smooth_features(columns: Sequence[Grouping], rows: IntArray) -> sparse.csr_array:
    """Features [M, F] that bend with a number rather than jump: fewer than one per bin, so that few rows are enough.

    Of a column that rises, the standardised place of its bin, the square of that, and whether there is none; of any
    other one a feature per level.
    """
    rising = [feature for column in columns if column.ordered for feature in _curve(column, rows)]
    levels = [column for column in columns if not column.ordered]
    parts = [sparse.csr_array(np.stack(rising, axis=1))] if rising else []
    return sparse.csr_array(sparse.hstack([*parts, *([column_features(levels, rows)] if levels else [])]))


def _curve(column: Grouping, rows: IntArray) -> list[FloatArray]:
    codes = column.codes[rows].astype(np.float64)
    present = codes != (OUTSIDE if column.missing is None else column.missing)
    place = np.where(present, codes, codes[present].mean() if present.any() else 0.0)
    place = (place - place.mean()) / (place.std() or 1.0)
    absent = [] if present.all() else [1.0 - present]
    return [place, place**2 - 1, *absent]
