"""Five answers of how surprising a row is, each a share of rows, joined and held against the bulk of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.scoring import table_score as module
from vaeaudit.scoring.rarity.rareness import LatentDensities, Rareness, fit_density
from vaeaudit.scoring.table_score import Compared, beyond_rarity, row_p_values, score_rows

RNG = np.random.default_rng(21)
M = 500
GEOMETRY, CELLS = RNG.normal(size=(M, 3)), RNG.normal(size=(M, 4)).round(3)


def compared_of(geometry: np.ndarray, cells: np.ndarray, clearest: np.ndarray | None = None) -> Compared:
    """Rows whose clearest cell says no more than its rank, unless told."""
    return Compared.of(geometry, cells, np.zeros(len(cells)) if clearest is None else clearest, seed=0)


def surprises_of(
    compared: Compared, geometry: np.ndarray, cells: np.ndarray, clearest: np.ndarray | None = None
) -> np.ndarray:
    told = np.zeros(len(cells)) if clearest is None else clearest
    return compared.surprises(geometry, compared.cell_ranks(cells), told)


COMPARED = compared_of(GEOMETRY, CELLS)


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
    return LatentDensities.of(fit_density(mean, np.array([True] * mean.shape[1]), seed=0), mean).rareness(
        AnalysisConfig()
    )


def test_a_rank_is_the_share_of_cells_that_are_higher_and_half_of_the_equal_ones() -> None:
    compared = compared_of(np.zeros((4, 3)), np.array([[1.0], [2.0], [2.0], [5.0]]))
    asked = np.array([[0.0], [1.0], [2.0], [3.0], [5.0], [9.0]])
    shares = np.array([4, 3.5, 2, 1, 0.5, 0.5]) / 4  # beyond all: as much as half a row
    np.testing.assert_allclose(compared.cell_ranks(asked)[:, 0], -np.log(shares), rtol=1e-6)


VALUES = hnp.arrays(np.float64, (12, 2), elements=st.integers(-3, 3))


@given(own=VALUES, others=VALUES)
def test_ranks_are_those_of_counting(own: np.ndarray, others: np.ndarray) -> None:
    higher = (own[None] > others[:, None]).sum(axis=1) + 0.5 * (own[None] == others[:, None]).sum(axis=1)
    expected = -np.log(np.maximum(higher, 0.5) / len(own))
    found = compared_of(np.zeros((12, 3)), own).cell_ranks(others)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_a_row_of_the_run_gets_the_same_surprises_when_it_is_scored_again() -> None:
    first = surprises_of(COMPARED, GEOMETRY, CELLS)
    again = Compared.from_arrays({**COMPARED.to_arrays(), "other": np.zeros(3)})
    np.testing.assert_allclose(surprises_of(again, GEOMETRY[7:9], CELLS[7:9]), first[7:9], rtol=1e-4)
    np.testing.assert_array_equal(again.score(first), COMPARED.score(first))


def test_a_new_row_beyond_all_is_at_least_as_surprising_as_half_a_row_of_the_run() -> None:
    far = surprises_of(COMPARED, np.full((1, 3), 1e6), np.full((1, 4), 1e6))
    assert far[0, :4].min() >= np.log(2 * M) - 1e-5
    tops = len(np.unique(CELLS.argmax(axis=0)))  # by one cell it ties with the row that is highest in each column
    assert far[0, 4] >= np.log(2 * M / tops) - 1e-5
    near = surprises_of(COMPARED, np.full((1, 3), -1e6), np.full((1, 4), -1e6))
    np.testing.assert_allclose(near[0], 0, atol=1e-6)


@given(hnp.arrays(np.float64, (3, 7), elements=st.floats(-1e6, 1e6)))
def test_surprises_of_any_row_are_finite_and_none_is_negative(values: np.ndarray) -> None:
    found = surprises_of(COMPARED, values[:, :3], values[:, 3:])
    assert found.shape == (3, 5)
    assert found.min() >= 0
    assert np.isfinite(found).all()
    assert np.isfinite(COMPARED.score(found)).all()


def test_all_cells_are_weighed_together_and_the_most_surprising_one_alone() -> None:
    cells = RNG.normal(size=(M, 6))
    middle, high = np.quantile(cells, [0.5, 0.9], axis=0)
    compared = compared_of(np.zeros((M, 3)), cells)
    one = middle.copy()
    one[2] = 100
    found = surprises_of(compared, np.zeros((2, 3)), np.stack([one, high]))
    assert found[0, 4] > found[1, 4]
    assert found[0, 3] < found[1, 3]


def test_of_cells_that_are_first_of_their_columns_the_least_probable_is_the_most_surprising() -> None:
    cells = CELLS.copy()
    cells[np.arange(4), np.arange(4)] = [10, 20, 30, 40]
    clearest = RNG.exponential(size=M)
    clearest[:4] = [30, 9, 60, 15]
    one_cell = surprises_of(compared_of(GEOMETRY, cells, clearest), GEOMETRY, cells, clearest)[:, 4]
    assert np.argsort(-one_cell)[:4].tolist() == [2, 0, 3, 1]
    by_rank = surprises_of(compared_of(GEOMETRY, cells), GEOMETRY, cells)[:4, 4]
    assert np.ptp(by_rank) == 0


def joined(surprises: np.ndarray, n_compared: int = M) -> np.ndarray:
    return np.asarray(np.sqrt(np.square(np.minimum(surprises, 1.5 * np.log(n_compared))).sum(axis=1)))


def test_surprises_are_joined_as_the_root_of_the_sum_of_squares_of_which_none_drowns_the_others() -> None:
    geometry = GEOMETRY.copy()
    geometry[0] = 1e5
    compared = compared_of(geometry, CELLS)
    surprises = surprises_of(compared, geometry, CELLS).astype(np.float64)
    np.testing.assert_allclose(compared.rows, np.sort(joined(surprises)), rtol=1e-6)
    far = np.full((2, 5), [[700.0], [1.5 * np.log(M)]])
    assert np.ptp(compared.score(far)) == 0
    assert compared.score(np.zeros((0, 5))).shape == (0,)


def test_one_question_however_loud_is_joined_as_no_more_than_its_cap() -> None:
    loud, capped, two = [1e9, 0, 0, 0, 0], [1.5 * np.log(M), 0, 0, 0, 0], [1.5 * np.log(M), 4, 0, 0, 0]
    score = COMPARED.score(np.array([loud, capped, two]))
    assert score[0] == score[1] < score[2]


def test_a_p_value_is_the_larger_of_the_scores_and_of_what_two_questions_allow() -> None:
    surprises = np.array([[9.0, 0.5, 0, 0, 0], [9.0, 8.0, 0, 0, 0], [9.0, 8.0, 7.0, 0, 0]])
    found = row_p_values(np.array([8.0, 6.0, 2.0]), surprises)
    np.testing.assert_allclose(found, [1.0, np.exp(-6), np.exp(-2)])
    np.testing.assert_allclose(row_p_values(np.array([9.0]), surprises[1:2]), 4 * np.exp(-8))


@given(st.integers(0, 4), st.floats(0, 700), st.floats(0, 700), st.floats(0, np.log(4)))
def test_one_question_alone_never_makes_a_row_improbable(which: int, score: float, loud: float, others: float) -> None:
    surprises = np.full((1, 5), others)
    surprises[0, which] = loud
    assert row_p_values(np.array([score]), surprises)[0] == pytest.approx(1)


def test_nats_count_by_how_much_they_exceed_those_of_the_cell_alone() -> None:
    found = beyond_rarity(np.array([[7.60041, 7.6], [0.1, 3.0]]), np.array([[7.6, 0.0], [0.3, 1.0]]))
    np.testing.assert_allclose(found, [[0.0, 7.6], [-0.2, 2.0]], atol=1e-6)
    assert beyond_rarity(np.array([[2.00012]]), np.zeros((1, 1))) == beyond_rarity(
        np.array([[2.0004]]), np.zeros((1, 1))
    )


def test_a_rare_level_that_goes_with_its_row_does_not_stand_out_and_one_that_does_not_does() -> None:
    n_rows, rare, strange = 4000, np.arange(20), np.arange(20, 30)
    alone = np.full((n_rows, 1), 0.7) + RNG.exponential(0.01, (n_rows, 1))
    alone[:30] = -np.log(30 / n_rows)
    nats = alone + RNG.normal(0, 0.3, (n_rows, 1))  # beside the others of its row it is as rare as everywhere
    nats[strange] += 6
    geometry, cells = RNG.normal(size=(n_rows, 3)), beyond_rarity(nats, alone)
    compared = compared_of(geometry, cells)
    one_cell = surprises_of(compared, geometry, cells)[:, 4]
    assert one_cell[strange].min() > -np.log(15 / n_rows)
    assert np.median(one_cell[rare]) < 2
    assert surprises_of(compared_of(geometry, nats), geometry, nats)[rare, 4].min() > 4  # without the credit


def test_of_more_rows_than_are_compared_with_a_sample_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_ROWS", 200)
    kept = compared_of(GEOMETRY, CELLS)
    assert (kept.cells.shape, kept.members.shape, kept.rows.shape) == ((200, 4), (200, 5), (200,))
    found, whole = (surprises_of(each, GEOMETRY, CELLS) for each in (kept, COMPARED))
    assert np.corrcoef(joined(found), joined(whole))[0, 1] > 0.97
    monkeypatch.setattr(module, "_MOST_NUMBERS", 80)
    assert compared_of(GEOMETRY, CELLS).cells.shape == (20, 4)


def test_tables_without_cells_or_of_one_row_are_compared_too() -> None:
    none = compared_of(GEOMETRY, np.zeros((M, 0)))
    assert np.isfinite(surprises_of(none, GEOMETRY, np.zeros((M, 0)))).all()
    one = compared_of(GEOMETRY[:1], CELLS[:1])
    np.testing.assert_allclose(surprises_of(one, GEOMETRY[:1], CELLS[:1]), np.log(2), rtol=1e-6)


def test_nothing_to_compare_with_is_refused() -> None:
    with pytest.raises(ValueError, match="rows must not be empty"):
        compared_of(np.zeros((0, 3)), np.zeros((0, 2)))


def judged(n_rows: int, *, broken: int, seed: int = 0) -> tuple[np.ndarray, Compared]:
    """Surprises of rows of which the first lie far out and have improbable cells, and what they are held against."""
    generator = np.random.default_rng(seed)
    geometry, cells = generator.normal(size=(n_rows, 3)), generator.exponential(size=(n_rows, 4))
    geometry[:broken] += 6
    cells[:broken] += 12
    compared = compared_of(geometry, cells)
    return surprises_of(compared, geometry, cells), compared


def test_rows_that_do_not_belong_are_flagged_and_hardly_any_others() -> None:
    surprises, compared = judged(3000, broken=30)
    mean = RNG.normal(size=(3000, 2))
    scores = score_rows(codes_with(surprises, mean), compared, rareness_of(mean), fdr=0.05)

    assert scores.outlier[:30].all()
    assert scores.outlier[30:].sum() <= 6
    np.testing.assert_allclose(scores.p_value, row_p_values(scores.outlier_score, surprises))
    assert scores.weight.mean() == pytest.approx(1)
    assert scores.fdr == 0.05
    assert "nats" in scores.definition


def test_a_row_that_only_one_question_finds_is_not_flagged() -> None:
    surprises, compared = judged(3000, broken=0)
    surprises[0] = [30, 0.1, 0.1, 0.1, 0.1]
    surprises[1] = [30, 30, 0.1, 0.1, 0.1]
    mean = RNG.normal(size=(3000, 1))
    scores = score_rows(codes_with(surprises, mean), compared, rareness_of(mean), fdr=0.05)
    assert scores.outlier[:2].tolist() == [False, True]


def test_clean_rows_are_hardly_ever_flagged() -> None:
    flagged = 0
    for seed in range(20):
        surprises, compared = judged(400, broken=0, seed=seed)
        mean = np.random.default_rng(seed).normal(size=(400, 1))
        flagged += int(score_rows(codes_with(surprises, mean), compared, rareness_of(mean), fdr=0.05).outlier.any())
    assert flagged <= 4  # the share of tables with any flag is at most the rate, 1 in 20


def test_a_more_surprising_row_never_scores_lower() -> None:
    surprises, compared = judged(1000, broken=10)
    score = compared.score(surprises)
    assert np.all(np.diff(score[np.argsort(joined(surprises, 1000))]) >= -1e-9)
    assert (score >= 0).all()


def test_rows_that_nobody_judged_as_rows_of_a_table_are_refused() -> None:
    mean = RNG.normal(size=(60, 1))
    with pytest.raises(ValueError, match="surprises"):
        score_rows(codes_with(None, mean), COMPARED, rareness_of(mean), fdr=0.05)
