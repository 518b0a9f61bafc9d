"""Columns that go together, and a gap in unrelated columns told from one sign of many that they are related."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.statistics.association import (
    entropy,
    gap_shares,
    latent_correlations,
    mutual_information,
    uncertainty_coefficient,
    without_cells,
)


def gap_share(table: np.ndarray, cell: np.ndarray) -> float:
    return float(gap_shares(table[None], cell[None])[0])


def without_cell(table: np.ndarray, cell: np.ndarray) -> np.ndarray:
    return without_cells(table[None], cell[None])[0]


def cell_of(shape: tuple[int, ...], *ranges: slice) -> np.ndarray:
    cell = np.zeros(shape, dtype=bool)
    cell[ranges] = True
    return cell


def test_a_cell_emptied_in_an_independent_table_accounts_for_all_of_its_dependence() -> None:
    table = np.outer([100, 200, 300, 150], [3, 5, 2, 4])
    cell = cell_of(table.shape, slice(1, 3), slice(0, 2))
    table[cell] //= 10
    share = gap_share(table, cell)
    assert share > 0.98


def test_a_corner_of_columns_that_rise_together_accounts_for_little() -> None:
    steps = np.arange(10)
    table = np.round(200 * np.exp(-0.5 * ((steps[:, None] - steps) / 1.5) ** 2)).astype(np.int64) + 1
    share = gap_share(table, cell_of(table.shape, slice(0, 3), slice(7, 10)))
    assert share < 0.3


def test_a_cell_that_only_three_columns_together_are_short_of_is_a_gap() -> None:
    table = np.full((3, 3, 3), 200)
    cell = cell_of(table.shape, slice(0, 1), slice(1, 2), slice(2, 3))
    table[cell] = 20
    share = gap_share(table, cell)
    assert share > 0.98


def test_two_by_two_tables_cannot_tell_a_gap_from_a_dependence() -> None:
    table = np.array([[10, 100], [100, 100]])
    assert np.isnan(gap_share(table, cell_of((2, 2), slice(0, 1), slice(0, 1))))


def test_groups_without_rows_do_not_count_as_groups() -> None:
    table = np.array([[10, 100, 0], [100, 100, 0], [0, 0, 0]])
    assert np.isnan(gap_share(table, cell_of((3, 3), slice(0, 1), slice(0, 1))))


def test_an_independent_table_has_nothing_to_account_for() -> None:
    table = np.outer([10, 20, 30], [1, 2, 3])
    assert np.isnan(gap_share(table, cell_of((3, 3), slice(0, 1), slice(0, 1))))


@given(st.integers(0, 2**32 - 1))
def test_the_share_lies_between_none_and_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.poisson(rng.gamma(1.0, 20.0, size=(5, 4)))
    share = gap_share(table, cell_of((5, 4), slice(0, 2), slice(1, 3)))
    assert np.isnan(share) or 0 <= share <= 1


def test_tables_told_together_are_told_as_each_alone() -> None:
    rng = np.random.default_rng(0)
    tables = rng.poisson(rng.gamma(1.0, 20.0, size=(6, 5, 4)))
    tables[0, 1], tables[1, :, 2], tables[2] = 0, 0, np.outer(np.arange(5), np.arange(4))
    cells = rng.random(tables.shape) < 0.3
    cells[3], cells[4] = True, False
    np.testing.assert_array_equal(gap_shares(tables, cells), [*map(gap_share, tables, cells)])
    np.testing.assert_allclose(without_cells(tables, cells), [*map(without_cell, tables, cells)], rtol=1e-9)


@pytest.mark.parametrize("size", [1_000, 100_000])
def test_noise_alone_is_not_taken_for_dependence_beside_a_gap(size: int) -> None:
    rng = np.random.default_rng(0)
    chances = np.outer(np.full(10, 0.1), np.full(5, 0.2))
    cell = cell_of((10, 5), slice(6, 9), slice(3, 4))
    chances[cell] *= 0.1
    table = rng.multinomial(size, (chances / chances.sum()).ravel()).reshape(10, 5)
    share = gap_share(table, cell)
    assert share > 0.7


def test_information_is_that_of_its_closed_forms() -> None:
    same = np.diag([50_000, 50_000])
    assert entropy(np.array([1, 1, 1, 1])) == pytest.approx(np.log(4))
    assert mutual_information(same) == pytest.approx(np.log(2), abs=1e-4)
    assert uncertainty_coefficient(same) == pytest.approx(1, abs=1e-4)
    assert uncertainty_coefficient(np.full((3, 4), 10)) == 0
    assert uncertainty_coefficient(np.array([[5, 5]])) == 0
    assert entropy(np.array([], dtype=np.int64)) == 0


def test_few_rows_in_many_cells_do_not_pass_for_a_relation() -> None:
    rng = np.random.default_rng(0)
    joint = np.histogram2d(rng.integers(0, 20, 400), rng.integers(0, 20, 400), bins=20)[0].astype(np.int64)
    assert uncertainty_coefficient(joint) < 0.05


def test_what_a_cell_would_hold_is_told_by_all_others() -> None:
    margins = np.outer([100, 200, 300, 200, 100, 100], [0.1, 0.2, 0.3, 0.2, 0.1, 0.1])
    cell = np.zeros((6, 6), bool)
    cell[1, 1] = True
    told = without_cell(np.where(cell, 0, margins).astype(int), cell)
    assert told[1, 1] == pytest.approx(margins[1, 1], rel=0.01)


def test_a_corner_that_a_gradient_leaves_empty_is_explained_and_a_hole_in_it_is_not() -> None:
    places = np.arange(8)
    gradient = np.rint(200 * np.exp(-((places[:, None] - places) ** 2) / 8)).astype(int)
    corner, hole = np.zeros((8, 8), bool), np.zeros((8, 8), bool)
    corner[6:, :2] = True
    hole[4, 4] = True
    independent = np.outer(gradient.sum(axis=1), gradient.sum(axis=0)) / gradient.sum()
    assert without_cell(gradient, corner)[corner].sum() < 0.35 * independent[corner].sum()
    assert without_cell(np.where(hole, 0, gradient), hole)[hole].sum() > 0.8 * independent[hole].sum()


NONE = np.zeros(2, bool)


def in_bins(values: np.ndarray, bins: int = 10) -> np.ndarray:
    return np.searchsorted(np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1]), values, side="right")


@pytest.mark.parametrize("rho", [0.3, 0.6, 0.9])
def test_however_normal_variables_are_cut_their_correlation_comes_back(rho: float) -> None:
    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=(2, 20_000))
    y = rho * x + np.sqrt(1 - rho**2) * noise
    codes = np.stack([in_bins(x), in_bins(y), in_bins(y, 4), y > 0.8, x > -0.3], axis=1).astype(np.int64)
    strength, p = latent_correlations(codes, np.ones(5, bool))
    assert strength[0, 1:4] == pytest.approx(rho, abs=0.03)
    assert strength[3, 4] == pytest.approx(rho, abs=0.04)
    assert (p[0, 1:4] < 1e-6).all()


def test_columns_that_say_the_same_are_at_one_whatever_they_are() -> None:
    rng = np.random.default_rng(0)
    levels, rare = rng.integers(0, 50, 1_000), (rng.random(1_000) < 0.03).astype(np.int64)
    codes = np.stack([levels, (levels + 7) % 50, rare, 1 - rare], axis=1)
    strength, _ = latent_correlations(codes, np.zeros(4, bool))
    assert strength[0, 1] == pytest.approx(1.0, abs=0.01)
    assert strength[2, 3] == pytest.approx(1.0, abs=0.01)


def test_independent_columns_are_seldom_told_however_many_levels_they_have() -> None:
    rng, told, weak = np.random.default_rng(0), 0, []
    for _ in range(50):
        codes = np.stack([rng.integers(0, size, 500) for size in (2, 10, 50, 200)] + [rng.geometric(0.1, 500)], axis=1)
        strength, p = latent_correlations(codes, np.zeros(5, bool))
        pairs = np.triu_indices(5, 1)
        told += int((p[pairs] < 0.01).sum())
        weak.append(strength[0, 1])
    assert told <= 15  # of 500, where 5 are expected
    assert np.mean(weak) < 0.05


def test_pairs_are_judged_on_the_rows_that_have_both() -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 4, 2_000)
    half = np.where(np.arange(2_000) % 2 == 0, x, -1)
    strength, p = latent_correlations(np.stack([x, half, np.full(2_000, -1)], axis=1), np.ones(3, bool))
    assert strength[0, 1] == pytest.approx(1.0, abs=0.01)
    assert (strength[2], p[2]) == (pytest.approx(0.0), pytest.approx(1.0))


@pytest.mark.parametrize("turned", [False, True])
def test_the_sign_of_two_flags_is_theirs_so_that_turning_one_over_changes_nothing(turned: bool) -> None:
    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=(2, 20_000))
    rare, other = x > 0.8, -0.6 * x + 0.8 * noise > 0.6
    strength, _ = latent_correlations(np.stack([rare, ~other if turned else other], axis=1).astype(np.int64), NONE)
    assert strength[0, 1] == pytest.approx(0.6, abs=0.05)
