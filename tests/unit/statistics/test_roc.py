from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from vaeaudit.statistics.roc import binned_auc, macro_auc_interval


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
