"""Faults that are planted are what they are said to be."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pandas as pd
import pytest

from vaeaudit.samples import planting
from vaeaudit.samples.planting import BrokenRows, ErrorKind, draw_rule, plant_errors

N = 800


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """People of whom only adults are married, with numbers, dates and missing cells."""
    rng = np.random.default_rng(0)
    age = rng.integers(1, 80, N).astype(float)
    day = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, N), unit="D")
    frame = pd.DataFrame(
        {
            "age": age,
            "height": np.where(rng.random(N) < 0.1, np.nan, rng.normal(170, 10, N).round(1)),
            "stage": pd.Categorical(np.where(age < 20, "child", "adult")),
            "married": pd.Categorical(np.where(age < 20, "no", rng.choice(["no", "yes"], N))),
            "day": day,
        }
    )
    frame.loc[::9, "married"] = np.nan
    return frame


@pytest.fixture(scope="module")
def broken(table: pd.DataFrame) -> BrokenRows:
    return plant_errors(table, list(table.columns), np.arange(400), np.random.default_rng(1))


def test_every_kind_of_error_is_planted_and_one_in_each_row(table: pd.DataFrame, broken: BrokenRows) -> None:
    assert set(broken.kinds) == set(get_args(ErrorKind))
    before = table.iloc[broken.source].reset_index(drop=True)
    for place, (kind, guilty) in enumerate(zip(broken.kinds, broken.guilty, strict=True)):
        row, was = broken.frame.iloc[place], before.iloc[place]
        changed = {
            name for name in table if not (row[name] == was[name] or (pd.isna(row[name]) and pd.isna(was[name])))
        }
        assert changed, kind
        assert changed <= set(guilty), kind
        assert len(changed) == (2 if kind == "swapped cells" else 1), kind


def test_the_other_cells_and_the_types_stay(table: pd.DataFrame, broken: BrokenRows) -> None:
    assert broken.frame.dtypes.to_dict() == table.dtypes.to_dict()
    assert len(set(broken.source.tolist())) == len(broken)


def test_an_impossible_pair_does_not_occur_in_the_table(table: pd.DataFrame, broken: BrokenRows) -> None:
    pairs = {tuple(pair) for pair in table[["stage", "married"]].dropna().to_numpy().tolist()}
    which = [place for place, kind in enumerate(broken.kinds) if kind == "impossible pair"]
    planted = {tuple(pair) for pair in broken.frame.loc[which, ["stage", "married"]].to_numpy().tolist()}
    assert planted == {("child", "yes")}
    assert not planted & pairs


def test_a_table_that_can_hold_no_error_is_left_as_it_is() -> None:
    empty = pd.DataFrame({"note": np.array(["a", "b"], dtype=object), "none": [np.nan, np.nan]})
    assert len(plant_errors(empty, ["note", "none"], np.arange(2), np.random.default_rng(0))) == 0


def test_a_rule_holds_for_as_many_rows_as_was_asked(table: pd.DataFrame) -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        rule = draw_rule(table, list(table.columns), rng, (0.05, 0.1))
        assert rule is not None
        assert 0.05 <= rule.rows.mean() <= 0.1
        assert len(set(rule.columns)) == 2


def test_no_rule_is_drawn_where_there_is_none(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planting, "_MOST_DRAWS", 100)
    rng = np.random.default_rng(3)
    assert draw_rule(table, ["age"], rng, (0.05, 0.1)) is None
    assert draw_rule(table, ["stage", "married"], rng, (0.0001, 0.0002)) is None
    assert draw_rule(table, list(table.columns), rng, (0.05, 0.1), lambda rule: False) is None
