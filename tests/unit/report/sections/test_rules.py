"""What the section on the rules of the table says."""

from __future__ import annotations

from dataclasses import replace

from vaeaudit.analysis.rules.find import RuleSummary
from vaeaudit.outputs.table_rules import RuleKind
from vaeaudit.report.sections.rules import rules

KEPT = RuleSummary("sum-a-b-c", RuleKind.SUM, ("a", "b", "c"), "c is a + b", 1_200, 0)
BROKEN = RuleSummary("order-a-d", RuleKind.ORDER, ("a", "d"), "a is never above d", 1_100, 6, ("7", "9", "12", "40"))


def test_rules_that_rows_break_come_first_with_the_rows(results):
    built = rules(replace(results, rules_of_the_table=(KEPT, BROKEN)))
    (table,) = built.blocks
    assert built.lead.startswith("2 rules hold by construction")
    assert built.lead.endswith("1 of them is broken by some rows, listed first.")
    assert table.rows[0] == ("a is never above d", "1,100", "6", "7, 9 and 12")
    assert table.rows[1] == ("c is a + b", "1,200", "0", "–")


def test_all_but_twelve_rules_are_folded(results):
    first, more = rules(replace(results, rules_of_the_table=(KEPT,) * 15)).blocks
    assert (len(first.rows), first.folded, len(more.rows), more.folded) == (12, False, 3, True)
    assert more.caption == "3 more rules"


def test_a_table_without_rules_says_so(results):
    (answer,) = rules(replace(results, rules_of_the_table=())).blocks
    assert answer.text == "No column was found to follow from others."
