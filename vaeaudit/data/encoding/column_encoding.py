"""How one column is encoded: its likelihood, and how its numbers are standardised."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.data.schema.columns import Kind

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
