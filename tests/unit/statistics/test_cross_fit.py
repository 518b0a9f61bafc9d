from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse
from scipy.special import logit
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from vaeaudit.analysis.grouping.groups import column_features, group_column
from vaeaudit.statistics.cross_fit import (
    FOLDS,
    MOST_FEATURES,
    RIDGE,
    binned_auc,
    can_cross_fit,
    content_folds,
    latent_features,
    macro_auc_interval,
    out_of_fold_scores,
    random_half,
    stratified_folds,
)


def test_scores_are_those_of_ridge_regressions_fitted_without_the_fold():
    rng = np.random.default_rng(0)
    features, folds = rng.normal(size=(200, 6)), rng.integers(0, 4, 200)
    targets = (features[:, :2] + rng.normal(size=(200, 2)) > 0).astype(float)
    scores = out_of_fold_scores(features, targets, folds)
    for fold in range(4):
        test = folds == fold
        model = Ridge(alpha=RIDGE).fit(features[~test], targets[~test])
        assert scores[test] == pytest.approx(model.predict(features[test]) - model.intercept_ - features[~test].mean(0)
                                             @ model.coef_.T, abs=1e-8)  # fmt: skip


def test_sparse_and_dense_features_give_the_same_scores():
    rng = np.random.default_rng(1)
    dense = (rng.uniform(size=(300, 12)) < 0.3).astype(np.float64)
    targets, folds = rng.normal(size=(300, 3)), rng.integers(0, 5, 300)
    assert out_of_fold_scores(sparse.csr_array(dense), targets, folds) == pytest.approx(
        out_of_fold_scores(dense, targets, folds), abs=1e-9
    )


def test_of_too_many_features_those_that_tell_something_are_kept():
    rng = np.random.default_rng(2)
    features = rng.normal(size=(400, MOST_FEATURES + 300))
    target = features[:, -1:] > 0
    scores = out_of_fold_scores(features, target.astype(float), np.arange(400) % 4)
    assert np.corrcoef(scores[:, 0], target[:, 0])[0, 1] > 0.15


def test_each_row_has_one_feature_per_column(people):
    columns = [group_column(people.frame[name], people.schema[name]) for name in ("job", "pay", "region")]
    features = column_features(columns, np.arange(10, 60)).toarray()
    assert features.shape == (50, sum(len(column) for column in columns))
    assert (features.sum(axis=1) == 3).all()
    assert (features[:, :2].argmax(axis=1) == columns[0].codes[10:60]).all()


def test_latent_features_hold_products_of_pairs_and_stay_finite_for_a_latent_that_rests():
    mean = np.stack([np.array([1.0, -1.0] * 50), np.repeat([1.0, -1.0], 50), np.zeros(100)], axis=1)
    features = latent_features(mean)
    assert np.isfinite(features).all()
    assert (features == (mean[:, 0] * mean[:, 1])[:, None]).all(axis=0).any()


SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, max_side=20)
FEATURES = hnp.arrays(np.float32, SHAPES, elements=st.floats(-20, 20, width=32))


@given(features=FEATURES, seed=st.integers(0, 100), n_folds=st.integers(1, 20))
def test_a_row_keeps_its_fold_whatever_stands_around_it(features: np.ndarray, seed: int, n_folds: int) -> None:
    fold = content_folds(features, n_folds)
    order = np.random.default_rng(seed).permutation(len(features))
    np.testing.assert_array_equal(content_folds(features[order], n_folds), fold[order])
    np.testing.assert_array_equal(content_folds(features[:1], n_folds), fold[:1])
    assert set(fold) <= set(range(n_folds))


def test_copies_share_a_fold_and_zeros_have_no_sign() -> None:
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(50, 3)).astype(np.float32)
    rows[:10, 0] = 0.0
    copies = np.concatenate([rows, np.where(rows == 0, np.float32(-0.0), rows)])
    fold = content_folds(copies, 3)
    np.testing.assert_array_equal(fold[:50], fold[50:])


