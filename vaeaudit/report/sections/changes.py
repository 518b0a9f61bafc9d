"""What changes along a date, and what depends on the order of the rows."""

from __future__ import annotations

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.outputs.changes import Change
from vaeaudit.report.parts import figures
from vaeaudit.report.parts.blocks import Answer, Block, Figure, Section
from vaeaudit.report.parts.tables import Cell, numeric, plain, table, wide
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.rules import describe

#: Changes that are drawn, the largest ones.
_DRAWN = 4
_SHAPES = {"step": "changes", "trend": "drifts", "split": "first rows and last"}


def changes(results: AuditResults) -> Section:
    """Build the section on changes."""
    title, found = "Time and order", results.changes
    if not found:
        return Section("changes", title, "", (Answer("Nothing changes along a date or the order of the rows."),))
    steps = [change for change in found if change.shape == "step"]
    columns = dict.fromkeys(change.column for change in steps)
    lead = (
        f"{phrases.plural(len(columns), 'column')} {'changes' if len(columns) == 1 else 'change'} along a date, most "
        f"of all {phrases.name(steps[0].column)}: {steps[0].statement}."
        if steps
        else "No column has a step along a date."
    )
    drawn: list[Block] = [_figure(place, change) for place, change in enumerate(steps[:_DRAWN])]
    rows: list[tuple[Cell, ...]] = [
        (
            phrases.name(change.along),
            _SHAPES[change.shape],
            describe((change.rule,), cut=True),
            describe(change.within, cut=True) if change.within else "all",
            change.at,
            f"{change.ci[0]} to {change.ci[1]}" if change.shape == "step" else numbers.ABSENT,
            numbers.with_interval(change.before.value, change.before, "share"),
            numbers.with_interval(change.after.value, change.after, "share"),
            numbers.p_value(change.p_adjusted),
        )
        for change in found
    ]
    titles = plain("Along", "How") + wide("What is counted") + plain("In which rows", "From", "Or from")
    titles += numeric("Before", "After", "p, adjusted")
    return Section("changes", title, lead, (*drawn, table("What changes", titles, rows)))


def _figure(place: int, change: Change) -> Figure:
    said = f"{phrases.name(change.column)} by {phrases.name(change.along)}"
    sentence = f"{change.statement[:1].upper()}{change.statement[1:]}. The band is where the change may lie."
    return Figure(f"changes-{place}", said, sentence, figures.along_order(change))
