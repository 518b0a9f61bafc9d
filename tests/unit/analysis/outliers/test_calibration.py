"""P-values are those of the null, also in its tail, and err towards caution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from vaeaudit.analysis.multiplicity import benjamini_hochberg
from vaeaudit.analysis.outliers.calibration import TAIL, bulk_p_values, tail_p_values

RNG = np.random.default_rng(21)


def test_p_values_of_the_null_itself_are_uniform() -> None:
    null = RNG.normal(size=20_000)
    p_values = tail_p_values(RNG.normal(size=5000), null)
    assert stats.kstest(p_values, "uniform").statistic < 0.03


@pytest.mark.parametrize(
    "law", [stats.norm(), stats.expon(), stats.chi2(6), stats.t(5)], ids=["normal", "exponential", "chi2", "t"]
)
def test_the_tail_reaches_beyond_the_null_and_errs_towards_caution(law: stats.rv_continuous) -> None:
    null = law.rvs(20_000, random_state=1)
    for probability in (1e-2, 1e-3, 1e-4, 1e-6):
        found = float(tail_p_values(np.array([law.isf(probability)]), null)[0])
        assert found > 0.3 * probability
        # A tail that is taken for exponential where it is lighter gives larger p-values, never smaller ones.
        assert found < (3 * probability if probability >= 1e-3 else 300 * probability)


@given(
    hnp.arrays(np.float64, st.integers(30, 200), elements=st.floats(-1e6, 1e6)),
    hnp.arrays(np.float64, 20, elements=st.floats(-1e9, 1e9)),
)
@settings(deadline=None, max_examples=50)
def test_p_values_are_probabilities_that_fall_with_the_score(null: np.ndarray, score: np.ndarray) -> None:
    ordered = np.sort(score)
    p_values = tail_p_values(ordered, null)
    assert ((p_values > 0) & (p_values <= 1)).all()
    assert np.all(np.diff(p_values) <= 1e-3)


@pytest.mark.parametrize(
    "law", [stats.norm(), stats.expon(), stats.gumbel_r()], ids=["normal", "exponential", "gumbel"]
)
def test_the_bulk_knows_the_tail_or_errs_towards_caution(law: stats.rv_continuous) -> None:
    null = law.rvs(5000, random_state=2)
    for probability in (0.7, 0.3, 1e-2, 1e-3, 1e-4, 1e-5):
        found = float(bulk_p_values(np.array([law.isf(probability)]), null)[0])
        assert 0.3 * probability < found < (1.2 if probability > 0.1 else 100) * probability


def test_few_null_scores_make_the_predictive_tail_of_an_exponential_exact() -> None:
    generator = np.random.default_rng(3)
    p_values = [bulk_p_values(generator.exponential(size=1), generator.exponential(size=20)) for _ in range(4000)]
    for level in (0.3, 0.1, 0.03, 0.01):
        assert np.mean(np.concatenate(p_values) <= level) == pytest.approx(level, rel=0.25)


@pytest.mark.parametrize(
    "law", [stats.norm(), stats.expon(), stats.gumbel_r()], ids=["normal", "exponential", "gumbel"]
)
@pytest.mark.parametrize("n_rows", [50, 500, 5000])
def test_clean_rows_calibrated_on_those_held_out_are_hardly_ever_flagged(law: stats.rv_continuous, n_rows: int) -> None:
    data_sets = [law.rvs(n_rows, random_state=seed) for seed in range(40)]
    flagged = [(benjamini_hochberg(bulk_p_values(score, score[: n_rows // 10])) <= 0.05) for score in data_sets]
    assert sum(flags.any() for flags in flagged) <= 5  # of 40: at the nominal rate in 1 of 2,000 tests
    assert np.mean(flagged) < 0.02


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_outliers_among_the_null_are_found_where_a_tail_fitted_to_them_finds_none(share: float) -> None:
    score = np.random.default_rng(4).normal(size=5000)
    planted = np.random.default_rng(5).random(5000) < share
    score[planted] += 8
    held_out = score[:500]
    found = benjamini_hochberg(bulk_p_values(score, held_out)) <= 0.05
    assert found[planted].mean() > 0.95
    assert not found[~planted].any()
    assert (benjamini_hochberg(tail_p_values(score, held_out)) <= 0.05)[planted].mean() < 0.1


@given(
    hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e6, 1e6)),
    hnp.arrays(np.float64, 20, elements=st.floats(-1e9, 1e9)),
)
@settings(deadline=None, max_examples=80)
def test_p_values_from_the_bulk_are_probabilities_that_fall_with_the_score(null: np.ndarray, score: np.ndarray) -> None:
    p_values = bulk_p_values(np.sort(score), null)
    assert ((p_values > 0) & (p_values <= 1)).all()
    assert np.all(np.diff(p_values) <= 1e-12)


def test_ties_and_constants_leave_empirical_p_values() -> None:
    for null in (np.full(99, 3.0), np.array([3.0])):
        found = bulk_p_values(np.array([1.0, 3.0, 5.0]), null)
        np.testing.assert_allclose(found, [1, 1, 1 / (1 + len(null))])
    half_tied = np.concatenate([np.zeros(60), np.arange(1.0, 41.0)])
    np.testing.assert_allclose(bulk_p_values(np.array([0.0, 0.5]), half_tied)[0], 1.0)
    assert bulk_p_values(np.array([0.001]), half_tied) == pytest.approx(41 / 101, rel=0.01)


def test_a_null_too_small_for_a_tail_gives_empirical_p_values() -> None:
    null = np.arange(99.0)
    np.testing.assert_allclose(tail_p_values(np.array([-1.0, 50.0, 98.0, 1e9]), null), [1.0, 0.5, 0.02, 0.01])


def test_a_constant_null_gives_empirical_p_values() -> None:
    np.testing.assert_allclose(tail_p_values(np.array([1.0, 3.0, 5.0]), np.full(999, 3.0)), [1, 1, 0.001])


def test_the_two_halves_of_the_p_value_meet_at_the_threshold() -> None:
    null = RNG.normal(size=10_000)
    threshold = np.quantile(null, 1 - TAIL)
    below, above = tail_p_values(np.array([threshold - 1e-6, threshold + 1e-6]), null)
    assert below == pytest.approx(above, rel=0.01)
