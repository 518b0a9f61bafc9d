from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vaeaudit.analysis.coverage.axes import Axis, fine_axes
from vaeaudit.analysis.coverage.descriptions import describe_conditions, describe_rows
from vaeaudit.data.schema.columns import Kind
from vaeaudit.outputs.region_rules import Condition

N_ROWS = 4_000


@pytest.fixture(scope="module")
def table(build: Callable[..., Any]) -> tuple[tuple[Axis, ...], dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    values = {"kind": rng.choice(["disc", "heart", "square"], N_ROWS), "side": rng.choice(["left", "right"], N_ROWS),
              "size": rng.random(N_ROWS)}  # fmt: skip
    kinds = {"kind": Kind.CATEGORY, "side": Kind.CATEGORY, "size": Kind.REAL}
    inputs = build({name: (values[name], kinds[name]) for name in values}, np.zeros((N_ROWS, 1)))
    return fine_axes(inputs.frame, inputs.schema), values


def test_rows_that_a_rule_picks_out_are_told_by_that_rule(table: Any) -> None:
    axes, values = table
    found = describe_rows((values["kind"] == "heart") & (values["side"] == "left"), axes)
    assert found is not None
    assert set(map(repr, found.rule)) == {
        repr(Condition("kind", "in", ["heart"])), repr(Condition("side", "in", ["left"])),
    }  # fmt: skip
    assert (found.precision, found.recall) == (1.0, 1.0)


def test_precision_and_recall_are_those_of_the_rule(table: Any) -> None:
    axes, values = table
    wanted = (values["kind"] == "disc") & (np.random.default_rng(1).random(N_ROWS) < 0.7)
    found = describe_rows(wanted, axes)
    assert found is not None
    assert found.rule == (Condition("kind", "in", ["disc"]),)
    assert found.precision == pytest.approx(wanted.sum() / (values["kind"] == "disc").sum())
    assert found.recall == 1.0


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_no_rows_and_all_rows_have_no_description(table: Any, share: float) -> None:
    axes, _ = table
    assert describe_rows(np.full(N_ROWS, bool(share)), axes) is None


def test_rows_that_no_column_tells_have_no_description(table: Any) -> None:
    axes, _ = table
    assert describe_rows(np.random.default_rng(2).random(N_ROWS) < 0.5, axes) is None
    assert describe_rows(np.random.default_rng(2).random(N_ROWS) < 0.5, ()) is None


def test_conditions_are_told_one_by_one_where_no_row_meets_them_all(table: Any) -> None:
    axes, values = table
    hearts, left = values["kind"] == "heart", values["side"] == "left"
    found = describe_conditions([hearts, left], axes)
    assert found is not None
    assert found.rule == (Condition("kind", "in", ["heart"]), Condition("side", "in", ["left"]))
    assert (found.precision, found.recall) == (1.0, 1.0)


def test_conditions_of_which_one_is_not_told_have_no_description(table: Any) -> None:
    axes, values = table
    noise = np.random.default_rng(3).random(N_ROWS) < 0.3
    assert describe_conditions([values["kind"] == "heart", noise], axes) is None
    assert describe_conditions([], axes) is None


def test_two_conditions_on_one_column_have_no_description(table: Any) -> None:
    axes, values = table
    assert describe_conditions([values["size"] < 0.5, values["size"] > 0.6], axes) is None
