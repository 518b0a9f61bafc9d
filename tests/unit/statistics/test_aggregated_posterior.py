from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.statistics.aggregated_posterior import agreement, dependence, matched_one_to_one


def posteriors(n: int, rho: float, n_latents: int, spread: float = 0.1, seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Means and deviations whose q(z) is normal, the first two latents having this correlation."""
    rng = np.random.default_rng(seed)
    covariance = np.eye(n_latents)
    covariance[0, 1] = covariance[1, 0] = rho
    covariance *= 1 - spread**2
    return rng.multivariate_normal(np.zeros(n_latents), covariance, size=n), np.full((n, n_latents), spread)


@pytest.mark.parametrize("n_latents", [2, 6])
@pytest.mark.parametrize("rho", [0.5, 0.9])
def test_total_correlation_of_a_pair_is_that_of_the_normal_distribution_and_a_little_less(n_latents, rho):
    mean, stddev = posteriors(3000, rho, n_latents)
    truth = -0.5 * np.log(1 - (rho * 0.99) ** 2)
    found = dependence(mean, stddev, np.random.default_rng(0), resamples=20)
    total, pairs = found["total_correlation_nats"], found["mean_pairwise_mi_nats"]
    assert 0.85 * truth < total.value < truth + 2 * total.error  # bins lose some of it
    assert pairs.value == pytest.approx(total.value / (n_latents * (n_latents - 1) / 2))


@pytest.mark.parametrize("n", [60, 500, 3000])
def test_independent_latents_share_nothing(n):
    mean, stddev = posteriors(n, 0.0, 8)
    found = dependence(mean, stddev, np.random.default_rng(0), resamples=10)
    assert [score.value for score in found.values()] == [0, 0]
    assert all(score.error > 0 for score in found.values())  # what was set to 0 is not known exactly


def test_a_chain_shares_the_sum_of_its_links_and_no_pair_twice():
    first = np.random.default_rng(0).normal(size=(3000, 1))
    mean = np.concatenate([first, first, first], axis=1)
    found = dependence(mean, np.full(mean.shape, 0.3), np.random.default_rng(0))
    assert found["total_correlation_nats"].value == pytest.approx(2 * found["mean_pairwise_mi_nats"].value, rel=0.02)


def test_refits_agree_wholly_in_any_order_and_sign_half_after_a_rotation_and_not_by_chance():
    z = np.random.default_rng(0).normal(size=(1000, 2))
    turned = z @ np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    active = np.ones((2, 2), bool)

    def found(other):
        scores = agreement(np.stack([z, other]), active, np.random.default_rng(0), resamples=10)
        return [scores[name].value for name in ("udr", "matched")]

    assert found(z[:, ::-1] * [-1, 1]) == pytest.approx([1, 1], abs=0.05)
    # |r| is .69 everywhere (rank correlation for .71): the largest of two equals is half of their sum, times itself
    assert found(turned) == pytest.approx([0.69 / 2, 0.69], abs=0.03)
    assert max(found(np.random.default_rng(1).normal(size=(1000, 2)))) < 0.1


def test_two_latents_may_not_both_be_matched_by_one_of_a_refit():
    z = np.random.default_rng(0).normal(size=(1000, 2))
    copied = z[:, [0, 0]]  # the refit has the first axis twice, and not the second
    scores = agreement(np.stack([copied, z]), np.ones((2, 2), bool), np.random.default_rng(0))
    assert scores["matched"].value == pytest.approx(0.5, abs=0.05)


def test_a_refit_without_active_latents_agrees_with_nothing():
    z = np.random.default_rng(0).normal(size=(100, 2))
    scores = agreement(np.stack([z, z]), np.array([[True, True], [False, False]]), np.random.default_rng(0))
    assert [score.value for score in scores.values()] == [0, 0]


def test_an_axis_is_matched_whatever_its_place_sign_and_stretch() -> None:
    rng = np.random.default_rng(2)
    z = rng.normal(size=(800, 3))
    other = np.column_stack([rng.normal(size=800), -np.exp(z[:, 0]), z[:, 2] ** 3])
    found, error = matched_one_to_one(np.stack([z, other]))
    assert found[[0, 2]] == pytest.approx(1)
    assert found[1] < 0.15
    assert error[[0, 2]] == pytest.approx(0, abs=1e-9)
    assert error[1] == pytest.approx(1 / np.sqrt(800), rel=0.1)


def test_one_latent_of_another_model_counts_for_one_of_this() -> None:
    z = np.random.default_rng(3).normal(size=(500, 1))
    found, _ = matched_one_to_one(np.stack([np.hstack([z, z]), np.hstack([z, np.zeros_like(z)])]))
    assert sorted(found) == pytest.approx([0, 1])


def test_agreement_is_averaged_over_refits_and_what_never_moves_agrees_with_nothing() -> None:
    z = np.random.default_rng(4).normal(size=(500, 2))
    still = np.zeros_like(z)
    found, _ = matched_one_to_one(np.stack([z, z, still]))
    assert found == pytest.approx([0.5, 0.5])
