"""What tells the label: planted leaks are found as what they are, honest predictors are not, and copies help nobody."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.leakage.predictors import LabelTold, tell_label
from vaeaudit.config import ReadConfig
from vaeaudit.data.reading.load import load
from vaeaudit.outputs.record import IntArray

N = 1_000


def told(together: IntArray | None = None, **columns: object) -> LabelTold:
    """Measure what tells `y`."""
    data = load(pd.DataFrame(columns), ReadConfig(label="y"))
    found = tell_label(data.frame, data.schema, 0.95, 0, together)
    assert found is not None
    return found


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def labels(rng: np.random.Generator, share: float = 0.4) -> np.ndarray:
    return np.where(rng.random(N) < share, "yes", "no")


def test_a_copy_of_the_label_with_slips_is_the_label_and_the_slips_are_counted(rng: np.random.Generator) -> None:
    y = labels(rng)
    copy = np.where(y == "yes", "closed", "open")
    copy[:20] = np.where(copy[:20] == "open", "closed", "open")
    (leak,) = told(y=y, state=copy, noise=rng.normal(size=N)).leaks
    assert (leak.column, leak.grade, leak.by, leak.value, leak.groups) == (
        "state",
        "same",
        "values",
        "yes",
        ("closed",),
    )
    assert (leak.agree, leak.n) == (N - 20, N)
    assert leak.hits == int(((copy == "closed") & (y == "yes")).sum())
    assert (leak.rows, leak.of_value) == (int((copy == "closed").sum()), int((y == "yes").sum()))


def test_a_label_cut_from_a_number_is_told_by_one_range_of_it(rng: np.random.Generator) -> None:
    months = rng.integers(1, 82, N)
    (leak,) = told(y=np.where(months < 40, "back", "free"), months=months, noise=rng.normal(size=N)).leaks
    low, high = leak.rule[0].value
    assert (low is None, high is None) in {(True, False), (False, True)}
    assert leak.groups == (f"< {high:g}" if low is None else f">= {low:g}",)
    assert leak.rows == int((months < high).sum() if low is None else (months >= low).sum())


def test_columns_that_are_filled_for_one_label_only_are_one_leak_by_presence(rng: np.random.Generator) -> None:
    y = labels(rng)
    filled = (y == "yes") | (rng.random(N) < 0.02)
    number = [f"C{place:05d}" if there else None for place, there in enumerate(filled)]
    day = pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, N), "D")).where(filled)
    (leak,) = told(y=y, case_number=number, case_date=day, noise=rng.normal(size=N)).leaks
    assert (leak.grade, leak.by, leak.groups) == ("same", "presence", ("a value",))
    assert {leak.column, *leak.alike} == {"case_number", "case_date"}
    assert leak.hits == leak.of_value == int((y == "yes").sum())


def test_a_level_that_one_label_has_alone_is_part_of_it(rng: np.random.Generator) -> None:
    y = labels(rng)
    event = np.where((y == "yes") & (rng.random(N) < 0.7), "1", "0")
    (leak,) = told(y=y, event=event, noise=rng.normal(size=N)).leaks
    assert (leak.grade, leak.value, leak.rows) == ("part", "yes", int((event == "1").sum()))


def test_a_measurement_that_parts_species_is_a_strong_predictor_and_not_the_label(rng: np.random.Generator) -> None:
    y = labels(rng)
    length = rng.normal(size=N) + np.where(y == "yes", 3.0, 0.0)
    (leak,) = told(y=y, length=length).leaks
    assert (leak.column, leak.grade) == ("length", "strong")
    assert told(y=y, length=length / 10 + rng.normal(size=N)).leaks == ()


def test_a_number_is_told_by_rank_and_its_own_double_is_the_label(rng: np.random.Generator) -> None:
    y = rng.lognormal(size=N)
    found = told(y=y, double=2 * y, near=y * rng.lognormal(sigma=0.5, size=N), noise=rng.normal(size=N))
    assert found.together.measure == "rank_correlation"
    assert [(leak.column, leak.grade) for leak in found.leaks] == [("double", "same")]


def test_independent_columns_tell_nothing_also_where_one_has_as_many_levels_as_rows_in_four(
    rng: np.random.Generator,
) -> None:
    found = told(y=labels(rng), job=[f"job{k}" for k in rng.integers(0, 250, N)], a=rng.normal(size=N))
    assert found.leaks == ()
    assert found.together.ci.low is not None
    assert found.together.ci.low < 0.5 < (found.together.ci.high or 0)


def test_what_all_tell_together_comes_to_what_the_best_level_of_many_tells_alone(rng: np.random.Generator) -> None:
    town = rng.integers(0, 150, N)
    y = np.where(rng.random(N) < rng.random(150)[town], "yes", "no")
    together = told(y=y, town=[f"town{k}" for k in town], noise=rng.normal(size=N)).together
    assert together.best_alone == "town"
    assert together.score > together.best_score - 0.03


def test_copies_of_a_row_help_to_tell_it_unless_they_are_kept_together(rng: np.random.Generator) -> None:
    row = np.repeat(np.arange(N // 2), 2)
    y, number = labels(rng)[row], rng.normal(size=N)[row]
    columns = {f"x{k}": rng.normal(size=N)[row] for k in range(6)}
    columns["place"] = np.array([f"place{k}" for k in rng.integers(0, 400, N)])[row]
    apart = told(y=y, number=number, **columns).together
    kept = told(row, y=y, number=number, **columns).together
    assert apart.ci.low is not None
    assert apart.ci.low > 0.5
    assert (kept.ci.low or 0) < 0.5 < (kept.ci.high or 0)


def test_shares_are_of_what_all_tell_and_the_strongest_comes_first(rng: np.random.Generator) -> None:
    a, b = rng.normal(size=N), rng.normal(size=N)
    y = np.where(2 * a + b + rng.normal(size=N) > 0, "yes", "no")
    predictors = told(y=y, b=b, a=a, noise=rng.normal(size=N)).predictors
    assert [predictor.column for predictor in predictors][:2] == ["a", "b"]
    assert sum(predictor.share for predictor in predictors) == pytest.approx(1)


@pytest.mark.parametrize("y", [["a"] * N, ["a"] * (N - 5) + ["b"] * 5])
def test_a_label_without_a_second_class_cannot_be_told(y: list[str]) -> None:
    data = load(pd.DataFrame({"y": y, "x": np.arange(N) % 7 / 2}), ReadConfig(label="y"))
    assert tell_label(data.frame, data.schema, 0.95, 0) is None
