"""Which cells mean "missing"."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.data.schema.readings import ALWAYS_MISSING, AROUND, mark_missing
from vaeaudit.data.tables.cells import NumberCells, TextCells, text_cells


def marked(values: list[str | None], **options) -> list[str | None]:
    cells = mark_missing(text_cells(values), **options)
    assert isinstance(cells, TextCells)
    return cells.to_objects().tolist()


@pytest.mark.parametrize(
    "token", ["", "?", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "nil", "-", "--", ".", "#N/A"]
)
def test_the_usual_tokens_are_missing_with_any_space_around_them(token: str) -> None:
    assert marked(["x", f" {token}\t", token]) == ["x", None, None]


def test_marks_that_nobody_sees_go_with_the_space_around_a_cell() -> None:
    assert marked(["\u200f2.04\u200e", "\ufeff a\u200b", "\u200b", "a\u200bb"]) == ["2.04", "a", None, "a\u200bb"]


@pytest.mark.parametrize("word", ["none", "None", "unknown", "missing", "0", "no"])
def test_words_that_may_be_levels_stay(word: str) -> None:
    assert marked(["x", word]) == ["x", word]


def test_a_minus_sign_beside_a_plus_sign_is_a_value() -> None:
    assert marked(["+", "-", "?"]) == ["+", "-", None]


def test_further_tokens_are_missing_in_text_and_in_numbers() -> None:
    assert marked(["x", "Unknown", "-999"], extra=["unknown", "-999"]) == ["x", None, None]
    numbers = mark_missing(NumberCells(np.array([1.0, -999.0, np.nan])), extra=["unknown", "-999"])
    assert isinstance(numbers, NumberCells)
    np.testing.assert_array_equal(numbers.numbers, [1.0, np.nan, np.nan])


def test_declared_levels_are_values_whatever_they_look_like() -> None:
    assert marked(["-", "n/a", "?"], levels=["-", "N/A"]) == ["-", "n/a", None]


@given(st.lists(st.one_of(st.none(), st.text(max_size=4), st.sampled_from(sorted(ALWAYS_MISSING)))))
def test_marking_strips_each_cell_and_changes_nothing_else(values: list[str | None]) -> None:
    try:
        cells = text_cells(values)
    except UnicodeEncodeError:
        return
    signs = {"+", "++", "+++"} & {value.strip(AROUND) for value in values if value is not None}
    tokens = ALWAYS_MISSING - ({"-", "--", "---"} if signs else set())
    stripped = [None if value is None else value.strip(AROUND) for value in values]
    expected = [None if value is None or value.lower() in tokens else value for value in stripped]
    once = mark_missing(cells)
    assert isinstance(once, TextCells)
    assert once.to_objects().tolist() == expected
    assert len(set(once.texts.to_pylist())) == len(once.texts)
