"""What is told of a given column: the columns that move most, in the user's terms, beside what the rows hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.latents.given import MOST_COLUMNS, describe_given
from vaeaudit.outputs.condition_swaps import ConditionSwap, ConditionSwaps
from vaeaudit.report.sections.latents import given_blocks


@pytest.fixture
def swapped(people: AuditInputs) -> AuditInputs:
    """Men are expected 12 cm taller; the label moves by a tenth; all else stands still."""
    sex = people.frame["sex"]
    levels = people.schema["sex"].levels
    numbers = [column.name for column in people.schema if column.kind.is_numeric][:6]
    n = len(numbers)
    expected = np.tile(np.arange(n + 1.0), (len(levels), 1))
    expected[:, 0] += 12 * np.arange(len(levels))
    expected[:, n] = 0.3 + 0.1 * np.arange(len(levels))
    swap = ConditionSwap(
        column="sex",
        n_rows=40,
        group=sex.cat.codes.to_numpy(np.int64),
        given=np.arange(len(levels), dtype=np.float64),
        quantity=(*numbers, "sex"),
        level=np.array([-1] * n + [0]),
        expected=expected,
    )
    return replace(people, swaps=ConditionSwaps((swap,)))


def test_without_swaps_nothing_is_told(people: AuditInputs) -> None:
    assert describe_given(people, 0.95) == ()
    assert given_blocks(()) == []


def test_only_what_moves_is_told_most_first_beside_what_held_out_rows_hold(swapped: AuditInputs) -> None:
    (found,) = describe_given(swapped, 0.95)
    assert swapped.swaps is not None
    moved = swapped.swaps.columns[0].quantity[0]
    assert (found.column, found.n) == ("sex", 40)
    assert [value.value for value in found.values] == list(swapped.schema["sex"].levels)
    held_out = swapped.codes.held_out
    for place, value in enumerate(found.values):
        assert set(value.expected) == {moved, "sex"}
        assert value.expected[moved] == 12.0 * place
        rows = held_out & (swapped.frame["sex"] == value.value).to_numpy()
        assert value.n == rows.sum()
        if rows.any():
            assert value.observed["sex"].value == (1.0 if place == 0 else 0.0)
            assert value.observed[moved].n == swapped.frame[moved][rows].notna().sum()
    assert found.levels == {"sex": swapped.schema["sex"].levels[0]}
    assert len(found.values[0].expected) <= MOST_COLUMNS


def test_the_page_says_what_the_latents_stand_beside_and_claims_no_effect(swapped: AuditInputs) -> None:
    said, shown = given_blocks(describe_given(swapped, 0.95))
    assert "sex beside its latents (--condition)" in said.text  # type: ignore[union-attr]
    assert "neither says what would become of a row that was changed" in said.text  # type: ignore[union-attr]
    assert shown.caption.startswith("The same 40 held-out rows with another sex")  # type: ignore[union-attr]