@pytest.mark.parametrize("n_folds", [2, 3, 5])
@pytest.mark.parametrize("n_features", [1, 2, 40])
def test_folds_are_of_like_size_and_independent_of_the_values(n_features: int, n_folds: int) -> None:
    rows = np.random.default_rng(1).normal(size=(4000, n_features)).astype(np.float32)
    fold = content_folds(rows, n_folds)
    for place in range(n_folds):
        inside = fold == place
        assert inside.mean() == pytest.approx(1 / n_folds, abs=0.04)
        assert abs(np.corrcoef(inside, rows[:, 0])[0, 1]) < 0.06
        assert abs(np.corrcoef(inside, np.abs(rows[:, 0]))[0, 1]) < 0.06


def test_whole_numbers_are_parted_alike_too() -> None:
    rows = np.random.default_rng(2).integers(0, 30, (4000, 3)).astype(np.float32)
    assert np.bincount(content_folds(rows, 3)) / 4000 == pytest.approx([1 / 3] * 3, abs=0.04)


def test_a_fold_of_few_rows_is_not_worth_having() -> None:
    assert can_cross_fit(np.arange(40) % 2, 2)
    assert can_cross_fit(np.arange(40) % 3, 3)
    assert not can_cross_fit(np.arange(18) % 2, 2)
    assert not can_cross_fit(np.arange(27) % 3, 3)
    assert not can_cross_fit((np.arange(1000) < 200).astype(int), 2)
    assert not can_cross_fit(np.where(np.arange(1000) < 150, 2, np.arange(1000) % 2), 3)
    assert not can_cross_fit(np.zeros(100, int), 2)
    assert not can_cross_fit(np.zeros(100, int), 1)


def one_against_rest(member):
    return np.stack([member, ~member], axis=1)


def test_the_area_is_that_of_scikit_learn_ties_included():
    rng = np.random.default_rng(0)
    member = one_against_rest(rng.uniform(size=300) < 0.3)
    scores = rng.integers(0, 6, size=(300, 2)).astype(float)
    expected = np.mean([roc_auc_score(member[:, g], scores[:, g]) for g in range(2)])
    assert macro_auc_interval(scores, member, 0.95)[0] == pytest.approx(expected)


def test_the_variance_is_that_of_delong_for_one_group():
    rng = np.random.default_rng(1)
    inside, outside = rng.normal(0.8, 1, 40), rng.normal(0, 1, 60)
    placement = (inside[:, None] > outside[None, :]).astype(float)
    area = placement.mean()
    variance = placement.mean(axis=1).var() / 40 + placement.mean(axis=0).var() / 60
    scores = np.concatenate([inside, outside])[:, None]
    member = (np.arange(100) < 40)[:, None]
    auc, interval = macro_auc_interval(scores, member, 0.95)
    half = 1.959964 * np.sqrt(variance) / (area * (1 - area))
    low, high = (1 / (1 + np.exp(-(np.log(area / (1 - area)) + sign * half))) for sign in (-1, 1))
    assert (auc, interval.low, interval.high) == pytest.approx((area, low, high), rel=1e-5)


def test_intervals_cover_the_true_area_about_as_often_as_they_say():
    rng = np.random.default_rng(2)
    covered = 0
    for _ in range(300):
        member = one_against_rest(np.arange(120) < 40)
        score = rng.normal(size=120) + member[:, 0]  # true area: Phi(1 / sqrt 2) = 0.7602
        _, interval = macro_auc_interval(np.stack([score, -score], axis=1), member, 0.9)
        covered += interval.low <= 0.7602 <= interval.high
    assert 0.85 < covered / 300 < 0.95


