"""What the other cells of a row make of a cell, in the user's units: not pulled by the cell itself, and as sure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vaeaudit.config import ConditionalsConfig
from vaeaudit.data.encoding.column_encoding import ColumnEncoding, Likelihood
from vaeaudit.data.schema.columns import Kind
from vaeaudit.models.table import cell_expectations
from vaeaudit.models.table.cell_expectations import (
    EXPECTED,
    TableCells,
    ends_in_user_units,
    expect_cells,
    likely_levels,
    range_of_codes,
    surprise_without,
)
from vaeaudit.models.table.conditionals import Conditionals, judge_cells, train_conditionals

BROKEN = 60


@pytest.fixture(scope="module")
def fold(learned: Any) -> np.ndarray:
    return np.arange(len(learned.dataset)) % 3


@pytest.fixture(scope="module")
def network(learned: Any, fold: np.ndarray) -> Conditionals:
    return train_conditionals(learned.encoding, learned.rows, fold, ConditionalsConfig(width=48), steps=500, seed=0)


@pytest.fixture(scope="module")
def nats(network: Conditionals, learned: Any, fold: np.ndarray) -> np.ndarray:
    """[N, C]; of every cell, with what no network can change."""
    return judge_cells(network, learned.rows, fold, seed=0).nats - learned.encoding.base_log_density(
        learned.dataset.frame
    )


@pytest.fixture(scope="module")
def typical(nats: np.ndarray) -> np.ndarray:
    return np.median(nats, axis=0)


def cells_of(network: Conditionals, frame: Any, fold: np.ndarray, name: str) -> TableCells:
    column = np.full(len(frame), network.encoding.names.index(name))
    return TableCells.of(network, frame, fold[: len(frame)], np.arange(len(frame)), column)


@pytest.fixture(scope="module")
def all_cells(network: Conditionals, learned: Any, fold: np.ndarray, typical: np.ndarray) -> Any:
    """Every cell of every row, judged by members that never saw the row."""
    frame, n_columns = learned.dataset.frame, len(typical)
    row, column = np.divmod(np.arange(len(frame) * n_columns), n_columns)
    return frame, expect_cells(network, TableCells.of(network, frame, fold, row, column), typical)


def of_column(all_cells: Any, network: Conditionals, name: str) -> Any:
    frame, found = all_cells
    at = found.column == network.encoding.names.index(name)
    return frame[name], {key: values[at] for key, values in found.to_arrays().items()}


def test_what_is_expected_is_not_pulled_by_the_cell_that_is_wrong(
    learned: Any, network: Conditionals, fold: np.ndarray, typical: np.ndarray
) -> None:
    clean = learned.dataset.frame.iloc[:BROKEN]
    broken = clean.assign(height=clean["height"] / 2.54)
    found, same = (expect_cells(network, cells_of(network, f, fold, "height"), typical) for f in (broken, clean))

    assert np.all(found.low > broken["height"])
    np.testing.assert_allclose(found.low, same.low, rtol=1e-5)
    np.testing.assert_allclose(found.high, same.high, rtol=1e-5)
    assert found.nats.min() > np.quantile(same.nats, 0.95)


@pytest.mark.parametrize("name", ["height", "pay", "score", "visits"])
def test_ranges_of_numbers_hold_nine_in_ten_sound_cells_in_the_users_units(
    all_cells: Any, network: Conditionals, name: str
) -> None:
    values, found = of_column(all_cells, network, name)
    known = values.notna().to_numpy()
    inside = (found["low"] <= values) & (values <= found["high"])
    assert np.all(found["covered"] == EXPECTED)
    assert 0.84 < inside[known].mean() < 0.98  # of few distinct numbers a range holds a little more
    assert np.mean(found["high"] - found["low"]) < 0.9 * np.ptp(np.quantile(values[known], [0.05, 0.95]))
    assert (found["levels"] == -1).all()


def test_pay_and_visits_are_expected_above_zero(all_cells: Any, network: Conditionals) -> None:
    for name in ("pay", "visits"):
        _, found = of_column(all_cells, network, name)
        assert found["low"].min() >= 0
        assert np.all(found["low"] < found["high"])


@pytest.mark.parametrize("name", ["flag", "grade", "region"])
def test_the_named_levels_are_the_most_probable_ones(all_cells: Any, network: Conditionals, name: str) -> None:
    values, found = of_column(all_cells, network, name)
    named = (found["levels"] == values.cat.codes.to_numpy()[:, None]).any(axis=1)
    assert np.isnan(found["low"]).all()
    assert np.isnan(found["high"]).all()
    assert (found["levels"][:, 0] >= 0).all()
    assert found["levels"].max() < len(values.cat.categories)
    assert np.mean(named) > 0.85
    assert np.mean(named) == pytest.approx(found["covered"].mean(), abs=0.08)


def test_a_gap_is_expected_to_hold_a_value(all_cells: Any, network: Conditionals) -> None:
    values, found = of_column(all_cells, network, "pay")
    gap = values.isna().to_numpy()
    assert gap.any()
    assert found["p_missing"].mean() == pytest.approx(0.1, abs=0.05)
    assert np.all(found["low"][gap] < found["high"][gap])
    assert np.all(of_column(all_cells, network, "score")[1]["p_missing"] == 0)


def test_surprise_is_in_nats_beyond_a_typical_cell_of_the_column(
    all_cells: Any, nats: np.ndarray, typical: np.ndarray
) -> None:
    _, found = all_cells
    np.testing.assert_allclose(found.nats, (nats - typical).ravel(), atol=1e-3)
    assert np.all(np.abs(np.median(found.nats.reshape(nats.shape), axis=0)) < 1e-3)
    assert np.all(found.partner == -1)
    assert np.all(found.p_value == 1)


def test_the_surprise_goes_with_the_cell_that_it_comes_from(
    learned: Any, network: Conditionals, fold: np.ndarray, typical: np.ndarray
) -> None:
    frame = learned.dataset.frame[learned.dataset.frame["score"] > 60].iloc[:BROKEN].copy()
    frame["visits"] = 0.0  # score, grade and visits have one cause: 0 visits contradict a high score
    cells, names = cells_of(network, frame, fold, "visits"), network.encoding.names
    found, without = expect_cells(network, cells, typical), surprise_without(network, cells, typical)

    assert without.shape == (len(frame), len(names))
    assert np.isinf(without[:, names.index("visits")]).all()
    relieved = found.nats[:, None] - without
    assert np.argmax(np.median(relieved, axis=0)) in {names.index("score"), names.index("grade")}
    assert np.abs(np.median(relieved[:, names.index("height")])) < 0.5


def test_a_cell_judged_without_its_partner_is_judged_as_if_that_were_not_there(
    learned: Any, network: Conditionals, fold: np.ndarray, typical: np.ndarray
) -> None:
    frame, names = learned.dataset.frame.iloc[:40], network.encoding.names
    score, grade = names.index("score"), names.index("grade")
    changed = frame.assign(grade=frame["grade"].cat.rename_categories(list("dcba")).cat.set_categories(list("abcd")))
    assert (changed["grade"] != frame["grade"]).all()
    partner = np.full(40, grade)
    one, other = (
        expect_cells(network, cells_of(network, part, fold, "score"), typical, without=partner)
        for part in (frame, changed)
    )
    np.testing.assert_allclose(one.low, other.low, rtol=1e-5)
    np.testing.assert_allclose(one.nats, other.nats, atol=1e-4)
    shown = expect_cells(network, cells_of(network, frame, fold, "score"), typical)
    assert np.abs(shown.low - one.low).max() > 0.1
    without = surprise_without(network, cells_of(network, frame, fold, "score"), typical)
    np.testing.assert_allclose(without[:, grade], one.nats, atol=1e-4)
    assert np.isinf(without[:, score]).all()


def test_a_cell_gets_the_same_whatever_it_is_looked_at_with(
    learned: Any, network: Conditionals, fold: np.ndarray, typical: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = cells_of(network, learned.dataset.frame.iloc[:40], fold, "score")
    whole, part = (expect_cells(network, each, typical) for each in (cells, cells.take(np.arange(10, 20))))
    np.testing.assert_allclose(whole.nats[10:20], part.nats, atol=1e-4)
    np.testing.assert_array_equal(part.row, np.arange(10, 20))
    pairs = surprise_without(network, cells, typical)
    monkeypatch.setattr(cell_expectations, "_PAIRS", 17)
    np.testing.assert_allclose(surprise_without(network, cells, typical), pairs, atol=1e-4)


def test_no_cells_are_judged_as_none(
    learned: Any, network: Conditionals, fold: np.ndarray, typical: np.ndarray
) -> None:
    cells = cells_of(network, learned.dataset.frame.iloc[:0], fold, "score")
    assert len(expect_cells(network, cells, typical)) == 0
    assert surprise_without(network, cells, typical).shape == (0, len(typical))


def test_ends_of_ranges_come_back_as_numbers_logs_and_counts() -> None:
    ends = np.array([-2.0, 0.0, 1e4])
    real = ColumnEncoding("r", Kind.REAL, Likelihood.NORMAL, location=10, scale=2)
    positive = ColumnEncoding("p", Kind.POSITIVE, Likelihood.LOG_NORMAL, location=1, scale=0.5)
    count = ColumnEncoding("n", Kind.COUNT, Likelihood.NEGATIVE_BINOMIAL, location=1, scale=1)
    np.testing.assert_allclose(ends_in_user_units(ends, real), [6, 10, 20_010])
    np.testing.assert_allclose(ends_in_user_units(ends[:2], positive), [1, np.e])
    np.testing.assert_allclose(ends_in_user_units(ends[:2], count), [0, np.e - 1])  # log1p was standardised
    assert np.isfinite(ends_in_user_units(ends, positive)).all()
    assert np.isfinite(ends_in_user_units(ends, count)).all()


def test_the_range_of_codes_leaves_a_twentieth_on_either_side_in_the_order_of_their_values() -> None:
    centres = np.array([40.0, 10.0, 20.0, 30.0])  # an atom stands first, wherever its value lies
    probabilities = np.array([[0.02, 0.03, 0.5, 0.45], [0.06, 0.06, 0.4, 0.48], [1.0, 0.0, 0.0, 0.0]])
    low, high = range_of_codes(probabilities, centres)
    np.testing.assert_array_equal(low, [20, 10, 40])
    np.testing.assert_array_equal(high, [30, 40, 40])


def test_as_many_levels_are_named_as_nine_in_ten_cells_need_and_at_most_three() -> None:
    levels, covered = likely_levels(np.array([[0.95, 0.05, 0.0, 0.0], [0.2, 0.3, 0.1, 0.4], [0.5, 0.0, 0.45, 0.05]]))
    np.testing.assert_array_equal(levels, [[0, -1, -1], [3, 1, 0], [0, 2, -1]])
    np.testing.assert_allclose(covered, [0.95, 0.9, 0.95])
    np.testing.assert_array_equal(likely_levels(np.array([[0.3, 0.7]]))[0], [[1, 0, -1]])
