"""Rarity is -log of a density that was really fitted; weights favour thin regions and stay bounded."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import integrate, stats

from vaeaudit.analysis.density import COMPONENTS, LatentDensity, effective_sample_size, fit_density, resampling_weight

RNG = np.random.default_rng(12)
BOTH = np.array([True, True])


def two_clusters(n_rows: int) -> np.ndarray:
    """Two thirds of the rows around (-2, 0), one third around (3, 1)."""
    first = RNG.normal([-2, 0], [0.5, 1.0], (2 * n_rows // 3, 2))
    second = RNG.normal([3, 1], [0.3, 0.3], (n_rows - len(first), 2))
    return np.concatenate([first, second])


def test_rarity_is_minus_the_log_density_of_the_gaussian_that_made_the_rows() -> None:
    z = RNG.multivariate_normal([1, -1], [[1.0, 0.6], [0.6, 0.8]], 8000)
    rarity = fit_density(z, BOTH, seed=0).rarity(z)
    truth = -stats.multivariate_normal([1, -1], [[1.0, 0.6], [0.6, 0.8]]).logpdf(z)
    assert np.median(np.abs(rarity - truth)) < 0.1


def test_the_density_has_mass_one() -> None:
    density = fit_density(two_clusters(3000), BOTH, seed=0)
    axis = np.linspace(-8, 8, 401)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    mass = np.exp(-density.rarity(grid)).reshape(401, 401)
    assert integrate.trapezoid(integrate.trapezoid(mass, axis), axis) == pytest.approx(1, abs=1e-3)


def test_rows_can_be_ordinary_on_each_latent_and_rare_in_their_combination() -> None:
    z = RNG.multivariate_normal([0, 0], [[1, 0.95], [0.95, 1]], 4000)
    density = fit_density(z, BOTH, seed=0)
    with_the_grain, against_it = density.rarity(np.array([[1.5, 1.5], [1.5, -1.5]]))
    assert against_it > with_the_grain + 10


def test_clusters_are_found_where_they_are() -> None:
    density = fit_density(two_clusters(3000), BOTH, seed=0)
    assert len(density.means) > 1
    in_cluster, between = density.rarity(np.array([[3.0, 1.0], [0.5, 0.5]]))
    assert between > in_cluster + 3


def test_dead_latents_take_no_part() -> None:
    z = np.column_stack([RNG.normal(size=500), RNG.normal(size=500)])
    density = fit_density(z, np.array([True, False]), seed=0)
    moved = z.copy()
    moved[:, 1] += 100
    np.testing.assert_array_equal(density.rarity(z), density.rarity(moved))


def test_without_an_active_latent_every_row_is_equally_rare() -> None:
    density = fit_density(RNG.normal(size=(50, 2)), np.array([False, False]), seed=0)
    assert not density.rarity(RNG.normal(size=(7, 2))).any()


@pytest.mark.parametrize("n_rows", [20, 25, 60])
def test_few_rows_get_few_components(n_rows: int) -> None:
    z = RNG.normal(size=(n_rows, 2))
    density = fit_density(z, BOTH, seed=0)
    assert len(density.means) <= max(1, n_rows // 30)
    assert np.isfinite(density.rarity(z)).all()


def test_identical_rows_have_a_finite_density() -> None:
    z = np.zeros((200, 2))
    assert np.isfinite(fit_density(z, BOTH, seed=0).rarity(z)).all()


def test_the_seed_decides_and_arrays_keep_the_density() -> None:
    z = two_clusters(600)
    density = fit_density(z, BOTH, seed=3)
    again = LatentDensity.from_arrays({**density.to_arrays(), "something else": np.zeros(1)})

    np.testing.assert_array_equal(density.rarity(z), fit_density(z, BOTH, seed=3).rarity(z))
    np.testing.assert_array_equal(density.rarity(z), again.rarity(z))
    assert all(name.startswith("density_") for name in density.to_arrays())
    assert len(density.means) in COMPONENTS


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
