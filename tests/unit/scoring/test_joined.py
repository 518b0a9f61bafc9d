"""The answers to several questions become surprises, of which the score, the p-values and the flags are made."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.scoring.joined import Joined, rank_nats, row_p_values
from vaeaudit.scoring.rarity.rareness import LatentDensities, Rareness, fit_density

RNG = np.random.default_rng(21)
M, Q = 500, 4
FOUND = RNG.normal(size=(M, Q))
JOINED = Joined.of(FOUND, seed=0)
MOST = 1.5 * np.log(M)


def codes_with(surprises: np.ndarray | None, mean: np.ndarray) -> LatentCodes:
    n_rows, n_latents = mean.shape
    none = np.zeros((n_rows, 1))
    return LatentCodes(
        mean=mean,
        stddev=np.ones_like(mean),
        kl=np.ones((n_rows, n_latents)),
        log_likelihood=none[:, 0],
        iwae=none[:, 0],
        unit_correction=none[:, 0],
        reason_column=none.astype(int),
        reason_nats=none,
        reason_p=none + 1,
        held_out=np.zeros(n_rows, bool),
        columns=("x",),
        surprises=surprises,
    )


def rareness_of(mean: np.ndarray) -> Rareness:
    density = fit_density(mean, np.array([True] * mean.shape[1]), seed=0)
    return LatentDensities.of(density, mean).rareness(AnalysisConfig())


#: Of some rows: how rare others are beside them is of no matter to their scores.
RARENESS = rareness_of(RNG.normal(size=(60, 2)))


def scores_of(joined: Joined, surprises: np.ndarray | None, n_rows: int | None = None) -> RowScores:
    mean = np.random.default_rng(0).normal(size=(len(surprises) if surprises is not None else n_rows or 0, 2))
    return joined.row_scores(codes_with(surprises, mean), RARENESS, fdr=0.05, definition="A score.")


def far_out(n_rows: int, *, broken: int, seed: int = 0) -> tuple[np.ndarray, Joined]:
    """Surprises of rows of which the first lie far out by every question, and what they are compared with."""
    found = np.random.default_rng(seed).normal(size=(n_rows, Q))
    found[:broken] += 9
    joined = Joined.of(found, seed=0)
    return joined.surprises(found), joined


def root_of_squares(surprises: np.ndarray, n_compared: int) -> np.ndarray:
    return np.asarray(np.sqrt(np.square(np.minimum(surprises, 1.5 * np.log(n_compared))).sum(axis=1)))


# --- ranks ----------------------------------------------------------------------------------------------------------


def test_a_rank_is_the_share_of_values_that_are_higher_and_half_of_the_equal_ones() -> None:
    asked = np.array([[0.0], [1.0], [2.0], [3.0], [5.0], [9.0]])
    shares = np.array([4, 3.5, 2, 1, 0.5, 0.5]) / 4  # beyond all: as much as half a row
    found = rank_nats(asked, np.array([[1.0], [2.0], [2.0], [5.0]]))
    np.testing.assert_allclose(found[:, 0], -np.log(shares), rtol=1e-6)


VALUES = hnp.arrays(np.float64, (12, 2), elements=st.integers(-3, 3))


@given(own=VALUES, others=VALUES)
def test_ranks_are_those_of_counting(own: np.ndarray, others: np.ndarray) -> None:
    higher = (own[None] > others[:, None]).sum(axis=1) + 0.5 * (own[None] == others[:, None]).sum(axis=1)
    expected = -np.log(np.maximum(higher, 0.5) / len(own))
    np.testing.assert_allclose(rank_nats(others, np.sort(own, axis=0)), expected, rtol=1e-5, atol=1e-6)


# --- surprises ------------------------------------------------------------------------------------------------------


def test_a_row_beyond_all_is_at_least_as_surprising_as_half_a_row_and_one_below_all_not_at_all() -> None:
    assert JOINED.surprises(np.full((1, Q), 1e6)).min() >= np.log(2 * M) - 1e-5
    np.testing.assert_allclose(JOINED.surprises(np.full((1, Q), -1e6)), 0, atol=1e-6)


def test_a_row_far_beyond_all_is_more_surprising_than_one_just_beyond() -> None:
    just, far = JOINED.surprises(FOUND.max(axis=0) + np.array([[0.1], [20.0]]))
    assert np.all(far > just + 1)


@settings(max_examples=15, deadline=None)
@given(hnp.arrays(np.float64, (3, Q), elements=st.floats(-1e6, 1e6)))
def test_surprises_of_any_row_are_finite_and_none_is_negative(found: np.ndarray) -> None:
    surprises = JOINED.surprises(found)
    assert surprises.shape == (3, Q)
    assert surprises.min() >= 0
    assert np.isfinite(surprises).all()
    assert np.isfinite(JOINED.score(surprises)).all()


def test_a_row_gets_the_same_surprises_in_other_company_and_from_a_file() -> None:
    first = JOINED.surprises(FOUND)
    again = Joined.from_arrays({**JOINED.to_arrays(), "other": np.zeros(3)})
    np.testing.assert_array_equal(again.surprises(FOUND), first)
    np.testing.assert_allclose(again.surprises(FOUND[7:9]), first[7:9], rtol=1e-3)
    np.testing.assert_array_equal(again.score(first), JOINED.score(first))


def test_one_row_to_compare_with_is_enough_and_none_is_refused() -> None:
    np.testing.assert_allclose(Joined.of(FOUND[:1], seed=0).surprises(FOUND[:1]), np.log(2), rtol=1e-6)
    with pytest.raises(ValueError, match="rows must not be empty"):
        Joined.of(np.zeros((0, Q)), seed=0)


# --- the score ------------------------------------------------------------------------------------------------------


def test_surprises_are_joined_as_the_root_of_the_sum_of_squares_of_which_none_drowns_the_others() -> None:
    found = FOUND.copy()
    found[0] = 1e5
    joined = Joined.of(found, seed=0)
    surprises = joined.surprises(found).astype(np.float64)
    np.testing.assert_allclose(joined.rows, np.sort(root_of_squares(surprises, M)), rtol=1e-6)
    assert np.ptp(joined.score(np.full((2, Q), [[700.0], [MOST]]))) == 0
    assert joined.score(np.zeros((0, Q))).shape == (0,)


def test_one_question_however_loud_is_joined_as_no_more_than_its_cap() -> None:
    loud, capped, two = [1e9, 0, 0, 0], [MOST, 0, 0, 0], [MOST, 4, 0, 0]
    score = JOINED.score(np.array([loud, capped, two]))
    assert score[0] == score[1] < score[2]


def test_a_more_surprising_row_never_scores_lower() -> None:
    surprises, joined = far_out(1000, broken=10)
    score = joined.score(surprises)
    assert np.all(np.diff(score[np.argsort(root_of_squares(surprises, 1000))]) >= -1e-9)
    assert (score >= 0).all()


# --- p-values and flags ---------------------------------------------------------------------------------------------


def test_a_p_value_is_the_larger_of_the_scores_and_of_what_two_questions_allow() -> None:
    surprises = np.array([[9.0, 0.5, 0, 0, 0], [9.0, 8.0, 0, 0, 0], [9.0, 8.0, 7.0, 0, 0]])
    found = row_p_values(np.array([8.0, 6.0, 2.0]), surprises)
    np.testing.assert_allclose(found, [1.0, np.exp(-6), np.exp(-2)])


@pytest.mark.parametrize("n_questions", [2, 4, 5])
def test_the_second_loudest_question_counts_for_less_the_more_are_asked(n_questions: int) -> None:
    surprises = np.zeros((1, n_questions))
    surprises[0, :2] = [9, 8]
    np.testing.assert_allclose(row_p_values(np.array([9.0]), surprises), (n_questions - 1) * np.exp(-8))


@given(st.integers(0, 4), st.floats(0, 700), st.floats(0, 700), st.floats(0, np.log(4)))
def test_one_question_alone_never_makes_a_row_improbable(which: int, score: float, loud: float, others: float) -> None:
    surprises = np.full((1, 5), others)
    surprises[0, which] = loud
    assert row_p_values(np.array([score]), surprises)[0] == pytest.approx(1)


def test_rows_that_do_not_belong_are_flagged_and_hardly_any_others() -> None:
    surprises, joined = far_out(3000, broken=30)
    scores = scores_of(joined, surprises)

    assert scores.outlier[:30].all()
    assert scores.outlier[30:].sum() <= 6
    np.testing.assert_allclose(scores.outlier_score, joined.score(surprises))
    np.testing.assert_allclose(scores.p_value, row_p_values(scores.outlier_score, surprises))
    assert (scores.fdr, scores.definition) == (0.05, "A score.")


def test_rarity_and_weight_are_those_of_the_latents_whatever_the_questions_say() -> None:
    surprises, joined = far_out(400, broken=4)
    mean = np.random.default_rng(3).normal(size=(400, 2))
    rareness = rareness_of(mean)
    scores = joined.row_scores(codes_with(surprises, mean), rareness, fdr=0.05, definition="A score.")
    np.testing.assert_array_equal(scores.rarity, rareness.rarity(mean))
    assert scores.weight.mean() == pytest.approx(1)
    assert scores.rarity_definition == rareness.definition


def test_a_row_that_only_one_question_finds_is_not_flagged() -> None:
    surprises, joined = far_out(3000, broken=0)
    surprises[0] = [30, 0.1, 0.1, 0.1]
    surprises[1] = [30, 30, 0.1, 0.1]
    assert scores_of(joined, surprises).outlier[:2].tolist() == [False, True]


def test_clean_rows_are_hardly_ever_flagged() -> None:
    flagged = 0
    for seed in range(20):
        surprises, joined = far_out(400, broken=0, seed=seed)
        flagged += int(scores_of(joined, surprises).outlier.any())
    assert flagged <= 4  # the share of data sets with any flag is at most the rate, 1 in 20


def test_other_rows_are_compared_with_those_of_the_run_and_not_with_one_another() -> None:
    _, joined = far_out(2000, broken=0)
    other = np.stack([np.zeros(Q), np.full(Q, 9.0)])
    assert scores_of(joined, joined.surprises(other)).outlier.tolist() == [False, True]
    alone = Joined.of(other, seed=0)
    assert not scores_of(alone, alone.surprises(other)).outlier.any()


def test_rows_to_which_no_question_was_put_are_refused() -> None:
    with pytest.raises(ValueError, match="surprises"):
        scores_of(JOINED, None, 60)
