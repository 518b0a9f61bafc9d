"""A flow learns what a Gaussian cannot, and NumPy gives the densities that TensorFlow Probability does."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import stats

from vaeaudit.models.flow import LAYERS, Flow, fit_flow
from vaeaudit.scoring.rarity.families import FlowDensity
from vaeaudit.scoring.rarity.rareness import fit_density

RNG = np.random.default_rng(5)


def crescent(n_rows: int) -> np.ndarray:
    """The second latent is the square of the first, and a little noise."""
    first = RNG.normal(size=n_rows)
    return np.column_stack([first, first**2 + RNG.normal(0, 0.2, n_rows)])


def by_tensorflow_probability(flow: Flow) -> tfp.distributions.Distribution:
    """The same flow as a chain of bijectors."""
    bijectors = []
    for layer in range(LAYERS):
        network = partial(flow.shift_and_log_scale, layer=layer)
        bijectors += [
            tfp.bijectors.MaskedAutoregressiveFlow(network),
            tfp.bijectors.Permute(list(range(flow.n_latents))[::-1]),
        ]
    base = tfp.distributions.MultivariateNormalDiag(tf.zeros(flow.n_latents))
    return tfp.distributions.TransformedDistribution(base, tfp.bijectors.Chain(bijectors))


def test_arrays_and_graph_give_the_density_of_the_distribution() -> None:
    generator = np.random.default_rng(0)
    flow = Flow(3, generator)
    for variable in flow.variables:
        variable.assign(generator.normal(0, 0.5, variable.shape))
    arrays = {"location": np.zeros(3), "scale": np.ones(3), **flow.arrays()}
    z = RNG.normal(size=(40, 3))
    expected = by_tensorflow_probability(flow).log_prob(tf.constant(z, tf.float32)).numpy()
    np.testing.assert_allclose(flow.log_prob(tf.constant(z, tf.float32)), expected, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(FlowDensity.from_arrays(arrays).log_density(z), expected, rtol=1e-4, atol=1e-3)


def test_a_bent_density_is_learned_and_wins() -> None:
    z = crescent(3000)
    density = fit_density(z, np.array([True, True]), seed=0, fit_flow=lambda a, b: fit_flow(a, b, seed=0))
    truth = stats.norm.logpdf(z[:, 0]) + stats.norm.logpdf(z[:, 1], z[:, 0] ** 2, 0.2)
    single = stats.multivariate_normal(z.mean(axis=0), np.cov(z, rowvar=False)).logpdf(z).mean()
    assert density.held_out_nats["flow"] > single + 0.5
    assert density.held_out_nats["flow"] == pytest.approx(truth.mean(), abs=0.25)


@pytest.mark.parametrize("kind", ["one latent", "identical", "few"])
def test_degenerate_rows_are_learned_without_a_crash(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaeaudit.models.flow._STEPS", 50)
    rows = {"one latent": RNG.normal(size=(300, 1)), "identical": np.ones((50, 3)), "few": RNG.normal(size=(3, 4))}[
        kind
    ]
    density = FlowDensity.from_arrays(fit_flow(rows, rows, seed=0))
    assert np.isfinite(density.log_density(rows)).all()


def test_the_seed_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaeaudit.models.flow._STEPS", 50)
    z = crescent(300)
    one, again, other = (fit_flow(z, z, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one["weights_in"], again["weights_in"])
    assert (one["weights_in"] != other["weights_in"]).any()
