"""Each family is a proper density: it integrates to 1, follows the rows, and refuses arrays that are not its own."""

from __future__ import annotations

from dataclasses import replace
from time import process_time
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from vaeaudit.scoring.rarity.families import (
    COMPONENTS,
    MOST_CENTRES,
    KernelDensity,
    MixtureDensity,
    fit_kernels,
    fit_mixture,
)

RNG = np.random.default_rng(8)


def two_clusters(n_rows: int) -> np.ndarray:
    centres = np.where(RNG.random(n_rows)[:, None] < 2 / 3, [[-2.0, 0.0]], [[3.0, 1.0]])
    return np.asarray(centres + RNG.normal(0, 0.5, (n_rows, 2)))


@pytest.fixture(scope="module")
def densities() -> dict[str, Any]:
    z = two_clusters(600)
    return {
        "gmm": fit_mixture(z[:500], z[500:], seed=0),
        "knn": fit_kernels(z[:500], z[500:]),
    }


@pytest.mark.parametrize("family", ["gmm", "knn"])
def test_it_has_mass_one(family: str, densities: dict[str, Any]) -> None:
    density = densities[family]
    axis = np.linspace(-14, 14, 281)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    mass = np.exp(density.log_density(grid)).reshape(281, 281)
    assert density.family == family
    assert integrate.trapezoid(integrate.trapezoid(mass, axis), axis) == pytest.approx(1, abs=5e-3)


@pytest.mark.parametrize("family", ["gmm", "knn"])
def test_clusters_are_found_where_they_are(family: str, densities: dict[str, Any]) -> None:
    in_cluster, between = densities[family].log_density(np.array([[3.0, 1.0], [0.5, 0.5]]))
    assert between < in_cluster - 3


def test_few_rows_get_few_components() -> None:
    for n_rows in (20, 25, 60):
        z = RNG.normal(size=(n_rows, 2))
        assert len(fit_mixture(z, z, seed=0).means) <= max(1, n_rows // 30)
    assert len(fit_mixture(two_clusters(600), two_clusters(100), seed=0).means) in COMPONENTS


def test_kernels_are_a_mixture_of_gaussians_around_their_centres() -> None:
    z = RNG.multivariate_normal([1, 2], [[1, 0.9], [0.9, 1]], 40)
    density = fit_kernels(z, z[:10])
    inverse = np.linalg.inv(density.whitening)
    centres = density.centres @ inverse.T + density.location
    np.testing.assert_allclose(centres, z)
    point = np.array([0.3, 0.1])
    parts = [
        stats.multivariate_normal(centre, width**2 * inverse @ inverse.T).pdf(point)
        for centre, width in zip(centres, density.bandwidth, strict=True)
    ]
    assert density.log_density(point[None])[0] == pytest.approx(np.log(np.mean(parts)), abs=1e-5)


def test_a_centre_is_judged_by_the_other_centres() -> None:
    z = RNG.normal(size=(60, 3))
    density = fit_kernels(z, z[:20])
    without = replace(density, centres=density.centres[1:], bandwidth=density.bandwidth[1:])
    np.testing.assert_allclose(density.log_density(z[:1]), without.log_density(z[:1]), atol=1e-5)

    other = z[:1] + 1e-3
    assert density.log_density(other)[0] > density.log_density(z[:1])[0]


def test_rows_that_became_centres_are_no_denser_than_those_that_did_not() -> None:
    z = RNG.normal(size=(5000, 8))
    density = fit_kernels(z, z[4800:])
    assert len(density.centres) == MOST_CENTRES
    found = density.log_density(z)
    assert found[:MOST_CENTRES].mean() == pytest.approx(found[MOST_CENTRES:].mean(), abs=0.15)


def test_many_rows_of_sixteen_latents_take_seconds() -> None:
    z = RNG.normal(size=(10_000, 16))
    density = fit_kernels(z[:MOST_CENTRES], z[4000:4100])
    started = process_time()
    found = density.log_density(z)
    assert process_time() - started < 3  # a fifth of the rows; 0.5 s on a quiet core, 2.5 s for 50,000 rows
    assert np.isfinite(found).all()


@pytest.mark.parametrize("family", ["gmm", "knn"])
def test_nothing_to_judge_is_no_error(family: str, densities: dict[str, Any]) -> None:
    assert densities[family].log_density(np.zeros((0, 2))).shape == (0,)


@pytest.mark.parametrize("family", [MixtureDensity, KernelDensity])
def test_arrays_keep_it_and_broken_arrays_are_refused(family: Any, densities: dict[str, Any]) -> None:
    density = densities[family.family]
    arrays = density.to_arrays()
    z = RNG.normal(size=(20, 2))
    np.testing.assert_array_equal(family.from_arrays(arrays).log_density(z), density.log_density(z))
    for name, value in arrays.items():
        with pytest.raises(ValueError):
            family.from_arrays({**arrays, name: np.full(value.shape, np.nan)})
        with pytest.raises(ValueError):
            family.from_arrays({**arrays, name: np.zeros((1, 2, 3, 4))})
