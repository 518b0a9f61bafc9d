"""KL, importance-weighted bound and trimmed mean against closed forms and Monte-Carlo."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from vaeaudit.models.objectives import importance_weighted_bound, kl_per_latent, posterior, prior, trimmed_mean

RNG = np.random.default_rng(4)
MEAN = RNG.normal(0, 1.5, (6, 3)).astype(np.float32)
STDDEV = RNG.uniform(0.05, 2, (6, 3)).astype(np.float32)


def test_the_kl_of_each_latent_is_its_closed_form() -> None:
    closed = 0.5 * (MEAN**2 + STDDEV**2 - 1 - np.log(STDDEV**2))
    np.testing.assert_allclose(kl_per_latent(tf.constant(MEAN), tf.constant(STDDEV)), closed, rtol=1e-5, atol=1e-6)


def test_the_kl_agrees_with_monte_carlo() -> None:
    z = MEAN + STDDEV * RNG.normal(size=(200_000, *MEAN.shape))
    estimate = (stats.norm.logpdf(z, MEAN, STDDEV) - stats.norm.logpdf(z)).mean(axis=0)
    np.testing.assert_allclose(kl_per_latent(tf.constant(MEAN), tf.constant(STDDEV)), estimate, atol=0.03)


def test_a_posterior_equal_to_the_prior_costs_nothing() -> None:
    assert np.all(kl_per_latent(tf.zeros((2, 4)), tf.ones((2, 4))).numpy() == 0)


def test_posterior_and_prior_are_normal() -> None:
    z = RNG.normal(size=MEAN.shape).astype(np.float32)
    np.testing.assert_allclose(
        posterior(tf.constant(MEAN), tf.constant(STDDEV)).log_prob(z), stats.norm.logpdf(z, MEAN, STDDEV), rtol=1e-4
    )
    np.testing.assert_allclose(prior().log_prob(z), stats.norm.logpdf(z), rtol=1e-5)


def test_the_importance_weighted_bound_is_the_log_of_the_mean_weight() -> None:
    log_weights = RNG.normal(-900, 5, (7, 4)).astype(np.float32)  # the weights themselves are 0 in float32
    shifted = np.log(np.exp(log_weights.astype(np.float64) + 900).mean(axis=0)) - 900
    np.testing.assert_allclose(importance_weighted_bound(tf.constant(log_weights)), shifted, rtol=1e-6)


def test_with_one_sample_the_bound_is_the_weight_itself() -> None:
    log_weights = RNG.normal(size=(1, 4)).astype(np.float32)
    np.testing.assert_allclose(importance_weighted_bound(tf.constant(log_weights)), log_weights[0], rtol=1e-6)


@given(
    st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=60),
    st.sampled_from([0.0, 0.01, 0.1, 0.25, 0.49]),
)
@settings(deadline=None, max_examples=60)
def test_the_trimmed_mean_leaves_out_the_largest_share(loss: list[float], trim: float) -> None:
    kept = np.sort(loss)[: max(1, int(np.ceil(np.float32(1 - trim) * np.float32(len(loss)))))]
    assert float(trimmed_mean(tf.constant(loss, tf.float32), trim)) == pytest.approx(kept.mean(), rel=1e-4, abs=1e-3)


def test_rows_can_be_trimmed_by_something_else_than_their_loss() -> None:
    loss, by = tf.constant([5.0, 1.0, 2.0, 3.0]), tf.constant([0.0, 9.0, 1.0, 2.0])
    assert float(trimmed_mean(loss, 0.25, by=by)) == pytest.approx((5 + 2 + 3) / 3)


def test_a_row_that_is_trimmed_has_no_gradient() -> None:
    loss = tf.Variable([1.0, 2.0, 3.0, 1e9])
    with tf.GradientTape() as tape:
        trimmed = trimmed_mean(loss, 0.25)
    np.testing.assert_allclose(tape.gradient(trimmed, loss), [1 / 3, 1 / 3, 1 / 3, 0])
