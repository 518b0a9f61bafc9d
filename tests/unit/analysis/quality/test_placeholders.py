"""Codes that stand for missing are named, and what is only frequent, rare or last is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.quality.placeholders import Placeholder, find_placeholders
from vaeaudit.config import ReadConfig
from vaeaudit.data.reading.load import load
from vaeaudit.data.schema.columns import Kind, Schema

N = 2_000


def found_in(**columns: object) -> list[Placeholder]:
    data = load(pd.DataFrame(columns), ReadConfig())
    return list(find_placeholders(data.frame, data.schema, 0.05))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def days(rng: np.random.Generator) -> pd.Series:
    return pd.Series(pd.Timestamp("2010-01-01") + pd.to_timedelta(rng.integers(0, 3_000, N), "D"))


@pytest.mark.parametrize(
    ("code", "values"),
    [
        (-999, lambda rng: rng.normal(60, 20, N).round(1)),
        (9_999, lambda rng: rng.poisson(30, N)),
        (99, lambda rng: np.clip(rng.normal(45, 16, N).round(), 18, 97)),
        (99_999, lambda rng: np.where(rng.random(N) < 0.9, 0, rng.lognormal(8, 1, N).round())),
        (0, lambda rng: rng.normal(32, 6, N).clip(18.2).round(1)),
        (-1, lambda rng: rng.integers(20, 400, N)),
    ],
)
def test_a_code_at_the_end_of_a_column_is_named_with_its_rows(
    rng: np.random.Generator, code: int, values: Callable[[np.random.Generator], np.ndarray]
) -> None:
    column = values(rng).astype(float)
    column[:40] = code
    (found,) = found_in(x=column, y=rng.normal(size=N))
    assert (found.column, found.value, found.rows, found.n) == ("x", str(code), 40, N)


def test_several_codes_are_told_one_by_one(rng: np.random.Generator) -> None:
    column = rng.integers(0, 18, N)
    column[:30], column[30:50] = 98, 99
    assert [(found.value, found.rows) for found in found_in(x=column)] == [("99", 20), ("98", 30)]


@pytest.mark.parametrize(
    ("code", "rows", "values"),
    [
        (1_000_000, 2, lambda rng: rng.lognormal(4, 1, N).clip(1, 5_000)),
        (999_999.375, 1, lambda rng: rng.poisson(12, N)),
        (666, 2, lambda rng: rng.integers(0, 2, N)),
        (0, 3, lambda rng: rng.integers(1990, 2000, N)),
    ],
    ids=["a limit", "nines of a short float", "beside two values", "no year"],
)
def test_what_lies_a_hundred_ranges_away_is_named_in_a_few_rows(
    rng: np.random.Generator, code: float, rows: int, values: Callable[[np.random.Generator], np.ndarray]
) -> None:
    column = values(rng).astype(float)
    column[:rows] = code
    (found,) = found_in(x=column, y=rng.normal(size=N))
    assert (float(found.value), found.rows) == (code, rows)


@pytest.mark.parametrize(
    "values",
    [
        lambda rng: np.where(rng.random(N) < 0.92, 0, rng.lognormal(8, 1, N).round()),
        lambda rng: rng.poisson(1.2, N),
        lambda rng: rng.integers(1, 10, N),
        lambda rng: rng.integers(0, 101, N),
        lambda rng: rng.integers(-1, 2, N),
        lambda rng: np.where(rng.random(N) < 0.5, rng.integers(2, 9, N) * 10, rng.integers(18, 91, N)),
        lambda rng: rng.lognormal(10, 0.6, N).round(-2),
        lambda rng: rng.normal(0, 10, N).round(1),
        lambda rng: rng.choice([1.0, 2.0, 500.0], N),
        lambda rng: rng.pareto(0.7, N).round(),
        lambda rng: np.log(rng.geometric(0.2, N) * np.where(rng.random(N) < 0.8, 12, 1)),
    ],
    ids=[
        "gains",
        "children",
        "grades",
        "per cent",
        "signs",
        "heaped ages",
        "incomes",
        "degrees",
        "doses",
        "a long tail",
        "logarithms",
    ],
)
def test_what_is_frequent_or_last_for_a_reason_is_not_named(
    rng: np.random.Generator, values: Callable[[np.random.Generator], np.ndarray]
) -> None:
    assert found_in(x=values(rng).astype(float)) == []


@pytest.mark.parametrize("day", ["1900-01-01", "1970-01-01", "2030-12-31", "2020-01-01"])
def test_a_day_of_the_calendar_that_many_rows_have_is_named(rng: np.random.Generator, day: str) -> None:
    column = days(rng)
    column[:61] = pd.Timestamp(day)
    (found,) = found_in(x=column)
    assert (found.value, found.rows, found.sign) == (day, 61, "date")


def test_firsts_of_months_and_days_that_are_no_turn_of_a_year_are_not(rng: np.random.Generator) -> None:
    opening = days(rng)
    opening[:200] = pd.Timestamp("2012-03-05")
    month = days(rng).dt.to_period("M").dt.start_time
    assert found_in(opening=opening, month=month) == []


def test_what_goes_with_a_code_is_named_only_where_it_surely_does(rng: np.random.Generator) -> None:
    weight, clinic = rng.normal(60, 20, N), rng.choice(["a", "b", "c"], N)
    weight[np.flatnonzero(clinic == "b")[:50]] = -999
    (found,) = found_in(weight=weight, clinic=clinic, noise=rng.normal(size=N))
    assert found.goes_with is not None
    assert (found.goes_with.column, found.goes_with.group, found.goes_with.hits) == ("clinic", "b", 50)
    weight = rng.normal(60, 20, N)
    weight[:50] = -999
    assert found_in(weight=weight, clinic=clinic)[0].goes_with is None


def test_numbers_as_large_as_there_are_overflow_nothing(rng: np.random.Generator) -> None:
    values = np.append(rng.lognormal(size=200), [1e308, 1.7e308])
    dataset = load(pd.DataFrame({"x": values, "y": rng.normal(size=202)}), ReadConfig())
    with np.errstate(all="raise"):
        find_placeholders(dataset.frame, dataset.schema, 0.05)


def test_columns_of_no_or_few_values_are_answered() -> None:
    frame = pd.DataFrame({"none": np.full(60, np.nan), "two": np.tile([1.5, 2.5], 30), "y": np.linspace(0, 1, 60)})
    dataset = load(frame, ReadConfig(kinds={"two": "real"}))
    numbers = dataset.frame.assign(none=np.nan)
    columns = tuple(replace(c, kind=Kind.REAL) if c.name == "none" else c for c in dataset.schema)
    assert find_placeholders(numbers, Schema(columns), 0.05) == ()
