"""Latents are turned to axes that another training finds again, and what is decoded stays as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vaeaudit.config import ModelConfig, Objective
from vaeaudit.models.axes import principal_axes, turn_axes
from vaeaudit.models.fitting.build import build, rebuild
from vaeaudit.models.inference import tensors
from vaeaudit.models.rotations import to_few_features

RNG = np.random.default_rng(5)
#: Three causes of falling weight, four columns each.
CAUSES = RNG.normal(size=(3000, 3)) * [0.95, 0.9, 0.85]
COLUMNS = np.repeat(CAUSES, 4, axis=1) + 0.3 * RNG.normal(size=(3000, 12))


def orthogonal(seed: int, size: int) -> Any:
    return stats.ortho_group(size, seed=seed).rvs()


@given(st.integers(0, 1000))
def test_the_axes_are_the_causes_from_whichever_side_they_were_learned(seed: int) -> None:
    latents = np.column_stack([CAUSES, 0.05 * RNG.normal(size=3000), np.zeros(3000)]) @ orthogonal(seed, 5)
    turn = principal_axes(latents, COLUMNS, to_few_features)
    np.testing.assert_allclose(turn.T @ turn, np.eye(5), atol=1e-8)
    found = (latents @ turn)[:, :3]
    assert (np.diag(np.corrcoef(found, CAUSES, rowvar=False)[:3, 3:]) > 0.99).all()  # in order, and upright


def test_principal_components_alone_would_not_find_causes_of_equal_weight() -> None:
    latents = (RNG.normal(size=(3000, 2))) @ orthogonal(1, 2)
    columns = np.repeat(latents @ orthogonal(2, 2), 3, axis=1)
    found = latents @ principal_axes(latents, columns, to_few_features)
    assert np.abs(np.corrcoef(found, columns, rowvar=False)[:2, 2:]).max(axis=0) == pytest.approx(1, abs=0.01)


def test_rows_far_out_do_not_choose_the_axes() -> None:
    latents = np.vstack([CAUSES, np.tile([20.0, 20.0, -20.0], (15, 1))])
    columns = np.vstack([COLUMNS, np.full((15, 12), 20.0)])
    turn = principal_axes(latents, columns, to_few_features)
    assert np.abs(turn).max(axis=0) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("rows", [np.zeros((50, 3)), RNG.normal(size=(50, 1))], ids=["no-information", "one-latent"])
def test_where_nothing_is_to_be_turned_the_axes_are_still_orthogonal(rows: Any) -> None:
    turn = principal_axes(rows, RNG.normal(size=(50, 4)), to_few_features)
    np.testing.assert_allclose(turn.T @ turn, np.eye(rows.shape[1]), atol=1e-12)


def test_turning_leaves_what_is_decoded_and_keeps_the_bound(learned: Any) -> None:
    trained = learned.training.model
    model = rebuild_of(trained, learned)
    batch = tensors(learned.rows)
    spin(model, orthogonal(3, 4))
    before, bound_before = decoded(model, batch), bound(model, batch)
    turn_axes(model, batch)
    np.testing.assert_allclose(decoded(model, batch), before, rtol=1e-3, atol=1e-3)
    assert bound(model, batch) > bound_before
    axes = (np.asarray(each.encode(batch)[0]) for each in (model, trained))
    agreement = np.abs(stats.spearmanr(*axes).statistic[:4, 4:]).max(axis=0)
    assert np.sort(agreement)[-2:].min() > 0.98  # the two causes, whatever the weights were turned to between


def test_weights_that_a_step_broke_are_left_to_be_taken_back(learned: Any) -> None:
    model, batch = rebuild_of(learned.training.model, learned), tensors(learned.rows)
    outputs = model.encoder.layers[-1]
    outputs.set_weights([np.full_like(each, np.nan) for each in outputs.get_weights()])
    turn_axes(model, batch)
    assert np.isnan(outputs.get_weights()[0]).all()


def test_axes_that_are_the_principal_ones_cost_nothing(learned: Any) -> None:
    model, batch = rebuild_of(learned.training.model, learned), tensors(learned.rows)
    turn_axes(model, batch)
    assert bound(model, batch) == pytest.approx(bound(learned.training.model, batch), abs=0.05)


def test_another_seed_finds_the_same_axes(learned: Any) -> None:
    other = learned.codes_of(learned.train_again(seed=11))
    agreement = np.abs(stats.spearmanr(learned.codes.mean, other.mean).statistic[:4, 4:])
    assert np.sort(agreement.max(axis=1))[-2:].min() > 0.95


@pytest.mark.parametrize("objective", [Objective.AE, Objective.BETA_TC, Objective.DIP])
def test_latents_that_are_not_drawn_alike_from_all_sides_are_left_as_they_are(
    learned: Any, objective: Objective
) -> None:
    model = build(learned.encoding, ModelConfig(latents=3, hidden=(8,), objective=objective), seed=0)
    before = model.get_weights()
    model.after_epoch(tensors(learned.rows))
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)


def rebuild_of(model: Any, learned: Any) -> Any:
    from vaeaudit.models.fitting.build import architecture, weights

    return rebuild(architecture(model), weights(model), learned.encoding, seed=0)


def spin(model: Any, turn: Any) -> None:
    """Turn the means and what is decoded, away from the axes; standard deviations stay."""
    outputs, first = model.encoder.layers[-1], model.decoder.layers[0]
    kernel, bias = outputs.get_weights()
    size = len(turn)
    kernel[:, :size], bias[:size] = kernel[:, :size] @ turn, bias[:size] @ turn
    outputs.set_weights([kernel, bias])
    kernel, bias = first.get_weights()
    first.set_weights([turn.T @ kernel, bias])


def decoded(model: Any, batch: Any) -> Any:
    return np.asarray(model.decode(model.encode(batch)[0]))


def bound(model: Any, batch: Any) -> float:
    noise = np.random.default_rng(0).normal(size=(64, len(batch[0]), model.config.latents)).astype(np.float32)
    rows = model.losses_per_row(batch, noise)
    kl = np.asarray(model.objective.divergence(rows.mean, rows.stddev)).sum(axis=1)
    return float((np.asarray(rows.log_likelihood).mean(axis=0) - kl).mean())
