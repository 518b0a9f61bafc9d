"""Quantiles and probabilities of one column under a mixture over posterior samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from vaeaudit.data.encoding.column_encoding import ColumnEncoding, Likelihood
from vaeaudit.data.encoding.table_encoding import Encoding
from vaeaudit.data.schema.columns import Kind
from vaeaudit.models.table.likelihoods import MixedLikelihood
from vaeaudit.models.table.mixture_ranges import mixture_probabilities, mixture_quantiles

COLUMNS = (
    ColumnEncoding("real", Kind.REAL, Likelihood.NORMAL),
    ColumnEncoding("tailed", Kind.REAL, Likelihood.STUDENT_T),
    ColumnEncoding("count", Kind.COUNT, Likelihood.NEGATIVE_BINOMIAL, location=1.5, scale=0.7),
    ColumnEncoding("flag", Kind.BOOLEAN, Likelihood.BERNOULLI, n_codes=2),
    ColumnEncoding("level", Kind.CATEGORY, Likelihood.CATEGORICAL, has_missing=True, n_codes=5),
)


@pytest.fixture(scope="module")
def likelihood() -> Any:
    layer = MixedLikelihood(Encoding(COLUMNS))
    layer.build()
    return layer


def outputs(likelihood: Any, *shape: int, seed: int = 0) -> Any:
    return tf.random.stateless_normal([*shape, likelihood.n_parameters], seed=[seed, 1])


@pytest.mark.parametrize("column", [0, 1, 2])
def test_the_distribution_function_at_a_quantile_is_its_level(likelihood: Any, column: int) -> None:
    parameters = outputs(likelihood, 7, 30)
    weight = np.random.default_rng(0).dirichlet(np.ones(7), 30).T
    levels = (0.05, 0.5, 0.95)
    found = mixture_quantiles(likelihood, parameters, weight, column, levels)
    _, place, distribution = likelihood.column_distribution(parameters, column)

    def reached(at: np.ndarray) -> np.ndarray:
        return np.sum(weight * distribution.cdf(tf.constant(at, tf.float32)[..., None])[..., place].numpy(), axis=0)

    for level, values in zip(levels, found, strict=True):
        if column == 2:  # counts: the first at which the level is reached
            assert np.all(values == np.round(values))
            assert np.all(reached(values) >= level - 1e-4)
            assert np.all((reached(values - 1) < level + 1e-4) | (values == 0))
        else:
            np.testing.assert_allclose(reached(values), level, atol=1e-4)


def test_one_component_has_its_own_quantiles(likelihood: Any) -> None:
    parameters = outputs(likelihood, 1, 4)
    _, _, normal = likelihood.column_distribution(parameters, 0)
    scale = float(np.ravel(normal.scale)[0])
    found = mixture_quantiles(likelihood, parameters, np.ones((1, 4)), 0, (0.05, 0.95))
    np.testing.assert_allclose(found[1], stats.norm.ppf(0.95, normal.loc[0, :, 0], scale), rtol=1e-5)


@pytest.mark.parametrize("column", [3, 4])
def test_probabilities_of_codes_are_weighted_means_that_add_up_to_one(likelihood: Any, column: int) -> None:
    parameters = outputs(likelihood, 3, 5)
    weight = np.full((3, 5), 1 / 3)
    found = mixture_probabilities(likelihood, parameters, weight, column)
    assert found.shape == (5, COLUMNS[column].n_codes)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    each = [mixture_probabilities(likelihood, parameters[s : s + 1], np.ones((1, 5)), column) for s in range(3)]
    np.testing.assert_allclose(found, np.mean(each, axis=0), rtol=1e-5)
