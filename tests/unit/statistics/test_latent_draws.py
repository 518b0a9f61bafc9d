"""z drawn inside a box: against the closed forms of truncated, mixed and conditional normal distributions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from vaeaudit.statistics.latent_draws import Mixture, normal_between, posterior_draws, prior_draws

N = 20_000


def test_prior_draws_are_standard_normal_outside_the_box_and_truncated_in_it():
    z = prior_draws(N, 3, {1: (1.0, 2.0)}, np.random.default_rng(0))
    assert stats.kstest(z[:, 0], "norm").pvalue > 1e-3
    assert stats.kstest(z[:, 1], stats.truncnorm(1.0, 2.0).cdf).pvalue > 1e-3


@pytest.mark.parametrize("bounds", [(-np.inf, np.inf), (8.0, 9.0), (-40.0, -39.0), (50.0, np.inf), (0.7, 0.7)])
def test_bounds_hold_far_out_in_the_tails_too(bounds):
    low, high = (np.full(500, bound) for bound in bounds)
    z = normal_between(low, high, np.random.default_rng(0))
    assert np.isfinite(z).all()
    assert ((z >= bounds[0]) & (z <= bounds[1])).all()


def test_posterior_draws_take_rows_by_the_mass_that_they_have_in_the_box():
    mean, stddev = np.array([[0.0, 5.0], [3.0, -5.0]]), np.full((2, 2), 0.5)
    z, row = posterior_draws(N, mean, stddev, {0: (1.0, 2.0)}, np.random.default_rng(0))
    mass = stats.norm(mean[:, 0], 0.5).cdf(2.0) - stats.norm(mean[:, 0], 0.5).cdf(1.0)
    assert np.mean(row == 0) == pytest.approx(mass[0] / mass.sum(), abs=0.02)
    assert ((z[:, 0] >= 1) & (z[:, 0] <= 2)).all()
    assert z[row == 1, 1].mean() == pytest.approx(-5.0, abs=0.05)


def test_without_a_box_every_row_is_as_likely():
    _, row = posterior_draws(N, np.zeros((4, 2)), np.ones((4, 2)), {}, np.random.default_rng(0))
    assert np.bincount(row) / N == pytest.approx(np.full(4, 0.25), abs=0.02)


def test_a_mixture_with_one_latent_fixed_draws_the_others_from_their_conditional():
    covariance = np.array([[1.0, 0.8], [0.8, 1.0]])
    mixture = Mixture(np.array([0.5, 0.5]), np.array([[0.0, 0.0], [9.0, 9.0]]), np.stack([covariance] * 2))
    z = mixture.draw(N, {0: (1.0, 1.0)}, np.random.default_rng(0))
    assert (z[:, 0] == 1.0).all()
    assert z[:, 1].mean() == pytest.approx(0.8, abs=0.02)
    assert z[:, 1].std() == pytest.approx(0.6, abs=0.02)


def test_a_mixture_without_a_box_has_its_own_moments():
    covariance = np.array([[2.0, -0.5], [-0.5, 1.0]])
    z = Mixture(np.array([1.0]), np.array([[1.0, -1.0]]), covariance[None]).draw(N, {}, np.random.default_rng(0))
    assert z.mean(axis=0) == pytest.approx(np.array([1.0, -1.0]), abs=0.05)
    assert np.cov(z.T) == pytest.approx(covariance, abs=0.08)


def test_the_same_seed_draws_the_same():
    once, again = (prior_draws(5, 2, {}, np.random.default_rng(3)) for _ in range(2))
    assert (once == again).all()
