from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge

from vaeaudit.analysis.grouping.groups import column_features, group_column
from vaeaudit.statistics.cross_fit import MOST_FEATURES, RIDGE, latent_features, out_of_fold_scores


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
