"""The model's bounds hold: ELBO <= IWAE <= log p(x), on a model whose log p(x) a grid can tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from vaeaudit.config import ModelConfig, Objective
from vaeaudit.data.encoding.column_encoding import ColumnEncoding, Likelihood
from vaeaudit.data.encoding.table_encoding import Encoding
from vaeaudit.data.schema.columns import Kind
from vaeaudit.models.fitting.build import build
from vaeaudit.models.objectives import POINT_STDDEV, BetaObjective
from vaeaudit.models.table.vae import TableVAE

COLUMNS = Encoding(
    (
        ColumnEncoding("a", Kind.REAL, Likelihood.NORMAL),
        ColumnEncoding("b", Kind.REAL, Likelihood.NORMAL, has_missing=True),
        ColumnEncoding("c", Kind.CATEGORY, Likelihood.CATEGORICAL, n_codes=3),
    )
)
GRID = np.linspace(-9, 9, 2001)
B = 40


@pytest.fixture(scope="module")
def model() -> TableVAE:
    """One latent, and a decoder that bends it into all three columns."""
    made = TableVAE(COLUMNS, ModelConfig(latents=1, hidden=(6,)), objective=BetaObjective(), seed=2)
    generator = np.random.default_rng(5)
    made.decoder.set_weights([generator.normal(0, 0.9, weight.shape) for weight in made.decoder.get_weights()])
    made.encoder.set_weights([generator.normal(0, 0.4, weight.shape) for weight in made.encoder.get_weights()])
    return made


@pytest.fixture(scope="module")
def batch() -> tuple[tf.Tensor, ...]:
    generator = np.random.default_rng(6)
    observed = np.ones((B, 3), bool)
    observed[::4, 1] = False
    values = np.where(observed[:, :2], generator.normal(size=(B, 2)), 0).astype(np.float32)
    return tf.constant(values), tf.constant(generator.integers(0, 3, (B, 1)), tf.int32), tf.constant(observed)


@pytest.fixture(scope="module")
def log_evidence(model: TableVAE, batch: tuple[tf.Tensor, ...]) -> np.ndarray:
    """log p(x) [B] by quadrature over the one latent."""
    z = tf.constant(np.repeat(GRID[:, None, None], B, axis=1), tf.float32)
    log_joint = tf.reduce_sum(model.likelihood.log_prob(model.decode(z), *batch), axis=-1).numpy()
    log_joint = log_joint + stats.norm.logpdf(GRID)[:, None]
    return np.asarray(special.logsumexp(log_joint, axis=0) + np.log(GRID[1] - GRID[0]))


def repeated(batch: Any, times: int) -> tuple[tf.Tensor, ...]:
    """Repeat rows, each time a trifle different: the noise of a row is chosen by what it holds."""
    values, *others = (tf.tile(part, [times, 1]) for part in batch)
    return values + 1e-5 * tf.random.stateless_normal(tf.shape(values), seed=[1, 2]), *others


def mean_bound(model: TableVAE, batch: Any, n_samples: int, repeats: int) -> np.ndarray:
    """The mean of the S-sample bound [B] over independent draws."""
    bound = model.importance_weighted(repeated(batch, repeats), n_samples)[2].numpy()
    return np.asarray(bound.astype(np.float64).reshape(repeats, B).mean(axis=0))


def test_the_bounds_are_ordered_and_tighten_to_the_evidence(
    model: TableVAE, batch: Any, log_evidence: np.ndarray
) -> None:
    elbo, few = mean_bound(model, batch, 1, 4000), mean_bound(model, batch, 5, 800)
    many, most = mean_bound(model, batch, 50, 80), mean_bound(model, batch, 2000, 5)

    for lower, higher in ((elbo, few), (few, many), (many, most)):
        assert lower.mean() < higher.mean()
        assert (lower < higher + 0.1).all()
    assert (most < log_evidence + 0.05).all()
    np.testing.assert_allclose(most, log_evidence, atol=0.1)


def test_the_one_sample_bound_is_on_average_log_likelihood_minus_kl(model: TableVAE, batch: Any) -> None:
    rows = repeated(batch, 4000)
    loss = model.losses_per_row(rows, model.draw_noise(rows), 1.0).loss
    by_parts = -loss.numpy().astype(np.float64).reshape(4000, B).mean(axis=0)
    # There are 1,024 draws of the noise, however often a row is repeated.
    assert mean_bound(model, batch, 1, 4000).mean() == pytest.approx(by_parts.mean(), abs=0.1)


def test_a_rows_log_likelihood_is_the_sum_over_columns_and_its_kl_the_sum_over_latents(batch: Any) -> None:
    model = TableVAE(COLUMNS, ModelConfig(latents=3, hidden=(5,)), objective=BetaObjective(), seed=0)
    mean, stddev, _, per_column = model.importance_weighted(batch, 4000)
    rows = model.losses_per_row(batch, tf.random.stateless_normal([2000, B, 3], seed=[1, 2]), 0.5)
    log_likelihood = rows.log_likelihood.numpy()
    kl = 2 * (rows.loss.numpy() + log_likelihood)

    assert per_column.shape == (B, 3)
    np.testing.assert_allclose(log_likelihood.mean(axis=0), per_column.numpy().sum(axis=1), atol=0.05)
    closed = 0.5 * (mean.numpy() ** 2 + stddev.numpy() ** 2 - 1 - 2 * np.log(stddev.numpy()))
    np.testing.assert_allclose(kl, np.tile(closed.sum(axis=1), (2000, 1)), rtol=1e-3, atol=1e-4)


def test_decoding_keeps_leading_dimensions(model: TableVAE) -> None:
    z = tf.random.stateless_normal([3, 5, 1], seed=[1, 2])
    parameters = model.decode(z)
    assert parameters.shape == (3, 5, model.likelihood.n_parameters)
    np.testing.assert_allclose(parameters[1], model.decode(z[1]), rtol=1e-5, atol=1e-6)


def test_the_autoencoder_is_deterministic_and_pays_no_kl(batch: Any) -> None:
    model = build(COLUMNS, ModelConfig(objective=Objective.AE.value, latents=2, hidden=(5,)), seed=0)
    first, again = (model.losses_per_row(batch, model.draw_noise(batch), 7.0) for _ in range(2))

    np.testing.assert_array_equal(first.loss, again.loss)
    np.testing.assert_array_equal(first.loss, -first.log_likelihood)
    _mean, stddev, bound, per_column = model.importance_weighted(batch, 4)
    assert np.all(stddev.numpy() == np.float32(POINT_STDDEV))
    np.testing.assert_allclose(bound, per_column.numpy().sum(axis=1), atol=1e-2)
    np.testing.assert_allclose(bound, first.log_likelihood, atol=1e-2)


def test_a_missing_cell_cannot_move_the_posterior(model: TableVAE, batch: Any) -> None:
    values, codes, observed = (part.numpy() for part in batch)
    other = values.copy()
    other[::4, 1] = 7.0  # stands in cells that are not observed
    for one, two in zip(model.encode(batch), model.encode((tf.constant(other), codes, observed)), strict=True):
        np.testing.assert_array_equal(one, two)


def test_unresolved_latents_are_refused() -> None:
    with pytest.raises(ValueError, match="must be resolved"):
        build(COLUMNS, ModelConfig(latents=0), seed=0)
