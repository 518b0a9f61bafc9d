"""Laws of the bulk are integrals of their hazards, bins share out the scores, and what laws weigh stays as it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from vaeaudit.statistics.null_tail import Bins, BulkTail, Hazards, fit_bulk_tail

BENDS = st.one_of(st.just(0.0), st.floats(0.05, 3))


def law(power: int, bend: float, rise: float) -> Hazards:
    return Hazards(*(np.array([value], np.float64) for value in (power, bend, rise)))


@given(st.sampled_from([1, 2]), BENDS, st.floats(0, 30), st.floats(0.01, 20))
def test_the_cumulative_hazard_is_the_integral_of_the_hazard(power: int, bend: float, rise: float, x: float) -> None:
    hazards = law(power, bend, rise)
    integral, _ = integrate.quad(lambda t: float(hazards.hazard(np.array([t]))[0]), 0, x)
    assert float(hazards.cumulative(np.array([x]))[0]) == pytest.approx(integral, rel=1e-6)


@given(st.sampled_from([1, 2]), BENDS, st.floats(0, 30), st.floats(0.1, 5), st.floats(0, 20))
def test_beyond_its_end_a_law_is_never_trusted_to_rise_on(
    power: int, bend: float, rise: float, end: float, beyond: float
) -> None:
    hazards, x, ends = law(power, bend, rise), np.array([end + beyond]), np.array([end])
    level = hazards.cumulative(ends) + beyond * hazards.hazard(ends)
    continued = hazards.continued(x, ends)
    assert continued <= level * (1 + 1e-12)
    assert hazards.continued(ends, ends) == pytest.approx(hazards.cumulative(ends))
    if power == 1:
        assert continued == pytest.approx(level)


def test_bins_share_out_all_scores_above_the_lowest_quarter() -> None:
    bins = Bins.of(np.arange(1000.0))
    assert bins.edges[0] == 250
    assert bins.counts.sum() == 750
    assert bins.counts.min() >= 3
    np.testing.assert_allclose(bins.counts[:20] / bins.n_above[:20], 0.12, atol=0.01)
    assert (bins.n_above == 1000 - bins.edges).all()


def fitted(score: np.ndarray) -> BulkTail:
    tail = fit_bulk_tail(np.sort(score))
    assert tail is not None
    return tail


def test_the_weights_of_all_laws_sum_to_one() -> None:
    tail = fitted(stats.gumbel_r.rvs(size=500, random_state=0))
    assert np.exp(tail.log_weight).sum() == pytest.approx(1)
    assert ((tail.share > 0) & (tail.share <= 0.75)).all()


@pytest.mark.parametrize(
    ("null", "expected"),
    [
        (stats.norm.rvs(size=400, random_state=1), [1.58882745, 5.13995354, 17.0945857, 23.6456476]),
        (stats.expon.rvs(size=2_000, random_state=2), [1.21354179, 2.53780987, 7.60399041, 17.7499566]),
        (stats.lognorm(1).rvs(size=400, random_state=3), [1.19963726, 2.16185569, 4.22991517, 6.93157352]),
        (
            np.append(stats.norm.rvs(size=380, random_state=4), np.linspace(6, 9, 20)),
            [1.52919503, 4.03649816, 11.5428421, 17.2650332],
        ),
    ],
    ids=["normal", "exponential", "log-normal", "planted"],
)  # what any constant of the laws, their prices and their priors would move
def test_nats_far_out_in_the_tail_stay_as_they_are(null: np.ndarray, expected: list[float]) -> None:
    tail = fitted(null)
    spread = np.median(np.abs(null - np.median(null)))
    found = tail.nats(tail.lowest + spread * np.array([1.0, 4.0, 16.0, 64.0]))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
