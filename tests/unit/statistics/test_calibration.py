"""P-values are those of the null, also in its tail, and err towards caution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from vaeaudit.statistics.calibration import bulk_nats, p_values_of
from vaeaudit.statistics.multiplicity import benjamini_hochberg


def bulk_p_values(score: np.ndarray, null: np.ndarray) -> np.ndarray:
    return p_values_of(bulk_nats(score, null))


@pytest.mark.parametrize(
    "law", [stats.norm(), stats.expon(), stats.gumbel_r()], ids=["normal", "exponential", "gumbel"]
)
def test_the_bulk_knows_the_tail_or_errs_towards_caution(law: stats.rv_continuous) -> None:
    null = law.rvs(5000, random_state=2)
    for probability in (0.7, 0.3, 1e-2, 1e-3, 1e-4, 1e-5):
        found = float(bulk_p_values(np.array([law.isf(probability)]), null)[0])
        assert 0.3 * probability < found < (1.2 if probability > 0.1 else 100) * probability


def test_few_null_scores_leave_the_tail_open() -> None:
    generator = np.random.default_rng(3)
    p_values = [bulk_p_values(generator.exponential(size=1), generator.exponential(size=60)) for _ in range(100)]
    for level in (0.3, 0.1, 0.02):  # at most the nominal share, but for three standard errors
        assert np.mean(np.concatenate(p_values) <= level) < level + 3 * np.sqrt(level / 100)
    far = [float(bulk_nats(np.array([15.0]), generator.exponential(size=n))[0]) for n in (60, 600, 6000)]
    assert far[0] < far[1] < far[2] + 1 < 16


@pytest.mark.parametrize(
    "law", [stats.norm(), stats.expon(), stats.gumbel_r()], ids=["normal", "exponential", "gumbel"]
)
@pytest.mark.parametrize("n_rows", [50, 500, 5000])
def test_clean_rows_calibrated_on_those_held_out_are_hardly_ever_flagged(law: stats.rv_continuous, n_rows: int) -> None:
    data_sets = [law.rvs(n_rows, random_state=seed) for seed in range(20)]
    flagged = [(benjamini_hochberg(bulk_p_values(score, score[: n_rows // 10])) <= 0.05) for score in data_sets]
    assert sum(flags.any() for flags in flagged) <= 3  # of 20: at the nominal rate in 1 of 60 tests
    assert np.mean(flagged) < 0.02


def of_the_upper_twentieth(score: np.ndarray) -> np.ndarray:
    """P-values from a generalised Pareto tail fitted to the upper twentieth of all scores (Pickands 1975)."""
    threshold = np.quantile(score, 0.95)
    shape, _, scale = stats.genpareto.fit(score[score > threshold] - threshold, floc=0)
    beyond = 0.05 * stats.genpareto.sf(score - threshold, max(shape, 0.0), scale=scale)
    return np.where(score > threshold, beyond, 1.0)


@pytest.mark.parametrize("share", [0.01, 0.05, 0.1, 0.3])
def test_outliers_among_the_null_are_found_where_a_tail_fitted_to_them_finds_none(share: float) -> None:
    score = np.random.default_rng(4).normal(size=5000)
    planted = np.random.default_rng(5).random(5000) < share
    score[planted] += 8
    found = benjamini_hochberg(bulk_p_values(score, score)) <= 0.05
    assert found[planted].mean() > 0.95
    assert found[~planted].sum() <= 0.1 * found.sum()
    assert (benjamini_hochberg(of_the_upper_twentieth(score)) <= 0.05)[planted].mean() < 0.1


@pytest.mark.parametrize(
    "law",
    [stats.norm(), stats.expon(), stats.gumbel_r(), stats.chi2(10), stats.lognorm(0.5)],
    ids=["normal", "exponential", "gumbel", "chi2", "lognormal"],
)
def test_of_what_is_flagged_few_belong(law: stats.rv_continuous) -> None:
    wrong, found = [], []
    for seed in range(8):
        score = law.rvs(2000, random_state=seed)
        score[:100] += 1.5 * (law.isf(1e-4) - law.median())
        flagged = benjamini_hochberg(bulk_p_values(score, score)) <= 0.05
        found.append(flagged[:100].mean())
        wrong.append(flagged[100:].sum() / max(1, flagged.sum()))
    assert np.mean(wrong) < 0.08
    assert np.mean(found) > 0.3


def quantile_scores(law: stats.rv_continuous, n_scores: int, share_beyond: float) -> np.ndarray:
    """Scores at the middle quantiles of a law, a share of them replaced by others from its 1e-4 quantile on."""
    score = law.isf((np.arange(n_scores) + 0.5) / n_scores)
    beyond = round(share_beyond * n_scores)
    score[:beyond] = law.isf(1e-4) + 0.01 * np.arange(beyond)
    return score


#: Nats at the quantiles that 0.3, 1e-2, 1e-4 and 1e-6 of a law exceed (truly 1.20, 4.61, 9.21 and 13.82 nats).
RECORDED = [
    (stats.norm(), 60, 0.0, [1.3334, 3.7241, 5.3095, 6.3525]),
    (stats.norm(), 60, 0.1, [1.4265, 3.8640, 5.4135, 6.4083]),
    (stats.norm(), 1000, 0.0, [1.2198, 4.4381, 7.9846, 10.6114]),
    (stats.norm(), 1000, 0.1, [1.2425, 4.0554, 6.3207, 7.9737]),
    (stats.gumbel_r(), 60, 0.0, [1.3408, 4.6470, 7.7218, 9.5089]),
    (stats.gumbel_r(), 60, 0.1, [1.4386, 4.8745, 7.8735, 9.5334]),
    (stats.gumbel_r(), 1000, 0.0, [1.2072, 4.7109, 9.5082, 13.3696]),
    (stats.gumbel_r(), 1000, 0.1, [1.2502, 4.7913, 9.0962, 12.5719]),
    (stats.t(4), 60, 0.0, [1.3317, 4.9024, 10.7398, 13.8379]),
    (stats.t(4), 60, 0.1, [1.4032, 4.9252, 10.5008, 13.4256]),
    (stats.t(4), 1000, 0.0, [1.2193, 5.2025, 17.0054, 23.2062]),
    (stats.t(4), 1000, 0.1, [1.2622, 5.5011, 16.6014, 23.2159]),
]


@pytest.mark.parametrize(("law", "n_scores", "share_beyond", "nats"), RECORDED)
def test_the_tail_of_known_scores_is_as_recorded(
    law: stats.rv_continuous, n_scores: int, share_beyond: float, nats: list[float]
) -> None:
    # Constants of the tail trade caution for power, which no bound sees that leaves room for chance. Whoever changes
    # one changes every p-value: measure it by benchmarks.outlier_calibration, then record the tail anew.
    at = law.isf(np.array([0.3, 1e-2, 1e-4, 1e-6]))
    np.testing.assert_allclose(bulk_nats(at, quantile_scores(law, n_scores, share_beyond)), nats, atol=2e-4)


def test_p_values_of_the_bulk_of_clean_scores_are_uniform() -> None:
    score = stats.gumbel_r.rvs(size=5000, random_state=6)
    p_values = bulk_p_values(score, score)
    assert stats.kstest(p_values, "uniform").statistic < 0.03


def test_far_outliers_keep_their_order_where_p_values_underflow() -> None:
    null = np.random.default_rng(7).normal(size=3000)
    score = np.geomspace(10, 1e7, 50)
    nats = bulk_nats(score, null)
    assert (np.diff(nats) > 0).all()
    assert np.isfinite(nats).all()
    assert nats[-1] > 30


def test_p_values_are_minus_the_exponential_of_nats_and_never_0() -> None:
    p_values = p_values_of(np.array([0.0, 2.0, 1e9]))
    np.testing.assert_allclose(p_values[:2], [1, np.exp(-2)])
    assert 0 < p_values[2] < 1e-300


def test_without_a_null_every_row_is_taken_to_belong() -> None:
    np.testing.assert_array_equal(bulk_nats(np.array([1.0, 9.0]), np.zeros(0)), [0, 0])


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
    for null in (np.full(999, 3.0), np.full(99, 3.0), np.array([3.0])):
        found = bulk_p_values(np.array([1.0, 3.0, 5.0]), null)
        np.testing.assert_allclose(found, [1, 1, 1 / (1 + len(null))])
    half_tied = np.concatenate([np.zeros(60), np.arange(1.0, 41.0)])
    np.testing.assert_allclose(bulk_p_values(np.array([0.0, 0.5]), half_tied)[0], 1.0)
    assert bulk_p_values(np.array([0.001]), half_tied) == pytest.approx(41 / 101, rel=0.01)
