"""Where cells are missing: sets of columns, groups, and what it goes with, each only where it is surely so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.quality.missingness import Missingness, columns_together, measure_missingness
from vaeaudit.config import AnalysisConfig, ReadConfig
from vaeaudit.data.reading.load import load

N = 2_000


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def measured(frame: pd.DataFrame, *sensitive: str) -> dict[str, Missingness]:
    data = load(frame, ReadConfig(sensitive=sensitive))
    return {found.column: found for found in measure_missingness(data.frame, data.schema, AnalysisConfig(), 0)}


def people(rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sex": rng.choice(["f", "m"], N),
            "work": rng.choice(["yes", "no"], N),
            "income": rng.lognormal(8, 1, N),
            "hours": rng.normal(38, 9, N),
            "age": rng.integers(18, 80, N),
        }
    )


def test_columns_that_are_missing_in_the_same_rows_are_told_together_and_by_what(rng: np.random.Generator) -> None:
    frame = people(rng)
    gone = np.where(frame["work"] == "no", rng.random(N) < 0.93, rng.random(N) < 0.01)
    frame.loc[gone, ["income", "hours"]] = np.nan
    found = measured(frame)
    assert list(found) == ["income", "hours"]
    assert (found["income"].together, found["hours"].together) == (("hours",), ("income",))
    reason = found["income"].reason
    assert reason is not None
    assert (reason.contrast.column, reason.contrast.rows + reason.contrast.other_rows) == ("work", N)
    assert {round(reason.contrast.share, 1), round(reason.contrast.other_share, 1)} == {0.9, 0.0}


def test_cells_that_are_missing_by_chance_have_no_reason(rng: np.random.Generator) -> None:
    frame = people(rng)
    for name in ("income", "hours", "age"):
        frame.loc[rng.random(N) < 0.1, name] = np.nan
    found = measured(frame, "sex")
    assert [entry.reason for entry in found.values()] == [None] * 3
    assert all(not entry.together for entry in found.values())
    assert all((group.p_adjusted or 0) > 0.05 for entry in found.values() for group in entry.by_group)


def test_each_group_is_compared_with_all_others_and_small_ones_are_counted_all_the_same(
    rng: np.random.Generator,
) -> None:
    frame = people(rng)
    frame.loc[:9, "sex"] = "x"
    frame.loc[(frame["sex"] == "f") & (rng.random(N) < 0.3), "income"] = np.nan
    groups = {entry.group: entry for entry in measured(frame, "sex")["income"].by_group}
    assert (groups["x"].n, groups["x"].p_adjusted) == (10, None)
    assert (groups["f"].p_adjusted or 1) < 1e-6
    assert groups["f"].missing == int(frame["income"].isna().sum())
    assert groups["f"].difference == pytest.approx(groups["f"].share)


def test_whoever_broke_off_before_both_answers_is_in_no_group_and_not_among_the_others(
    rng: np.random.Generator,
) -> None:
    frame = people(rng)
    frame.loc[:199, ["sex", "income"]] = None
    frame.loc[200:219, "income"] = None
    groups = {entry.group: entry for entry in measured(frame, "sex")["income"].by_group}
    assert set(groups) == {"f", "m"}
    assert sum(entry.missing for entry in groups.values()) == 20
    assert all((entry.p_adjusted or 0) > 0.05 for entry in groups.values())


def test_sets_are_of_columns_that_differ_in_few_rows() -> None:
    gone = np.arange(1_000) < 300
    near, far = gone.copy(), gone.copy()
    near[:3], far[:100] = False, False
    assert columns_together({"a": gone, "b": near, "c": far}) == [["a", "b"], ["c"]]


def test_a_table_without_a_missing_cell_has_nothing_to_tell(rng: np.random.Generator) -> None:
    assert measured(people(rng), "sex") == {}
