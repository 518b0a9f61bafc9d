"""Names, lists, groups and reasons are put into words in one place."""

from __future__ import annotations

from typing import get_args

import pytest

from vaeaudit.analysis.conclusions import Severity, State, VerdictStatus
from vaeaudit.analysis.outliers.results import Reason
from vaeaudit.wording import phrases


def test_one_row_is_not_rows() -> None:
    assert [phrases.plural(n, "row") for n in (0, 1, 48_842)] == ["no rows", "1 row", "48,842 rows"]


def test_a_list_tells_how_many_it_leaves_out() -> None:
    assert phrases.listed([]) == "none"
    assert phrases.listed(["a"]) == "a"
    assert phrases.listed(list("abcdef"), most=2) == "a, b and 4 more"
    assert phrases.listed(["a, b", "c", "d"], separator="; ", last="or") == "a, b; c or d"


def test_an_empty_name_is_still_something_to_point_at() -> None:
    assert phrases.name("") == "(empty)"
    assert phrases.name("\u200b\x00") == "(empty)"


@pytest.mark.parametrize(
    ("label", "text"), [(">= 60", "age >= 60"), ("< 25", "age < 25"), ("[25, 35)", "age in [25, 35)"), ("x", "age = x")]
)
def test_a_group_is_named_by_its_column(label: str, text: str) -> None:
    assert phrases.group(["age"], [label]) == text


@pytest.mark.parametrize(
    ("direction", "said"),
    [
        ("rises", "rises with age"),
        ("falls", "falls as age rises"),
        ("from Wife up to Husband", "runs from Wife up to Husband in age"),
        ("highest in the middle", "is highest in the middle of age"),
        ("lower where missing", "is lower where age is missing"),
        ("something new", "goes with age (something new)"),
    ],
)
def test_each_way_a_latent_moves_has_words(direction: str, said: str) -> None:
    assert phrases.explains("age", direction) == said


def test_a_reason_names_cell_expectation_and_surprise() -> None:
    long = "x" * 80
    assert phrases.reason(Reason("age", 4.23, "90", "38")) == "age is 90, expected 38 (4.23 nats)"
    pair = Reason("age", 6.1, "17", "46 to 51", "years_of_work", "30")
    assert phrases.reason(pair) == "age is 17 with years_of_work 30, expected 46 to 51 (6.10 nats)"
    assert phrases.reason(Reason("a", 2.0, long, "")) == f"a is {long} (2.00 nats)"
    assert phrases.reason(Reason("a", 2.0, long, ""), cut=True) == f"a is {'x' * 59}… (2.00 nats)"


def test_every_severity_state_and_status_has_a_word() -> None:
    assert tuple(phrases.SEVERITY) == get_args(Severity)
    assert set(phrases.STATES) == set(get_args(State))
    assert set(phrases.VERDICT) == set(get_args(VerdictStatus))
