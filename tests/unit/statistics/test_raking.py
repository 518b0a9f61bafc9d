"""Raking reaches the shares it is asked for, with weights as even as they can be, and applies to other rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from vaeaudit.analysis.rebalancing.weight_effects import judge_share, weighted_share
from vaeaudit.statistics.raking import rake, weights_up_to


def everybody(members):
    return np.ones_like(members)


def test_one_group_gets_the_weight_that_post_stratification_gives():
    members = np.zeros((100, 1), bool)
    members[:20] = True
    weight = rake(members, everybody(members), np.array([0.5]), cap=10).weight(members, everybody(members))
    assert weight[:20] == pytest.approx(0.5 / 0.2, rel=1e-3)
    assert weight[20:] == pytest.approx(0.5 / 0.8, rel=1e-3)


def test_two_margins_are_reached_as_iterative_proportional_fitting_reaches_them():
    table = np.array([[400, 100], [300, 200]])
    rows = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], table.ravel(), axis=0)
    members = rows == 1
    weight = rake(members, everybody(members), np.array([0.6, 0.5]), cap=10).weight(members, everybody(members))
    fitted = table / table.sum()
    for _ in range(200):
        fitted = fitted * (np.array([0.4, 0.6]) / fitted.sum(axis=1))[:, None]
        fitted = fitted * (np.array([0.5, 0.5]) / fitted.sum(axis=0))
    found = [weight[(rows == cell).all(axis=1)].sum() / 1000 for cell in ([0, 0], [0, 1], [1, 0], [1, 1])]
    assert found == pytest.approx(fitted.ravel().tolist(), abs=1e-3)


def least_divergent(members, shares, cap):
    """Weights [N] by a general solver: least sum w log w, mean 1, at most `cap`, each set at least at its share."""
    n_rows = len(members)
    floors = [
        {"type": "ineq", "fun": lambda w, inside=inside, share=share: w @ inside / n_rows - share}
        for inside, share in zip(members.T.astype(float), shares, strict=True)
    ]
    found = optimize.minimize(
        lambda w: np.sum(w * np.log(w)),
        np.ones(n_rows),
        method="SLSQP",
        bounds=[(1e-9, cap)] * n_rows,
        constraints=[{"type": "eq", "fun": lambda w: w.mean() - 1}, *floors],
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert found.success
    return found.x


# with a bound that does not bind, with one that binds for the rows in both sets, and with a share that is met already
@pytest.mark.parametrize(
    ("shares", "cap"), [((0.5, 0.4), 9.0), ((0.5, 0.4), 3.0), ((0.35, 0.5), 2.2), ((0.1, 0.5), 3.0)]
)
def test_weights_are_those_of_a_general_solver(shares, cap):
    members = np.random.default_rng(0).random((24, 2)) < (0.25, 0.3)
    weight = rake(members, everybody(members), np.array(shares), cap=cap).weight(members, everybody(members))
    assert weight == pytest.approx(least_divergent(members, shares, cap), abs=3e-4)


def test_the_share_of_some_rows_is_counted_among_their_universe_alone():
    universe = np.arange(100)[:, None] < 50
    members = np.arange(100)[:, None] < 10
    weight = rake(members, universe, np.array([0.5]), cap=10).weight(members, universe)
    assert weight[:10].sum() / weight[:50].sum() == pytest.approx(0.5, abs=1e-3)
    assert weight[50:] == pytest.approx(weight[50])


@pytest.mark.parametrize(("universe", "shares"), [(np.ones((3, 2), bool), [0.5]), (np.ones((3, 1), bool), [0.5, 0.2])])
def test_rows_and_shares_of_other_shapes_are_refused(universe, shares):
    with pytest.raises(ValueError, match=r"expected \[N, K\], \[N, K\] and \[K\]; found \(3, 1\)"):
        rake(np.ones((3, 1), bool), universe, np.array(shares), cap=2)


def test_without_rows_no_set_is_preferred():
    none = np.zeros((0, 1), bool)
    assert rake(none, none, np.array([0.5]), cap=2).factors.tolist() == [0.0]


def test_a_share_that_is_met_already_changes_nothing():
    members = np.arange(10)[:, None] < 6
    assert rake(members, everybody(members), np.array([0.5]), cap=5).weight(
        members, everybody(members)
    ) == pytest.approx(np.ones(10), abs=1e-6)


def test_a_share_out_of_reach_is_approached_up_to_the_cap_and_an_empty_group_changes_no_row_by_itself():
    members = np.zeros((1000, 2), bool)
    members[:5, 0] = True
    weight = rake(members, everybody(members), np.array([0.5, 0.2]), cap=4).weight(members, everybody(members))
    assert weight[:5] == pytest.approx(4.0)
    assert np.ptp(weight[5:]) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("n_rows", [0, 3])
def test_without_a_share_to_reach_all_weights_are_one(n_rows):
    nothing = np.zeros((n_rows, 0), bool)
    assert (
        rake(nothing, nothing, np.zeros(0), cap=3).weight(np.zeros((4, 0), bool), np.zeros((4, 0), bool)).tolist()
        == [1.0] * 4
    )


def test_a_cap_of_one_leaves_equal_weights():
    members = np.arange(10)[:, None] < 2
    assert rake(members, everybody(members), np.array([0.5]), cap=1).weight(members, everybody(members)).tolist() == (
        [1.0] * 10
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-30, 30), min_size=1, max_size=40), st.floats(1, 20))
def test_weights_have_mean_one_keep_the_cap_and_the_order(logs, cap):
    weight = weights_up_to(np.array(logs), cap=cap)
    assert weight.mean() == pytest.approx(1.0, rel=1e-6)
    assert weight.max() <= cap * (1 + 1e-9)
    assert (np.diff(weight[np.argsort(logs, kind="stable")]) >= -1e-12).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(1.5, 10))
def test_the_effective_size_never_exceeds_the_rows(seed, spread):
    generator = np.random.default_rng(seed)
    weight = generator.uniform(1, spread, 50)
    members, universe = generator.random(50) < 0.3, generator.random(50) < 0.8
    found = weighted_share(weight, members & universe, universe, 0.95)
    assert found.effective_size <= universe.sum() + 1e-9
    assert found.ci.low <= found.share + 1e-9
    assert found.share <= found.ci.high + 1e-9


def test_equal_weights_give_the_plain_share_at_its_full_size():
    members = np.arange(100) < 25
    found = weighted_share(np.ones(100), members, np.ones(100, bool), 0.95)
    assert (found.share, found.effective_size) == (0.25, pytest.approx(100))


def test_an_empty_universe_tells_nothing():
    found = weighted_share(np.ones(5), np.zeros(5, bool), np.zeros(5, bool), 0.95)
    assert (found.ci.low, found.ci.high, judge_share(found, 0.1)) == (0.0, 1.0, "too few to tell")
