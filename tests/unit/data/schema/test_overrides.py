"""A kind that the user names is used, or refused with the reason."""

from __future__ import annotations

import re

import numpy as np
import pytest

from vaeaudit.data.schema.columns import Kind
from vaeaudit.data.schema.overrides import parse_kind, store_as, store_ordinal
from vaeaudit.data.tables.cells import NumberCells, text_cells
from vaeaudit.errors import UsageError

NUMBERS = NumberCells(np.array([1.0, 2.0, 2.0, np.nan] * 10))


def test_an_unknown_kind_lists_the_kinds() -> None:
    with pytest.raises(UsageError, match=r"--kind-of age=number") as caught:
        parse_kind("age", "number")
    assert "positive" in str(caught.value)


@pytest.mark.parametrize(
    "kind", [Kind.REAL, Kind.POSITIVE, Kind.COUNT, Kind.CATEGORY, Kind.BOOLEAN, Kind.TEXT, Kind.IDENTIFIER]
)
def test_numbers_can_be_stored_as_any_kind_that_they_fit(kind: Kind) -> None:
    typed = store_as("x", NUMBERS, kind)
    assert typed.kind is kind
    assert (typed.unique, typed.missing) == (2, 10)


def test_codes_become_levels_written_without_a_fraction() -> None:
    assert store_as("x", NUMBERS, Kind.CATEGORY).levels == ("2", "1")
    assert store_as("x", NUMBERS, Kind.BOOLEAN).levels == ("1", "2")


@pytest.mark.parametrize(
    ("values", "kind", "reason"),
    [
        (["x", "y"], Kind.REAL, "holds no numbers"),
        (["1", "1"], Kind.COUNT, "holds only 1"),
        (["-1", "-2"], Kind.COUNT, "no such number"),
        (["a", "a"], Kind.BOOLEAN, "1 distinct value(s), not two"),
        (["a", "a"], Kind.CATEGORY, "fewer than two"),
        (["a", "b"], Kind.CONSTANT, "2 distinct values"),
        (["a", "b"], Kind.DATETIME, "holds no dates"),
        (["2024-01-01", "2024-01-01"], Kind.DATETIME, "one date only"),
        (["a", "b"], Kind.ORDINAL, "the order is not known"),
    ],
)
def test_values_that_cannot_be_of_the_kind_are_a_usage_error(values: list[str], kind: Kind, reason: str) -> None:
    with pytest.raises(UsageError, match=re.escape(reason)) as caught:
        store_as("col", text_cells(values), kind)
    assert f"--kind-of col={kind.value}" in str(caught.value)


@pytest.mark.parametrize(
    ("values", "kind", "present", "said"),
    [
        (["1", "2", "x", "y"], Kind.COUNT, 2, "2 cell(s) that are not numbers were read as missing, such as 'x', 'y'"),
        (["1", "2", "-2", "1.5"], Kind.COUNT, 2, "2 value(s) that are no whole numbers from 0 on were read as missing"),
        (["0", "1.5", "3"], Kind.POSITIVE, 2, "1 value(s) that are not above zero were read as missing, such as 0"),
        (["$1,234.50", "(12.5)", "n/k"], Kind.REAL, 2, "1 cell(s) that are not numbers were read as missing"),
        (["12 kg", "3 lb", "4 kg", "7 kg"], Kind.REAL, 3, "such as '3 lb'"),
        (["a", "b", "a", "b", "c"], Kind.BOOLEAN, 4, "1 cell(s) that hold neither 'a' nor 'b' were read as missing"),
        (["2024-01-01", "2024-01-02", "x", "y"], Kind.DATETIME, 2, "2 cell(s) that are not dates were read as missing"),
    ],
)
def test_a_kind_is_a_wish_that_is_carried_out_and_cells_that_do_not_fit_are_counted(
    values: list[str], kind: Kind, present: int, said: str
) -> None:
    typed = store_as("col", text_cells(values), kind)
    assert typed.kind is kind
    assert len(values) - typed.missing == present
    assert any(said in problem for problem in typed.problems)


def test_seconds_since_1970_are_dates_when_the_user_says_so() -> None:
    typed = store_as("x", NumberCells(np.array([0.0, 3600.0]) + 1_704_067_200), Kind.DATETIME)
    assert [str(moment)[:16] for moment in typed.stored] == ["2024-01-01T00:00", "2024-01-01T01:00"]
    assert typed.problems == ("read as seconds since 1970",)


def test_compact_dates_are_dates_when_the_user_says_so() -> None:
    typed = store_as("day", NumberCells(np.array([20240131.0, 20240201.0, np.nan])), Kind.DATETIME)
    assert [str(moment)[:10] for moment in typed.stored] == ["2024-01-31", "2024-02-01", "NaT"]


def test_levels_in_rising_order_make_an_ordinal() -> None:
    typed = store_ordinal("size", text_cells(["L", "S", None, "S"]), ["S", "M", "L"])
    assert (typed.kind, typed.levels, typed.unique, typed.missing) == (Kind.ORDINAL, ("S", "M", "L"), 2, 1)
    assert typed.stored.codes.tolist() == [2, 0, -1, 0]


def test_values_outside_the_levels_are_named() -> None:
    with pytest.raises(UsageError, match=r"--levels size: 2 cell\(s\) hold values that are not among the levels: 'XL'"):
        store_ordinal("size", text_cells(["S", "XL", "XL"]), ["S", "M"])


@pytest.mark.parametrize("levels", [[], ["S"], ["S", "S"]])
def test_levels_must_be_two_and_distinct(levels: list[str]) -> None:
    with pytest.raises(UsageError, match="--levels size"):
        store_ordinal("size", text_cells(["S"]), levels)
