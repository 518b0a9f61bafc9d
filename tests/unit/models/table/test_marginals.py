"""Each column on its own: the fitted likelihood is the largest that one parameter vector for all rows can reach."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from vaeaudit.data.encoding.column_encoding import Likelihood
from vaeaudit.data.encoding.table_encoding import fit_encoding
from vaeaudit.data.schema.columns import Kind
from vaeaudit.models.table.likelihoods import MixedLikelihood, inverse_softplus
from vaeaudit.models.table.marginals import fit_marginals

N = 3000


def fitted(dataset_of: Any, values: Any, kind: Kind) -> tuple[MixedLikelihood, Any, np.ndarray]:
    dataset = dataset_of({"column": (values, kind), "other": (np.arange(len(values)) % 2 == 0, Kind.BOOLEAN)})
    encoding = fit_encoding(dataset, max_levels=255)
    likelihood = MixedLikelihood(encoding)
    likelihood.build()
    rows = encoding.encode(dataset.frame)
    _, nats = fit_marginals(likelihood, rows, rows, seed=0)
    return likelihood, rows, np.asarray(nats) - np.log(0.5)


def test_a_heavy_tailed_number_gets_the_degrees_of_freedom_that_scipy_finds(dataset_of):
    values = np.random.default_rng(0).standard_t(2.5, N) * 3 + 7
    likelihood, rows, nats = fitted(dataset_of, values, Kind.REAL)
    assert likelihood.blocks[0].likelihood is Likelihood.STUDENT_T
    best = stats.t.logpdf(rows.values[:, 0], *stats.t.fit(rows.values[:, 0])).mean()
    assert nats.mean() == pytest.approx(best, abs=2e-3)


def test_an_overdispersed_count_is_told_as_well_as_a_grid_of_parameters_can(dataset_of):
    values = np.random.default_rng(0).negative_binomial(1.5, 0.005, N)
    likelihood, _, nats = fitted(dataset_of, values, Kind.COUNT)
    assert likelihood.blocks[0].likelihood is Likelihood.NEGATIVE_BINOMIAL
    best = max(
        stats.nbinom.logpmf(values, r, r / (r + mean)).mean()
        for r in np.linspace(1, 2, 41)
        for mean in values.mean() * np.linspace(0.95, 1.05, 11)
    )
    assert nats.mean() == pytest.approx(best, abs=2e-3)


@pytest.mark.parametrize("shares", [[0.7, 0.3], [0.002, 0.998], [0.5, 0.3, 0.15, 0.05]])
@pytest.mark.parametrize("kind", [Kind.CATEGORY, Kind.ORDINAL])
def test_levels_cost_their_entropy(dataset_of, kind, shares):
    counts = np.rint(N * np.array(shares)).astype(int)
    values = np.repeat(list("abcd")[: len(shares)], counts)
    _, _, nats = fitted(dataset_of, values, kind)
    assert nats.mean() == pytest.approx(-stats.entropy(counts), abs=2e-3)


def test_softplus_undoes_its_inverse_for_small_and_large_numbers():
    values = np.array([1e-6, 0.5, 1.0, 30.0, 1e4])
    np.testing.assert_allclose(np.logaddexp(0.0, inverse_softplus(values)), values, rtol=1e-9)
