"""Objectives, KL, importance-weighted bound and trimmed mean against closed forms and Monte-Carlo."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from vaeaudit.config import ModelConfig, Objective, TrainConfig
from vaeaudit.models.objectives import (
    OBJECTIVES,
    POINT_STDDEV,
    AutoencoderObjective,
    BetaObjective,
    CapacityObjective,
    CovarianceObjective,
    DenoisingObjective,
    FallingObjective,
    TotalCorrelationObjective,
    importance_weighted_bound,
    kl_parts,
    kl_per_latent,
    posterior,
    prior,
    trimmed_mean,
)

RNG = np.random.default_rng(4)
MEAN = RNG.normal(0, 1.5, (6, 3)).astype(np.float32)
STDDEV = RNG.uniform(0.05, 2, (6, 3)).astype(np.float32)
KL = 0.5 * (MEAN**2 + STDDEV**2 - 1 - np.log(STDDEV**2)).sum(axis=1)


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


class PinnedObjective(BetaObjective):
    """A further objective: the beta-VAE, but posterior means are drawn to 3 instead of to 0."""

    may_be_turned = False  # 3, 3, 3 is not where it was from another side

    def loss(self, log_likelihood: Any, mean: Any, stddev: Any, z: Any, risen: Any) -> Any:
        """Return the loss of the beta-VAE whose prior is N(3, 1)."""
        return super().loss(log_likelihood, mean - 3.0, stddev, z, risen)


def test_a_further_objective_is_one_class_and_one_entry(learned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OBJECTIVES, "pinned", PinnedObjective)
    config = ModelConfig(beta=1.0, latents=4, hidden=(16,))
    object.__setattr__(config, "objective", "pinned")  # a word that the command line does not know
    training = learned.train_again(model=config)

    mean = learned.codes_of(training).mean
    assert np.abs(mean.mean(axis=0) - 3).max() < 1
    assert np.abs(learned.codes.mean.mean(axis=0)).max() < 1
    # What decides when to stop is the same loss: it fell with the prior at 3, and far below that of a prior at 0.
    assert training.history["val_loss"][-1] < training.history["val_loss"][0] < -training.history["val_elbo"][-1]


def test_every_word_for_an_objective_has_a_class_that_says_the_same_of_the_prior() -> None:
    assert {word: OBJECTIVES[word].has_prior for word in Objective} == {word: word.has_prior for word in Objective}
    assert set(OBJECTIVES) == set(Objective)


def test_the_loss_of_the_beta_vae_is_the_weighted_kl_minus_the_log_likelihood() -> None:
    log_likelihood = RNG.normal(size=6).astype(np.float32)
    objective = BetaObjective(ModelConfig(beta=4.0))
    for risen in (1.0, 0.25):
        loss = objective.loss(tf.constant(log_likelihood), tf.constant(MEAN), tf.constant(STDDEV), None, risen)
        np.testing.assert_allclose(loss, 4 * risen * KL - log_likelihood, rtol=1e-5)


def test_the_stddev_of_the_beta_vae_is_positive_rises_and_starts_near_one() -> None:
    stddev = BetaObjective().stddev(tf.constant([-100.0, -1.0, 0.0, 1.0])).numpy()
    assert stddev[0] == pytest.approx(1e-3)
    assert (np.diff(stddev) > 0).all()
    assert stddev[2] == pytest.approx(1.001)


def test_samples_of_the_beta_vae_have_the_posteriors_moments() -> None:
    noise = tf.random.stateless_normal([50_000, *MEAN.shape], seed=[1, 2])
    z = BetaObjective().latents(tf.constant(MEAN), tf.constant(STDDEV), noise).numpy()
    np.testing.assert_allclose(z.mean(axis=0), MEAN, atol=0.04)
    np.testing.assert_allclose(z.std(axis=0), STDDEV, rtol=0.02)


def test_importance_weights_are_the_densities_of_the_prior_and_of_the_posterior() -> None:
    z = RNG.normal(size=(7, *MEAN.shape)).astype(np.float32)
    objective = BetaObjective()
    np.testing.assert_allclose(objective.log_prior(z), stats.norm.logpdf(z).sum(axis=-1), rtol=1e-4)
    of_posterior = stats.norm.logpdf(z, MEAN, STDDEV).sum(axis=-1)
    np.testing.assert_allclose(objective.log_posterior(z, MEAN, STDDEV), of_posterior, rtol=1e-4)


def test_the_autoencoder_has_a_point_for_a_posterior_and_no_prior() -> None:
    objective, log_likelihood = AutoencoderObjective(), tf.constant(RNG.normal(size=6), tf.float32)
    mean, noise = tf.constant(MEAN), tf.ones((2, *MEAN.shape))
    stddev = objective.stddev(mean)
    assert np.all(stddev.numpy() == np.float32(POINT_STDDEV))
    np.testing.assert_array_equal(objective.latents(mean, stddev, noise), np.stack([MEAN, MEAN]))
    np.testing.assert_array_equal(objective.loss(log_likelihood, mean, stddev, mean, 9.0), -log_likelihood.numpy())
    np.testing.assert_allclose(objective.divergence(mean, stddev), MEAN**2 / 2, rtol=1e-5)
    assert not objective.log_prior(mean).numpy().any()
    assert not objective.log_posterior(mean, mean, stddev).numpy().any()


# --- the family: each against the formula of its paper ---------------------------------------------------------------


def loss_of(kind: Any, risen: float = 1.0, z: Any = MEAN, **settings: Any) -> np.ndarray:
    """The loss [..., 6] of `MEAN` and `STDDEV` without the log-likelihood."""
    objective = kind(ModelConfig(**settings))
    return np.asarray(objective.loss(tf.zeros(6), tf.constant(MEAN), tf.constant(STDDEV), tf.constant(z), risen))


def aggregated(correlation: float, n_rows: int, stddev: float = 0.5) -> tuple[Any, ...]:
    """Posteriors [N, 2] that are together N(0, [[1, r], [r, 1]]), and a z of each: z, mean, stddev."""
    generator = np.random.default_rng(n_rows)
    within = stddev**2
    mean = generator.multivariate_normal([0, 0], [[1 - within, correlation], [correlation, 1 - within]], n_rows)
    z = mean + stddev * generator.normal(size=mean.shape)
    return tuple(tf.constant(part, tf.float32) for part in (z, mean, np.full_like(mean, stddev)))


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.6])
def test_the_total_correlation_of_a_gaussian_is_its_closed_form_where_the_batch_is_all_rows(correlation: float) -> None:
    found = kl_parts(*aggregated(correlation, 2500))
    assert np.mean(found.total_correlation) == pytest.approx(-0.5 * np.log(1 - correlation**2), abs=0.03)
    assert np.mean(found.dimension_wise) == pytest.approx(0, abs=0.01)  # each latent alone is the prior


def test_the_total_correlation_comes_nearer_the_more_rows_the_batch_has() -> None:
    errors = []
    for size in (16, 128, 1024):
        batches = [kl_parts(*(part[at : at + size] for part in aggregated(0.6, 3072))) for at in range(0, 3072, size)]
        errors.append(abs(np.mean([np.mean(parts.total_correlation) for parts in batches]) + 0.5 * np.log(1 - 0.36)))
    assert errors[0] > errors[1] > errors[2]


def test_the_mutual_information_is_that_of_the_channel() -> None:
    z, mean, stddev = aggregated(0.0, 2500)
    assert np.mean(kl_parts(z, mean, stddev).mutual_information) == pytest.approx(2 * np.log(1 / 0.5), abs=0.05)


@given(st.integers(1, 12), st.integers(1, 4), st.integers(0, 2**31))
@settings(max_examples=40)
def test_the_parts_add_up_to_an_estimate_of_the_kl(n_rows: int, n_latents: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    mean = generator.normal(0, 2, (n_rows, n_latents)).astype(np.float32)
    stddev = generator.uniform(0.05, 2, mean.shape).astype(np.float32)
    z = (mean + stddev * generator.normal(size=(3, *mean.shape))).astype(np.float32)
    found = kl_parts(tf.constant(z), tf.constant(mean), tf.constant(stddev))
    one_sample = (stats.norm.logpdf(z, mean, stddev) - stats.norm.logpdf(z)).sum(axis=-1)
    np.testing.assert_allclose(np.sum(found, axis=0), one_sample, rtol=1e-3, atol=1e-3)
    assert np.max(found.mutual_information) <= np.log(n_rows) + 1e-3


def test_the_parts_add_up_to_the_kl_in_the_mean() -> None:
    z = (MEAN + STDDEV * RNG.normal(size=(40_000, *MEAN.shape))).astype(np.float32)
    parts = kl_parts(tf.constant(z), tf.constant(MEAN), tf.constant(STDDEV))
    np.testing.assert_allclose(np.sum(parts, axis=0).mean(axis=0), KL, atol=0.05)


def test_the_order_of_a_batch_does_not_matter_to_its_parts() -> None:
    order, z = RNG.permutation(6), MEAN + STDDEV
    parts = kl_parts(tf.constant(z), tf.constant(MEAN), tf.constant(STDDEV))
    again = kl_parts(tf.constant(z[order]), tf.constant(MEAN[order]), tf.constant(STDDEV[order]))
    np.testing.assert_allclose(np.array(parts)[:, order], np.array(again), atol=1e-4)


def test_the_loss_of_the_beta_tcvae_weighs_the_total_correlation_alone() -> None:
    z = MEAN + STDDEV
    total_correlation = kl_parts(tf.constant(z), tf.constant(MEAN), tf.constant(STDDEV)).total_correlation
    np.testing.assert_allclose(loss_of(TotalCorrelationObjective, z=z, beta=1.0), KL, rtol=1e-5)
    found = loss_of(TotalCorrelationObjective, z=z, beta=6.0, risen=0.5)
    np.testing.assert_allclose(found, 0.5 * (KL + 5 * total_correlation.numpy()), rtol=1e-4)


def test_the_loss_of_the_capacity_annealed_vae_is_the_weighted_distance_of_the_kl_from_the_capacity() -> None:
    for risen, capacity in ((1.0, 2.0), (0.5, 30.0)):
        found = loss_of(CapacityObjective, risen, objective="capacity", beta=7.0, capacity=capacity)
        np.testing.assert_allclose(found, 7 * np.abs(KL - risen * capacity), rtol=1e-4)
    at_capacity = loss_of(CapacityObjective, objective="capacity", capacity=float(KL[2]))
    assert at_capacity[2] == pytest.approx(0, abs=1e-4)


def test_the_capacity_rises_over_half_of_the_epochs() -> None:
    objective = CapacityObjective()
    assert objective.rising_epochs(TrainConfig(epochs=30, warmup_epochs=5)) == 15
    assert objective.rising_epochs(TrainConfig(epochs=6, warmup_epochs=5)) == 5
    assert BetaObjective().rising_epochs(TrainConfig(epochs=30, warmup_epochs=5)) == 5


def test_the_loss_of_the_dip_vae_is_the_kl_and_the_distance_of_the_covariance_from_that_of_the_prior() -> None:
    covariance = np.cov(MEAN, rowvar=False, bias=True) + np.diag(np.square(STDDEV).mean(axis=0))
    apart = np.square(covariance - np.eye(3)).sum()
    np.testing.assert_allclose(loss_of(CovarianceObjective, 0.5, beta=3.0), 0.5 * (KL + 3 * apart), rtol=1e-4)


def test_the_covariance_costs_nothing_where_it_is_that_of_the_prior() -> None:
    mean, stddev = np.float32([[0.6, 0.8], [0.6, -0.8], [-0.6, 0.8], [-0.6, -0.8]]), np.float32([[0.8, 0.6]] * 4)
    found = CovarianceObjective(ModelConfig(beta=1000.0)).loss(tf.zeros(4), mean, stddev, tf.constant(mean), 1.0)
    np.testing.assert_allclose(found, kl_per_latent(mean, stddev).numpy().sum(axis=1), atol=1e-2)


def test_only_denoising_corrupts_and_its_loss_is_the_beta_vaes() -> None:
    config = ModelConfig(beta=2.0, corruption=0.3)
    assert {word for word, kind in OBJECTIVES.items() if kind(config).corruption} == {"denoising"}
    assert DenoisingObjective(config).corruption == 0.3
    np.testing.assert_array_equal(loss_of(DenoisingObjective, beta=2.0), loss_of(BetaObjective, beta=2.0))


def test_only_the_weight_of_falling_falls_over_three_quarters_of_the_epochs_and_its_loss_is_the_beta_vaes() -> None:
    assert {word for word, kind in OBJECTIVES.items() if kind.falls} == {"falling"}
    assert FallingObjective().rising_epochs(TrainConfig(epochs=40)) == 30
    np.testing.assert_array_equal(loss_of(FallingObjective, 3.0, beta=2.0), loss_of(BetaObjective, beta=6.0))


def test_latents_are_turned_to_few_columns_and_those_of_falling_to_independence() -> None:
    scores = np.random.default_rng(0).uniform(-1.7, 1.7, (500, 2))
    mixed = scores @ [[0.8, 0.6], [-0.6, 0.8]]
    for kind, columns in ((BetaObjective, mixed), (FallingObjective, scores)):
        turned = mixed @ kind().rotation(mixed, mixed)
        assert np.abs(np.corrcoef(turned, columns, rowvar=False)[:2, 2:]).max(axis=1).min() > 0.99


def test_beta_is_the_objectives_own_where_none_is_given() -> None:
    assert ModelConfig(objective="beta-tc").weight == Objective.BETA_TC.usual_beta > 1
    assert ModelConfig(objective="beta-tc", beta=2.0).weight == 2
    assert ModelConfig().weight == 1
