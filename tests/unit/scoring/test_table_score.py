"""Scores, flags and weights point one way; a posterior that lies apart is isolated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.scoring.rarity.rareness import LatentDensities, fit_density
from vaeaudit.scoring.table_score import (
    PosteriorIsolation,
    clearer_of_two,
    density_null,
    fit_isolation,
    score_rows,
    table_score,
)

RNG = np.random.default_rng(21)


def codes_with(iwae: np.ndarray, mean: np.ndarray, isolation: np.ndarray | None = None) -> LatentCodes:
    n_rows, n_latents = mean.shape
    none = np.zeros((n_rows, 1))
    return LatentCodes(
        mean=mean,
        stddev=np.ones_like(mean),
        kl=np.ones((n_rows, n_latents)),
        log_likelihood=iwae,
        iwae=iwae,
        unit_correction=np.zeros(n_rows),
        reason_column=none.astype(int),
        reason_nats=none,
        reason_expected=none,
        held_out=np.zeros(n_rows, bool),
        columns=("x",),
        isolation_nats=RNG.exponential(size=n_rows) if isolation is None else isolation,
        rarity_nats=np.zeros(n_rows),
    )


def test_rows_that_do_not_belong_are_flagged_and_hardly_any_others() -> None:
    mean = RNG.normal(size=(3000, 2))
    iwae = -20 - RNG.chisquare(6, 3000)
    iwae[:30] -= 60
    rareness = LatentDensities.of(fit_density(mean, np.array([True, True]), seed=0), mean).rareness(AnalysisConfig())
    scores = score_rows(codes_with(iwae, mean), -iwae, rareness, fdr=0.05)

    assert scores.outlier[:30].all()
    assert scores.outlier[30:].sum() <= 6
    np.testing.assert_allclose(scores.p_value, np.exp(-scores.outlier_score))
    order = np.argsort(scores.outlier_score)
    assert np.all(np.diff(scores.p_value[order]) <= 1e-9)
    assert scores.weight.mean() == pytest.approx(1)
    assert scores.fdr == 0.05
    assert "nats" in scores.definition


def test_the_clearer_of_two_answers_counts_with_the_allowance_for_two() -> None:
    one, other = RNG.exponential(size=100_000), RNG.exponential(size=100_000)
    for nats in (clearer_of_two(one, other, n_compared=10), clearer_of_two(one, one, n_compared=10)):
        for rate in (0.1, 0.01, 0.001):
            assert np.mean(np.exp(-nats) <= rate) <= rate * 1.2
    far = clearer_of_two(np.array([0.0, 0.0, 900.0]), np.array([0.0, 900.0, 0.0]), n_compared=100)
    np.testing.assert_allclose(far, [0.0, 900 - np.log(2), 900 - np.log(2)])


@given(st.floats(1e-9, 1), st.floats(1e-9, 1))
def test_two_answers_are_weighed_as_sidak_did(isolation: float, density: float) -> None:
    nats = clearer_of_two(-np.log([isolation]), -np.log([density]), n_compared=1)
    smaller = min(isolation, density)
    assert float(np.exp(-nats)[0]) == pytest.approx(1 - (1 - smaller) ** 2)
    assert nats[0] >= 0


def test_of_two_independent_answers_the_p_value_is_uniform() -> None:
    one, other = np.random.default_rng(22).exponential(size=(2, 20_000))
    assert stats.kstest(np.exp(-clearer_of_two(one, other, n_compared=1)), "uniform").pvalue > 0.01


def test_what_chance_alone_would_bring_forth_says_nothing_of_density() -> None:
    density = np.log(1000) + np.array([-0.1, 0.1])
    nats = clearer_of_two(np.zeros(2), density, n_compared=1000)
    np.testing.assert_allclose(nats, [0.0, density[1] - np.log(2)], rtol=1e-3)


def test_a_row_is_flagged_for_its_isolation_alone() -> None:
    mean, iwae = RNG.normal(size=(3000, 2)), -20 - RNG.chisquare(6, 3000)
    isolation = RNG.exponential(size=3000)
    isolation[:5] = 40.0
    rareness = LatentDensities.of(fit_density(mean, np.array([True, True]), seed=0), mean).rareness(AnalysisConfig())
    scores = score_rows(codes_with(iwae, mean, isolation), -iwae, rareness, fdr=0.05)
    assert scores.outlier[:5].all()
    assert scores.outlier[5:].sum() <= 2


@pytest.mark.parametrize("missing", ["isolation_nats", "rarity_nats"])
def test_rows_that_nobody_judged_as_rows_of_a_table_are_refused(missing: str) -> None:
    codes = replace(codes_with(np.zeros(3), np.zeros((3, 1))), **{missing: None})
    with pytest.raises(ValueError, match=missing):
        table_score(codes, np.zeros(100))


def test_a_group_is_not_improbable_for_being_rare() -> None:
    iwae = -20 - RNG.chisquare(6, 3000)
    rare, contradicting = np.arange(30), np.arange(30, 40)
    iwae[:40] -= 40
    codes = codes_with(iwae, np.zeros((3000, 1)), isolation=np.zeros(3000))
    rarity = np.zeros(3000)
    rarity[rare] = 40
    codes = replace(codes, rarity_nats=rarity)
    score = table_score(codes, density_null(codes, seed=0))
    assert score[rare].max() < 8
    assert score[contradicting].min() > 8


def test_clean_rows_are_hardly_ever_flagged() -> None:
    flagged = 0
    for seed in range(20):
        generator = np.random.default_rng(seed)
        mean = generator.normal(size=(400, 1))
        iwae = -generator.chisquare(5, 400)
        density = LatentDensities.of(fit_density(mean, np.array([True]), seed=0), mean).rareness(AnalysisConfig())
        flagged += int(score_rows(codes_with(iwae, mean), -iwae, density, fdr=0.05).outlier.any())
    assert flagged <= 4  # the share of tables with any flag is at most the rate, 1 in 20


SPREAD_RNG = np.random.default_rng(4)
SPREAD = np.concatenate([SPREAD_RNG.normal(size=(980, 6)), SPREAD_RNG.normal(6, 0.5, size=(20, 6))]).astype(np.float32)
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
