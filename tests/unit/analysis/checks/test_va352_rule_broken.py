from __future__ import annotations

from dataclasses import replace

from vaeaudit.analysis.checks.va352_rule_broken import CHECK, MOST_TOLD
from vaeaudit.analysis.rules.find import RuleSummary
from vaeaudit.outputs.table_rules import RuleKind

ORDER = RuleSummary("order-in-out", RuleKind.ORDER, ("in", "out"), "in is never after out", 6_907, 206, ("17", "23"))
LEVEL = RuleSummary("implies-a-b", RuleKind.IMPLIES, ("a", "b"), "b is 0 wherever a is x", 900, 9, ("4",))
KEPT = replace(ORDER, id="order-c-d", exceptions=0, rows=())


def test_each_broken_rule_is_a_finding_with_the_rows_that_break_it(seen_of):
    answer = CHECK.ask(seen_of(rules_of_the_table=(LEVEL, KEPT, ORDER)))
    order, level = answer.findings
    assert (answer.tested, order.id, order.severity, level.severity) == (3, "VA352-order-in-out", "medium", "low")
    assert order.title == "206 rows break a rule that the other 97.0 % keep: in is never after out"
    assert (order.evidence["rows"], order.evidence["exceptions"]) == (["17", "23"], 206)


def test_many_broken_rules_share_a_last_finding(seen_of):
    rules = tuple(replace(ORDER, id=f"order-{place}", exceptions=300 - place) for place in range(MOST_TOLD + 3))
    findings = CHECK.ask(seen_of(rules_of_the_table=rules)).findings
    assert len(findings) == MOST_TOLD + 1
    assert findings[-1].title.startswith("3 more rules are broken by some rows")
    assert findings[-1].evidence["rules"]["order-5"]["exceptions"] == 295


def test_rules_that_all_rows_keep_pass_and_so_does_a_table_without_rules(seen_of):
    assert CHECK.ask(seen_of(rules_of_the_table=(KEPT,))).why == "No row breaks any of 1 rule of the table."
    assert CHECK.ask(seen_of()).state == "passed"
