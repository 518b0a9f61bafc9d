"""Folds depend on what a row holds, and on nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vaeaudit.statistics.folds import can_cross_fit, content_folds

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, max_side=20)
FEATURES = hnp.arrays(np.float32, SHAPES, elements=st.floats(-20, 20, width=32))


@given(features=FEATURES, seed=st.integers(0, 100))
def test_a_row_keeps_its_fold_whatever_stands_around_it(features: np.ndarray, seed: int) -> None:
    fold = content_folds(features)
    order = np.random.default_rng(seed).permutation(len(features))
    np.testing.assert_array_equal(content_folds(features[order]), fold[order])
    np.testing.assert_array_equal(content_folds(features[:1]), fold[:1])
    assert set(fold) <= {0, 1}


def test_copies_share_a_fold_and_zeros_have_no_sign() -> None:
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(50, 3)).astype(np.float32)
    rows[:10, 0] = 0.0
    copies = np.concatenate([rows, np.where(rows == 0, np.float32(-0.0), rows)])
    fold = content_folds(copies)
    np.testing.assert_array_equal(fold[:50], fold[50:])


@pytest.mark.parametrize("n_features", [1, 2, 40])
def test_folds_are_halves_and_independent_of_the_values(n_features: int) -> None:
    rows = np.random.default_rng(1).normal(size=(4000, n_features)).astype(np.float32)
    fold = content_folds(rows)
    assert fold.mean() == pytest.approx(0.5, abs=0.04)
    assert abs(np.corrcoef(fold, rows[:, 0])[0, 1]) < 0.06
    assert abs(np.corrcoef(fold, np.abs(rows[:, 0]))[0, 1]) < 0.06


def test_whole_numbers_are_halved_too() -> None:
    rows = np.random.default_rng(2).integers(0, 30, (4000, 3)).astype(np.float32)
    assert content_folds(rows).mean() == pytest.approx(0.5, abs=0.04)


def test_a_fold_of_few_rows_is_not_worth_having() -> None:
    assert can_cross_fit(np.arange(40) % 2)
    assert not can_cross_fit(np.arange(18) % 2)
    assert not can_cross_fit((np.arange(1000) < 200).astype(int))
    assert not can_cross_fit(np.zeros(100, int))
