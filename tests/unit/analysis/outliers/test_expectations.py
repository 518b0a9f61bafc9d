"""Expected ranges and levels in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.outliers.reasons import ColumnScale, expectation_texts
from vaeaudit.data.schema.columns import Column, Kind, Role
from vaeaudit.outputs.latents import CellExpectations


def column_of(values: pd.Series, kind: Kind) -> Column:
    levels = tuple(values.cat.categories) if kind.is_levelled else ()
    return Column(
        name="x", kind=kind, role=Role.INPUT, in_model=True, missing=0, unique=int(values.nunique()), levels=levels
    )


def told(values: pd.Series, kind: Kind, whole: pd.Series | None = None, **expected: Any) -> list[str]:
    n_cells = len(values)
    fields = {
        "row": np.arange(n_cells),
        "column": np.zeros(n_cells, int),
        "nats": np.full(n_cells, 5.0),
        "low": np.full(n_cells, np.nan),
        "high": np.full(n_cells, np.nan),
        "levels": np.full((n_cells, 3), -1),
        "covered": np.full(n_cells, 0.9),
        "p_missing": np.zeros(n_cells),
        "partner": np.full(n_cells, -1),
        "partner_nats": np.full(n_cells, np.nan),
        "p_value": np.ones(n_cells),
    }
    cells = CellExpectations(**{**fields, **{name: np.asarray(value) for name, value in expected.items()}})
    scale = ColumnScale.of(values if whole is None else whole, column_of(values, kind))
    return list(expectation_texts(cells, np.arange(n_cells), values, scale))


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (18.6, 24.4, "19 to 24"),
        (10.0, 14.4, "at most 14"),
        (46.2, 95.0, "at least 46"),
        (40.4, 39.9, "40"),
        (12.0, 17.3, ""),
    ],
)
def test_whole_numbers_are_told_as_whole_numbers_within_what_the_column_holds(
    low: float, high: float, text: str
) -> None:
    ages = pd.Series([17.0])
    assert told(ages, Kind.COUNT, pd.Series([17.0, 12.0, 90.0]), low=[low], high=[high]) == [text]


def test_other_numbers_keep_four_digits() -> None:
    values = pd.Series([17402.52])
    assert told(values, Kind.POSITIVE, pd.Series([800.5, 20000.0]), low=[1480.16], high=[3216.04]) == ["1480 to 3216"]


def test_dates_are_told_as_dates() -> None:
    days = pd.Series(pd.to_datetime(["2001-01-01"])).astype("datetime64[ns]")
    whole = pd.Series(pd.to_datetime(["1990-01-01", "2026-01-01"])).astype("datetime64[ns]")
    seconds = pd.Timestamp("2020-05-04 03:00").timestamp(), pd.Timestamp("2021-05-04 22:00").timestamp()
    assert told(days, Kind.DATETIME, whole, low=[seconds[0]], high=[seconds[1]]) == ["2020-05-04 to 2021-05-05"]


def test_levels_are_told_by_name_and_a_cell_that_is_one_of_them_is_as_expected() -> None:
    jobs = pd.Series(pd.Categorical(["nurse", "driver", "clerk", "clerk"], categories=["clerk", "driver", "nurse"]))
    levels = np.array([[0, 1, -1], [0, 1, 2], [1, 2, -1], [-1, -1, -1]])
    found = told(jobs, Kind.CATEGORY, levels=levels, covered=[0.95, 0.95, 0.6, 0.95])
    assert found == ["clerk or driver", "", "most often driver or nurse", "(other)"]


def test_gaps_where_a_value_was_expected_and_values_where_a_gap_was() -> None:
    pay = pd.Series([np.nan, 5.0, np.nan])
    whole = pd.Series([0.5, 99.0])
    found = told(pay, Kind.REAL, whole, low=[2.0, 2.0, np.nan], high=[3.0, 3.0, np.nan], p_missing=[0.1, 0.9, 0.1])
    assert found == ["2 to 3", "(missing)", "(any value)"]


def test_a_column_without_a_single_value_has_no_scale() -> None:
    assert told(pd.Series([np.nan]), Kind.REAL) == ["(any value)"]
