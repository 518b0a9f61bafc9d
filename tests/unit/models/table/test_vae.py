"""The model without latents: where training starts, and what it must beat."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from vaeaudit.config import ModelConfig
from vaeaudit.data.encoding.shares import CodeShares
from vaeaudit.data.encoding.table_encoding import fit_encoding
from vaeaudit.data.schema.columns import Kind
from vaeaudit.models.objectives import BetaObjective
from vaeaudit.models.table.vae import TableVAE

N = 4000


@pytest.fixture(scope="module")
def marginal(dataset_of: Any) -> Any:
    generator = np.random.default_rng(8)
    real = generator.normal(3, 2, N)
    real[generator.random(N) < 0.2] = np.nan
    level = generator.choice(list("abc"), N, p=[0.6, 0.3, 0.1])
    dataset = dataset_of({"real": (real, Kind.REAL), "level": (level, Kind.CATEGORY)})
    encoding = fit_encoding(dataset, max_levels=255)
    model = TableVAE(encoding, ModelConfig(latents=1, hidden=(4,)), objective=BetaObjective(), seed=0)
    rows = encoding.encode(dataset.frame)
    return model, rows, model.start_from(rows, rows, seed=0)


def test_the_baseline_is_the_likelihood_of_columns_on_their_own(marginal: Any) -> None:
    _, rows, found = marginal
    standardised = rows.values[rows.observed[:, 0], 0].astype(np.float64)
    share = rows.observed[:, 0].mean()
    of_real = share * (-0.5 * math.log(2 * math.pi) - math.log(standardised.std()) - 0.5)
    of_missing = share * math.log(share) + (1 - share) * math.log(1 - share)
    of_level = -stats.entropy([0.6, 0.3, 0.1])
    assert found.mean() == pytest.approx(of_real + of_missing + of_level, abs=0.03)


def test_training_starts_from_the_marginals(marginal: Any) -> None:
    model, rows, _ = marginal
    parameters = model.decode(np.zeros((1, 1), np.float32))
    _, level = model.likelihood.distributions(parameters)
    shares = np.bincount(rows.codes[:, 0], minlength=4) / N
    np.testing.assert_allclose(level.probs_parameter()[0, 0], shares, atol=0.03)
    np.testing.assert_allclose(model.likelihood.missingness(parameters).probs_parameter()[0], [0.2], atol=0.03)


def test_what_a_cell_costs_alone_is_minus_the_log_of_its_share_in_its_column(marginal: Any) -> None:
    model, rows, _ = marginal
    alone = model.nats_alone(rows.arrays()).numpy()
    missing = ~rows.observed[:, 0]
    np.testing.assert_allclose(alone[missing, 0], -np.log(missing.mean()), atol=1e-3)
    np.testing.assert_allclose(alone[~missing, 0], -np.log(1 - missing.mean()), atol=1e-3)
    shares = np.bincount(rows.codes[:, 0]) / N
    np.testing.assert_allclose(alone[:, 1], -np.log(shares[rows.codes[:, 0]]), atol=2e-3)


def test_what_a_cell_costs_alone_is_counted_alike_for_the_score_and_for_trimming(marginal: Any) -> None:
    model, rows, _ = marginal
    counted = CodeShares.of(model.encoding, rows).nats(rows)
    np.testing.assert_allclose(model.nats_alone(rows.arrays()).numpy(), counted, atol=1e-6)


def test_a_missing_level_costs_what_missing_cells_do(dataset_of: Any) -> None:
    level = np.array(["a", "b", None, "a"] * 25, object)
    dataset = dataset_of({"level": (level, Kind.CATEGORY)})
    encoding = fit_encoding(dataset, max_levels=255)
    model = TableVAE(encoding, ModelConfig(latents=1, hidden=(4,)), objective=BetaObjective(), seed=0)
    rows = encoding.encode(dataset.frame)
    model.start_from(rows, rows, seed=0)
    expected = [-np.log(0.75 * 2 / 3), -np.log(0.75 / 3), -np.log(0.25), -np.log(0.75 * 2 / 3)]
    np.testing.assert_allclose(model.nats_alone(rows.arrays()).numpy()[:4, 0], expected, atol=0.03)


def test_a_corrupted_cell_is_that_of_another_row_with_its_value_code_and_whether_it_is_there(marginal: Any) -> None:
    model, rows, _ = marginal
    batch = rows.take(slice(0, 2000)).arrays()
    shown = tuple(part.numpy() for part in model.corrupted(batch, 0.25))
    changed = shown[0][:, 0] != batch[0][:, 0]
    # a missing cell comes as 0, and one in five that is replaced by another missing one does not change
    assert changed.mean() == pytest.approx(0.25 * (1 - 0.2**2), abs=0.03)
    assert set(shown[0][:, 0]) <= set(batch[0][:, 0])
    np.testing.assert_array_equal(shown[0][~shown[2][:, 0], 0], 0)
    assert (shown[1][:, 0] != batch[1][:, 0]).mean() == pytest.approx(0.25 * (1 - 0.46), abs=0.03)
    both = changed & (shown[1][:, 0] != batch[1][:, 0])  # cell by cell, not row by row
    assert both.mean() == pytest.approx(0.24 * 0.135, abs=0.02)
