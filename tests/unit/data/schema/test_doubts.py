"""Whole numbers that may number rows, measure or be codes are settled by the rest of the table, or asked about."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vaeaudit.config import ReadConfig
from vaeaudit.data.reading.load import load
from vaeaudit.data.schema.columns import Kind, Schema

RNG = np.random.default_rng(3)
N = 400
X = RNG.normal(size=N)


def schema(**columns: object) -> Schema:
    return load(pd.DataFrame({"x": X, "g": RNG.choice(["a", "b", "c"], N), **columns}), ReadConfig()).schema


def test_distinct_whole_numbers_that_go_with_nothing_are_identifiers_and_the_way_back_is_named() -> None:
    random = RNG.permutation(90_000)[:N] + 10_000
    with_gaps = np.cumsum(RNG.integers(1, 40, N)) + 5_000
    found = schema(ticket=random, sequence=with_gaps)
    assert {found[name].kind for name in ("ticket", "sequence")} == {Kind.IDENTIFIER}
    assert not found["sequence"].in_model
    assert "--kind-of sequence=count" in found["sequence"].problems[0]


def test_distinct_whole_numbers_that_go_with_something_or_are_uneven_stay_numbers_and_are_asked_about() -> None:
    people = RNG.permutation(np.unique(RNG.lognormal(10, 2, 2 * N).astype(int)))[:N]
    found = schema(wage=np.round(30_000 * np.exp(X / 3)) + np.arange(N) % 7, people=people)
    for name in ("wage", "people"):
        assert found[name].kind is Kind.COUNT
    assert "--kind-of people=identifier" in found["people"].problems[0]


def test_a_name_that_counts_is_believed() -> None:
    assert schema(total_income=RNG.permutation(90_000)[:N] + 10_000)["total_income"].kind is Kind.COUNT


def test_a_number_that_runs_on_and_begins_anew_numbers_rows_and_a_year_does_not() -> None:
    found = schema(position=np.arange(N) % 130, year=1900 + np.arange(N) % 100)
    assert found["position"].kind is Kind.IDENTIFIER
    assert not found.groups
    assert found["year"].kind is Kind.COUNT


def test_few_whole_numbers_in_no_order_are_asked_about_and_counts_are_not() -> None:
    codes = RNG.choice([1, 2, 3, 4, 5], N, p=[0.4, 0.05, 0.3, 0.05, 0.2])
    found = schema(mode=codes, children=RNG.poisson(1.4, N))
    assert "--kind-of mode=category" in found["mode"].problems[0]
    assert not found["children"].problems


@pytest.mark.parametrize("kind", ["count", "identifier"])
def test_a_kind_that_the_user_gave_is_not_doubted(kind: str) -> None:
    frame = pd.DataFrame({"x": X, "ticket": RNG.permutation(90_000)[:N]})
    column = load(frame, ReadConfig(kinds={"ticket": kind})).schema["ticket"]
    assert column.kind.value == kind
