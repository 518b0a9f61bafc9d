"""Rarity is -log of a density that was really fitted: the family that predicts held-out rows best, and says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from vaeaudit.config import Density
from vaeaudit.scoring.rarity.density import LatentDensity, fit_density

RNG = np.random.default_rng(12)
BOTH = np.array([True, True])


def two_clusters(n_rows: int) -> np.ndarray:
    """Two thirds of the rows around (-2, 0), one third around (3, 1)."""
    first = RNG.normal([-2, 0], [0.5, 1.0], (2 * n_rows // 3, 2))
    second = RNG.normal([3, 1], [0.3, 0.3], (n_rows - len(first), 2))
    return np.concatenate([first, second])


def standard_normal(train: np.ndarray, validation: np.ndarray) -> dict[str, np.ndarray]:
    """What the fit of a flow returns whose networks are all 0: independent normal latents."""
    n_latents = train.shape[1]
    return {
        "location": train.mean(axis=0),
        "scale": train.std(axis=0) + 1e-6,
        "weights_in": np.zeros((1, n_latents, 3)),
        "bias_in": np.zeros((1, 3)),
        "weights_out": np.zeros((1, 3, 2 * n_latents)),
        "bias_out": np.zeros((1, 2 * n_latents)),
        "largest_log_scale": np.array(2.0),
    }


@pytest.mark.parametrize("family", ["gmm", "knn"])
def test_rarity_is_minus_the_log_density_of_the_gaussian_that_made_the_rows(family: str) -> None:
    z = RNG.multivariate_normal([1, -1], [[1.0, 0.6], [0.6, 0.8]], 3000)
    rarity = fit_density(z, BOTH, seed=0, family=family).rarity(z)
    truth = -stats.multivariate_normal([1, -1], [[1.0, 0.6], [0.6, 0.8]]).logpdf(z)
    assert np.median(np.abs(rarity - truth)) < (0.25 if family == "knn" else 0.1)


@pytest.mark.parametrize("family", ["gmm", "knn"])
def test_rows_can_be_ordinary_on_each_latent_and_rare_in_their_combination(family: str) -> None:
    z = RNG.multivariate_normal([0, 0], [[1, 0.95], [0.95, 1]], 1500)
    density = fit_density(z, BOTH, seed=0, family=family)
    with_the_grain, against_it = density.rarity(np.array([[1.5, 1.5], [1.5, -1.5]]))
    assert against_it > with_the_grain + 5


def test_the_family_of_highest_held_out_likelihood_is_chosen_and_all_figures_are_kept() -> None:
    density = fit_density(two_clusters(3000), BOTH, seed=0, fit_flow=standard_normal)
    assert set(density.held_out_nats) == {"gmm", "knn", "flow"}
    assert density.family == max(density.held_out_nats, key=density.held_out_nats.__getitem__) == "gmm"
    assert density.held_out_nats["flow"] < density.held_out_nats["knn"] < density.held_out_nats["gmm"]
    assert density.n_held_out == 500


def test_kernels_win_where_the_rows_lie_on_a_curve() -> None:
    angle = RNG.uniform(0, 12 * np.pi, 2000)
    spiral = (0.3 + angle / 12)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    spiral += RNG.normal(0, 0.02, spiral.shape)
    found = fit_density(spiral, BOTH, seed=0, fit_flow=standard_normal)
    assert found.held_out_nats["knn"] > found.held_out_nats["flow"] + 0.3


def test_the_held_out_figure_is_that_of_rows_that_were_not_fitted() -> None:
    z = RNG.normal(size=(3000, 2))
    density = fit_density(z, BOTH, seed=0)
    expected = -np.log(2 * np.pi) - 1  # minus the entropy of a standard normal in two dimensions
    assert density.held_out_nats["gmm"] == pytest.approx(expected, abs=0.1)
    assert density.held_out_nats["knn"] == pytest.approx(expected, abs=0.2)


def test_a_family_can_be_forced() -> None:
    z = two_clusters(600)
    for family in ("gmm", "knn", "flow"):
        density = fit_density(z, BOTH, seed=0, family=family, fit_flow=standard_normal)
        assert density.family == family
        assert set(density.held_out_nats) == {family}


def test_a_flow_cannot_be_forced_where_none_can_be_learned() -> None:
    with pytest.raises(ValueError, match="flow"):
        fit_density(two_clusters(60), BOTH, seed=0, family="flow")


def test_few_rows_or_one_latent_are_not_worth_a_flow() -> None:
    z = two_clusters(600)
    assert "flow" not in fit_density(z[:100], BOTH, seed=0, fit_flow=standard_normal).held_out_nats
    assert "flow" not in fit_density(z, np.array([True, False]), seed=0, fit_flow=standard_normal).held_out_nats


def test_dead_latents_take_no_part() -> None:
    z = np.column_stack([RNG.normal(size=500), RNG.normal(size=500)])
    density = fit_density(z, np.array([True, False]), seed=0)
    moved = z.copy()
    moved[:, 1] += 100
    np.testing.assert_array_equal(density.rarity(z), density.rarity(moved))


def test_without_an_active_latent_every_row_is_equally_rare() -> None:
    density = fit_density(RNG.normal(size=(50, 2)), np.array([False, False]), seed=0)
    assert density.family == ""
    assert not density.rarity(RNG.normal(size=(7, 2))).any()
    assert not LatentDensity.from_arrays(density.to_arrays()).rarity(RNG.normal(size=(7, 2))).any()


@pytest.mark.parametrize("family", [choice.value for choice in Density])
@pytest.mark.parametrize("n_rows", [1, 2, 5, 30])
def test_few_rows_have_a_finite_density(n_rows: int, family: str) -> None:
    z = RNG.normal(size=(n_rows, 2))
    density = fit_density(z, BOTH, seed=0, family=family, fit_flow=standard_normal)
    assert np.isfinite(density.rarity(z)).all()


@pytest.mark.parametrize("family", [choice.value for choice in Density])
@pytest.mark.parametrize("kind", ["identical", "on a line", "two points", "one far away"])
def test_rows_of_singular_covariance_have_a_finite_density(kind: str, family: str) -> None:
    line = np.linspace(-1, 1, 200)
    z = {
        "identical": np.full((200, 2), 0.7),
        "on a line": np.column_stack([line, -line]),
        "two points": np.repeat([[0.0, 0.0], [1.0, 2.0]], 100, axis=0),
        "one far away": np.concatenate([np.zeros((199, 2)), [[1e4, -1e4]]]),
    }[kind]
    assert np.isfinite(fit_density(z, BOTH, seed=0, family=family, fit_flow=standard_normal).rarity(z)).all()


@pytest.mark.parametrize("family", ["gmm", "knn", "flow"])
def test_the_seed_decides_and_arrays_keep_the_density(family: str) -> None:
    z = two_clusters(600)
    options: dict[str, Any] = {"family": family, "fit_flow": standard_normal}
    density = fit_density(z, BOTH, seed=3, **options)
    again = LatentDensity.from_arrays({**density.to_arrays(), "something else": np.zeros(1)})

    np.testing.assert_array_equal(density.rarity(z), fit_density(z, BOTH, seed=3, **options).rarity(z))
    np.testing.assert_array_equal(density.rarity(z), again.rarity(z))
    assert again.held_out_nats == density.held_out_nats
    assert again.n_held_out == density.n_held_out
    assert all(name.startswith("density_") and value.dtype != object for name, value in density.to_arrays().items())


def test_arrays_of_an_unknown_family_are_refused() -> None:
    arrays = fit_density(two_clusters(60), BOTH, seed=0).to_arrays()
    with pytest.raises(ValueError, match="family must be one of .*'spline'"):
        LatentDensity.from_arrays({**arrays, "density_family": np.array("spline")})
    with pytest.raises(ValueError, match="none"):
        LatentDensity.from_arrays({**arrays, "density_family": np.array("")})
