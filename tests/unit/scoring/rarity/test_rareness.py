"""Rarity and weights follow the kind that a run was asked for, and say which."""

from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.analysis.latents.model_summary import summarise_density, summarise_weights
from vaeaudit.config import AnalysisConfig, Rarity
from vaeaudit.outputs.histograms import effective_sample_size
from vaeaudit.scoring.rarity.density import fit_density
from vaeaudit.scoring.rarity.rareness import LatentDensities, Rareness
from vaeaudit.scoring.rarity.weights import resampling_weight

RNG = np.random.default_rng(3)
MEAN = RNG.normal(size=(400, 3))
ACTIVE = np.array([True, False, True])


def rareness(kind: str = "joint", active: np.ndarray = ACTIVE) -> Rareness:
    config = AnalysisConfig(rarity=kind, weight_alpha=0.05, weight_cap=4.0)
    return LatentDensities.of(fit_density(MEAN, active, seed=0), MEAN).rareness(config)


def test_the_joint_kind_is_minus_the_log_density() -> None:
    found = rareness()
    rarity = found.rarity(MEAN)
    np.testing.assert_array_equal(rarity, found.densities.density.rarity(MEAN))
    np.testing.assert_array_equal(found.weight(rarity), resampling_weight(rarity, alpha=0.05, cap=4.0))


@pytest.mark.parametrize(("kind", "word"), [("dbvae-product", "sum"), ("dbvae-max", "maximum")])
def test_the_kinds_of_dbvae_are_log_weights_and_say_so(kind: str, word: str) -> None:
    found = rareness(kind)
    rarity = found.rarity(MEAN)
    histograms = found.densities.histogram
    expected = histograms.product(MEAN, 0.05) if kind == "dbvae-product" else histograms.maximum(MEAN, 0.05)
    np.testing.assert_array_equal(rarity, expected)
    weight, uncapped = found.weight(rarity), np.exp(rarity)
    below = uncapped < 4 * np.median(uncapped)
    np.testing.assert_allclose(weight[below] / np.median(weight), uncapped[below] / np.median(uncapped))
    assert weight.max() <= 4 * np.median(weight) * (1 + 1e-9)
    assert word in found.definition
    assert kind in found.definition


@pytest.mark.parametrize("kind", [kind.value for kind in Rarity])
def test_without_an_active_latent_all_rows_are_alike(kind: str) -> None:
    found = rareness(kind, np.zeros(3, bool))
    rarity = found.rarity(MEAN)
    assert np.ptp(rarity) == 0
    np.testing.assert_allclose(found.weight(rarity), 1)
    assert found.definition


def test_arrays_keep_it_for_the_settings_of_the_run() -> None:
    found = rareness()
    again = LatentDensities.from_arrays({**found.densities.to_arrays(), "other": np.zeros(2)}).rareness(
        AnalysisConfig(rarity="dbvae-max")
    )
    assert again.kind == "dbvae-max"
    np.testing.assert_array_equal(again.densities.density.rarity(MEAN), found.densities.density.rarity(MEAN))


def test_arrays_of_another_density_are_refused_by_the_first_that_is_missing() -> None:
    with pytest.raises(ValueError, match="'density_active' is missing"):
        LatentDensities.from_arrays({"density_means": np.zeros((1, 2))})


def test_summaries_say_what_was_chosen_and_what_it_leaves_of_the_sample() -> None:
    found = rareness()
    chosen = summarise_density(found.densities.density)
    assert chosen is not None
    assert chosen.family == found.densities.density.family
    assert set(chosen.held_out_nats) == {"gmm", "knn", "flow"}
    assert chosen.held_out_nats["flow"] is None

    weight = found.weight(found.rarity(MEAN))
    summary = summarise_weights(found, weight)
    assert summary.effective_sample_size == effective_sample_size(weight)
    assert (summary.kind, summary.alpha, summary.cap, summary.n) == ("joint", 0.05, 4.0, 400)
    assert summarise_density(fit_density(MEAN, np.zeros(3, bool), seed=0)) is None
