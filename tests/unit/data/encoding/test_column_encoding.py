"""Numbers that heap become codes: every value has one, bins carry like weights, and densities keep their mass."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import integrate

from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.column_encoding import MAX_BINS, MISSING_CODE, Likelihood
from vaeaudit.data.encoding.table_encoding import Encoding, fit_encoding
from vaeaudit.data.schema.columns import Kind

RNG = np.random.default_rng(3)
N = 500
Make = Callable[[dict[str, tuple[Any, Kind]]], Dataset]


def fit_number(dataset_of: Make, values: Any) -> tuple[Encoding, Dataset]:
    dataset = dataset_of({"x": (values, Kind.REAL)})
    return fit_encoding(dataset, max_levels=255), dataset


@pytest.mark.parametrize("step", [5e-324, 1e-310, 1e-200, 1.0, 1e292, 4e305])
def test_a_column_of_any_magnitude_is_encoded_without_empty_bins(dataset_of: Make, step: float) -> None:
    heaped = np.concatenate([np.zeros(200), np.arange(1, 301) * step])
    encoding, dataset = fit_number(dataset_of, heaped)
    column = encoding.columns[0]

    assert column.likelihood is Likelihood.QUANTISED
    assert np.isfinite(column.centres).all()
    assert np.isfinite(column.tails).all()
    assert np.diff(column.edges).min() > 0
    assert np.isfinite(encoding.base_log_density(dataset.frame)).all()
    assert np.isfinite(encoding.unit_correction(dataset.frame)).all()
    codes = encoding.encode(dataset.frame).codes[:, 0]
    assert np.bincount(codes[200:], minlength=column.n_codes)[len(column.atoms) :].min() > 0


def test_few_distinct_numbers_are_atoms_and_an_unseen_one_has_a_code_of_its_own(dataset_of: Make) -> None:
    encoding, dataset = fit_number(dataset_of, RNG.choice([0, 1, 2, 5], N))
    column = encoding.columns[0]
    rows = encoding.encode(pd.DataFrame({"x": [0.0, 1, 2, 5, 3, -1, 99, np.nan]}))

    assert column.atoms == (0, 1, 2, 5)
    assert column.centres[:4] == column.atoms
    np.testing.assert_array_equal(rows.codes[:, 0], [0, 1, 2, 3, 4, 4, 4, MISSING_CODE])
    assert encoding.encode(dataset.frame).codes.max() == 3


def test_a_heaped_number_is_an_atom_and_the_rest_fall_into_bins_of_like_weight(dataset_of: Make) -> None:
    values = np.concatenate([np.full(4000, 40.0), RNG.normal(40, 10, 6000)])
    encoding, dataset = fit_number(dataset_of, values)
    column = encoding.columns[0]
    codes = encoding.encode(dataset.frame).codes[:, 0]

    assert column.atoms == (40.0,)
    assert column.n_codes == MAX_BINS
    assert np.all(codes[:4000] == 0)
    per_bin = np.bincount(codes[4000:], minlength=column.n_codes)[1:]
    assert per_bin.min() > 0.8 * per_bin.max()


@pytest.mark.parametrize("bins", ["bins", "no bins"])
def test_the_density_of_a_quantised_column_has_mass_one(dataset_of: Make, bins: str) -> None:
    many = np.concatenate([np.full(400, 40.0), RNG.normal(40, 10, 600)])
    values = many if bins == "bins" else RNG.choice([1.0, 2.0, 3.5], N)
    encoding, _ = fit_number(dataset_of, values)
    column = encoding.columns[0]
    probability = RNG.dirichlet(np.ones(column.n_codes))

    def density(x: np.ndarray) -> np.ndarray:
        frame = pd.DataFrame({"x": x})
        codes = encoding.encode(frame).codes[:, 0]
        nats = encoding.base_log_density(frame)[:, 0] + encoding.unit_correction(frame)
        return np.asarray(probability[codes] * np.exp(nats))

    cuts = np.sort([*column.edges, *column.atoms])
    reach = 60 * max(column.tails)
    ends = [cuts[0] - reach, *cuts, cuts[-1] + reach]
    between = 0.0
    for low, high in itertools.pairwise(ends):
        inside = np.linspace(low, high, 20_001)[1:-1]  # atoms and edges are points, of no length
        between += integrate.trapezoid(density(inside), inside) if high > low else 0.0
    assert between + density(np.array(column.atoms)).sum() == pytest.approx(1.0, abs=0.01)
