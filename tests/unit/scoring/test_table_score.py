"""What the five questions find of a table's rows: where they lie, and how improbable their cells are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vaeaudit.scoring import table_score as module
from vaeaudit.scoring.joined import row_p_values
from vaeaudit.scoring.table_score import Compared, beyond_rarity
from vaeaudit.statistics.multiplicity import benjamini_hochberg

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


def test_a_row_of_the_run_gets_the_same_surprises_when_it_is_scored_again() -> None:
    first = surprises_of(COMPARED, GEOMETRY, CELLS)
    again = Compared.from_arrays({**COMPARED.to_arrays(), "other": np.zeros(3)})
    np.testing.assert_allclose(surprises_of(again, GEOMETRY[7:9], CELLS[7:9]), first[7:9], rtol=1e-4)
    np.testing.assert_array_equal(again.joined.score(first), COMPARED.joined.score(first))


def test_a_new_row_beyond_all_is_at_least_as_surprising_as_half_a_row_of_the_run() -> None:
    far = surprises_of(COMPARED, np.full((1, 3), 1e6), np.full((1, 4), 1e6))
    assert far[0, :4].min() >= np.log(2 * M) - 1e-5
    tops = len(np.unique(CELLS.argmax(axis=0)))  # by one cell it ties with the row that is highest in each column
    assert far[0, 4] >= np.log(2 * M / tops) - 1e-5
    near = surprises_of(COMPARED, np.full((1, 3), -1e6), np.full((1, 4), -1e6))
    np.testing.assert_allclose(near[0], 0, atol=1e-6)


@settings(max_examples=15, deadline=None)
@given(hnp.arrays(np.float64, (3, 7), elements=st.floats(-1e6, 1e6)))
def test_surprises_of_any_row_are_finite_and_none_is_negative(values: np.ndarray) -> None:
    found = surprises_of(COMPARED, values[:, :3], values[:, 3:])
    assert found.shape == (3, 5)
    assert found.min() >= 0
    assert np.isfinite(found).all()


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
    monkeypatch.setattr(module, "MOST_ROWS", 200)
    kept = compared_of(GEOMETRY, CELLS)
    assert (kept.cells.shape, kept.joined.members.shape, kept.joined.rows.shape) == ((200, 4), (200, 5), (200,))
    found, whole = (each.joined.score(surprises_of(each, GEOMETRY, CELLS)) for each in (kept, COMPARED))
    assert np.corrcoef(found, whole)[0, 1] > 0.95
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


def flagged_of(n_rows: int, *, broken: int, seed: int = 0) -> np.ndarray:
    """Which rows are flagged, of which the first lie far out and have improbable cells."""
    generator = np.random.default_rng(seed)
    geometry, cells = generator.normal(size=(n_rows, 3)), generator.exponential(size=(n_rows, 4))
    geometry[:broken] += 6
    cells[:broken] += 12
    compared = compared_of(geometry, cells)
    surprises = surprises_of(compared, geometry, cells)
    return np.asarray(benjamini_hochberg(row_p_values(compared.joined.score(surprises), surprises)) <= 0.05)


def test_rows_with_improbable_cells_that_lie_far_out_are_flagged_and_hardly_any_others() -> None:
    outlier = flagged_of(3000, broken=30)
    assert outlier[:30].all()
    assert outlier[30:].sum() <= 6


def test_clean_tables_have_hardly_ever_a_flag_although_two_questions_ask_the_same_cells() -> None:
    flagged = sum(int(flagged_of(400, broken=0, seed=seed).any()) for seed in range(20))
    assert flagged <= 4  # the share of tables with any flag is at most the rate, 1 in 20
