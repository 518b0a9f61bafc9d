"""`--na COL=TOKEN` means missing in one column, however a number or a date is written; the plain form in all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vaeaudit.config import ReadConfig
from vaeaudit.data.reading.load import load
from vaeaudit.errors import UsageError

N = 40


@pytest.fixture
def table() -> pd.DataFrame:
    weight = [f"{60 + place / 2:.1f}" for place in range(N)]
    out = [f"{place % 28 + 1:02d}.03.2019" for place in range(N)]
    weight[0], out[:2] = "-999.0", ["01.01.2020", "31.12.2020"]
    return pd.DataFrame({"weight": weight, "out": out, "note": ["-999", "none", "b", "c"] * 10})


@pytest.mark.parametrize("typed", [False, True])
def test_a_token_of_a_column_leaves_the_others(table: pd.DataFrame, tmp_path: Path, *, typed: bool) -> None:
    if typed:
        table["weight"] = table["weight"].astype(float)
        table["out"] = pd.to_datetime(table["out"], format="%d.%m.%Y")
    path = tmp_path / ("t.parquet" if typed else "t.csv")
    _ = table.to_parquet(path) if typed else table.to_csv(path, index=False)
    frame = load(path, ReadConfig(na=("weight=-999", "out=2020-01-01"))).frame
    assert frame.isna().sum().to_dict() == {"weight": 1, "out": 1, "note": 0}
    assert np.isnan(frame["weight"][0])
    assert pd.isna(frame["out"][0])


def test_a_text_is_meant_without_regard_to_case_and_a_plain_token_everywhere(table: pd.DataFrame) -> None:
    frame = load(table, ReadConfig(na=("note=NONE", "-999", "b"))).frame
    assert frame["note"].isna().sum() == 30
    assert frame["weight"].min() == -999  # which is written -999.0


def test_a_year_is_no_date_and_a_number_no_year() -> None:
    frame = pd.DataFrame({"year": [str(1990 + place % 20) for place in range(N)], "x": np.arange(N) / 2})
    assert load(frame, ReadConfig(na=("year=99",))).frame["year"].notna().all()
    assert load(frame, ReadConfig(na=("year=1999",))).frame["year"].isna().sum() == 2


def test_a_column_that_is_not_there_is_named(table: pd.DataFrame) -> None:
    with pytest.raises(UsageError, match=r"--na wieght=-999: the data has no column 'wieght'"):
        load(table, ReadConfig(na=("wieght=-999",)))
