"""A cell is judged by the others of its row while it is hidden, by a member that never saw the row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from vaeaudit.config import ConditionalsConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.column_encoding import MISSING_CODE, ColumnEncoding, Likelihood
from vaeaudit.data.encoding.table_encoding import EncodedRows, Encoding, fit_encoding
from vaeaudit.data.schema.columns import Kind
from vaeaudit.models.table import conditionals
from vaeaudit.models.table.conditionals import (
    FREEDOM,
    MOST_PASSES,
    Conditionals,
    Said,
    judge_cells,
    said_of,
    train_conditionals,
)

N = 600
FOLD = np.arange(N) % 3
BRIEF = ConditionalsConfig(width=32)
TINY = ConditionalsConfig(width=8, batch_size=16)
RNG = np.random.default_rng(3)
X = RNG.normal(size=N)
WITH_GAPS = np.where(RNG.random(N) < 0.2, np.nan, RNG.normal(size=N))
#: y follows x, size says whether x is above 0; the others go with nothing.
COLUMNS = {
    "x": (X, Kind.REAL),
    "y": (2 * X + 0.2 * RNG.normal(size=N), Kind.REAL),
    "gaps": (WITH_GAPS, Kind.REAL),
    "size": (np.where(X + 0.1 * RNG.normal(size=N) > 0, "big", "small"), Kind.BOOLEAN),
    "town": (RNG.choice(list("abcde"), N), Kind.CATEGORY),
    "shape": (RNG.choice(list("uv"), N), Kind.CATEGORY),
}


@pytest.fixture(scope="module")
def encoding(dataset_of: Callable[..., Dataset]) -> Encoding:
    return fit_encoding(dataset_of(COLUMNS), max_levels=255)


@pytest.fixture(scope="module")
def rows(dataset_of: Callable[..., Dataset], encoding: Encoding) -> EncodedRows:
    return encoding.encode(dataset_of(COLUMNS).frame)


@pytest.fixture(scope="module")
def model(encoding: Encoding, rows: EncodedRows) -> Conditionals:
    return train_conditionals(encoding, rows, FOLD, BRIEF, steps=300, seed=0)


def hidden_column(model: Conditionals, n_rows: int, *names: str) -> np.ndarray:
    return np.tile(np.isin(model.encoding.names, names), (n_rows, 1))


def all_said(model: Conditionals, rows: EncodedRows, hidden: np.ndarray) -> Said:
    """What one member says of rows of one fold."""
    ((_, said),) = said_of(model, rows, np.zeros(len(rows), int), hidden)
    return said


def with_number(rows: EncodedRows, place: int, value: Any) -> EncodedRows:
    values = rows.values.copy()
    values[:, place] = value
    return replace(rows, values=values)


def test_a_cell_that_breaks_a_dependence_surprises_far_more_than_the_others(
    model: Conditionals, rows: EncodedRows
) -> None:
    y = model.encoding.names.index("y")
    broken = np.arange(12)
    values = rows.values.copy()
    values[broken, y] = -np.sign(values[broken, y]) * np.maximum(np.abs(values[broken, y]), 0.7)
    found = judge_cells(model, replace(rows, values=values), FOLD, seed=0)
    assert found.nats.shape == found.tail_nats.shape == (N, 6)
    assert found.nats[broken, y].min() > np.quantile(np.delete(found.nats[:, y], broken), 0.99)
    assert found.tail_nats[broken, y].min() > np.quantile(np.delete(found.tail_nats[:, y], broken), 0.99)


def test_what_goes_with_nothing_is_judged_as_by_its_column_alone(model: Conditionals, rows: EncodedRows) -> None:
    town, size = (model.encoding.names.index(name) for name in ("town", "size"))
    nats = judge_cells(model, rows, FOLD, seed=0).nats
    assert nats[:, town].mean() == pytest.approx(np.log(5), abs=0.15)
    assert nats[:, size].mean() < 0.3


@settings(max_examples=15)
@given(cell=st.tuples(st.floats(-20, 20, width=32), st.integers(0, 4), st.booleans()))
@pytest.mark.parametrize("name", ["x", "gaps", "size", "town"])
def test_the_own_value_of_a_hidden_cell_never_enters_what_is_said_of_the_row(
    model: Conditionals, rows: EncodedRows, name: str, cell: tuple[float, int, bool]
) -> None:
    value, code, is_missing = cell
    few = rows.take(slice(0, 20))
    place, hidden = model.encoding.names.index(name), hidden_column(model, 20, name)
    values, codes, observed = (part.copy() for part in few.arrays())
    observed[:, place] = not (is_missing and name == "gaps")
    if place < model.n_numeric:
        values[:, place] = np.where(observed[:, place], value, 0)
    else:
        codes[:, place - model.n_numeric] = min(code, model.encoding.columns[place].n_codes - 1)
    before, after = (all_said(model, part, hidden).heads for part in (few, EncodedRows(values, codes, observed)))
    np.testing.assert_allclose(after.numbers.loc, before.numbers.loc, atol=1e-5)
    np.testing.assert_allclose(after.numbers.scale, before.numbers.scale, atol=1e-5)
    np.testing.assert_allclose(after.missing.logits, before.missing.logits, atol=1e-5)
    for one, other in zip(after.codes, before.codes, strict=True):
        np.testing.assert_allclose(one.logits, other.logits, atol=1e-5)


def test_a_cell_that_is_shown_does_enter(model: Conditionals, rows: EncodedRows) -> None:
    few, x, hidden = rows.take(slice(0, 20)), model.encoding.names.index("x"), hidden_column(model, 20, "y")
    before, after = (
        np.asarray(all_said(model, part, hidden).heads.numbers.loc)[:, model.encoding.names.index("y")]
        for part in (few, with_number(few, x, few.values[:, x] + 1))
    )
    assert np.median(after - before) == pytest.approx(1, abs=0.3)  # both are standardised


def test_nats_of_numbers_are_of_student_and_of_codes_of_the_softmax(model: Conditionals, rows: EncodedRows) -> None:
    few = rows.take(slice(0, 50))
    heads, nats, _ = all_said(model, few, hidden_column(model, 50, "x", "town"))
    for place in range(model.n_numeric):
        known = few.observed[:, place]
        location, scale = (np.asarray(part)[:, place] for part in (heads.numbers.loc, heads.numbers.scale))
        expected = -stats.t.logpdf(few.values[:, place], FREEDOM, location, scale)
        present = np.zeros(50)
        if place in model.with_missing:
            logit = np.asarray(heads.missing.logits)[:, list(model.with_missing).index(place)]
            present = -special.log_expit(-logit)
        np.testing.assert_allclose(nats[known, place], (expected + present)[known], rtol=1e-4, atol=1e-4)
    for block, head in zip(model.blocks, heads.codes, strict=True):
        for place in range(block.start, block.stop):
            n_codes = model.encoding.columns[place].n_codes
            own = few.codes[:, place - model.n_numeric]
            logits = np.asarray(head.logits)[:, place - block.start, :n_codes]
            expected = -special.log_softmax(logits, axis=1)[np.arange(50), own]
            np.testing.assert_allclose(nats[:, place], expected, rtol=1e-4, atol=1e-4)


def test_nats_of_a_missing_cell_are_those_of_its_being_missing(model: Conditionals, rows: EncodedRows) -> None:
    gaps = model.encoding.names.index("gaps")
    missing = np.flatnonzero(~rows.observed[:, gaps])[:20]
    few = rows.take(missing)
    heads, nats, _ = all_said(model, few, hidden_column(model, 20, "gaps"))
    share = np.asarray(heads.missing.probs_parameter())[:, 0]
    np.testing.assert_allclose(nats[:, gaps], -np.log(share), rtol=1e-4)
    assert share.mean() == pytest.approx(0.2, abs=0.1)
    found = judge_cells(model, few, np.zeros(20, int), seed=0)
    np.testing.assert_array_equal(found.tail_nats[:, gaps], found.nats[:, gaps])


def test_tails_of_numbers_are_two_sided_and_of_codes_the_middle_of_their_step(
    model: Conditionals, rows: EncodedRows
) -> None:
    few, names = rows.take(slice(0, 50)), model.encoding.names
    tail_nats = judge_cells(model, few, np.zeros(50, int), seed=0).tail_nats
    x, town = names.index("x"), names.index("town")
    numbers = all_said(model, few, hidden_column(model, 50, "x")).heads.numbers
    location, scale = (np.asarray(part, np.float64)[:, x] for part in (numbers.loc, numbers.scale))
    both_sides = 2 * stats.t.sf(np.abs(few.values[:, x] - location) / scale, FREEDOM)
    np.testing.assert_allclose(np.exp(-tail_nats[:, x]), both_sides, rtol=1e-3)

    heads = all_said(model, few, hidden_column(model, 50, "town")).heads
    index = next(index for index, block in enumerate(model.blocks) if block.start <= town < block.stop)
    probability = np.asarray(heads.codes[index].probs_parameter())[:, town - model.blocks[index].start]
    own = probability[np.arange(50), few.codes[:, town - model.n_numeric]][:, None]
    middle = (probability * (probability < own)).sum(axis=1) + own[:, 0] / 2
    np.testing.assert_allclose(np.exp(-tail_nats[:, town]), middle, rtol=1e-3)


def test_a_number_at_the_edge_of_what_is_encoded_has_a_finite_tail(model: Conditionals, rows: EncodedRows) -> None:
    far = judge_cells(model, with_number(rows, 0, 20.0), FOLD, seed=0)
    assert np.isfinite(far.tail_nats).all()
    assert far.tail_nats[:, 0].min() > 5


def test_codes_of_columns_with_fewer_levels_than_their_block_get_no_probability() -> None:
    columns = [ColumnEncoding(f"q{k}", Kind.REAL, Likelihood.QUANTISED, n_codes=k) for k in (5, 7)]
    model = Conditionals(Encoding(tuple(columns)), 1, TINY, seed=0)
    codes = np.zeros((4, 2), np.int32)
    heads = all_said(model, EncodedRows(np.zeros((4, 0), np.float32), codes, codes == 0), codes > 0).heads
    assert [block.n_columns for block in model.blocks] == [2]
    probability = np.asarray(heads.codes[0].probs_parameter())
    np.testing.assert_allclose(probability[:, 0, :5].sum(axis=1), 1, rtol=1e-6)


def test_of_more_columns_than_passes_several_are_hidden_together_and_every_cell_is_judged(
    dataset_of: Callable[..., Dataset],
) -> None:
    n_columns = MOST_PASSES + 9
    dataset = dataset_of({f"c{c}": (RNG.normal(size=90), Kind.REAL) for c in range(n_columns)})
    encoding = fit_encoding(dataset, max_levels=9)
    rows, fold = encoding.encode(dataset.frame), np.arange(90) % 3
    model = train_conditionals(encoding, rows, fold, TINY, steps=5, seed=0)
    found = judge_cells(model, rows, fold, seed=4)
    assert np.isfinite(found.nats).all()
    assert (found.nats != 0).all()
    assert (found.tail_nats > 0).all()
    np.testing.assert_array_equal(found.nats, judge_cells(model, rows, fold, seed=4).nats)


def test_where_all_columns_are_hidden_together_none_speaks_for_another(
    model: Conditionals, rows: EncodedRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conditionals, "MOST_PASSES", 1)
    x, y = (model.encoding.names.index(name) for name in ("x", "y"))
    shifted = with_number(rows, x, rows.values[:, x] + 3)
    before, after = (judge_cells(model, part, FOLD, seed=0).nats[:, y] for part in (rows, shifted))
    np.testing.assert_allclose(after, before, atol=1e-5)


def test_the_same_seed_gives_the_same_weights(encoding: Encoding, rows: EncodedRows) -> None:
    first, again, other = (train_conditionals(encoding, rows, FOLD, TINY, steps=5, seed=seed) for seed in (1, 1, 2))
    for one, two in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert any((one != two).any() for one, two in zip(first.get_weights(), other.get_weights(), strict=True))


def test_a_member_learns_nothing_from_the_rows_that_it_judges(encoding: Encoding, rows: EncodedRows) -> None:
    changed = rows.values.copy()
    changed[FOLD == 0] = RNG.normal(size=(int((FOLD == 0).sum()), changed.shape[1]))
    one, other = (
        train_conditionals(encoding, part, FOLD, TINY, steps=30, seed=1)
        for part in (rows, replace(rows, values=changed))
    )
    for kernel, again in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(kernel[0], again[0], atol=1e-6)
    assert np.abs(one.get_weights()[0] - other.get_weights()[0])[1:].max() > 1e-3


def test_each_row_is_judged_by_the_member_of_its_fold(model: Conditionals, rows: EncodedRows) -> None:
    nats = judge_cells(model, rows, FOLD, seed=0).nats
    assert np.abs(nats - judge_cells(model, rows, (FOLD + 1) % 3, seed=0).nats).max() > 0.1
    seventh = judge_cells(model, rows.take(slice(7, 8)), FOLD[7:8], seed=0).nats
    np.testing.assert_allclose(seventh[0], nats[7], atol=1e-4)


def test_rows_are_judged_alike_in_pieces(
    model: Conditionals, rows: EncodedRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = judge_cells(model, rows, FOLD, seed=0)
    monkeypatch.setattr(conditionals, "_CHUNK", 37)
    pieces = judge_cells(model, rows, FOLD, seed=0)
    np.testing.assert_allclose(pieces.nats, whole.nats, atol=1e-4)
    np.testing.assert_allclose(pieces.tail_nats, whole.tail_nats, atol=1e-4)
    places = [place for place, _ in said_of(model, rows, FOLD, hidden_column(model, N, "x"))]
    assert sorted(np.concatenate(places)) == list(range(N))
    assert max(len(place) for place in places) == 37


def test_without_folds_one_member_learns_from_all_rows_and_judges_them(encoding: Encoding, rows: EncodedRows) -> None:
    alone = train_conditionals(encoding, rows, np.zeros(N, int), TINY, steps=5, seed=0)
    assert {len(kernel) for kernel in alone.get_weights()} == {1}
    assert np.isfinite(judge_cells(alone, rows, np.zeros(N, int), seed=0).nats).all()


def test_training_makes_sound_cells_less_surprising(model: Conditionals, rows: EncodedRows) -> None:
    untrained = Conditionals(model.encoding, 3, BRIEF, seed=0)
    before, after = (judge_cells(each, rows, FOLD, seed=0).nats.mean() for each in (untrained, model))
    assert after < before - 0.3


@pytest.mark.parametrize(
    "columns",
    [
        {"x": (X[:60], Kind.REAL)},
        {"x": (X[:60], Kind.REAL), "y": (X[:60], Kind.REAL)},
        {"town": (list("abc") * 20, Kind.CATEGORY)},
        {"flag": (list("yn") * 30, Kind.BOOLEAN), "town": ([*list("abc") * 19, None, None, None], Kind.CATEGORY)},
    ],
    ids=["one number", "numbers alone", "one category", "codes alone"],
)
def test_tables_of_one_column_or_of_one_kind_are_judged_too(
    dataset_of: Callable[..., Dataset], columns: dict[str, Any]
) -> None:
    dataset = dataset_of(columns)
    encoding = fit_encoding(dataset, max_levels=9)
    rows, fold = encoding.encode(dataset.frame), np.arange(60) % 2
    found = judge_cells(train_conditionals(encoding, rows, fold, TINY, steps=5, seed=0), rows, fold, seed=0)
    assert np.isfinite(found.nats).all()
    assert np.isfinite(found.tail_nats).all()
    assert (found.tail_nats >= 0).all()


def test_a_level_that_only_new_rows_have_and_no_order_knows_is_taken_as_missing(
    dataset_of: Callable[..., Dataset],
) -> None:
    dataset = dataset_of({"grade": ([*list("ab") * 29, "c", "c"], Kind.ORDINAL), "x": (X[:60], Kind.REAL)})
    encoding, fold = fit_encoding(dataset, max_levels=9), np.zeros(60, int)
    rows = encoding.encode(dataset.frame)
    unknown = replace(rows, codes=np.full_like(rows.codes, MISSING_CODE))
    assert unknown.observed.all()
    found = judge_cells(train_conditionals(encoding, rows, fold, TINY, steps=5, seed=0), unknown, fold, seed=0)
    assert not found.nats[:, 1].any()
    assert not found.tail_nats[:, 1].any()
