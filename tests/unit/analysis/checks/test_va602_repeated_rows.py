from __future__ import annotations

import pytest

from vaeaudit.analysis.checks.va602_repeated_rows import CHECK
from vaeaudit.analysis.duplicates.duplicates import Duplicates, EqualRows, summarise_duplicates


@pytest.fixture
def ask(seen_of):
    """The answer about these copies among 1,500 rows."""

    def asked(rows_in_groups, groups, most, **fields):
        duplicates = Duplicates(rows_in_groups, groups, (EqualRows("a", most),), **fields)
        return CHECK.ask(seen_of(duplicates=duplicates))

    return asked


def test_planted_copies_are_counted_without_their_originals(people, seen_of):
    answer = CHECK.ask(seen_of(duplicates=summarise_duplicates(people, confidence=0.95)))
    (finding,) = answer.findings
    assert (answer.state, answer.tested, finding.id, finding.severity) == ("finding", 1_500, "VA602", "medium")
    assert (
        finding.title
        == "20 rows (1.3 %) repeat an earlier row in every column that is no id, and would go if one of each were kept"
    )
    assert (finding.evidence["copies"], finding.evidence["n"]) == (20, 1_500)


def test_few_copies_are_a_hint(ask):
    (finding,) = ask(2, 1, 2, expected_pairs=0.001).findings
    assert (finding.severity, finding.title) == (
        "low",
        "1 row (0.067 %) repeats an earlier row in every column that is no id, and would go if one of each were kept",
    )


def test_in_a_coarse_table_copies_are_no_surprise_and_the_finding_says_so(ask):
    (finding,) = ask(1_400, 30, 60, expected_pairs=5_000, coarse=True).findings
    assert finding.severity == "info"
    assert "no surprise" in finding.title
    assert finding.action.startswith("Keep them")


def test_two_equal_pictures_are_always_a_surprise(ask):
    (finding,) = ask(900, 30, 40, basis="pixels").findings
    assert finding.severity == "medium"
    assert (
        finding.title
        == "870 pictures (58.0 %) repeat an earlier one pixel for pixel, and would go if one of each were kept"
    )


def test_rows_that_all_differ_pass(seen_of):
    assert CHECK.ask(seen_of()).why == "No two of 1,500 rows are equal."
