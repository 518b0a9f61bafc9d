"""Pairs of levels that the data never has are counted, whichever rows have them."""

from __future__ import annotations

import pandas as pd
import pytest

from vaeaudit.analysis.generation.level_pairs import LevelPairs
from vaeaudit.data.schema.columns import Column, Kind, Schema

LEVELS = {"sex": ("f", "m"), "role": ("wife", "husband", "child")}
SCHEMA = Schema(
    (*(Column(name, Kind.CATEGORY, levels=levels) for name, levels in LEVELS.items()), Column("age", Kind.REAL))
)


def rows(*pairs):
    columns = {
        name: pd.Categorical([pair[place] for pair in pairs], categories=list(levels))
        for place, (name, levels) in enumerate(LEVELS.items())
    }
    return pd.DataFrame({**columns, "age": 1.0})


TRAINED = rows(("f", "wife"), ("m", "husband"), ("f", "child"), ("m", "child"), (None, "child"))


def test_a_row_is_counted_if_a_pair_of_its_levels_is_new_and_its_columns_are_named():
    pairs = LevelPairs(TRAINED, SCHEMA, SCHEMA.names)
    found, columns = pairs.unseen(rows(("f", "wife"), ("m", "wife"), (None, "wife"), (None, "child"), ("f", None)))
    assert found.tolist() == [False, True, True, False, True]
    assert columns == ("sex", "role")


def test_the_shares_of_all_sorts_of_rows_stand_beside_each_other():
    pairs = LevelPairs(TRAINED, SCHEMA, SCHEMA.names)
    blurred = rows(*[("m", "wife")] * 30, *[("f", "wife")] * 70)
    found = pairs.judge(blurred, TRAINED, None, 0.95)
    assert (found.model.value, found.held_out.value, found.trees, found.columns) == (0.3, 0.0, None, 2)
    assert found.model.ci.low < 0.3 < found.model.ci.high
    assert pairs.judge(TRAINED, TRAINED, TRAINED, 0.95).most_often is None


@pytest.mark.parametrize("names", [(), ("age",), ("sex", "age")])
def test_without_two_columns_of_levels_there_is_no_pair(names):
    assert LevelPairs(TRAINED, SCHEMA, names).judge(TRAINED, TRAINED, None, 0.95) is None
