"""Rarity and weights follow the kind that a run was asked for, and say which."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vaeaudit.analysis.latents.model_summary import summarise_density, summarise_weights
from vaeaudit.config import AnalysisConfig, Rarity
from vaeaudit.outputs.histograms import effective_sample_size, fit_histograms
from vaeaudit.scoring.rarity.density import fit_density
from vaeaudit.scoring.rarity.rareness import LatentDensities, Rareness, dbvae_weight, resampling_weight

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


@given(hnp.arrays(np.float64, st.integers(2, 80), elements=st.floats(-1e3, 1e3)))
@settings(deadline=None)
def test_weights_have_mean_one_rise_with_rarity_and_are_capped(rarity: np.ndarray) -> None:
    weight = resampling_weight(rarity)

    assert weight.mean() == pytest.approx(1)
    assert (weight > 0).all()
    order = np.argsort(rarity, kind="stable")
    assert np.all(np.diff(weight[order]) >= -1e-9)
    assert weight.max() <= 10 * np.median(weight) * (1 + 1e-9)
    assert 1 <= effective_sample_size(weight) <= len(weight) * (1 + 1e-9)


def test_the_weight_is_the_inverse_of_the_smoothed_relative_density() -> None:
    rarity = np.array([0.0, 0.0, 1.0, 2.0, 2.5])
    raw = 1 / (np.exp(1.0 - rarity) + 0.1)
    np.testing.assert_allclose(resampling_weight(rarity), raw / raw.mean())


def test_equal_weights_are_worth_all_their_rows() -> None:
    assert effective_sample_size(np.full(40, 2.5)) == pytest.approx(40)
    assert effective_sample_size(np.array([1.0, 0, 0, 0])) == pytest.approx(1)


@pytest.mark.parametrize("how", [Rarity.DBVAE_PRODUCT.value, Rarity.DBVAE_MAX.value])
def test_weights_from_single_latents_favour_the_rare_value(how: str) -> None:
    rng = np.random.default_rng(1)
    z = np.concatenate([rng.normal(0, 0.2, (950, 1)), rng.normal(4, 0.2, (50, 1))])
    histograms = fit_histograms(z, np.array([True]))
    weight = dbvae_weight(histograms, z, how, alpha=0.01, cap=20)
    assert weight.mean() == pytest.approx(1)
    assert weight[950:].mean() > 5 * weight[:950].mean()
    assert weight.max() <= 20 * np.median(weight) * (1 + 1e-9)


def test_a_larger_alpha_evens_the_weights_out() -> None:
    z = np.random.default_rng(1).normal(size=(500, 3))
    histograms = fit_histograms(z, np.ones(3, bool))
    left = [
        effective_sample_size(dbvae_weight(histograms, z, "dbvae-product", alpha=alpha, cap=1e9))
        for alpha in (0.001, 0.1, 10.0)
    ]
    assert left == sorted(left)
    assert left[-1] > 495


def test_an_unknown_way_is_refused() -> None:
    z = np.zeros((3, 1))
    with pytest.raises(ValueError, match="dbvae-product"):
        dbvae_weight(fit_histograms(z, np.array([True])), z, "joint")
