"""Which cells are suspicious: calibrated on drawn cells, fair to rare levels, without those that only follow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from vaeaudit.outputs.latents import CellExpectations, CellNull
from vaeaudit.scoring.cells import (
    cell_p_values,
    cells_looked_at,
    consequences,
    find_cells,
    named_partner,
    suspicious,
)

SHARE = 0.02


def expectations(row: Any, column: Any, nats: Any, **changes: Any) -> CellExpectations:
    n_cells = len(row)
    values = {
        "row": np.asarray(row, np.int64),
        "column": np.asarray(column, np.int64),
        "nats": np.asarray(nats, np.float64),
        "low": np.zeros(n_cells),
        "high": np.ones(n_cells),
        "levels": np.full((n_cells, 3), -1),
        "covered": np.full(n_cells, 0.9),
        "p_missing": np.zeros(n_cells),
        "partner": np.full(n_cells, -1),
        "partner_nats": np.full(n_cells, np.nan),
        "p_value": np.ones(n_cells),
    }
    return CellExpectations(**{**values, **changes})


def null_of(*columns: np.ndarray, n_rows: int) -> CellNull:
    """A null whose looked-at cells are the most surprising of each column [n_rows]."""
    looked_at = [np.sort(nats)[-int(SHARE * n_rows) :] for nats in columns]
    place = np.repeat(np.arange(len(columns)), [len(nats) for nats in looked_at])
    return CellNull(np.array([nats[0] for nats in looked_at]), place, np.concatenate(looked_at), n_rows)


def looked_at(nats: np.ndarray, null: CellNull, column: int) -> np.ndarray:
    return nats[nats >= null.threshold[column]]


@pytest.mark.parametrize("draw", ["exponential", "chisquare", "gumbel"])
def test_clean_cells_reach_a_p_value_as_often_as_it_says(draw: str) -> None:
    generator = np.random.default_rng(0)
    size = {"exponential": (1.0,), "chisquare": (1,), "gumbel": (0.0, 1.0)}[draw]
    n_rows = 100_000
    null = null_of(getattr(generator, draw)(*size, 20_000), n_rows=20_000)
    nats = looked_at(getattr(generator, draw)(*size, n_rows), null, 0)
    p_value = cell_p_values(np.zeros(len(nats), int), nats, null)
    for level in (1e-2, 1e-3, 1e-4):
        assert np.sum(p_value <= level) / n_rows < 1.5 * level + 3 * np.sqrt(level / n_rows)
    assert np.sum(p_value <= 1e-2) / n_rows > 0.7e-2


def predictive_tail(nats: float, drawn: np.ndarray, n_tail: int) -> float:
    """P(drawn >= nats) by the exponential of the `n_tail` highest, integrated over the posterior of its rate."""
    start = np.sort(drawn)[-n_tail - 1]
    total = np.sum(np.sort(drawn)[-n_tail:] - start)
    rate = stats.gamma(n_tail, scale=1 / total)
    beyond = integrate.quad(lambda r: rate.pdf(r) * np.exp(-r * (nats - start)), 0, rate.isf(1e-12))[0]
    return float((1 + n_tail) / (1 + len(drawn)) * beyond)


def test_beyond_all_drawn_cells_a_p_value_is_the_heaviest_predictive_tail() -> None:
    n_rows = 400
    for n_drawn, tails in ((3, (1,)), (39, (19,)), (40, (20,)), (200, (100, 25, 20))):
        drawn = np.random.default_rng(n_drawn).gamma(2, size=n_drawn)
        null = CellNull(np.array([0.0]), np.zeros(n_drawn, int), drawn, n_rows)
        for nats in drawn.max() + np.array([0.1, 3.0, 30.0]):
            expected = max(predictive_tail(nats, drawn, n_tail) for n_tail in tails)
            found = cell_p_values(np.array([0]), np.array([nats]), null)
            np.testing.assert_allclose(found, expected * (1 + n_drawn) / (1 + n_rows), rtol=1e-6)


def test_among_drawn_cells_that_are_alike_their_share_counts_and_no_p_value_is_0() -> None:
    null = CellNull(np.array([0.0]), np.zeros(50, int), np.full(50, 2.0), 400)
    found = cell_p_values(np.zeros(3, int), np.array([1.0, 2.0, 3.0]), null)
    np.testing.assert_allclose(found, [51 / 401, 51 / 401, 1 / 401])


@given(st.lists(st.floats(-50, 500), min_size=2, max_size=30))
def test_a_more_surprising_cell_is_never_more_probable(values: list[float]) -> None:
    null = null_of(np.random.default_rng(1).exponential(size=2000), n_rows=2000)
    nats = np.sort(np.array(values))
    p_value = cell_p_values(np.zeros(len(nats), int), nats, null)
    assert np.all((p_value > 0) & (p_value <= 1))
    assert np.all(np.diff(p_value) <= 1e-12)


def test_a_level_is_not_suspicious_for_being_rare_but_for_where_it_stands() -> None:
    # One in 2000 rows holds a level that goes with any row: it surprises by 7.6 nats, in drawn rows just as often.
    generator = np.random.default_rng(2)
    n_rows = 40_000
    drawn, found = (
        np.where(
            generator.random(n_rows) < 5e-4, generator.normal(7.6, 0.2, n_rows), generator.exponential(0.3, n_rows)
        )
        for _ in range(2)
    )
    contradicting = np.arange(3)
    found[contradicting] = 25.0
    null = null_of(drawn, n_rows=n_rows)
    row = np.flatnonzero(found >= null.threshold[0])
    p_value = cell_p_values(np.zeros(len(row), int), found[row], null)
    flagged = row[suspicious(p_value, n_rows, fdr=0.05)]
    assert np.sum((found > 7) & (found < 9)) > 10
    np.testing.assert_array_equal(flagged, contradicting)


def test_a_column_is_compared_with_itself() -> None:
    generator = np.random.default_rng(3)
    null = null_of(generator.exponential(1, 5000), generator.exponential(10, 5000), n_rows=5000)
    p_value = cell_p_values(np.array([0, 1]), np.array([40.0, 40.0]), null)
    assert p_value[0] < 1e-8
    assert p_value[1] > 1e-3


def test_a_column_of_which_no_drawn_cell_was_looked_at_says_as_little_as_the_number_of_rows_allows() -> None:
    null = CellNull(np.array([1.0]), np.zeros(0, int), np.zeros(0), 1000)
    np.testing.assert_allclose(cell_p_values(np.array([0]), np.array([1e6]), null), 1 / 1001)
    assert not suspicious(np.zeros(0), 0, fdr=0.05).size


def test_cells_that_were_not_looked_at_count_among_those_tested() -> None:
    assert suspicious(np.array([0.04]), 1, fdr=0.05).all()
    assert not suspicious(np.array([0.04]), 100, fdr=0.05).any()


def test_looked_at_are_the_reasons_beyond_the_threshold_of_their_column(build: Any) -> None:
    inputs = build_codes(build)
    row, column = cells_looked_at(inputs.codes, CellNull(np.array([3.0, 1.0]), np.zeros(0, int), np.zeros(0), 10))
    assert sorted(zip(row.tolist(), column.tolist(), strict=True)) == [(0, 1), (2, 0), (2, 1)]


def build_codes(build: Any) -> Any:
    from vaeaudit.data.schema.columns import Kind

    table = {"x": ([1.0, 2.0, 3.0], Kind.REAL), "y": ([1.0, 2.0, 3.0], Kind.REAL)}
    return build(
        table,
        np.zeros((3, 1)),
        reason_column=np.array([[0, 1], [0, 1], [1, 0]]),
        reason_nats=np.array([[2.9, 1.5], [0.4, 0.2], [4.0, 3.0]]),
    )


def test_a_cell_is_found_by_its_row_and_column() -> None:
    cells = expectations([4, 0, 4], [1, 2, 0], [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(
        find_cells(cells, np.array([[4, 4], [0, 1]]), np.array([[0, 1], [2, 2]]), 3), [[2, 0], [1, -1]]
    )
    assert find_cells(cells, np.array([9]), np.array([2]), 3) == -1  # beyond the last
    assert find_cells(expectations([], [], []), np.array([1]), np.array([1]), 3) == -1


def test_another_cell_is_named_where_it_alone_makes_most_of_the_surprise() -> None:
    cells = expectations(
        [0, 1, 2, 3],
        [0, 0, 0, 0],
        [10.0, 10.0, 1.5, 10.0],
        partner=np.array([1, 1, 1, -1]),
        partner_nats=np.array([2.0, 8.0, 0.7, np.nan]),
    )
    np.testing.assert_array_equal(named_partner(cells), [1, -1, -1, -1])


def test_the_first_column_may_be_named_and_half_the_surprise_or_one_nat_is_enough() -> None:
    cells = expectations(
        [0, 1, 2, 3],
        [1, 1, 1, 1],
        [10.0, 2.0, 10.0, 1.9],
        partner=np.array([0, 0, 0, 0]),
        partner_nats=np.array([5.0, 1.0, 5.01, 0.95]),
    )
    np.testing.assert_array_equal(named_partner(cells), [0, 0, -1, -1])


def test_what_follows_from_a_wrong_cell_is_told_from_two_that_contradict_each_other() -> None:
    # Row 0: pay (2) is wrong by itself, schooling (1) surprises beside it. Row 1: age (0) and work (1), either way.
    cells = expectations(
        [0, 0, 1, 1],
        [2, 1, 0, 1],
        [60.0, 8.0, 30.0, 25.0],
        partner=np.array([1, 2, 1, 0]),
        partner_nats=np.array([58.0, 0.2, 0.5, 0.4]),
    )
    np.testing.assert_array_equal(consequences(cells, 3), [1])


def test_what_follows_from_the_first_column_is_found_if_that_surprises_more() -> None:
    for surprise, found in ((9.0, [1]), (8.0, [])):
        cells = expectations(
            [0, 0],
            [0, 1],
            [surprise, 8.0],
            partner=np.array([-1, 0]),
            partner_nats=np.array([np.nan, 0.2]),
        )
        np.testing.assert_array_equal(consequences(cells, 3), found)
    assert consequences(expectations([], [], []), 3).size == 0
