from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.analysis.conclusions import LONGEST_SUBJECT, Finding, facts, subject
from vaeaudit.statistics.measures import Interval, Measure

AUC = Measure(0.7, Interval(0.6, None, 0.95), 40, expected=0.5)


def test_evidence_is_fields_under_their_own_names_and_intervals_are_their_bounds() -> None:
    assert facts(AUC, "n", "ci", "value") == {"n": 40, "ci": [0.6, None], "value": 0.7}
    assert list(facts(AUC, "value", "n")) == ["value", "n"]


def test_evidence_of_a_field_that_is_not_there_is_refused() -> None:
    with pytest.raises(AttributeError, match="shares"):
        facts(AUC, "n", "shares")


def test_plain_words_are_joined_as_they_are_written() -> None:
    assert subject("sex", "Female") == "sex-Female"
    assert subject("years_of_work") == "years_of_work"


def test_the_id_of_a_finding_is_its_code_and_its_subject() -> None:
    made = [Finding("VA501", about, "proxy", "low", "t", {}, "a", "proxies").id for about in ("sex", "")]
    assert made == ["VA501-sex", "VA501"]


@pytest.mark.parametrize(
    "parts",
    [
        [("< 30",), (">= 30",), ("30",), ("[30, 40)",)],
        [("Test", "train"), ("test", "train")],
        [("sex", "race"), ("sex-race",), ("sex race",), ("sex", "race", "")],
        [("a-b", "c"), ("a", "b-c"), ("a", "b", "c")],
        [("x" * LONGEST_SUBJECT,), ("x" * LONGEST_SUBJECT + "y",), ("x" * LONGEST_SUBJECT + "z",)],
        [("",), (" ",), ("-",)],
    ],
)
def test_different_subjects_differ(parts: list[tuple[str, ...]]) -> None:
    assert len({subject(*each) for each in parts}) == len(parts)


@given(st.lists(st.lists(st.text(max_size=3), min_size=1, max_size=3).map(tuple), unique=True, max_size=8))
def test_whatever_they_are_called(parts: list[tuple[str, ...]]) -> None:
    assert all(subject(*one) != subject(*other) for one, other in combinations(parts, 2))


@pytest.mark.parametrize("name", ["combinations", "others"])
def test_a_column_called_as_several_things_are_is_told_apart_from_them(name: str) -> None:
    assert subject(name).startswith(f"{name}-")


def test_a_subject_holds_nothing_that_a_page_could_trip_over() -> None:
    hostile = subject("</script><img src='x' & \"y\">", "\ud800", "x" * 99)
    assert set("<>\"'=&/ ").isdisjoint(hostile)
    assert len(hostile) < LONGEST_SUBJECT + 10
