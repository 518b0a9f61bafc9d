from __future__ import annotations

from dataclasses import replace

import pytest

from vaeaudit.analysis.checks.va805_sensitive_not_declared import CHECK
from vaeaudit.analysis.quality.columns import summarise_columns


@pytest.fixture
def ask(people, seen_of):
    """The answer where the names of these columns suggest a sensitive attribute."""

    def asked(*names):
        columns = summarise_columns(people.frame, people.schema)
        suggested = (replace(column, suggested_sensitive=column.name in names) for column in columns)
        return CHECK.ask(seen_of(columns=tuple(suggested)))

    return asked


def test_undeclared_attributes_are_named_with_the_option_that_declares_them(ask):
    answer = ask("job", "age")  # age is declared already
    (finding,) = answer.findings
    assert (answer.state, answer.tested, finding.id, finding.severity) == ("finding", 9, "VA805", "info")
    assert finding.title == "The name suggests a sensitive attribute, but none was declared: job"
    assert finding.evidence["names"] == ["job"]
    assert "--sensitive job" in finding.action


def test_declared_attributes_pass(ask):
    assert ask("age", "sex").state == "passed"
