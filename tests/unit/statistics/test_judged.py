from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from vaeaudit.statistics.judged import (
    MISTAKEN,
    READ,
    Judged,
    WrongByPlace,
    common_to_wrong,
    reordered,
    spread_places,
    weighed,
)

NONE = np.zeros(0, dtype=np.int64)


def judged(places: list[int], wrong: list[bool], n_rows: int = 500) -> Judged:
    return Judged(np.array(places, dtype=np.int64), np.array(wrong, dtype=bool), n_rows)


def test_without_judgements_the_interval_is_nearly_all_there_is():
    share, interval = WrongByPlace.of(judged([], [])).first(10, 0.95)
    assert 0.4 < share < 0.6
    assert interval.low < 0.03
    assert interval.high > 0.97


@pytest.mark.parametrize("wrong", [True, False])
def test_twenty_judgements_of_one_kind_leave_little_doubt(wrong):
    places = spread_places(500, 20, NONE, seed=1)
    share, interval = WrongByPlace.of(judged(places.tolist(), [wrong] * 20)).first(50, 0.95)
    assert (share > 0.85) if wrong else (share < 0.15)
    assert interval.low <= share <= interval.high


def test_a_judgement_moves_a_row_by_the_odds_that_it_is_true():
    evidence = judged([3, 3, 7, 7, 7], [True, False, True, True, False]).evidence
    assert evidence[3] == 0.0
    assert evidence[7] == pytest.approx(np.log((1 - MISTAKEN) / MISTAKEN))
    assert np.count_nonzero(evidence) == 1


def test_the_posterior_of_one_place_is_bayes_rule():
    # One judgement at the first place: the share told there is the prior mean of p * (1 - e) over all that is told.
    prior, posterior = WrongByPlace.of(judged([], [])), WrongByPlace.of(judged([0], [True]))
    p = special.expit(prior.curves[:, 0])
    told = MISTAKEN + (1 - 2 * MISTAKEN) * p
    expected = (p * (1 - MISTAKEN)).mean() / told.mean()
    assert posterior.first(1, 0.95)[0] == pytest.approx(expected, abs=0.02)


def test_a_contradicted_row_says_less_than_an_uncontradicted_one_and_more_than_none():
    n_rows, places = 200, [2, 20, 40, 60, 80]
    alone = WrongByPlace.of(judged(places, [True] * 5, n_rows)).first(50, 0.95)[0]
    contradicted = WrongByPlace.of(judged([*places, *places], [True] * 5 + [False] * 5, n_rows)).first(50, 0.95)[0]
    assert contradicted < alone


@given(st.integers(1, 400), st.integers(1, 30), st.integers(0, 5))
def test_proposals_are_spread_over_the_first_hundred_and_never_asked_twice(n_rows, n_asked, seed):
    first = spread_places(n_rows, n_asked, NONE, seed=seed)
    assert len(first) == min(n_asked, n_rows, READ) == len(np.unique(first))
    assert first.max() < min(n_rows, READ)
    again = spread_places(n_rows, n_asked, first, seed=seed)
    assert not np.isin(again, first).any()
    if len(first) > 1:
        assert max(later - earlier for earlier, later in pairwise(first)) <= 2 * np.ceil(min(n_rows, READ) / len(first))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 60), st.lists(st.integers(0, 59), max_size=12), st.integers(0, 9))
def test_without_a_row_judged_wrong_the_order_stands(n_rows, places, seed):
    features = np.random.default_rng(seed).normal(size=(n_rows, 3))
    sound = [place for place in places if place < n_rows]
    order = reordered(features, judged(sound, [False] * len(sound), n_rows))
    assert order.tolist() == list(range(n_rows))


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 60), st.lists(st.tuples(st.integers(0, 59), st.booleans()), min_size=1, max_size=12))
def test_any_judgements_give_an_order_of_all_rows(n_rows, told):
    kept = [(place, wrong) for place, wrong in told if place < n_rows]
    features = np.random.default_rng(0).normal(size=(n_rows, 3))
    order = reordered(features, judged([place for place, _ in kept], [wrong for _, wrong in kept], n_rows))
    assert sorted(order.tolist()) == list(range(n_rows))


def test_rows_like_those_judged_wrong_rise_and_one_judgement_moves_little():
    rng = np.random.default_rng(0)
    kind = rng.random(300) < 0.3
    features = weighed([(np.column_stack([kind, rng.normal(size=300)]), 1.5)])
    places = spread_places(300, 20, NONE, seed=0)
    after = reordered(features, judged(places.tolist(), kind[places].tolist(), 300))
    assert kind[after[:40]].mean() > kind[:40].mean() + 0.3
    one = reordered(features, judged([int(np.flatnonzero(kind)[0])], [True], 300))
    moved = [np.abs(order - np.arange(300)).mean() for order in (one, after)]
    assert moved[0] < moved[1]


def test_what_the_wrong_rows_share_is_found_and_chance_is_not():
    rng = np.random.default_rng(3)
    wrong = np.arange(16) < 6
    noise = rng.random((30, 16)) < 0.5
    found = common_to_wrong(np.vstack([noise, wrong]), wrong, least=3, seed=0)
    assert found is not None
    assert found[0] == 30
    assert found[1] < 0.05
    p_values = [
        found[1]
        for seed in range(60)
        if (found := common_to_wrong(np.random.default_rng(seed).random((30, 16)) < 0.4, wrong, least=3, seed=seed))
    ]
    assert np.mean(np.array(p_values) <= 0.05) <= 0.12


def test_nothing_is_common_to_fewer_than_asked():
    assert (
        common_to_wrong(np.array([[True, True, False, False]]), np.array([True, True, False, False]), least=3, seed=0)
        is None
    )
    assert common_to_wrong(np.zeros((0, 4), dtype=bool), np.array([True, True, True, False]), least=3, seed=0) is None


def test_blocks_weigh_as_told_however_many_columns_they_have():
    rng = np.random.default_rng(0)
    features = weighed([(rng.normal(size=(50, 1)), 2.0), (rng.normal(size=(50, 30)), 1.0), (np.ones((50, 4)), 1.0)])
    assert np.square(features[:, :1]).sum(axis=1).mean() == pytest.approx(4.0)
    assert np.square(features[:, 1:]).sum(axis=1).mean() == pytest.approx(1.0)
