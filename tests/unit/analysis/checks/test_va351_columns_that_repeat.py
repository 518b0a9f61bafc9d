from __future__ import annotations

from vaeaudit.analysis.checks.va351_columns_that_repeat import CHECK
from vaeaudit.analysis.rules.find import RuleSummary
from vaeaudit.outputs.table_rules import RuleKind

SAME = RuleSummary("equal-a-b", RuleKind.EQUAL, ("a", "b", "c"), "a, b and c hold the same values", 900, 0)
UNIT = RuleSummary("scaled-d-e", RuleKind.SCALED, ("d", "e"), "e is 2 × d", 900, 0)
ORDER = RuleSummary("order-a-d", RuleKind.ORDER, ("a", "d"), "a is never above d", 900, 0)


def test_all_columns_that_repeat_are_one_low_finding(seen_of):
    answer = CHECK.ask(seen_of(rules_of_the_table=(SAME, UNIT, ORDER)))
    (finding,) = answer.findings
    assert (answer.state, finding.id, finding.severity, finding.anchor) == ("finding", "VA351", "low", "rules")
    assert finding.title == "a, b and c hold the same values; 3 columns in all repeat others"
    assert finding.evidence["columns"] == ["b", "c", "e"]


def test_rules_of_other_kinds_pass(seen_of):
    assert CHECK.ask(seen_of(rules_of_the_table=(ORDER,))).why == "None of 9 columns repeats another."
