from __future__ import annotations

from dataclasses import replace

from vaeaudit.analysis.checks.va804_columns_left_out import CHECK
from vaeaudit.analysis.quality.columns import summarise_columns
from vaeaudit.data.schema.columns import Role


def test_columns_that_took_no_part_are_named_with_the_reason(people, seen_of):
    columns = list(summarise_columns(people.frame, people.schema))
    columns[2] = replace(columns[2], role=Role.EXCLUDED.value, in_model=False)
    answer = CHECK.ask(seen_of(columns=tuple(columns)))
    (finding,) = answer.findings
    assert (answer.state, answer.tested, finding.id, finding.severity) == ("finding", 9, "VA804", "info")
    assert finding.title == "2 columns took no part in the model: region (excluded) and remark (free text)"
    assert finding.evidence["left_out"] == {"region": "excluded", "remark": "free text"}


def test_columns_that_the_audit_uses_otherwise_are_not_left_out(people, seen_of):
    columns = summarise_columns(people.frame, people.schema)[:8]
    answer = CHECK.ask(seen_of(columns=columns))
    assert (answer.state, answer.why) == ("passed", "No column of 8 was left out for what it holds.")
