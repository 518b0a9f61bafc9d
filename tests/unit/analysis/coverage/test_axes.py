from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.coverage.axes import (
    FEW_GROUPS,
    MAX_COLUMNS,
    MAX_LEVELS,
    ORDERED_BINS,
    Axis,
    axis_of,
    contiguous_groups,
    contiguous_ranges,
    fine_axes,
    pooled_levels,
    search_axes,
)
from vaeaudit.analysis.grouping.groups import OUTSIDE, group_column
from vaeaudit.data.schema.columns import Column, Kind, Role
from vaeaudit.outputs.region_rules import Condition


def category(values, levels, kind=Kind.CATEGORY):
    return axis_of(group_column(pd.Series(pd.Categorical(values, categories=levels)), Column("c", kind, levels=levels)))


def test_missing_values_are_on_no_axis():
    axis = category(["a", None, "b"], ("a", "b"))
    assert axis.codes.tolist() == [0, OUTSIDE, 1]
    assert axis.groups == 2


def test_rare_levels_count_in_the_margins_but_are_not_searched():
    levels = tuple(f"level {number:02d}" for number in range(MAX_LEVELS + 5))
    axis = category([*levels, *levels[5:]], levels)
    assert axis.groups == MAX_LEVELS + 1
    assert len(axis.many.sets) == MAX_LEVELS
    assert axis.conditions[0] == Condition("c", "in", [levels[5]])
    assert (axis.codes == MAX_LEVELS).sum() == 5


def test_long_orders_are_pooled_into_bins_of_neighbours():
    levels = tuple(f"grade {number:02d}" for number in range(40))
    axis = category(levels, levels, Kind.ORDINAL)
    assert axis.groups == ORDERED_BINS
    assert np.all(np.diff(axis.codes) >= 0)
    assert sum(len(condition.value) for condition in axis.conditions) == 40


def test_a_set_of_groups_has_one_condition():
    axis = axis_of(group_column(pd.Series(np.arange(1_000.0)), Column("pay", Kind.REAL), bins=4))
    second, third = axis.conditions[1:3]
    assert axis.condition(np.array([False, True, True, False])).value == [second.value[0], third.value[1]]


def test_ranges_take_in_neighbours_but_never_everything():
    assert contiguous_ranges(3).astype(int).tolist() == [[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1]]
    assert len(contiguous_ranges(1)) == 0


def test_pooling_keeps_order_and_counts():
    position, groups = contiguous_groups(np.array([5, 0, 100, 5, 90]), 2)
    assert groups == 2
    assert position.tolist() == [0, 0, 0, 1, 1]
    position, groups, kept = pooled_levels(np.array([3, 9, 0, 7]), 2)
    assert (position.tolist(), groups, kept.tolist()) == ([2, 0, 2, 1], 3, [1, 3])


def test_sensitive_columns_and_the_label_are_always_searched(build):
    rng = np.random.default_rng(0)
    columns = {f"c{number:02d}": (rng.normal(size=600), Kind.REAL) for number in range(MAX_COLUMNS + 10)}
    sex = rng.integers(0, 2, 600)
    columns["telling"] = (sex + rng.normal(scale=0.1, size=600), Kind.REAL)
    columns["sex"] = (np.array(["f", "m"])[sex], Kind.CATEGORY, Role.SENSITIVE)
    columns["hired"] = (rng.choice(["no", "yes"], 600), Kind.BOOLEAN, Role.LABEL)
    columns["left out"] = (rng.normal(size=600), Kind.REAL, Role.EXCLUDED)
    columns["remark"] = (["text"] * 600, Kind.TEXT)
    columns["part"] = (rng.choice(["train", "test"], 600), Kind.CATEGORY, Role.SPLIT)
    inputs = build(columns, np.zeros((600, 1)))
    axes, notes = search_axes(inputs.frame, inputs.schema)
    names = [axis.column for axis in axes]
    assert len(names) == MAX_COLUMNS
    assert names[:2] == ["sex", "hired"]
    assert "telling" in names
    assert not {"left out", "remark", "part"} & set(names)
    assert f"{MAX_COLUMNS} of {MAX_COLUMNS + 13} columns" in notes[0]


@pytest.fixture(scope="module")
def axes(build: Callable[..., Any]) -> dict[str, Axis]:
    rng = np.random.default_rng(0)
    n_rows = 2_000
    pay = np.where(rng.random(n_rows) < 0.2, np.nan, rng.normal(size=n_rows))
    inputs = build(
        {
            "pay": (pay, Kind.REAL),
            "job": (rng.choice(list("abcdefghij"), n_rows), Kind.CATEGORY, Role.SENSITIVE),
            "same": (np.ones(n_rows), Kind.REAL),
            "remark": ([str(row) for row in range(n_rows)], Kind.TEXT),
        },
        np.zeros((n_rows, 1)),
    )
    return {axis.column: axis for axis in fine_axes(inputs.frame, inputs.schema)}


def test_columns_of_one_value_and_text_are_not_searched(axes: dict[str, Axis]) -> None:
    assert set(axes) == {"pay", "job"}


def test_missing_values_are_a_set_and_so_are_all_others(axes: dict[str, Axis]) -> None:
    conditions = [axes["pay"].condition(members @ axes["pay"].many.members) for members in axes["pay"].many.sets]
    assert conditions[-2].op == "missing"
    assert conditions[-1].value == [None, None]
    assert not any(members[-1] and members.sum() > 1 for members in axes["pay"].many.sets)


def test_coarse_groups_are_made_of_fine_ones(axes: dict[str, Axis]) -> None:
    for axis in axes.values():
        for pooled in (axis.many, axis.few):
            assert (pooled.members.sum(axis=0) == 1).all()
            assert (pooled.members[pooled.codes, axis.codes]).all()
    assert len(axes["job"].few.sets) == FEW_GROUPS
