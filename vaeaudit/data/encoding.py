"""How typed columns become the numbers that the model sees, and which likelihood each column gets.

An `Encoding` is fitted once, is plain JSON, and is the only thing besides the weights that is needed to encode rows
that the model has never seen. Columns stand in *model order*: numeric likelihoods first, then coded ones by rising
number of codes, so that the model can treat columns of one likelihood as one block.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.data.dataset import Dataset
from vaeaudit.data.schema import Column, Kind
from vaeaudit.errors import InputError

#: Standardised values are clipped here: a cell 20 standard deviations out is as surprising as it needs to be, and
#: one mistyped number must not own the gradient.
CLIP = 20.0
#: A column with at most this many distinct values, or bins, is modelled as a Categorical over them.
MAX_BINS = 32
#: A single value that fills more than this share of a numeric column is heaping (0 capital gain, 40 hours a week).
ATOM_SHARE = 0.1
#: Excess kurtosis of a Laplace distribution; beyond it a Normal is the wrong tail.
HEAVY_TAILED = 3.0
MISSING_CODE = -1
#: Numbers that lie closer together than this have no spread that float64 could divide by.
_SMALLEST_SPREAD = 1e-300
#: Counts are modelled up to here, far inside float32.
_LARGEST_COUNT = 1e15


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


_ORDER = [
    Likelihood.NORMAL,
    Likelihood.LOG_NORMAL,
    Likelihood.STUDENT_T,
    Likelihood.NEGATIVE_BINOMIAL,
    Likelihood.BERNOULLI,
    Likelihood.ORDERED_LOGISTIC,
]


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


@dataclass(frozen=True)
class EncodedRows:
    """A batch of rows in model order; P numeric columns followed by Q coded ones, C = P + Q.

    Attributes
    ----------
    values
        [N, P] float32; standardised, or raw counts for `negative_binomial`; 0 where missing.
    codes
        [N, Q] int32; `MISSING_CODE` where missing.
    observed
        [N, C] bool.
    """

    values: npt.NDArray[np.float32]
    codes: npt.NDArray[np.int32]
    observed: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        n_rows, n_columns = self.observed.shape
        if self.values.shape[0] != n_rows or self.codes.shape[0] != n_rows:
            raise ValueError(f"values, codes and observed must share N = {n_rows} rows")
        if self.values.shape[1] + self.codes.shape[1] != n_columns:
            raise ValueError(f"values and codes must make up C = {n_columns} columns")

    def __len__(self) -> int:
        return int(self.observed.shape[0])

    def take(self, rows: npt.NDArray[np.integer] | slice) -> EncodedRows:
        """Return a subset of the rows."""
        return EncodedRows(self.values[rows], self.codes[rows], self.observed[rows])

    def arrays(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
        """Return values, codes and observed."""
        return self.values, self.codes, self.observed


@dataclass(frozen=True)
class Encoding:
    """The encodings of all modelled columns, in model order."""

    columns: tuple[ColumnEncoding, ...]

    def __post_init__(self) -> None:
        order = [_model_order(column) for column in self.columns]
        if order != sorted(order):
            raise ValueError("columns must stand in model order")

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in model order."""
        return tuple(column.name for column in self.columns)

    @property
    def numeric(self) -> tuple[ColumnEncoding, ...]:
        """The P columns with a numeric likelihood."""
        return tuple(column for column in self.columns if not column.likelihood.is_coded)

    @property
    def coded(self) -> tuple[ColumnEncoding, ...]:
        """The Q columns with a coded likelihood."""
        return tuple(column for column in self.columns if column.likelihood.is_coded)

    def encode(self, frame: pd.DataFrame) -> EncodedRows:
        """Encode typed columns (stored as in `Dataset.frame`); levels never seen take the shared code."""
        n_rows = len(frame)
        values = np.zeros((n_rows, len(self.numeric)), np.float32)
        codes = np.full((n_rows, len(self.coded)), MISSING_CODE, np.int32)
        for position, column in enumerate(self.numeric):
            values[:, position] = _encode_numbers(column, _numbers(frame[column.name]))
        for position, column in enumerate(self.coded):
            codes[:, position] = _encode_codes(column, frame[column.name])
        observed = np.column_stack([frame[name].notna().to_numpy() for name in self.names])
        return EncodedRows(values, codes, observed)

    def base_log_density(self, frame: pd.DataFrame) -> npt.NDArray[np.float32]:
        """[N, C]; the part of each cell's log-likelihood that no latent can change, in nats.

        A level that shares a code has one part in `shared_levels` of its probability; beyond the outer edges of a
        quantised column the density falls exponentially.
        """
        base = np.zeros((len(frame), len(self.columns)), np.float32)
        for position, column in enumerate(self.columns):
            if column.likelihood is Likelihood.CATEGORICAL and column.shared_levels > 1:
                shared = _encode_codes(column, frame[column.name]) == column.n_codes - 1
                base[shared, position] = -np.log(column.shared_levels)
            elif column.likelihood is Likelihood.QUANTISED:
                base[:, position] = _tail_log_density(column, _numbers(frame[column.name]))
        return base

    def drawn_base_log_density(
        self, codes: npt.NDArray[np.int32], generator: np.random.Generator
    ) -> npt.NDArray[np.float64]:
        """[N]; `base_log_density` summed over columns, for rows drawn from a model as codes [N, Q].

        Where in its tail, or at which of the levels that share a code, a drawn cell lies is drawn here.
        """
        total = np.zeros(len(codes))
        for position, column in enumerate(self.coded):
            cells = codes[:, position]
            if column.likelihood is Likelihood.CATEGORICAL:
                total -= np.where(cells == column.n_codes - 1, np.log(column.shared_levels), 0.0)
            elif column.likelihood is Likelihood.QUANTISED:
                in_tail = (cells == len(column.atoms)) | (cells == column.n_codes - 1)
                if not column.edges:  # one bin: between the outer atoms, or in one of the tails
                    in_tail &= generator.random(len(codes)) < sum(column.tails) / _bin_widths(column)[0]
                total -= np.where(in_tail, generator.exponential(size=len(codes)), 0.0)
        return total

    def unit_correction(self, frame: pd.DataFrame) -> npt.NDArray[np.float64]:
        """[N]; nats to add to a row's log-likelihood to turn it into a density in the user's own units."""
        total = np.zeros(len(frame))
        for column in self.columns:
            if column.likelihood.is_coded and column.likelihood is not Likelihood.QUANTISED:
                continue
            numbers = _numbers(frame[column.name])
            total += np.where(np.isnan(numbers), 0.0, _unit_log_density(column, numbers))
        return total

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"columns": [asdict(column) for column in self.columns]}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Encoding:
        """Rebuild an encoding from `to_dict`."""
        columns = []
        for entry in document["columns"]:
            plain: dict[str, Any] = {
                key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
            }
            plain["kind"], plain["likelihood"] = Kind(entry["kind"]), Likelihood(entry["likelihood"])
            columns.append(ColumnEncoding(**plain))
        return cls(tuple(columns))


