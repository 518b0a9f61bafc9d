"""Which beta is taken, from curves whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.statistics.beta_choice import FEWEST_ACTIVE, GIVEN_UP, choose_beta, fewest_active

BETAS = np.array([0.5, 1.0, 1.5, 2.0, 3.0])


def taken(gain: list[float], active: list[int], betas: np.ndarray = BETAS) -> float:
    return choose_beta(betas, np.array(gain), np.array(active))


def test_the_largest_that_costs_no_more_than_is_given_up_is_taken() -> None:
    edge = 10 * (1 - GIVEN_UP)
    assert taken([9.9, 10, edge + 0.01, edge - 0.01, 2], [8, 8, 6, 5, 4]) == 1.5
    assert taken([9.9, 10, edge - 0.01, edge + 0.01, 2], [8, 8, 6, 5, 4]) == 2.0  # the curve need not fall evenly


def test_among_equals_the_largest_is_taken() -> None:
    assert taken([5, 5, 5, 5, 5], [4, 4, 4, 4, 4]) == 3.0


def test_one_that_leaves_fewer_latents_is_never_taken_however_much_it_gains() -> None:
    assert taken([9, 9, 9, 20, 20], [8, 8, 3, 2, 0]) == 1.5
    assert taken([9, 9, 9, 9, 9], [8, 2, 2, 2, 1]) == 2.0  # beta 1 has two itself
    assert taken([9, 9, 9, 9, 9], [8, 8, 2, 2, 2]) == 1.0


@pytest.mark.parametrize(
    ("gain", "active"),
    [([0, 0, 0, 0, 0], [0, 0, 0, 0, 0]), ([1, 1, 1, 1, 1], [0] * 5), ([-1, -2, -1, -1, -1], [4] * 5)],
)
def test_where_nothing_is_active_or_gained_beta_is_1(gain: list[float], active: list[int]) -> None:
    assert taken(gain, active) == 1.0


def test_one_candidate_is_taken() -> None:
    assert taken([3.0], [2], np.array([1.0])) == 1.0


def test_beta_below_1_is_taken_where_larger_ones_learn_nothing() -> None:
    assert taken([5, 0.1, 0, 0, 0], [3, 1, 0, 0, 0]) == 0.5


@pytest.mark.parametrize(("at_one", "fewest"), [(9, FEWEST_ACTIVE), (2, 2), (0, 1)])
def test_as_many_latents_as_beta_1_has_are_enough_but_never_none(at_one: int, fewest: int) -> None:
    assert fewest_active(BETAS, np.array([9, at_one, 9, 9, 9])) == fewest
