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
        (["1", "x", "y"], Kind.COUNT, "2 cell(s) are not numbers, such as 'x', 'y'"),
        (["x", "y"], Kind.REAL, "holds no numbers"),
        (["0", "1.5"], Kind.POSITIVE, "1 value(s) are not above zero, such as 0"),
        (["1", "1.5"], Kind.COUNT, "non-negative integers, found 1.5"),
        (["1", "-2"], Kind.COUNT, "non-negative integers, found -2"),
        (["1", "1"], Kind.COUNT, "holds only 1"),
        (["a", "b", "c"], Kind.BOOLEAN, "3 distinct values, not two"),
        (["a", "a"], Kind.CATEGORY, "fewer than two"),
        (["a", "b"], Kind.CONSTANT, "2 distinct values"),
        (["a", "b"], Kind.DATETIME, "holds no dates"),
        (["2024-01-01", "2024-01-02", "x"], Kind.DATETIME, "1 cell(s) are not dates, such as 'x'"),
        (["2024-01-01", "2024-01-01"], Kind.DATETIME, "one date only"),
        (["a", "b"], Kind.ORDINAL, "the order is not known"),
    ],
)
def test_values_that_cannot_be_of_the_kind_are_a_usage_error(values: list[str], kind: Kind, reason: str) -> None:
    with pytest.raises(UsageError, match=re.escape(reason)) as caught:
        store_as("col", text_cells(values), kind)
    assert f"--kind-of col={kind.value}" in str(caught.value)


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