def largest_count(column: ColumnEncoding) -> float:
    """Return the count at the clip of the standardised log count: larger ones are drawn in, like every number."""
    log_count = min(column.location + CLIP * column.scale, np.log(_LARGEST_COUNT))
    return float(np.round(np.expm1(log_count)))


def fit_encoding(dataset: Dataset, *, max_levels: int) -> Encoding:
    """Choose a likelihood for each modelled column and measure what its encoding needs.

    Parameters
    ----------
    dataset
        The typed table.
    max_levels
        A category keeps this many of its most frequent levels apart; all others share one code.

    Raises
    ------
    InputError
        Where no column is left that could enter the model.
    """
    columns = dataset.schema.modelled
    if not columns:
        raise InputError(
            f"{dataset.name}: no column is left for the model: all are text, constant, identifiers, or held out.",
            hint="`vaeaudit inspect DATA` shows why; --include COL lets a label or sensitive column in.",
        )
    encoded = [_fit_column(column, dataset.frame[column.name], max_levels) for column in columns]
    return Encoding(tuple(sorted(encoded, key=_model_order)))


def _model_order(column: ColumnEncoding) -> tuple[int, int]:
    likelihood = column.likelihood
    return (_ORDER.index(likelihood), 0) if likelihood in _ORDER else (len(_ORDER), column.n_codes)


def _numbers(values: pd.Series) -> npt.NDArray[np.float64]:
    """[N] float64 with NaN for missing; date-times as seconds since 1970."""
    if values.dtype.kind == "M":
        seconds = values.to_numpy("datetime64[ns]").astype(np.int64) / 1e9
        return np.where(values.isna().to_numpy(), np.nan, seconds)
    return values.to_numpy(np.float64)


def _fit_column(column: Column, values: pd.Series, max_levels: int) -> ColumnEncoding:
    has_missing = bool(values.isna().any())
    if not column.kind.is_levelled:
        return _fit_numbers(column, _numbers(values.dropna()), has_missing)
    if column.kind is Kind.CATEGORY:
        kept = min(len(column.levels), max_levels)
        return ColumnEncoding(
            column.name,
            column.kind,
            Likelihood.CATEGORICAL,
            has_missing,
            n_codes=kept + 1,  # the last code is for the rarer levels, and for levels that only new rows have
            shared_levels=max(1, len(column.levels) - kept),
        )
    likelihood = Likelihood.BERNOULLI if column.kind is Kind.BOOLEAN else Likelihood.ORDERED_LOGISTIC
    return ColumnEncoding(column.name, column.kind, likelihood, has_missing, n_codes=len(column.levels))


