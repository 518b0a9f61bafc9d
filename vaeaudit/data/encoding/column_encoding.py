"""How one column is encoded: its likelihood, standardised numbers, or codes with bins for the numbers between."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.data.schema.columns import Column, Kind

#: Standardised values are clipped here: a cell 20 standard deviations out is as surprising as it needs to be, and
#: one mistyped number must not own the gradient.
CLIP = 20.0
MISSING_CODE = -1
#: Counts are modelled up to here, far inside float32.
_LARGEST_COUNT = 1e15
#: Numbers that lie closer together than this have no spread that float64 could divide by.
_SMALLEST_SPREAD = 1e-300


class Likelihood(StrEnum):
    """p(x_c | z) of one column; METHODS names the sources."""

    NORMAL = "normal"
    LOG_NORMAL = "log_normal"
    STUDENT_T = "student_t"
    NEGATIVE_BINOMIAL = "negative_binomial"
    BERNOULLI = "bernoulli"
    ORDERED_LOGISTIC = "ordered_logistic"
    CATEGORICAL = "categorical"
    QUANTISED = "quantised"

    @property
    def is_coded(self) -> bool:
        """Whether cells are integer codes rather than numbers."""
        return self in (Likelihood.BERNOULLI, Likelihood.ORDERED_LOGISTIC, Likelihood.CATEGORICAL, Likelihood.QUANTISED)


@dataclass(frozen=True)
class ColumnEncoding:
    """How one column is encoded.

    Attributes
    ----------
    name, kind, likelihood
        The column, and p(x_c | z).
    has_missing
        Whether missingness is modelled: a mask enters, and a Bernoulli head scores it.
    location, scale
        Numeric likelihoods: `(x - location) / scale`, of log(x) for `log_normal`, of log(1 + x) on the way in for
        `negative_binomial`.
    n_codes
        Coded likelihoods: number of codes.
    shared_levels
        `categorical`: how many levels share the last code.
    atoms, edges, centres
        `quantised`: values with a code of their own, then the inner edges of the bins for all other values, and one
        representative value per code.
    tails
        `quantised`: mean distance beyond the lowest and the highest edge; outside them density falls exponentially.
    """

    name: str
    kind: Kind
    likelihood: Likelihood
    has_missing: bool = False
    location: float = 0.0
    scale: float = 1.0
    n_codes: int = 0
    shared_levels: int = 0
    atoms: tuple[float, ...] = ()
    edges: tuple[float, ...] = ()
    centres: tuple[float, ...] = ()
    tails: tuple[float, float] = (1.0, 1.0)


def cell_numbers(values: pd.Series) -> npt.NDArray[np.float64]:
    """Return the cells of a column as [N] float64 with NaN for missing; date-times as seconds since 1970."""
    if values.dtype.kind == "M":
        seconds = values.to_numpy("datetime64[ns]").astype(np.int64) / 1e9
        return np.where(values.isna().to_numpy(), np.nan, seconds)
    return values.to_numpy(np.float64)


def winsorised_moments(numbers: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return mean and standard deviation with the outer 1 % on each side drawn in: one 1e308 decides nothing."""
    low, high = np.quantile(numbers, [0.01, 0.99], method="nearest")
    drawn_in = np.clip(numbers, low, high)
    half_centre = float(np.median(drawn_in / 2))
    halves = drawn_in / 2 - half_centre  # the difference of two numbers of 1e308 is beyond float64, of halves it is not
    spread = float(np.max(np.abs(halves)))
    if spread < _SMALLEST_SPREAD:
        return 2 * half_centre, 1.0
    relative = halves / spread  # keeps the squares of huge numbers finite
    half_scale = min(spread * float(relative.std()), np.finfo(np.float64).max / 2)
    return 2 * (half_centre + spread * float(relative.mean())), 2 * half_scale


def largest_count(column: ColumnEncoding) -> float:
    """Return the count at the clip of the standardised log count: larger ones are drawn in, like every number."""
    log_count = min(column.location + CLIP * column.scale, np.log(_LARGEST_COUNT))
    return float(np.round(np.expm1(log_count)))


def encode_numbers(column: ColumnEncoding, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return [N] what the model reads of a numeric column: standardised, or rounded counts; 0 where missing."""
    if column.likelihood is Likelihood.NEGATIVE_BINOMIAL:
        # Counts beyond the clip of the standardised log count are drawn in, as for every other number.
        return np.round(np.clip(np.where(np.isnan(numbers), 0.0, numbers), 0, largest_count(column)))
    if column.likelihood is Likelihood.LOG_NORMAL:
        # New rows may hold what the kind rules out: 0 and below end at the lower clip, as surprising as can be.
        numbers = np.log(np.maximum(numbers, np.nextafter(0.0, 1.0)))
    standardised = standardise(numbers, column.location, column.scale)
    return np.asarray(np.where(np.isnan(standardised), 0.0, standardised), np.float64)


def standardise(numbers: npt.NDArray[np.float64], location: float, scale: float) -> npt.NDArray[np.float64]:
    """Return `(numbers - location) / scale`, clipped: finite, or NaN where the number is."""
    with np.errstate(over="ignore"):  # 1e308 over a small scale is inf, and ends at the clip
        return np.clip((numbers / 2 - location / 2) / (scale / 2), -CLIP, CLIP)


#: A column with at most this many distinct values, or bins, is modelled as a Categorical over them.
MAX_BINS = 32


def fit_quantised(
    column: Column, distinct: npt.NDArray[np.float64], counts: npt.NDArray[np.integer], has_missing: bool
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
