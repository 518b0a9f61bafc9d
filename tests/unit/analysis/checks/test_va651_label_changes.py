from __future__ import annotations

from types import SimpleNamespace

import pytest

from vaeaudit.analysis.checks.va651_label_changes import CHECK
from vaeaudit.analysis.checks.va652_column_changes import CHECK as COLUMNS
from vaeaudit.analysis.checks.va653_row_order_tells import CHECK as ROW_ORDER_CHECK
from vaeaudit.analysis.labels.summary import LabelSummary
from vaeaudit.outputs.changes import ROW_ORDER, Change, Stretch
from vaeaudit.outputs.region_rules import Condition


def change(column="paid", share=1.0, *, at="2014-04-02", ci=("2014-04-01", "2014-04-05"), shape="step", along="asked"):
    before = Stretch("2013-01-01", "2014-04-01", 100, 40, 0.4, 0.3, 0.5)
    after = Stretch(at, "2014-12-31", 100, round(100 * share), share, 0.2, 1.0)
    rule, said = Condition(column, "in", ["yes"]), f"{column} is yes in some rows"
    return Change(along, (), column, "values", shape, at, ci, rule, (), before, after, 0.001, said)


@pytest.fixture
def ask(seen_as_read):
    seen = seen_as_read({"asked": ["2014-01-01", "2014-01-02"] * 60, "paid": ["yes", "no"] * 60}, label="paid")

    def answer(check, *changes):
        label = LabelSummary("paid", None, changes=tuple(each for each in changes if each.column == "paid"))
        measured = SimpleNamespace(changes=changes, labels=label)
        return check.ask(SimpleNamespace(measured=measured, inputs=seen.inputs))

    return answer


@pytest.mark.parametrize(("share", "severity"), [(1.0, "high"), (0.92, "high"), (0.6, "medium"), (0.47, "low")])
def test_a_label_that_changes_to_all_or_by_much_is_grave(ask, share, severity):
    (finding,) = ask(CHECK, change(share=share)).findings
    assert (finding.severity, finding.title) == (severity, "By asked, paid is yes in some rows")
    assert (finding.evidence["earliest"], finding.evidence["latest"]) == ("2014-04-01", "2014-04-05")


def test_a_trend_of_the_label_is_said_and_no_finding(ask):
    answer = ask(CHECK, change(shape="trend"))
    assert (answer.state, "It drifts by asked" in answer.why) == ("passed", True)


def test_columns_that_change_at_one_place_have_one_finding(ask):
    near, far = ("2014-04-03", "2014-04-09"), ("2014-09-01", "2014-09-02")
    found = ask(COLUMNS, change("a"), change("b", 0.8, ci=near), change("c", at="2014-09-01", ci=far), change("paid"))
    first, second = found.findings
    assert first.title == "By asked, a is yes in some rows; there changes also b"
    assert second.evidence["columns"] == ["c"]


def test_small_changes_of_columns_are_not_told(ask):
    assert ask(COLUMNS, change("a", 0.45)).state == "passed"


def test_the_label_leads_what_the_order_of_the_rows_tells(ask):
    split = [change(name, 0.9, shape="split", along=ROW_ORDER) for name in ("a", "paid")]
    (finding,) = ask(ROW_ORDER_CHECK, *split).findings
    assert (finding.id, finding.severity) == ("VA653", "low")
    assert finding.title == "The order of the rows tells something: paid is yes in some rows; so differs a"
    assert ask(ROW_ORDER_CHECK).state == "passed"
