"""Weights favour thin regions, have mean 1 and stay bounded, whatever they are computed from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vaeaudit.config import Rarity
from vaeaudit.outputs.histograms import effective_sample_size, fit_histograms
from vaeaudit.scoring.rarity.weights import dbvae_weight, resampling_weight


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
