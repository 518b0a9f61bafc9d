"""What the other cells of a row make of a cell: not pulled by the cell itself, and calibrated on drawn rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vaeaudit.models.table.cell_expectations import EXPECTED, TableCells, cell_null, expect_cells, surprise_without
from vaeaudit.models.table.inference import encode_rows, typical_column_nats
from vaeaudit.outputs.latents import CellNull
from vaeaudit.scoring.cells import cell_p_values

BROKEN = 60


@pytest.fixture(scope="module")
def settled(learned: Any) -> Any:
    """A longer training, its codes, and the typical surprise of each column."""
    training = learned.train_again(config=replace(learned.config, epochs=15, patience=9))
    typical = typical_column_nats(training.model, learned.dataset.frame, seed=0)
    return training.model, learned.codes_of(training), typical


@pytest.fixture(scope="module")
def null(settled: Any) -> CellNull:
    model, codes, typical = settled
    return cell_null(model, codes, typical, n_rows=4000, n_samples=8, seed=0)


def cells_of(model: Any, frame: Any, name: str) -> TableCells:
    column = np.full(len(frame), model.encoding.names.index(name))
    return TableCells.of(model, frame, np.arange(len(frame)), column)


def test_what_is_expected_is_not_pulled_by_the_cell_that_is_wrong(learned: Any, settled: Any) -> None:
    model, _, typical = settled
    clean = learned.dataset.frame.iloc[:BROKEN]
    broken = clean.assign(height=clean["height"] / 2.54)
    found = expect_cells(model, cells_of(model, broken, "height"), typical, seed=0)
    whole_row = encode_rows(model, broken, np.zeros(BROKEN, bool), typical, n_samples=8, seed=0)

    assert np.all(found.low > broken["height"])
    assert np.mean((found.low <= clean["height"]) & (clean["height"] <= found.high)) > 0.75
    pulled = whole_row.reason_expected[whole_row.reason_column == model.encoding.names.index("height")]
    middle = (found.low + found.high) / 2
    assert np.mean(np.abs(middle - clean["height"])) < np.mean(np.abs(pulled - clean["height"]))
    same = expect_cells(model, cells_of(model, clean, "height"), typical, seed=0)
    np.testing.assert_allclose(found.low, same.low, rtol=0.03)  # the cell itself only says where the rounds begin
    assert found.nats.min() > np.quantile(same.nats, 0.95)


@pytest.fixture(scope="module")
def held_out(learned: Any, settled: Any) -> Any:
    """All cells of the held-out rows: the rows, and what is expected, [N, C] by reshaping."""
    model, _, typical = settled
    frame = learned.dataset.frame[learned.held_out]
    n_columns = len(typical)
    row, column = np.divmod(np.arange(len(frame) * n_columns), n_columns)
    return frame, expect_cells(model, TableCells.of(model, frame, row, column), typical, seed=0)


def of_column(held_out: Any, names: tuple[str, ...], name: str) -> Any:
    frame, found = held_out
    at = found.column == names.index(name)
    return frame[name], {key: values[at] for key, values in found.to_arrays().items()}


def test_ranges_of_numbers_hold_the_cells_of_clean_rows_as_often_as_they_say(learned: Any, held_out: Any) -> None:
    for name in ("height", "pay", "score", "visits"):
        values, found = of_column(held_out, learned.encoding.names, name)
        known = values.notna().to_numpy()
        inside = (found["low"] <= values) & (values <= found["high"])
        assert np.all(found["covered"] == EXPECTED)
        assert 0.75 < inside[known].mean() <= 1.0, name


def test_the_named_levels_are_the_most_probable_ones(learned: Any, held_out: Any) -> None:
    for name in ("flag", "grade", "region"):
        values, found = of_column(held_out, learned.encoding.names, name)
        named = (found["levels"] == values.cat.codes.to_numpy()[:, None]).any(axis=1)
        assert np.isnan(found["low"]).all()
        assert np.isnan(found["high"]).all()
        assert (found["levels"][:, 0] >= 0).all()
        assert np.mean(named) > 0.8, name
        assert np.all((found["covered"] > 0) & (found["covered"] <= 1 + 1e-6))


def test_a_gap_is_expected_to_hold_a_value(learned: Any, held_out: Any) -> None:
    values, found = of_column(held_out, learned.encoding.names, "pay")
    gap = values.isna().to_numpy()
    assert gap.any()
    assert np.all((found["p_missing"] > 0) & (found["p_missing"] < 0.5))
    assert np.all(found["low"][gap] < found["high"][gap])
    assert np.all(of_column(held_out, learned.encoding.names, "score")[1]["p_missing"] == 0)


def test_the_surprise_goes_with_the_cell_that_it_comes_from(learned: Any, settled: Any) -> None:
    model, _, typical = settled
    frame = learned.dataset.frame[learned.dataset.frame["score"] > 60].iloc[:BROKEN].copy()
    frame["visits"] = 0.0  # score and visits have one cause: 0 visits contradict a high score
    cells = cells_of(model, frame, "visits")
    found = expect_cells(model, cells, typical, seed=0)
    without = surprise_without(model, cells, typical, seed=0)
    names = model.encoding.names

    assert without.shape == (len(frame), len(names))
    assert np.isinf(without[:, names.index("visits")]).all()
    relieved = found.nats[:, None] - without
    assert np.argmax(np.median(relieved, axis=0)) in {names.index("score"), names.index("grade")}
    assert np.abs(np.median(relieved[:, names.index("height")])) < 0.5


def test_cells_of_drawn_rows_are_as_rare_as_their_p_values_say(settled: Any, null: CellNull) -> None:
    model, codes, typical = settled
    other = cell_null(model, codes, typical, n_rows=4000, n_samples=8, seed=5)
    looked_at = np.bincount(null.column, minlength=len(typical)) / null.n_rows
    assert np.all(looked_at <= 0.03)
    p_value = cell_p_values(other.column, other.nats, null)
    n_cells = other.n_rows * len(typical)
    for level in (1e-2, 1e-3):
        assert np.sum(p_value <= level) / n_cells < 2 * level  # the null itself is drawn
    assert np.sum(p_value <= 5e-3) / n_cells > 1e-3


def test_with_one_seed_a_cell_gets_the_same_whatever_it_is_looked_at_with(learned: Any, settled: Any) -> None:
    model, _, typical = settled
    cells = cells_of(model, learned.dataset.frame.iloc[:40], "score")
    whole = expect_cells(model, cells, typical, seed=3)
    part = expect_cells(model, cells.take(slice(10, 20)), typical, seed=3)
    np.testing.assert_allclose(whole.nats[10:20], part.nats, rtol=1e-4, atol=1e-4)
