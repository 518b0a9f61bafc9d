"""Histograms of single latents give DB-VAE's weights: those of the paper, and those of its published code."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vaeaudit.outputs.histograms import LatentHistograms, bounded_weights, effective_sample_size, fit_histograms

RNG = np.random.default_rng(4)
ALL = np.array([True, True])


def latents(n_rows: int = 500) -> np.ndarray:
    return np.column_stack([RNG.normal(size=n_rows), RNG.exponential(size=n_rows)])


def test_each_histogram_integrates_to_one() -> None:
    histograms = fit_histograms(latents(), ALL)
    np.testing.assert_allclose((histograms.density * np.diff(histograms.edges)).sum(axis=1), 1)
    assert histograms.counts.shape == (2, 10)
    assert (histograms.counts.sum(axis=1) == 500).all()


def test_the_product_is_that_of_the_paper() -> None:
    z = np.array([[0.0], [0.1], [0.2], [0.3], [4.0]])
    histograms = fit_histograms(z, np.array([True]), bins=4)  # bins of width 1: densities 0.8, 0, 0, 0.2
    found = histograms.product(z, alpha=0.1)
    np.testing.assert_allclose(np.exp(found), [1 / 0.9] * 4 + [1 / 0.3])

    both = fit_histograms(np.column_stack([z, z]), ALL, bins=4)
    np.testing.assert_allclose(both.product(np.column_stack([z, z]), alpha=0.1), 2 * found)


def test_the_maximum_is_that_of_the_published_code() -> None:
    z, alpha = latents(), 0.01
    parts = []
    for column in z.T:
        density, edges = np.histogram(column, bins=10, density=True)
        smoothed = (density + alpha) / (density + alpha).sum()
        place = np.clip(np.digitize(column, edges) - 1, 0, 9)
        parts.append((1 / smoothed[place]) / (1 / smoothed[place]).sum())
    np.testing.assert_allclose(np.exp(fit_histograms(z, ALL).maximum(z, alpha)), 500 * np.maximum(*parts))


def test_the_density_is_that_of_the_bins_and_zero_in_an_empty_one() -> None:
    histograms = fit_histograms(np.array([[0.0], [0.5], [4.0]]), np.array([True]), bins=4)
    assert histograms.density[0] == pytest.approx([2 / 3, 0, 0, 1 / 3])


def test_a_row_beyond_the_range_counts_to_the_outermost_bin() -> None:
    z = latents()
    histograms = fit_histograms(z, ALL)
    ends, beyond = np.array([z.min(axis=0), z.max(axis=0)]), np.array([[-1e6, -1e6], [1e6, 1e6]])
    for weights in (histograms.product, histograms.maximum):
        np.testing.assert_array_equal(weights(ends, 0.1), weights(beyond, 0.1))


@pytest.mark.parametrize("value", [0.0, 3.5, -1e7])
def test_a_latent_that_never_moves_makes_all_rows_equal(value: float) -> None:
    z = np.full((30, 2), value)
    histograms = fit_histograms(z, ALL)
    for weights in (histograms.product(z, 0.1), histograms.maximum(z, 0.1)):
        assert np.isfinite(weights).all()
        assert np.ptp(weights) == 0


def test_without_an_active_latent_every_row_weighs_the_same() -> None:
    histograms = fit_histograms(latents(), np.array([False, False]))
    assert not histograms.product(latents(7), 0.1).any()
    assert not histograms.maximum(latents(7), 0.1).any()


def test_dead_latents_take_no_part_and_arrays_keep_the_histograms() -> None:
    z = latents()
    histograms = fit_histograms(z, np.array([False, True]))
    moved = z + np.array([100, 0])
    np.testing.assert_array_equal(histograms.product(z, 0.1), histograms.product(moved, 0.1))

    again = LatentHistograms.from_arrays({**histograms.to_arrays(), "something else": np.zeros(1)})
    np.testing.assert_array_equal(histograms.product(z, 0.1), again.product(z, 0.1))


def test_one_row_is_enough() -> None:
    assert np.isfinite(fit_histograms(np.zeros((1, 2)), ALL).maximum(np.zeros((1, 2)), 0.1)).all()


@pytest.mark.parametrize(
    "broken",
    [
        {"histogram_edges": np.zeros((2, 11))},
        {"histogram_edges": np.arange(12.0)[None]},
        {"histogram_active": np.array([True, False])},
        {"histogram_counts": np.zeros((2, 10), np.int64)},
    ],
)
def test_arrays_that_are_no_histograms_are_refused(broken: dict[str, np.ndarray]) -> None:
    arrays = fit_histograms(latents(), ALL).to_arrays()
    with pytest.raises(ValueError, match="edges|active|counts"):
        LatentHistograms.from_arrays({**arrays, **broken})


def test_rows_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        fit_histograms(np.array([[np.nan, 0.0]]), ALL)


@given(hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(-300, 300)), st.floats(1, 50))
def test_bounded_weights_have_mean_one_keep_the_order_and_the_cap(logs: np.ndarray, cap: float) -> None:
    weight = bounded_weights(logs, cap=cap)
    assert weight.mean() == pytest.approx(1)
    assert (np.diff(weight[np.argsort(logs, kind="stable")]) >= 0).all()
    assert weight.max() <= cap * np.median(weight) * (1 + 1e-9)
    assert 0 < effective_sample_size(weight) <= len(weight) * (1 + 1e-9)
