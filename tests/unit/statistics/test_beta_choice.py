"""Which beta is taken, from curves whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.statistics.beta_choice import FEWEST_ACTIVE, best_of, choose_beta, fewest_active

BETAS = np.array([0.5, 1.0, 1.5, 2.0, 3.0])
N_ROWS = 100


def rows(gain: list[float], spread: float = 1.0) -> np.ndarray:
    """Gains [B, H] with these means; each but the first differs from it by a deviation of `spread` over rows."""
    noise = np.where(np.arange(N_ROWS) % 2, 1.0, -1.0) * spread * np.sqrt(1 - 1 / N_ROWS)
    return np.array(gain)[:, None] + np.where(np.arange(len(gain))[:, None] > 0, noise, 0.0)


def taken(gain: list[float], active: list[int]) -> float:
    return choose_beta(BETAS[: len(gain)], rows(gain), np.array(active))


def test_the_largest_within_one_standard_error_of_the_best_is_taken() -> None:
    # of 100 rows, and differences with a deviation of 1: a tenth of a nat
    assert taken([10, 9.95, 9.91, 9.89, 2], [8, 8, 6, 5, 4]) == 1.5
    assert taken([10, 9.5, 9.89, 9.91, 2], [8, 8, 6, 5, 4]) == 2.0  # the curve need not fall evenly


def test_the_difference_counts_row_by_row_however_much_rows_differ() -> None:
    common = np.random.default_rng(0).normal(0, 50, N_ROWS)
    gain = common + 200 + np.array([0.0, -0.5])[:, None]
    assert choose_beta(np.array([1.0, 2.0]), gain, np.array([4, 4])) == 1.0


def test_a_share_of_the_best_gain_may_be_given_up_besides() -> None:
    gain, active = rows([10, 10, 9.5, 9.1, 8.9]), np.full(5, 4)
    assert choose_beta(BETAS, gain, active) == 1.0
    assert choose_beta(BETAS, gain, active, given_up=0.1) == 2.0


def test_among_equals_the_largest_is_taken() -> None:
    assert choose_beta(BETAS, np.full((5, N_ROWS), 5.0), np.full(5, 4)) == 3.0


def test_one_that_leaves_fewer_latents_is_never_taken_however_much_it_gains() -> None:
    assert taken([9, 9, 9, 20, 20], [8, 8, 3, 2, 0]) == 1.5
    assert taken([9, 9, 9, 9, 9], [8, 2, 2, 2, 1]) == 2.0  # beta 1 has two itself
    assert taken([9, 9, 9, 9, 9], [8, 8, 2, 2, 2]) == 1.0


@pytest.mark.parametrize(
    ("gain", "active"),
    [([0, 0, 0, 0, 0], [0, 0, 0, 0, 0]), ([1, 1, 1, 1, 1], [0] * 5), ([-1, -2, -1, -1, -1], [4] * 5)],
)
def test_where_nothing_is_active_or_gained_beta_is_1(gain: list[float], active: list[int]) -> None:
    assert best_of(BETAS, rows(gain), np.array(active)) is None
    assert taken(gain, active) == 1.0


def test_one_candidate_is_taken() -> None:
    assert choose_beta(np.array([1.0]), rows([3.0]), np.array([2])) == 1.0


def test_beta_below_1_is_taken_where_larger_ones_learn_nothing() -> None:
    assert taken([5, 0.1, 0, 0, 0], [3, 1, 0, 0, 0]) == 0.5


@pytest.mark.parametrize(("at_one", "fewest"), [(9, FEWEST_ACTIVE), (2, 2), (0, 1)])
def test_as_many_latents_as_beta_1_has_are_enough_but_never_none(at_one: int, fewest: int) -> None:
    assert fewest_active(BETAS, np.array([9, at_one, 9, 9, 9])) == fewest
