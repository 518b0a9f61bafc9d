from __future__ import annotations

from dataclasses import replace

import pytest

from vaeaudit.analysis.checks.va803_column_remarks import CHECK
from vaeaudit.analysis.quality.columns import summarise_columns

INFINITE = "12 infinite values were read as missing."


@pytest.fixture
def ask(people, seen_of):
    """The answer where these columns have a remark."""

    def asked(*names):
        columns = summarise_columns(people.frame, people.schema)
        remarked = (replace(column, problems=(INFINITE,) if column.name in names else ()) for column in columns)
        return CHECK.ask(seen_of(columns=tuple(remarked)))

    return asked


def test_remarks_on_columns_are_one_finding(ask):
    answer = ask("hours", "age")
    (finding,) = answer.findings
    assert (answer.state, answer.tested, finding.id, finding.severity) == ("finding", 9, "VA803", "low")
    assert finding.title == "hours: 12 infinite values were read as missing, and 1 more column with remarks"
    assert finding.evidence["problems"] == {"hours": [INFINITE], "age": [INFINITE]}


def test_a_remark_on_a_column_that_the_model_does_not_see_is_for_information(ask):
    assert ask("remark").findings[0].severity == "info"


def test_columns_without_remarks_pass(ask):
    assert ask().why == "Nothing odd was met in 9 columns."
