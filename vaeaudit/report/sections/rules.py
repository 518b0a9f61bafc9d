"""What holds in the table by construction, and how many rows break it."""

from __future__ import annotations

from collections.abc import Sequence

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.rules.find import RuleSummary
from vaeaudit.report.parts.blocks import Answer, Section
from vaeaudit.report.parts.tables import Cell, Table, numeric, table, wide
from vaeaudit.wording import numbers, phrases

_TITLE = "Rules of the table"
#: Rules that are shown before the others are folded away.
_SHOWN = 12


def rules(results: AuditResults) -> Section:
    """Build the section."""
    found = sorted(results.rules_of_the_table, key=lambda rule: rule.exceptions == 0)
    if not found:
        return Section("rules", _TITLE, "", (Answer("No column was found to follow from others.", "neutral"),))
    first, more = found[:_SHOWN], found[_SHOWN:]
    blocks = [_table("What holds by construction; rules that rows break come first", first, fold=False)]
    if more:
        blocks.append(_table(phrases.plural(len(more), "more rule"), more, fold=True))
    return Section("rules", _TITLE, lead(found), tuple(blocks))


def lead(found: Sequence[RuleSummary]) -> str:
    """Say how many rules there are, and how many are broken."""
    broken = sum(rule.exceptions > 0 for rule in found)
    hold = phrases.plural(len(found), "rule holds", "rules hold")
    said = f"{hold} by construction: what never occurs for their sake is no gap."
    some = phrases.plural(broken, "of them is", "of them are")
    return f"{said} {some} broken by some rows, listed first." if broken else f"{said} No row breaks any of them."


def _table(caption: str, found: Sequence[RuleSummary], *, fold: bool) -> Table:
    columns = wide("Rule") + numeric("Rows it speaks of", "Rows that break it") + wide("Such as")
    return table(caption, columns, [_row(rule) for rule in found], fold=fold, most=len(found))


def _row(rule: RuleSummary) -> tuple[Cell, ...]:
    named = [phrases.name(row) for row in rule.rows[:3]]
    return (
        rule.statement,
        numbers.count(rule.support),
        numbers.count(rule.exceptions),
        phrases.listed(named) if named else numbers.ABSENT,
    )
