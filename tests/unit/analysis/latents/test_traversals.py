from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.latents.traversals import MOST_COLUMNS, data_spread, describe_traversals, gini_impurity, movement
from vaeaudit.data.schema.columns import Column, Kind


def test_only_active_latents_and_only_columns_that_move_are_shown_in_the_users_terms(people):
    shown = describe_traversals(people)
    assert [traversal.latent for traversal in shown] == [0, 1, 2]
    assert list(shown[0].columns) == ["hours"]
    assert set(shown[1].columns["job"]) == {"driver", "nurse"}
    assert all(len(texts) == 5 for traversal in shown for texts in traversal.columns.values())


def test_dates_along_a_traversal_are_dates(people):
    decoded = people.model.traversals.copy()
    decoded[0, :, 3] = [pd.Timestamp(f"20{year}-03-01").timestamp() for year in (19, 20, 21, 22, 23)]
    shown = describe_traversals(replace(people, model=replace(people.model, traversals=decoded)))
    assert shown[0].columns["since"][0] == "2019-03-01"


def test_the_columns_that_move_the_most_come_first_and_at_most_five_are_shown(build):
    rng = np.random.default_rng(0)
    table = {f"c{k}": (rng.normal(size=200), Kind.REAL) for k in range(8)}
    inputs = build(table, rng.normal(size=(200, 1)))
    decoded = np.linspace(-1, 1, 5)[None, :, None] * np.arange(8.0)[None, None, :]
    (shown,) = describe_traversals(replace(inputs, model=replace(inputs.model, traversals=decoded)))
    assert len(shown.columns) == MOST_COLUMNS
    assert set(list(shown.columns)[:2]) == {"c7", "c6"}


def test_movement_is_one_where_the_traversal_spreads_as_the_data_does():
    values = pd.Series(np.random.default_rng(0).normal(size=500))
    column = Column("x", Kind.REAL)
    assert movement(values.to_numpy(), column, data_spread(values, column)) == pytest.approx(1)
    levels = pd.Series(pd.Categorical(["a", "b"] * 10))
    column = Column("c", Kind.CATEGORY, levels=("a", "b"))
    assert movement(np.array([0.0, 1.0]), column, data_spread(levels, column)) == pytest.approx(1)


def test_a_column_that_never_varies_or_is_never_known_does_not_move():
    column = Column("x", Kind.REAL)
    assert movement(np.array([1.0, 2.0]), column, data_spread(pd.Series([3.0, 3.0]), column)) == 0
    assert movement(np.array([np.nan, np.nan]), column, 1.0) == 0
    assert data_spread(pd.Series([np.nan]), column) == 0


def test_impurity_is_the_chance_that_two_draws_differ():
    assert gini_impurity(np.array([1, 1, 1])) == 0
    assert gini_impurity(np.array([0, 1, 2, 3])) == 0.75
