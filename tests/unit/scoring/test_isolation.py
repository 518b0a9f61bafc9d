"""An isolated posterior gets many nats; what is kept of a forest grows the same forest again."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest

from vaeaudit.scoring.isolation import PosteriorIsolation, _grow, _isolation, fit_isolation

RNG = np.random.default_rng(4)
SPREAD = np.concatenate([RNG.normal(size=(980, 6)), RNG.normal(6, 0.5, size=(20, 6))]).astype(np.float32)
FOLD = np.arange(1000) % 2


@pytest.fixture(scope="module")
def isolation() -> PosteriorIsolation:
    return fit_isolation(SPREAD, FOLD, trees=60, seed=0)[0]


def test_rows_get_the_nats_when_they_are_learned_from_that_they_get_later(isolation: PosteriorIsolation) -> None:
    _, nats = fit_isolation(SPREAD, FOLD, trees=60, seed=0)
    np.testing.assert_array_equal(nats, isolation.nats(SPREAD, FOLD))


def test_rows_that_stand_apart_are_isolated(isolation: PosteriorIsolation) -> None:
    nats = isolation.nats(SPREAD, FOLD)
    assert nats[980:].min() > np.quantile(nats[:980], 0.98)
    assert (nats >= 0).all()


def test_most_rows_have_the_nats_of_a_uniform_p_value(isolation: PosteriorIsolation) -> None:
    nats = isolation.nats(SPREAD[:980], FOLD[:980])
    assert np.quantile(nats, 0.5) == pytest.approx(np.log(2), abs=0.1)
    assert np.quantile(nats, 0.9) == pytest.approx(np.log(10), abs=0.35)


def test_what_is_kept_grows_the_same_forest(isolation: PosteriorIsolation) -> None:
    again = PosteriorIsolation.from_arrays({**isolation.to_arrays(), "other": np.zeros(3)})
    np.testing.assert_array_equal(again.nats(SPREAD, FOLD), isolation.nats(SPREAD, FOLD))
    np.testing.assert_array_equal(again.nats(SPREAD[5:6], FOLD[5:6]), isolation.nats(SPREAD, FOLD)[5:6])


def test_one_fold_is_enough_and_none_is_refused() -> None:
    one, _ = fit_isolation(SPREAD, np.zeros(1000, int), trees=10, seed=0)
    assert one.n_folds == 1
    with pytest.raises(ValueError, match="null"):
        PosteriorIsolation((), (), 10, 0)


@pytest.mark.parametrize("n_rows", [1, 2, 3, 200, 1000])
@pytest.mark.parametrize("seed", [0, 2**32 + 7])
def test_the_forest_is_that_of_scikit_learn_to_the_last_digit(n_rows: int, seed: int) -> None:
    reference = SPREAD[-n_rows:]
    theirs = -IsolationForest(n_estimators=20, random_state=seed % 2**32).fit(reference).score_samples(SPREAD)
    np.testing.assert_array_equal(_isolation(_grow(reference, 20, seed), SPREAD, n_rows), theirs)
