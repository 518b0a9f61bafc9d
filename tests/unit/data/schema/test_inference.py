"""One set of rules decides the kind of a column."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.data.schema.columns import Kind
from vaeaudit.data.schema.inference import infer, number_kind, percentile_skewness
from vaeaudit.data.schema.readings import mark_missing
from vaeaudit.data.schema.storage import Typed
from vaeaudit.data.tables.cells import NumberCells, TextCells, text_cells

RNG = np.random.default_rng(11)
N = 400


def typed(values: Sequence[object], name: str = "x") -> Typed:
    return infer(name, mark_missing(text_cells([None if value is None else str(value) for value in values])))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (RNG.normal(size=N), Kind.REAL),
        (RNG.normal(100, 1, N), Kind.REAL),
        (RNG.uniform(1, 2, N), Kind.REAL),
        (RNG.integers(-5, 5, N), Kind.REAL),
        (RNG.lognormal(0, 1, N), Kind.POSITIVE),
        (RNG.exponential(5, N) + 1e-9, Kind.POSITIVE),
        (RNG.poisson(4, N), Kind.COUNT),
        (RNG.integers(17, 91, N), Kind.COUNT),
        (RNG.integers(0, 2, N), Kind.BOOLEAN),
        (RNG.integers(1, 3, N), Kind.CATEGORY),
        (RNG.choice([12, 24], N), Kind.CATEGORY),
        (RNG.choice([-1.5, 2.5], N), Kind.REAL),
        (RNG.choice(["0.0", "1.0"], N), Kind.BOOLEAN),
        (RNG.choice(["yes", "No", "YES"], N), Kind.BOOLEAN),
        (RNG.choice(["True", "False"], N), Kind.BOOLEAN),
        (RNG.choice(["t", "f"], N), Kind.BOOLEAN),
        (RNG.choice(["male", "female"], N), Kind.CATEGORY),
        (RNG.choice(["m", "f"], N), Kind.CATEGORY),
        (RNG.choice(["007", "012", "100"], N), Kind.CATEGORY),
        ([f"level {i}" for i in RNG.integers(0, 150, N)], Kind.CATEGORY),
        ([f"2024-01-{day:02}" for day in RNG.integers(1, 29, N)], Kind.DATETIME),
        ([f"a person of number {i} wrote this longer remark" for i in range(N)], Kind.TEXT),
        ([None] * N, Kind.CONSTANT),
        (["x"] * N, Kind.CONSTANT),
        (["7"] * (N - 1) + [None], Kind.CONSTANT),
        (["2024-01-01"] * N, Kind.CONSTANT),
        (["inf"] * N, Kind.CONSTANT),
        (range(1000, 1000 + N), Kind.IDENTIFIER),
        (RNG.permutation(N), Kind.IDENTIFIER),
        ([i for i in range(N + 20) if i % 21], Kind.IDENTIFIER),
        ([f"{i:08}" for i in range(N)], Kind.IDENTIFIER),
        ([str(uuid.UUID(int=int(i))) for i in RNG.integers(0, N, N)], Kind.IDENTIFIER),
        ([f"customer-{i}" for i in range(N)], Kind.IDENTIFIER),
        ([f"customer-{i}" for i in range(N - 2)] + ["customer-0"] * 2, Kind.IDENTIFIER),
        (RNG.permutation(10 * N)[:N] ** 2, Kind.COUNT),
    ],
)  # fmt: skip
def test_the_kind_follows_from_the_values(values: Sequence[object], kind: Kind) -> None:
    assert typed(values).kind is kind


def test_distinct_integers_under_a_name_that_says_so_are_an_identifier() -> None:
    values = RNG.permutation(10 * N)[:N] ** 2
    assert typed(values, "customer_id").kind is Kind.IDENTIFIER
    assert typed(RNG.normal(size=N), "id").kind is Kind.REAL


def test_identifiers_keep_their_text() -> None:
    column = typed([f"{i:08}" for i in range(N)])
    assert column.stored[:2].tolist() == ["00000000", "00000001"]
    assert "identifier" in column.problems[0]


def test_integers_that_float64_cannot_hold_are_told_apart() -> None:
    assert typed([2**60 + i for i in range(N)]).kind is Kind.IDENTIFIER
    assert typed([2**60 + i % 9 for i in range(N)]).unique == 9
    assert typed([*RNG.integers(0, 9, N).tolist(), 10**20]).kind is Kind.REAL


def test_levels_stand_by_falling_frequency_and_ties_by_text() -> None:
    column = typed(["b", "c", "a", "c", "d", "b", None])
    assert column.levels == ("b", "c", "a", "d")
    assert column.missing == 1
    assert column.unique == 4


def test_a_pair_keeps_its_most_frequent_spelling_in_the_order_no_yes() -> None:
    column = typed(["Yes", "no", "Yes", "YES", "no", "No"])
    assert column.levels == ("no", "Yes")
    assert list(column.stored) == ["Yes", "no", "Yes", "Yes", "no", "no"]


def test_infinite_values_are_missing_and_counted_but_1e308_stays() -> None:
    column = typed([*map(str, np.linspace(-1, 1, 60)), "inf", "-Infinity", "1e400", "1e308"])
    assert column.kind is Kind.REAL
    assert column.missing == 3
    assert np.nanmax(np.asarray(column.stored)) == 1e308
    assert column.problems == ("3 infinite value(s) were read as missing",)


def test_one_wild_value_does_not_decide_the_kind() -> None:
    normal = RNG.normal(100, 1, N)
    assert number_kind(np.append(normal, 1e12)) is Kind.REAL
    assert number_kind(np.append(RNG.lognormal(0, 1, N), 1e308)) is Kind.POSITIVE


def test_a_few_stray_cells_in_a_column_of_numbers_become_missing_with_examples() -> None:
    column = typed([*RNG.normal(size=N).tolist(), "oops", "12a"])
    assert column.kind is Kind.REAL
    assert column.missing == 2
    assert column.problems == ("2 cell(s) that are not numbers were read as missing, such as 'oops', '12a'",)


def test_many_different_stray_cells_make_a_category_that_says_so() -> None:
    column = typed([*np.round(RNG.normal(size=N), 1).tolist(), *[f"z{number % 5}" for number in range(40)]])
    assert column.kind is Kind.CATEGORY
    assert "40 of 440 cells are not numbers, such as 'z0'" in column.problems[0]


@pytest.mark.parametrize("odd", [["z"] * 40, ["00"], ["n/k"], ["refused", "n/k"] * 10])
def test_few_words_among_many_numbers_are_missing_cells(odd: list[str]) -> None:
    column = typed([*np.round(RNG.normal(size=60), 1).tolist() * 4, *odd])
    assert column.kind is Kind.REAL
    assert column.missing == (0 if odd == ["00"] else len(odd))


def test_a_rare_letter_among_few_codes_is_a_level() -> None:
    column = typed([*RNG.integers(1, 6, N).tolist(), "X"])
    assert column.kind is Kind.CATEGORY
    assert "X" in column.levels


def test_words_for_missing_are_missing_among_numbers_and_dates_and_levels_elsewhere() -> None:
    assert typed([*range(0, 60, 2), *range(30), "None", "unknown"]).missing == 2
    assert typed([*[f"2024-01-{day:02}" for day in range(1, 29)], "unknown"]).kind is Kind.DATETIME
    assert "none" in typed(["red", "blue", "none", "red", "none"] * 5).levels


def test_at_least_99_percent_of_the_cells_must_be_dates_or_words_for_not_known() -> None:
    days = [f"2024-01-{day:02}" for day in range(1, 29)] * 10
    assert typed([*days, "2024-02-30"]).kind is Kind.DATETIME
    assert typed([*days, "2024-02-30"]).missing == 1
    assert typed([*days, *["tbc"] * 10, *["0000-00-00"] * 9]).kind is Kind.DATETIME
    assert typed([*days, *[f"soon {number}" for number in range(10)]]).kind is Kind.CATEGORY


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("day", [20240101 + day for day in range(28)]),
        ("created_at", [1_704_067_200 + 7_200 * hour for hour in range(60)]),
        ("timestamp", [1_704_067_200_000 + 7_200_123 * hour for hour in range(60)]),
    ],
)
def test_whole_numbers_that_are_points_in_time_are_read_as_such_and_it_is_said(name: str, values: list[int]) -> None:
    column = typed(values, name)
    assert column.kind is Kind.DATETIME
    assert str(np.min(column.stored))[:10] == "2024-01-01"
    assert f"--kind-of {name}=count" in column.problems[-1]


def test_a_unit_is_kept_and_few_numbers_with_a_unit_stay_levels() -> None:
    weights = typed([f"{weight:.1f} kg" for weight in RNG.normal(70, 9, N)])
    assert (weights.kind, weights.unit) == (Kind.REAL, "kg")
    assert typed(RNG.choice([" 36 months", " 60 months"], N)).levels in {
        ("36 months", "60 months"),
        ("60 months", "36 months"),
    }
    assert typed([f"{number}a" if number % 2 else f"{number}b" for number in range(80)] * 2).kind is Kind.CATEGORY


@pytest.mark.parametrize("name", ["loan_status", "District", "zip", "contract_term"])
def test_whole_numbers_that_the_name_calls_codes_are_levels_and_the_way_back_is_named(name: str) -> None:
    column = typed(RNG.integers(2, 9, N), name)
    assert column.kind is Kind.CATEGORY
    assert f"--kind-of {name}=count" in column.problems[0]
    assert typed(RNG.integers(2, 9, N), f"number_of_{name}").kind is Kind.COUNT


def test_an_identifier_that_repeats_names_things_whose_rows_belong_together() -> None:
    column = typed([f"P{number // 4}" for number in range(N)], "patient")
    assert (column.kind, column.repeats) == (Kind.IDENTIFIER, True)
    assert "names 100 things in 400 rows" in column.problems[0]
    assert typed(RNG.integers(1, 200, N), "household_id").repeats
    assert typed(RNG.integers(1, 9, N), "gender_id").kind is Kind.CATEGORY


def test_personal_data_is_no_level_and_named_as_such() -> None:
    surnames = [f"{a}{b}" for a in ("Smith", "Meyer", "Rossi", "Kowal") for b in ("", "son", "ski", "er")]
    column = typed(RNG.choice(surnames, N), "last_name")
    assert (column.kind, column.personal) == (Kind.TEXT, "names of people")
    assert not any(name in problem for problem in column.problems for name in surnames)
    assert typed(RNG.choice(surnames, N), "city").kind is Kind.CATEGORY


def test_what_people_wrote_is_text_and_what_they_chose_are_levels() -> None:
    remarks = [f"nest number {number} was found late" for number in range(12)]
    assert typed([*RNG.choice(remarks, 60), *[None] * 300], "comments").kind is Kind.TEXT
    assert typed(RNG.choice(["rather less than most others", "about as much as all others"], N)).kind is Kind.CATEGORY


def test_dates_beyond_nanoseconds_are_missing_and_counted() -> None:
    column = typed([*[f"2024-01-{day:02}" for day in range(1, 29)], "9999-12-31"])
    assert column.kind is Kind.DATETIME
    assert column.problems == ("1 date(s) outside the years 1678 to 2261 were read as missing",)


def test_declared_levels_are_not_second_guessed() -> None:
    cells = text_cells(["1", "2", "1"] * 10)
    assert infer("x", TextCells(cells.codes, cells.texts, declared=True)).kind is Kind.CATEGORY
    ordered = infer("x", TextCells(cells.codes, cells.texts, declared=True, ordered=True))
    assert (ordered.kind, ordered.levels) == (Kind.ORDINAL, ("1", "2"))


@given(st.lists(st.integers(0, 5), min_size=1, max_size=50))
def test_numbers_from_a_typed_source_and_from_text_are_judged_alike(values: list[int]) -> None:
    from_text, from_numbers = typed(values), infer("x", NumberCells(np.array(values, dtype=float)))
    assert (from_text.kind, from_text.levels, from_text.unique) == (
        from_numbers.kind,
        from_numbers.levels,
        from_numbers.unique,
    )
    assert list(from_text.stored) == list(from_numbers.stored)


@given(st.lists(st.one_of(st.none(), st.text(st.characters(codec="utf-8"), max_size=6)), min_size=1, max_size=40))
def test_any_text_gets_a_kind_and_its_counts_add_up(values: list[str | None]) -> None:
    column = typed(values)
    assert len(column.stored) == len(values)
    present = {value for value in np.asarray(column.stored, dtype=object).tolist() if not pd.isna(value)}
    assert len(present) == column.unique
    assert bool(column.levels) == column.kind.is_levelled


def test_percentile_skewness_in_closed_form() -> None:
    grid = (np.arange(100_000) + 0.5) / 100_000
    assert percentile_skewness(grid) == pytest.approx(0, abs=1e-9)
    exponential = (np.log(10) + np.log(10 / 9) - 2 * np.log(2)) / (np.log(10) - np.log(10 / 9))
    assert percentile_skewness(-np.log(1 - grid)) == pytest.approx(exponential, abs=1e-4)
    assert percentile_skewness(np.ones(5)) == 0
