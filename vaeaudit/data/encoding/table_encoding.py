"""How typed columns become the numbers that the model sees, and which likelihood each column gets.

An `Encoding` is fitted once, is plain JSON, and is the only thing besides the weights that is needed to encode rows
that the model has never seen. Columns stand in *model order*: numeric likelihoods first, then coded ones by rising
number of codes, so that the model can treat columns of one likelihood as one block.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.column_encoding import (
    MAX_BINS,
    MISSING_CODE,
    ColumnEncoding,
    Likelihood,
    bin_log_density,
    cell_numbers,
    encode_numbers,
    fit_quantised,
    quantise,
    standardise,
    tail_log_density,
    winsorised_moments,
)
from vaeaudit.data.encoding.condition_encoding import ConditionEncoding, fit_condition
from vaeaudit.data.schema.columns import Column, Kind
from vaeaudit.errors import InputError

#: A single value that fills more than this share of a numeric column is heaping (0 capital gain, 40 hours a week).
ATOM_SHARE = 0.1
#: Excess kurtosis of a Laplace distribution; beyond it a Normal is the wrong tail.
HEAVY_TAILED = 3.0

#: Likelihoods by their place in model order; those that are not here follow, by number of codes.
_ORDER = [kind for kind in Likelihood if kind not in (Likelihood.CATEGORICAL, Likelihood.QUANTISED)]


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
    condition
        [N, E]; what the model is given beside the latents; None where it is given nothing.
    """

    values: npt.NDArray[np.float32]
    codes: npt.NDArray[np.int32]
    observed: npt.NDArray[np.bool_]
    condition: npt.NDArray[np.float32] | None = None

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
        return EncodedRows(*(part[rows] for part in self.arrays()))

    def arrays(self) -> tuple[npt.NDArray[Any], ...]:
        """Return values, codes and observed; behind them the condition, where there is one."""
        return self.values, self.codes, self.observed, *(() if self.condition is None else (self.condition,))


@dataclass(frozen=True)
class Encoding:
    """The encodings of all columns that enter the model, in model order, those that it is given among them.

    The network that judges cells reads and judges them all; the beta-VAE decodes the `decoded` ones, and is given the
    `condition`.
    """

    columns: tuple[ColumnEncoding, ...]
    condition: ConditionEncoding | None = None

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

    @property
    def decoded(self) -> Encoding:
        """Without what is given: the columns that latents speak for."""
        if self.condition is None:
            return self
        return Encoding(tuple(column for column in self.columns if column.name not in self.condition.names))

    def encode_for_latents(self, frame: pd.DataFrame) -> EncodedRows:
        """Encode what the beta-VAE reads: the `decoded` columns, and the condition."""
        rows = self.decoded.encode(frame)
        return rows if self.condition is None else replace(rows, condition=self.condition.encode(frame))

    def encode(self, frame: pd.DataFrame) -> EncodedRows:
        """Encode typed columns (stored as in `Dataset.frame`); levels never seen take the shared code."""
        n_rows = len(frame)
        values = np.zeros((n_rows, len(self.numeric)), np.float32)
        codes = np.full((n_rows, len(self.coded)), MISSING_CODE, np.int32)
        for position, column in enumerate(self.numeric):
            values[:, position] = encode_numbers(column, cell_numbers(frame[column.name]))
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
                base[:, position] = tail_log_density(column, cell_numbers(frame[column.name]))
        return base

    def unit_correction(self, frame: pd.DataFrame) -> npt.NDArray[np.float64]:
        """[N]; nats to add to a row's log-likelihood to turn it into a density in the user's own units."""
        total = np.zeros(len(frame))
        for column in self.columns:
            if column.likelihood.is_coded and column.likelihood is not Likelihood.QUANTISED:
                continue
            numbers = cell_numbers(frame[column.name])
            total += np.where(np.isnan(numbers), 0.0, _unit_log_density(column, numbers))
        return total


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
    if all(column.given for column in columns):
        raise InputError(
            f"{dataset.name}: no column is left for the model: all are text, constant, identifiers, or held out.",
            hint="`vaeaudit inspect DATA` shows why; --include COL lets a label or sensitive column in.",
        )
    encoded = [_fit_column(column, dataset.frame[column.name], max_levels) for column in columns]
    return Encoding(tuple(sorted(encoded, key=_model_order)), fit_condition(dataset.frame, dataset.schema))


def _model_order(column: ColumnEncoding) -> tuple[int, int]:
    likelihood = column.likelihood
    return (_ORDER.index(likelihood), 0) if likelihood in _ORDER else (len(_ORDER), column.n_codes)


def _fit_column(column: Column, values: pd.Series, max_levels: int) -> ColumnEncoding:
    has_missing = bool(values.isna().any())
    if not column.kind.is_levelled:
        return _fit_numbers(column, cell_numbers(values.dropna()), has_missing)
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
        return fit_quantised(column, distinct, counts, has_missing)
    if column.kind is Kind.COUNT and _is_dispersed_and_skewed(numbers):
        likelihood, numbers = Likelihood.NEGATIVE_BINOMIAL, np.log1p(numbers)
    elif column.kind is Kind.POSITIVE:
        likelihood, numbers = Likelihood.LOG_NORMAL, np.log(numbers)
    else:
        likelihood = Likelihood.STUDENT_T if _is_heavy_tailed(numbers) else Likelihood.NORMAL
    location, scale = winsorised_moments(numbers)
    return ColumnEncoding(column.name, column.kind, likelihood, has_missing, location=location, scale=scale)


def _is_heavy_tailed(numbers: npt.NDArray[np.float64]) -> bool:
    standardised = standardise(numbers, *winsorised_moments(numbers))
    fourth_moment, variance = np.mean((standardised - standardised.mean()) ** 4), standardised.var()
    return bool(fourth_moment > (HEAVY_TAILED + 3) * variance**2)


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


def _encode_codes(column: ColumnEncoding, values: pd.Series) -> npt.NDArray[np.integer]:
    if column.likelihood is Likelihood.QUANTISED:
        return quantise(column, cell_numbers(values))
    codes = np.asarray(values.cat.codes, np.int32)
    if column.likelihood is Likelihood.CATEGORICAL:
        return np.minimum(codes, column.n_codes - 1)
    return np.where(codes < column.n_codes, codes, -1)  # levels that only new rows have have no place in an order


def _unit_log_density(column: ColumnEncoding, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    if column.likelihood is Likelihood.NEGATIVE_BINOMIAL:
        return np.zeros_like(numbers)
    if column.likelihood is Likelihood.QUANTISED:
        return bin_log_density(column, numbers)
    log_density = np.full_like(numbers, -np.log(column.scale))
    if column.likelihood is Likelihood.LOG_NORMAL:
        positive = np.where(numbers > 0, numbers, 1.0)
        log_density -= np.log(positive)
    return log_density
