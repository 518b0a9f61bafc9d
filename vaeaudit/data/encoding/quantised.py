"""Numeric columns modelled as codes: values that heap have one each, all others share bins with exponential tails."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vaeaudit.data.encoding.column_encoding import CLIP, MISSING_CODE, ColumnEncoding, Likelihood
from vaeaudit.data.schema.columns import Column

#: A column with at most this many distinct values, or bins, is modelled as a Categorical over them.
MAX_BINS = 32


def fit_quantised(
    column: Column,
    distinct: npt.NDArray[np.float64],
    counts: npt.NDArray[np.integer],
    has_missing: bool,
) -> ColumnEncoding:
    """Give frequent values codes of their own, and bins of about equal weight to all others.

    Parameters
    ----------
    column
        Its entry in the schema.
    distinct, counts
        [V]; the values that occur, rising, and how often each does.
    has_missing
        Whether the column has cells without a value.
    """
    is_atom = counts * MAX_BINS >= counts.sum() if len(distinct) > MAX_BINS else np.ones(len(distinct), bool)
    atoms, rest, weight = distinct[is_atom], distinct[~is_atom], counts[~is_atom]
    edges, centres = _quantile_bins(rest, weight, MAX_BINS - len(atoms))
    low, high = (edges[0], edges[-1]) if len(edges) else (distinct[0], distinct[-1])
    below, above = rest < low, rest > high
    return ColumnEncoding(
        column.name,
        column.kind,
        Likelihood.QUANTISED,
        has_missing,
        n_codes=len(atoms) + len(edges) + 1,
        atoms=tuple(atoms.tolist()),
        edges=tuple(edges.tolist()),
        centres=(*atoms.tolist(), *(centres or [_middle(distinct)])),
        tails=(
            _mean_distance(_gap(low, rest[below]), weight[below], distinct),
            _mean_distance(_gap(rest[above], high), weight[above], distinct),
        ),
    )


def quantise(column: ColumnEncoding, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.integer]:
    """Return [N] codes: that of the atom a number equals, else that of its bin; `MISSING_CODE` for NaN."""
    atoms, edges = np.array(column.atoms, np.float64), np.array(column.edges, np.float64)
    codes = len(atoms) + np.searchsorted(edges, numbers, side="right")
    if len(atoms):
        nearest = np.minimum(np.searchsorted(atoms, numbers), len(atoms) - 1)
        codes = np.where(atoms[nearest] == numbers, nearest, codes)
    return np.where(np.isnan(numbers), MISSING_CODE, codes)


def tail_log_density(column: ColumnEncoding, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return [N] log density against that at the nearer outer edge, in nats: negative beyond it, else 0."""
    edges = column.edges or ((column.atoms[0], column.atoms[-1]) if column.atoms else (0.0, 0.0))
    with np.errstate(over="ignore"):
        distance = np.maximum((edges[0] - numbers) / column.tails[0], (numbers - edges[-1]) / column.tails[1])
    beyond = np.clip(np.nan_to_num(distance, nan=0.0), 0.0, CLIP**2 / 2)
    return np.where(quantise(column, numbers) >= len(column.atoms), -beyond, 0.0)


def drawn_tail_log_density(
    column: ColumnEncoding, codes: npt.NDArray[np.int32], generator: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Return [N] `tail_log_density` of cells drawn from a model as codes; where in its tail each lies is drawn here."""
    in_tail = (codes == len(column.atoms)) | (codes == column.n_codes - 1)
    if not column.edges:  # one bin: between the outer atoms, or in one of the tails
        in_tail &= generator.random(len(codes)) < sum(column.tails) / _bin_widths(column)[0]
    return -np.where(in_tail, generator.exponential(size=len(codes)), 0.0)


def bin_log_density(column: ColumnEncoding, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return [N] the log density within each number's bin, in the column's own units; 0 at atoms."""
    widths = _bin_widths(column)
    bins = quantise(column, numbers) - len(column.atoms)
    return np.where(bins >= 0, -np.log(widths[np.clip(bins, 0, len(widths) - 1)]), 0.0)


def _quantile_bins(
    values: npt.NDArray[np.float64], weight: npt.NDArray[np.integer], n_bins: int
) -> tuple[npt.NDArray[np.float64], list[float]]:
    """Inner edges of at most `n_bins` bins of about equal weight, and the middle value of each bin."""
    if len(values) == 0:
        return np.zeros(0), []
    cumulative = np.cumsum(weight)
    wanted = np.arange(1, max(n_bins, 1)) * cumulative[-1] / max(n_bins, 1)
    upper = np.unique(np.searchsorted(cumulative, wanted))
    upper = upper[upper < len(values) - 1]
    middle = values[upper] / 2 + values[upper + 1] / 2
    # Between two neighbouring floats there is no middle; the edge is then the upper one, so that no bin is empty.
    edges = np.unique(np.where(middle > values[upper], middle, values[upper + 1]))
    bins = np.searchsorted(edges, values, side="right")
    centres = [_middle(values[bins == index]) for index in range(len(edges) + 1)]
    return edges, centres


def _gap(high: npt.ArrayLike, low: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """`high - low`, at most the largest float64."""
    with np.errstate(over="ignore"):
        difference = np.asarray(high, np.float64) - np.asarray(low, np.float64)
    return np.asarray(np.minimum(difference, np.finfo(np.float64).max), np.float64)


def _mean_distance(
    distances: npt.NDArray[np.float64], weight: npt.NDArray[np.integer], distinct: npt.NDArray[np.float64]
) -> float:
    """Weighted mean of the positive distances; the typical gap between values where there are none."""
    if len(distances):
        largest = float(distances.max())
        return largest * float(np.average(distances / largest, weights=weight))
    gaps = _gap(distinct[1:], distinct[:-1])
    return _middle(gaps) if len(gaps) else 1.0


def _middle(values: npt.NDArray[np.float64]) -> float:
    """Return the value in the middle; the mean of two in the middle might be beyond float64."""
    return float(np.quantile(values, 0.5, method="nearest"))


def _bin_widths(column: ColumnEncoding) -> npt.NDArray[np.float64]:
    """Widths of the bins of a quantised column; a tail counts as wide as its mean distance."""
    low_tail, high_tail = column.tails
    if not column.edges:
        with np.errstate(over="ignore"):
            whole = _gap(column.atoms[-1], column.atoms[0]) + low_tail + high_tail
        return np.array([np.minimum(whole, np.finfo(np.float64).max)])
    edges = np.array(column.edges)
    return np.concatenate(([low_tail], _gap(edges[1:], edges[:-1]), [high_tail]))
