"""Codes whose scores are known: perfect, rotated, random, copied, dead in part, a noisy channel."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from vaeaudit.statistics import disentanglement
from vaeaudit.statistics.disentanglement import (
    Information,
    dci_scores,
    information_scores,
    predictability_scores,
    score_all,
    scores_by_chance,
)

SIZES = (5, 5, 3, 10)


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two fifths of the trees: known scores come out with fewer, too, if less closely."""
    monkeypatch.setattr(disentanglement, "TREES", 20)


def factors_and_codes(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return levels [n, 4], and the latents [n, 4] that hold one factor each, almost without noise."""
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(0, size, n) for size in SIZES], axis=1)
    return factors, (factors - factors.mean(axis=0)) / factors.std(axis=0) + 0.02 * rng.normal(size=factors.shape)


def values(latents: np.ndarray, factors: np.ndarray, seed: int = 1) -> dict[str, float]:
    return {name: score.value for name, score in score_all(latents, factors, np.random.default_rng(seed)).items()}


def rotated(latents: np.ndarray) -> np.ndarray:
    """Turn the first two, and the last two, by 45 degrees."""
    turn = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    return np.concatenate([latents[:, :2] @ turn, latents[:, 2:] @ turn], axis=1)


def test_a_latent_for_each_factor_has_every_score():
    factors, latents = factors_and_codes(600)
    found = values(latents, factors)
    assert len(found) == 9
    for name, value in found.items():  # the next best latent is as good as chance, which for SAP is above 0
        assert value == pytest.approx(1, abs=0.04 if name == "sap" else 0.02), name


def test_dead_and_noisy_latents_beside_a_perfect_code_take_nothing_from_it():
    factors, latents = factors_and_codes(600)
    noise = np.random.default_rng(2).normal(size=(600, 4))
    found = values(np.concatenate([latents, noise], axis=1), factors)
    for name in ("mig", "infom", "infoc", "dci_disentanglement", "dci_completeness", "factorvae"):
        assert found[name] == pytest.approx(1, abs=0.03), name


def test_a_rotation_by_45_degrees_leaves_what_is_told_and_takes_what_is_told_apart():
    factors, latents = factors_and_codes(1500)
    turned = rotated(latents)[:, :2]
    found = values(turned, factors[:, :2])
    assert found["mig"] == pytest.approx(0, abs=0.03)
    assert found["sap"] == pytest.approx(0, abs=0.05)
    for name in ("infom", "infoc", "dci_disentanglement", "dci_completeness"):  # two equal halves
        assert found[name] == pytest.approx(0, abs=0.03), name
    assert found["factorvae"] == pytest.approx(0.5, abs=0.06)  # two latents, either as likely for either factor
    assert found["infoe"] > 0.98


def test_random_latents_score_nothing_beyond_chance():
    factors, _ = factors_and_codes(600)
    latents = np.random.default_rng(3).normal(size=(600, 6))
    found = values(latents, factors)
    for name in ("mig", "infom", "infoc", "dci_disentanglement", "dci_completeness", "infoe"):
        assert found[name] == pytest.approx(0, abs=1e-9), name
    by_chance = scores_by_chance(latents, factors, np.random.default_rng(0))
    assert set(by_chance) == {"sap", "infoe", "factorvae"}
    assert found["factorvae"] == pytest.approx(by_chance["factorvae"], abs=0.08)
    assert by_chance["factorvae"] == pytest.approx(1 / 4, abs=0.08)
    assert max(found["sap"], by_chance["sap"], found["dci_informativeness"]) < 0.05


def test_a_factor_that_two_latents_copy_counts_half_for_compactness_and_not_for_the_gap():
    factors, latents = factors_and_codes(1000)
    again = latents[:, :1] + 0.02 * np.random.default_rng(4).normal(size=(1000, 1))
    found = values(np.concatenate([latents, again], axis=1), factors)
    assert found["mig"] == pytest.approx(3 / 4, abs=0.02)
    assert found["infoc"] == pytest.approx((3 + (1 / 2 - 1 / 5) / (1 - 1 / 5)) / 4, abs=0.02)
    assert found["dci_completeness"] == pytest.approx((3 + 1 - np.log(2) / np.log(5)) / 4, abs=0.02)
    assert found["infom"] == pytest.approx(1, abs=0.02)
    assert found["dci_disentanglement"] == pytest.approx(1, abs=0.01)


def noisy_channel(n: int, flipped: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A binary factor, and a latent that says it wrongly in a share of the rows."""
    rng = np.random.default_rng(seed)
    factor = rng.integers(0, 2, (n, 1))
    return factor, np.where(rng.random((n, 1)) < flipped, 1 - factor, factor) + 0.01 * rng.normal(size=(n, 1))


@pytest.mark.parametrize("n", [100, 400, 2000])
def test_the_share_that_a_noisy_latent_tells_is_its_capacity_at_any_number_of_rows(n):
    capacity = 1 - special.entr([0.1, 0.9]).sum() / np.log(2)
    found = []
    for seed in range(20):
        factor, latent = noisy_channel(n, 0.1, seed)
        found.append(Information(latent, factor, np.random.default_rng(seed)).shares()[0, 0])
    assert np.mean(found) == pytest.approx(capacity, abs=0.06 if n == 100 else 0.03)


def test_the_standard_error_is_the_spread_over_samples():
    found = []
    for seed in range(30):
        factor, latent = noisy_channel(500, 0.1, seed)
        found.append(information_scores(latent, factor, np.random.default_rng(seed), resamples=30)["mig"])
    spread = np.std([score.value for score in found], ddof=1)
    assert np.mean([score.error for score in found]) == pytest.approx(spread, rel=0.4)


def test_informativeness_is_the_accuracy_beyond_a_guess():
    factor, latent = noisy_channel(2000, 0.1, 5)
    found = dci_scores(latent, factor, np.random.default_rng(0))["dci_informativeness"].value
    assert found == pytest.approx(0.8, abs=0.05)  # nine in ten right, a guess has half
    sap = predictability_scores(latent, factor, np.random.default_rng(0))["sap"].value
    assert sap == pytest.approx(0.8, abs=0.05)


def test_what_one_factor_or_one_latent_cannot_say_is_left_out():
    factor, latent = noisy_channel(300, 0.1, 0)
    assert set(values(latent, factor)) == {"mig", "sap", "infoe", "dci_informativeness"}
