from __future__ import annotations

from vaeaudit.analysis.checks.va653_row_order_tells import CHECK
from vaeaudit.outputs.changes import ROW_ORDER


def test_the_label_leads_what_the_order_of_the_rows_tells(seen_changes, change):
    split = [change(name, 0.9, shape="split", along=ROW_ORDER) for name in ("a", "paid")]
    (finding,) = CHECK.ask(seen_changes(*split)).findings
    assert (finding.id, finding.severity) == ("VA653", "low")
    assert finding.title == "The order of the rows tells something: paid is yes in some rows; so differs a"


def test_without_the_label_it_is_a_fact_to_know_and_without_a_difference_it_passes(seen_changes, change):
    (finding,) = CHECK.ask(seen_changes(change("a", 0.9, shape="split", along=ROW_ORDER))).findings
    assert finding.severity == "info"
    assert CHECK.ask(seen_changes(change("a", 0.45, shape="split", along=ROW_ORDER))).state == "passed"


def test_rows_that_stand_in_the_order_of_a_column_are_said_to(seen_as_read, seen_changes, change):
    sorted_rows = seen_as_read({"paid": ["no"] * 60 + ["yes"] * 60, "age": [30, 40, 50] * 40}, label="paid")
    measured = seen_changes(change(shape="split", along=ROW_ORDER)).measured
    (finding,) = CHECK.ask(type(sorted_rows)(measured, sorted_rows.inputs, sorted_rows.config)).findings
    assert finding.title == "The rows stand in the order of paid: paid is yes in some rows"


def test_too_few_rows_cannot_be_told(seen_as_read):
    assert (
        CHECK.ask(seen_as_read({"paid": ["no", "yes"] * 20, "age": [30, 40] * 20}, label="paid")).state
        == "inconclusive"
    )
