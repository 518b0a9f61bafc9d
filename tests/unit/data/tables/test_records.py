"""Records of one file, joined with those of others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.data.tables.cells import NumberCells, TextCells, as_text, concat, empty_cells, text_cells
from vaeaudit.data.tables.records import LeftOut, RawTable, join, unique_names


def table(*values: str, read: int | None = None, left_out: tuple[LeftOut, ...] = ()) -> RawTable:
    n_rows = len(values)
    return RawTable(("a",), (text_cells(values),), np.arange(n_rows), read=read or n_rows, left_out=left_out)


@given(st.lists(st.sampled_from(["", " ", "a", "a.2", "a ", "b", "column_1", "column_2", "a.2.2"]), max_size=8))
def test_names_become_unique_and_those_that_were_unique_stay(found: list[str]) -> None:
    names, problems = unique_names(found)
    assert len(set(names)) == len(names) == len(found)
    assert all(names)
    for name, original in zip(names, found, strict=True):
        assert (name == original.strip()) == (name not in problems)


def test_record_numbers_run_on_over_joined_tables() -> None:
    joined = join([table("x", "y", read=3, left_out=(LeftOut("f", 2, "ragged"),)), table("x", "z")])
    assert joined.read == 5
    assert joined.positions.tolist() == [0, 1, 3, 4]
    assert as_text(joined.cells[0]).to_objects().tolist() == ["x", "y", "x", "z"]


def test_an_account_that_does_not_add_up_is_a_defect() -> None:
    with pytest.raises(ValueError, match="read 3 != usable 2"):
        table("x", "y", read=3)


def test_parts_of_different_types_are_joined_as_text() -> None:
    joined = concat([NumberCells(np.array([1.0, np.nan])), text_cells(["x"])])
    assert as_text(joined).to_objects().tolist() == ["1", None, "x"]


def test_a_part_without_values_does_not_turn_numbers_into_text() -> None:
    joined = concat([NumberCells(np.array([1.5])), empty_cells(2)])
    assert isinstance(joined, NumberCells)
    np.testing.assert_array_equal(joined.numbers, [1.5, np.nan, np.nan])


@given(
    st.lists(st.lists(st.one_of(st.none(), st.text(st.characters(codec="utf-8"), max_size=2)), max_size=6), min_size=1)
)
def test_joined_text_is_the_text_of_the_parts(parts: list[list[str | None]]) -> None:
    joined = concat([text_cells(part) for part in parts])
    assert isinstance(joined, TextCells)
    assert joined.to_objects().tolist() == [value for part in parts for value in part]
