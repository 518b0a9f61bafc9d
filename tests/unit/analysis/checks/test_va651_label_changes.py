from __future__ import annotations

import pytest

from vaeaudit.analysis.checks.va651_label_changes import CHECK


@pytest.fixture
def ask(seen_changes):
    return lambda *changes: CHECK.ask(seen_changes(*changes))


@pytest.mark.parametrize(("share", "severity"), [(1.0, "high"), (0.92, "high"), (0.6, "medium"), (0.47, "low")])
def test_a_label_that_changes_to_all_or_by_much_is_grave(ask, change, share, severity):
    (finding,) = ask(change(share=share)).findings
    assert finding.id.startswith("VA651-asked-paid-2014-04-02")
    assert (finding.severity, finding.title) == (severity, "By asked, paid is yes in some rows")
    assert (finding.evidence["earliest"], finding.evidence["latest"]) == ("2014-04-01", "2014-04-05")


def test_a_trend_of_the_label_is_said_and_no_finding(ask, change):
    answer = ask(change(shape="trend"))
    assert (answer.state, "It drifts by asked" in answer.why) == ("passed", True)


def test_a_column_that_changes_says_nothing_of_the_label(ask, change):
    assert ask(change("income")).state == "passed"


def test_without_a_date_nothing_can_be_asked(seen_as_read):
    assert (
        CHECK.ask(seen_as_read({"paid": ["yes", "no"] * 60, "age": [30, 40, 50] * 40}, label="paid")).state
        == "not_applicable"
    )