def _fit_numbers(column: Column, numbers: npt.NDArray[np.float64], has_missing: bool) -> ColumnEncoding:
    distinct, counts = np.unique(numbers, return_counts=True)
    if len(distinct) <= MAX_BINS or counts.max() > ATOM_SHARE * len(numbers):
        return _fit_quantised(column, distinct, counts, has_missing)
    if column.kind is Kind.COUNT and _is_dispersed_and_skewed(numbers):
        location, scale = _winsorised_moments(np.log1p(numbers))
        return ColumnEncoding(
            column.name, column.kind, Likelihood.NEGATIVE_BINOMIAL, has_missing, location=location, scale=scale
        )
    if column.kind is Kind.POSITIVE:
        location, scale = _winsorised_moments(np.log(numbers))
        return ColumnEncoding(
            column.name, column.kind, Likelihood.LOG_NORMAL, has_missing, location=location, scale=scale
        )
    location, scale = _winsorised_moments(numbers)
    standardised = _standardise(numbers, location, scale)
    fourth_moment, variance = np.mean((standardised - standardised.mean()) ** 4), standardised.var()
    is_heavy_tailed = fourth_moment > (HEAVY_TAILED + 3) * variance**2
    likelihood = Likelihood.STUDENT_T if is_heavy_tailed else Likelihood.NORMAL
    return ColumnEncoding(column.name, column.kind, likelihood, has_missing, location=location, scale=scale)


def _is_dispersed_and_skewed(counts: npt.NDArray[np.float64]) -> bool:
    """Whether a negative binomial suits: variance above the mean, and a long right tail.

    A count that is far from 0 and symmetric (age in years) needs a variance that may fall below its mean.
    """
    low, high = np.quantile(counts, [0.01, 0.99], method="nearest")
    largest = max(float(high), 1.0)
    relative = np.clip(counts, low, high) / largest  # keeps the cubes of huge counts finite
    centred = relative - relative.mean()
    is_dispersed = relative.var() > relative.mean() / largest
    return bool(is_dispersed and np.mean(centred**3) > relative.std() ** 3)


def _winsorised_moments(numbers: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Mean and standard deviation with the outer 1 % on each side drawn in, so that one 1e308 decides nothing."""
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


def _fit_quantised(
    column: Column,
    distinct: npt.NDArray[np.float64],
    counts: npt.NDArray[np.integer],
    has_missing: bool,
) -> ColumnEncoding:
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


def _encode_numbers(column: ColumnEncoding, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    if column.likelihood is Likelihood.NEGATIVE_BINOMIAL:
        # Counts beyond the clip of the standardised log count are drawn in, as for every other number.
        return np.round(np.clip(np.where(np.isnan(numbers), 0.0, numbers), 0, largest_count(column)))
    if column.likelihood is Likelihood.LOG_NORMAL:
        # New rows may hold what the kind rules out: 0 and below end at the lower clip, as surprising as can be.
        numbers = np.log(np.maximum(numbers, np.nextafter(0.0, 1.0)))
    standardised = _standardise(numbers, column.location, column.scale)
    return np.asarray(np.where(np.isnan(standardised), 0.0, standardised), np.float64)


def _standardise(numbers: npt.NDArray[np.float64], location: float, scale: float) -> npt.NDArray[np.float64]:
    with np.errstate(over="ignore"):  # 1e308 over a small scale is inf, and ends at the clip
        return np.clip((numbers / 2 - location / 2) / (scale / 2), -CLIP, CLIP)


def _encode_codes(column: ColumnEncoding, values: pd.Series) -> npt.NDArray[np.integer]:
    if column.likelihood is Likelihood.QUANTISED:
        return _quantise(column, _numbers(values))
    codes = np.asarray(values.cat.codes, np.int32)
    return np.minimum(codes, column.n_codes - 1) if column.likelihood is Likelihood.CATEGORICAL else codes


def _quantise(column: ColumnEncoding, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.integer]:
    atoms, edges = np.array(column.atoms, np.float64), np.array(column.edges, np.float64)
    codes = len(atoms) + np.searchsorted(edges, numbers, side="right")
    if len(atoms):
        nearest = np.minimum(np.searchsorted(atoms, numbers), len(atoms) - 1)
        codes = np.where(atoms[nearest] == numbers, nearest, codes)
    return np.where(np.isnan(numbers), MISSING_CODE, codes)


def _tail_log_density(column: ColumnEncoding, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    edges = column.edges or ((column.atoms[0], column.atoms[-1]) if column.atoms else (0.0, 0.0))
    with np.errstate(over="ignore"):
        distance = np.maximum((edges[0] - numbers) / column.tails[0], (numbers - edges[-1]) / column.tails[1])
    beyond = np.clip(np.nan_to_num(distance, nan=0.0), 0.0, CLIP**2 / 2)
    return np.where(_quantise(column, numbers) >= len(column.atoms), -beyond, 0.0)


def _unit_log_density(column: ColumnEncoding, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    if column.likelihood is Likelihood.NEGATIVE_BINOMIAL:
        return np.zeros_like(numbers)
    if column.likelihood is Likelihood.QUANTISED:
        widths = _bin_widths(column)
        bins = _quantise(column, numbers) - len(column.atoms)
        return np.where(bins >= 0, -np.log(widths[np.clip(bins, 0, len(widths) - 1)]), 0.0)
    log_density = np.full_like(numbers, -np.log(column.scale))
    if column.likelihood is Likelihood.LOG_NORMAL:
        positive = np.where(numbers > 0, numbers, 1.0)
        log_density -= np.log(positive)
    return log_density
