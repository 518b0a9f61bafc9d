from __future__ import annotations

import pytest

from vaeaudit.analysis.checks.va652_column_changes import CHECK, MOST_FINDINGS


@pytest.fixture
def ask(seen_changes):
    return lambda *changes: CHECK.ask(seen_changes(*changes))


def test_columns_that_change_at_one_place_have_one_finding(ask, change):
    near, far = ("2014-04-03", "2014-04-09"), ("2014-09-01", "2014-09-02")
    found = ask(change("a"), change("b", 0.8, ci=near), change("c", 0.6, at="2014-09-01", ci=far), change("paid"))
    first, second = found.findings
    assert first.title == "By asked, a is yes in some rows; there changes also b"
    assert (first.severity, second.severity) == ("medium", "low")
    assert second.evidence["columns"] == ["c"]


def test_the_largest_have_findings_of_their_own_and_the_rest_share_one(ask, change):
    days = [f"2014-0{month}-01" for month in range(1, MOST_FINDINGS + 3)]
    found = ask(*(change(f"c{day[6]}", 1 - int(day[6]) / 50, at=day, ci=(day, day)) for day in days)).findings
    assert [finding.evidence.get("columns") for finding in found] == [["c1"], ["c2"], ["c3"], None]
    assert found[-1].title == "Columns change at 2 more places: c4 (2014-04-01, by asked) and c5 (2014-05-01, by asked)"


def test_small_changes_and_trends_of_columns_are_not_told(ask, change):
    assert ask(change("a", 0.45), change("b", shape="trend")).state == "passed"
