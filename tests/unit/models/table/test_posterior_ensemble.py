"""Members are trained side by side on rows that they do not judge, and the same seed gives the same members."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from vaeaudit.config import EnsembleConfig
from vaeaudit.models.table.posterior_ensemble import (
    MemberPlan,
    PosteriorEnsemble,
    plan_members,
    posterior_spread,
    train_ensemble,
)

BRIEF = EnsembleConfig(steps=60, batch_size=64, width=16)
RNG = np.random.default_rng(8)
ROWS = (RNG.normal(size=(300, 1)) + 0.2 * RNG.normal(size=(300, 5))).astype(np.float32)
FOLD = np.arange(300) % 2


@pytest.fixture(scope="module")
def ensemble() -> PosteriorEnsemble:
    return train_ensemble(ROWS, FOLD, BRIEF, seed=1)


def test_every_size_and_activation_judges_every_fold() -> None:
    plan = plan_members(6, 2, BRIEF, seed=0)
    halves = [list(zip(plan.latents[part], plan.fold[part], strict=True)) for part in (slice(8), slice(8, 16))]
    assert halves[0] == halves[1]
    assert sorted(halves[0]) == sorted((size, fold) for size in (2, 4, 3, 6) for fold in (0, 1))
    assert plan.n_rectified == 8


def test_without_folds_every_member_judges_all_rows() -> None:
    assert set(plan_members(6, 1, BRIEF, seed=0).fold) == {-1}


def test_many_features_are_shared_out_among_members() -> None:
    plan = plan_members(500, 2, BRIEF, seed=0)
    assert plan.features.shape == (16, BRIEF.most_features)
    assert len(np.unique(plan.features)) > 400
    wide = RNG.normal(size=(60, 500)).astype(np.float32)
    model = train_ensemble(wide, np.arange(60) % 2, EnsembleConfig(steps=3, width=8), seed=0)
    assert np.isfinite(posterior_spread(model, wide, np.arange(60) % 2)).all()


def test_the_loss_is_the_negative_evidence_bound_of_each_member() -> None:
    plan = MemberPlan(np.array([1, 2]), np.array([-1, -1]), np.tile(np.arange(3), (2, 1)), 1)
    model = PosteriorEnsemble(plan, BRIEF, seed=0)
    rows = tf.constant(RNG.normal(size=(2, 4, 3)), tf.float32)
    mean, stddev = (value.numpy() for value in model.encode(rows))
    assert (mean[0, :, 1] == 0).all()
    assert (stddev[0, :, 1] == 1).all()
    kl = (0.5 * (mean**2 + stddev**2 - 1) - np.log(stddev)).sum(axis=-1)
    free = model.losses(rows, tf.zeros([2, 4, 2]), tf.constant(0.0)).numpy()
    weighted = model.losses(rows, tf.zeros([2, 4, 2]), tf.constant(3.0)).numpy()
    np.testing.assert_allclose(weighted - free, 3 * kl, rtol=1e-4, atol=1e-5)


def test_members_do_not_learn_from_the_rows_that_they_judge(ensemble: PosteriorEnsemble) -> None:
    changed = ROWS.copy()
    changed[FOLD == 0] = RNG.normal(size=(150, 5))
    other = train_ensemble(changed, FOLD, BRIEF, seed=1)
    judges_0 = np.flatnonzero(ensemble.plan.fold == 0)
    judges_1 = np.flatnonzero(ensemble.plan.fold == 1)
    kernel, other_kernel = (np.asarray(model.encoder_layers[0][0]) for model in (ensemble, other))
    np.testing.assert_allclose(kernel[judges_0], other_kernel[judges_0], atol=1e-6)
    assert np.abs(kernel[judges_1] - other_kernel[judges_1]).max() > 1e-3


def test_the_same_seed_gives_the_same_members(ensemble: PosteriorEnsemble) -> None:
    again = train_ensemble(ROWS, FOLD, BRIEF, seed=1)
    for one, other in zip(ensemble.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_row_is_judged_by_the_members_of_its_fold_alone(ensemble: PosteriorEnsemble) -> None:
    spread = posterior_spread(ensemble, ROWS, FOLD)
    assert spread.shape == (300, 2 * (2 + 4 + 2 + 5))
    swapped = posterior_spread(ensemble, ROWS, 1 - FOLD)
    assert np.abs(spread - swapped).max() > 1e-3
    np.testing.assert_allclose(posterior_spread(ensemble, ROWS[7:8], FOLD[7:8])[0], spread[7], atol=1e-5)


def test_training_lowers_the_loss(ensemble: PosteriorEnsemble) -> None:
    untrained = PosteriorEnsemble(ensemble.plan, BRIEF, seed=1)
    rows = tf.constant(np.tile(ROWS[:50], (16, 1, 1)))
    noise = tf.zeros([16, 50, ensemble.most_latents])
    before, after = (model.losses(rows, noise, tf.constant(1.0)).numpy().mean() for model in (untrained, ensemble))
    assert after < before - 0.5


def test_a_plan_whose_parts_disagree_is_refused() -> None:
    with pytest.raises(ValueError, match="members"):
        MemberPlan(np.array([1, 2]), np.array([0]), np.zeros((2, 1), int), 1)
