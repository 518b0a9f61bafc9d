from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.analysis.missing.scan_axes import FEW_GROUPS, Pooled, ScanAxis, scan_axes, sums_over_sets
from vaeaudit.data.schema import Kind, Role


@pytest.fixture(scope="module")
def axes(build: Callable[..., Any]) -> dict[str, ScanAxis]:
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
    return {axis.column: axis for axis in scan_axes(inputs.frame, inputs.schema)}


def test_columns_of_one_value_and_text_are_not_searched(axes: dict[str, ScanAxis]) -> None:
    assert set(axes) == {"pay", "job"}


def test_missing_values_are_a_set_and_so_are_all_others(axes: dict[str, ScanAxis]) -> None:
    conditions = [axes["pay"].condition(members @ axes["pay"].many.members) for members in axes["pay"].many.sets]
    assert conditions[-2].op == "missing"
    assert conditions[-1].value == [None, None]
    assert not any(members[-1] and members.sum() > 1 for members in axes["pay"].many.sets)


def test_coarse_groups_are_made_of_fine_ones(axes: dict[str, ScanAxis]) -> None:
    for axis in axes.values():
        for pooled in (axis.many, axis.few):
            assert (pooled.members.sum(axis=0) == 1).all()
            assert (pooled.members[pooled.codes, axis.fine.codes]).all()
    assert len(axes["job"].few.sets) == FEW_GROUPS


@given(st.integers(0, 10_000))
def test_sums_over_sets_are_those_of_the_rows_counted_one_by_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 5, size=int(rng.integers(1, 4))))
    table = rng.integers(0, 9, shape)
    parts = [
        Pooled(
            np.zeros(0, dtype=np.int64), np.eye(groups, dtype=bool), rng.random((int(rng.integers(1, 4)), groups)) < 0.5
        )
        for groups in shape
    ]
    brute = [
        table[np.ix_(*(np.flatnonzero(part.sets[place]) for part, place in zip(parts, places, strict=True)))].sum()
        for places in np.ndindex(*(len(part.sets) for part in parts))
    ]
    assert sums_over_sets(table, parts).tolist() == brute
