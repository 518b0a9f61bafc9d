from __future__ import annotations

from dataclasses import replace

import pytest

from vaeaudit.analysis.checks.va802_missing_cells import CHECK
from vaeaudit.analysis.quality.columns import summarise_columns


@pytest.fixture
def ask(people, seen_of):
    """The answer where so many cells of the first columns are missing, of 1,500 rows, and none of others."""

    def asked(*missing):
        columns = [replace(column, missing=0) for column in summarise_columns(people.frame, people.schema)]
        columns[: len(missing)] = [replace(column, missing=n) for column, n in zip(columns, missing, strict=False)]
        return CHECK.ask(seen_of(columns=tuple(columns), rows=people.accounting))

    return asked


def test_columns_with_many_missing_cells_are_one_finding_emptiest_first(ask):
    answer = ask(150, 900)
    (finding,) = answer.findings
    assert (answer.state, answer.tested, finding.id, finding.severity) == ("finding", 9, "VA802", "medium")
    assert finding.title == "2 columns with many missing cells: job (60.0 %) and hours (10.0 %)"
    assert (list(finding.evidence["shares"]), finding.evidence["missing"]) == (["job", "hours"], 900)


def test_columns_that_are_mostly_filled_are_a_hint(ask):
    assert ask(150).findings[0].severity == "low"


def test_a_few_missing_cells_pass(ask):
    answer = ask(74)
    assert (answer.state, answer.why) == ("passed", "No column of 9 lacks 5 % of its cells or more.")
