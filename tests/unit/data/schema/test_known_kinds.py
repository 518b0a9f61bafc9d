"""Cells of other data take the kind that a column is known to have; what does not fit it is counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.data.schema.columns import Column, Kind
from vaeaudit.data.schema.known_kinds import fit_to, level_places
from vaeaudit.data.tables.cells import NumberCells, TimeCells, text_cells


def numbers(kind: Kind, *texts: str | None, convention: str = "") -> tuple[list[float], tuple[str, ...]]:
    fitted = fit_to(Column("x", kind, convention=convention), text_cells(texts))
    return list(fitted.stored), fitted.problems


def levels(kind: Kind, known: tuple[str, ...], *texts: str | None) -> Any:
    return fit_to(Column("x", kind, levels=known), text_cells(texts))


def test_the_runs_way_of_writing_numbers_decides_where_the_cells_do_not() -> None:
    assert numbers(Kind.REAL, "1,234")[0] == [1234]
    assert numbers(Kind.REAL, "1,234", convention="decimal comma")[0] == [1.234]
    assert numbers(Kind.REAL, "1.234", convention="decimal comma")[0] == [1234]
    assert numbers(Kind.REAL, "1.5", convention="decimal comma")[0] == [1.5]
    assert numbers(Kind.REAL, "1,5", convention="thousands comma")[0] == [1.5]


def test_the_runs_order_of_day_and_month_decides_where_the_cells_do_not() -> None:
    cells = text_cells(["03/04/2024"])
    american, other = (fit_to(Column("d", Kind.DATETIME, convention=order), cells) for order in ("", "%d/%m/%Y"))
    assert str(american.stored[0])[:10] == "2024-03-04"
    assert str(other.stored[0])[:10] == "2024-04-03"
    settled = fit_to(Column("d", Kind.DATETIME, convention="%m/%d/%Y"), text_cells(["25/04/2024"]))
    assert str(settled.stored[0])[:10] == "2024-04-25"


def test_cells_that_are_no_numbers_are_missing_and_counted() -> None:
    stored, problems = numbers(Kind.REAL, "1", "two", None, "inf", "none")
    np.testing.assert_array_equal(stored, [1, np.nan, np.nan, np.nan, np.nan])
    assert any("1 cell(s) that are not numbers" in problem and "two" in problem for problem in problems)
    assert any("infinite" in problem for problem in problems)


def test_a_column_of_which_nothing_can_be_read_says_what_it_holds() -> None:
    column = Column("x", Kind.COUNT)
    assert fit_to(column, text_cells(["a", "b", None])).unreadable == ("a", "b")
    assert fit_to(column, TimeCells(np.array(["2024-01-01"], "datetime64[ns]"))).unreadable
    assert fit_to(Column("x", Kind.DATETIME), NumberCells(np.array([3.0]))).unreadable == ("3",)
    nothing = fit_to(column, text_cells([None, None]))
    assert (nothing.unreadable, nothing.problems) == ((), ())


@pytest.mark.parametrize(("kind", "text"), [(Kind.POSITIVE, "0"), (Kind.COUNT, "-3"), (Kind.COUNT, "1.5")])
def test_numbers_that_the_kind_rules_out_stay_and_are_said(kind: Kind, text: str) -> None:
    stored, problems = numbers(kind, "7", text)
    assert stored == [7, float(text)]
    assert len(problems) == 1
    assert f"such as {float(text):g}" in problems[0]


def test_levels_keep_the_order_of_the_run_whatever_is_frequent_here() -> None:
    fitted = levels(Kind.CATEGORY, ("a", "b", "c"), "c", "c", None, "a")
    assert list(fitted.stored.categories) == ["a", "b", "c"]
    assert fitted.stored.codes.tolist() == [2, 2, -1, 0]
    assert fitted.problems == ()


def test_unknown_levels_are_missing_in_the_frame_and_kept_for_the_model() -> None:
    fitted = levels(Kind.CATEGORY, ("a", "b"), "a", "new", "newer", "new", None)
    assert fitted.stored.codes.tolist() == [0, -1, -1, -1, -1]
    assert fitted.as_met.codes.tolist() == [0, 2, 3, 2, -1]
    assert list(fitted.as_met.categories) == ["a", "b", "new", "newer"]
    assert "3 cell(s) hold 2 level(s)" in fitted.problems[0]
    assert pd.isna(fitted.stored).sum() == 4


@pytest.mark.parametrize("kind", [Kind.ORDINAL, Kind.BOOLEAN])
def test_levels_without_a_place_in_the_order_stand_behind_it_as_met_and_are_missing_for_the_model(kind: Kind) -> None:
    fitted = levels(kind, ("no", "yes"), "yes", "perhaps")
    assert fitted.stored.codes.tolist() == [1, -1]
    assert fitted.as_met.codes.tolist() == [1, 2]
    assert "its model takes them as missing" in fitted.problems[0]


def test_a_boolean_is_spelled_in_any_case_and_numbers_in_any_format() -> None:
    assert levels(Kind.BOOLEAN, ("No", "Yes"), "YES", "no").stored.codes.tolist() == [1, 0]
    assert levels(Kind.BOOLEAN, ("0", "1"), "1.0", "0").stored.codes.tolist() == [1, 0]
    fitted = fit_to(Column("x", Kind.CATEGORY, levels=("3.0", "4.0")), NumberCells(np.array([4.0, 3.0, np.nan])))
    assert fitted.stored.codes.tolist() == [1, 0, -1]


def test_codes_with_leading_zeros_are_no_numbers() -> None:
    assert level_places(["7", "007", "7.0"], ["007", "8"]).tolist() == [-1, 0, -1]


@given(st.lists(st.text(min_size=1), unique=True, min_size=1), st.lists(st.from_regex("[a-z]{1,4}"), unique=True))
def test_every_level_is_found_and_no_other_word_is_taken_for_one(known: list[str], words: list[str]) -> None:
    assert level_places(known, known).tolist() == list(range(len(known)))
    places = level_places(words, known)
    assert [place >= 0 for place in places] == [word in known for word in words]


def test_free_text_and_ids_are_kept_as_they_are() -> None:
    assert fit_to(Column("t", Kind.TEXT, in_model=False), text_cells(["b", None])).stored.tolist() == ["b", None]