def test_a_weight_of_two_gives_the_area_of_the_row_twice_and_equal_weights_change_nothing():
    rng = np.random.default_rng(7)
    scores, member = rng.integers(0, 9, (200, 1)).astype(float), rng.uniform(size=(200, 1)) < 0.4
    weight = rng.integers(1, 3, 200)
    twice = np.repeat(np.arange(200), weight)
    weighted, ci = macro_auc_interval(scores, member, 0.95, weight=weight.astype(float))
    repeated, of_more = macro_auc_interval(scores[twice], member[twice], 0.95, twice)
    assert (weighted, *ci.bounds) == pytest.approx((repeated, *of_more.bounds))
    plain, threefold = (macro_auc_interval(scores, member, 0.95, weight=each) for each in (None, np.full(200, 3.0)))
    assert (plain[0], *plain[1].bounds) == pytest.approx((threefold[0], *threefold[1].bounds))


def test_a_perfect_separation_still_has_a_lower_bound_below_one():
    member = one_against_rest(np.arange(60) < 20)
    score = member[:, 0].astype(float)
    auc, interval = macro_auc_interval(np.stack([score, -score], axis=1), member, 0.95)
    assert auc == 1
    assert 0.8 < interval.low < 0.9
    assert interval.high == 1


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=8).filter(
        lambda bins: sum(b[1] for b in bins) > 0 and sum(b[2] for b in bins) > 0
    )
)
def test_the_area_of_bins_is_that_of_their_rows(bins):
    score, n_in, n_out = (np.array(values, dtype=float) for values in zip(*bins, strict=True))
    rows = np.concatenate([np.repeat(score, n_in.astype(int)), np.repeat(score, n_out.astype(int))])
    truth = np.arange(len(rows)) < n_in.sum()
    assert binned_auc(score, n_in, n_out) == pytest.approx(roc_auc_score(truth, rows))


def test_rows_that_belong_together_share_a_fold_and_a_half_and_each_fold_has_its_part_of_each_group() -> None:
    rng = np.random.default_rng(0)
    together = rng.integers(0, 150, 600)
    member = np.eye(2, dtype=bool)[(together % 3 == 0).astype(int)]
    folds, half = stratified_folds(member, rng, together), random_half(600, rng, together)
    for component in np.unique(together):
        assert len(set(folds[together == component])) == len(set(half[together == component])) == 1
    shares = [member[folds == fold, 0].mean() for fold in range(FOLDS)]
    assert np.ptp(shares) < 0.1
    assert np.ptp(np.bincount(folds)) < 40
    assert abs(half.sum() - 300) < 30


def test_a_single_component_is_dealt_row_by_row() -> None:
    member = np.eye(2, dtype=bool)[np.arange(50) % 2]
    folds = stratified_folds(member, np.random.default_rng(0), np.zeros(50, np.int64))
    assert np.bincount(folds).tolist() == [10] * FOLDS


def test_copies_make_an_interval_no_narrower() -> None:
    rng = np.random.default_rng(1)
    member = np.eye(2, dtype=bool)[rng.integers(0, 2, 200)]
    score = member[:, 1] + rng.normal(size=200)
    scores = np.stack([-score, score], axis=1)
    _, alone = macro_auc_interval(scores, member, 0.95)
    twice = np.tile(np.arange(200), 2)
    _, tied = macro_auc_interval(scores[twice], member[twice], 0.95, twice)
    assert tied.bounds == pytest.approx(alone.bounds)


def test_models_that_share_their_rows_widen_the_interval_by_half():
    rng = np.random.default_rng(0)
    inside = rng.random(2_000) < 0.4
    member = np.stack([inside, ~inside], axis=1)
    scores = np.stack([inside + rng.normal(size=2_000)] * 2, axis=1) * np.array([1.0, -1.0])
    taken, refitted = (macro_auc_interval(scores, member, 0.95, fits=fits)[1] for fits in (0, FOLDS))
    assert np.ptp(logit(refitted.bounds)) / np.ptp(logit(taken.bounds)) == pytest.approx(1.5)
