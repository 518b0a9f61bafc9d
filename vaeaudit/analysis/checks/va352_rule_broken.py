"""Rows that break a rule which nearly all others keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Seen, answered
from vaeaudit.analysis.conclusions import SEVERAL, Finding, Severity, facts, gravity
from vaeaudit.analysis.rules.find import RuleSummary
from vaeaudit.outputs.table_rules import RuleKind
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import plural

CODE: Final = "VA352"
KIND: Final = "quality"
#: Rules with a finding of their own; the others share one.
MOST_TOLD: Final = 3
#: What may have exceptions by nature, where cells that do not add up, or are out of order, contradict each other.
_SOFT = (RuleKind.DETERMINES, RuleKind.IMPLIES, RuleKind.ONLY_WHERE)
_ACTION: Final = (
    "Check these rows at the source: one of the columns is wrong in them, or the rule has exceptions to know."
)


def ask(seen: Seen) -> Answer:
    """Tell each broken rule, those of cells that contradict each other first."""
    rules = seen.measured.rules_of_the_table
    broken = sorted(
        (rule for rule in rules if rule.exceptions), key=lambda rule: (gravity(_severity(rule)), -rule.exceptions)
    )
    findings = [_finding(rule, seen.config.confidence) for rule in broken[:MOST_TOLD]]
    if broken[MOST_TOLD:]:
        findings.append(_others(broken[MOST_TOLD:]))
    kept = (
        f"No row breaks any of {plural(len(rules), 'rule')} of the table."
        if rules
        else "The table has no rule to break."
    )
    return answered(findings, kept, tested=len(rules))


def _severity(rule: RuleSummary) -> Severity:
    return "low" if rule.kind in _SOFT else "medium"


def _finding(rule: RuleSummary, confidence: float) -> Finding:
    share = rule.exceptions / rule.support
    breaks = "breaks" if rule.exceptions == 1 else "break"
    return Finding(
        code=CODE,
        subject=rule.id,
        kind=KIND,
        severity=_severity(rule),
        title=(
            f"{plural(rule.exceptions, 'row')} {breaks} a rule that the other {numbers.share(1 - share)} keep: "
            f"{rule.statement}"
        ),
        evidence={
            **facts(rule, "kind", "columns", "support", "exceptions"),
            "share": share,
            "ci": share_interval(rule.exceptions, rule.support, confidence).bounds,
            "rows": list(rule.rows),
        },
        action=_ACTION,
        anchor="rules",
    )


def _others(rules: Sequence[RuleSummary]) -> Finding:
    return Finding(
        code=CODE,
        subject=SEVERAL[1],
        kind=KIND,
        severity=_severity(rules[0]),
        title=f"{plural(len(rules), 'more rule is', 'more rules are')} broken by some rows: {rules[0].statement} …",
        evidence={"rules": {rule.id: {"statement": rule.statement, "exceptions": rule.exceptions} for rule in rules}},
        action=_ACTION,
        anchor="rules",
    )


CHECK = Check(CODE, "rule-broken", "Does every row keep to the rules of the table?", KIND, ask)
