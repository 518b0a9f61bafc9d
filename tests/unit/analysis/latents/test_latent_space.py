from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vaeaudit.analysis.latents.model_summary import (
    completeness,
    continuity,
    detour,
    expected_coverage,
    kept_variation,
    summarise_latent_space,
)
from vaeaudit.outputs.latents import LatentSpace


def make_space(rng, n=400, **changes):
    distance = rng.gamma(3.0, size=(2, n))
    made = {
        "step_lengths": np.ones((50, 10)),
        "far_step_lengths": np.full((40, 10), 4.0),
        "far_distance": np.full(40, 40.0),
        "prior_distance": distance[0],
        "held_out_distance": distance[1],
        "prior_gap": np.zeros(n),
        "held_out_gap": np.ones(n),
        "error": np.full(n, 0.25),
        "spread": np.ones(n),
        "n_compared": n,
        "n_neighbours": 5,
        "n_reference": 5000,
    }
    return LatentSpace(**{**made, **changes})


@given(hnp.arrays(float, (5, 6), elements=st.floats(1, 1e6)), st.floats(0.1, 10))
def test_continuity_is_1_less_the_quotient_of_the_walks_and_knows_no_units(far, unit):
    near, far = far[:3].sum(axis=1) / 4, far.sum(axis=1)
    found = continuity(near, far, 0.95).value
    assert found == pytest.approx(1 - near.mean() / far.mean())
    assert continuity(unit * near, unit * far, 0.95).value == pytest.approx(found)


def test_neighbours_that_are_decoded_as_any_two_rows_have_no_continuity():
    lengths = np.random.default_rng(0).gamma(9.0, size=(2, 500, 10))
    found = continuity(*lengths.sum(axis=2), 0.95)
    assert found.ci.low < 0 < found.ci.high
    assert found.ci.high - found.ci.low < 0.05


def test_a_straight_way_is_no_detour_and_two_sides_of_a_square_are_one_of_root_two():
    straight = detour(np.full(30, 10.0), np.full(30, 10.0), 0.95)
    assert (straight.value, straight.ci.low, straight.expected) == (1.0, 1.0, 1.0)
    assert detour(np.full(30, 2.0), np.full(30, 2**0.5), 0.95).value == pytest.approx(2**0.5)
    assert detour(np.full(3, 2.0), np.zeros(3), 0.95) is None


def test_a_decoder_that_never_changes_has_no_continuity():
    summary = summarise_latent_space(
        make_space(np.random.default_rng(0), step_lengths=np.zeros((9, 10))), confidence=0.95
    )
    assert summary.jumps is None
    assert continuity(np.zeros(9), np.zeros(9), 0.95) is None


def test_jumps_are_counted_among_the_walks_that_move():
    steps = np.vstack([np.eye(10)[:2], np.ones((6, 10)), np.zeros((3, 10))])
    summary = summarise_latent_space(make_space(np.random.default_rng(0), step_lengths=steps), confidence=0.95)
    assert (summary.jumps.value, summary.jumps.n) == (0.25, 8)


def test_samples_like_reconstructions_are_95_percent_complete_and_the_interval_says_so():
    rng = np.random.default_rng(1)
    within, values = 0, []
    for _ in range(400):
        found = completeness(rng.gamma(3.0, size=300), rng.gamma(3.0, size=200), 0.95)
        values.append(found.value)
        within += found.ci.low <= 0.95 <= found.ci.high
    assert np.mean(values) == pytest.approx(found.expected, abs=0.005)
    assert within / 400 >= 0.93


def test_samples_far_from_the_data_are_not_complete_and_samples_on_it_are():
    held_out = np.random.default_rng(2).gamma(3.0, size=500)
    assert completeness(held_out + 100, held_out, 0.95).value == 0
    assert completeness(0 * held_out, held_out, 0.95).value == 1


def test_one_held_out_row_bounds_nothing():
    found = completeness(np.array([0.5, 1.5, 2.5]), np.array([2.0]), 0.95)
    assert found.value == pytest.approx(2 / 3)
    assert (found.ci.low, found.ci.high) == (pytest.approx(0.0, abs=1e-9), pytest.approx(1.0, abs=1e-9))


def test_two_sets_of_one_distribution_cover_each_other_as_expected():
    rng = np.random.default_rng(3)
    n, k, covered = 60, 5, []
    for _ in range(300):
        point, prior, others = rng.normal(size=(20, 1, 2)), rng.normal(size=(n, 2)), rng.normal(size=(n, 2))
        nearest = np.linalg.norm(point - prior, axis=2).min(axis=1)
        covered.append(np.mean(nearest <= np.sort(np.linalg.norm(point - others, axis=2), axis=1)[:, k - 1]))
    assert np.mean(covered) == pytest.approx(expected_coverage(n, k), abs=0.012)
    assert expected_coverage(10**6, 5) == pytest.approx(1 - 2**-5, abs=1e-5)
    assert expected_coverage(1, 5) == pytest.approx(0.5)


def test_exact_reconstructions_keep_all_variation_and_average_rows_none():
    spread = np.random.default_rng(4).gamma(2.0, size=200)
    assert kept_variation(0 * spread, spread, 0.95).value == 1
    none = kept_variation(spread, spread, 0.95)
    assert (none.value, none.ci.low, none.ci.high) == pytest.approx((0, 0, 0))
    assert kept_variation(spread, 0 * spread, 0.95) is None
    assert kept_variation(2 * spread[:1], spread[:1], 0.95).ci.low is None


def test_the_interval_of_the_variation_kept_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(5)
    within = 0
    for _ in range(400):
        spread = rng.gamma(2.0, size=150)
        found = kept_variation(0.4 * spread * rng.gamma(4.0, 0.25, 150), spread, 0.95)
        within += found.ci.low <= 0.6 <= found.ci.high
    assert 0.92 <= within / 400 <= 0.98


def test_the_curves_rise_and_end_at_the_extremes():
    space = make_space(np.random.default_rng(6))
    summary = summarise_latent_space(space, confidence=0.9)
    assert np.all(np.diff(summary.prior_distances) >= 0)
    assert summary.held_out_distances[[0, -1]] == pytest.approx(
        [space.held_out_distance.min(), space.held_out_distance.max()]
    )
    assert summary.held_out_distances[95] == pytest.approx(summary.yardstick)
    assert summary.coverage.value == 1
