"""Missing cells: how many, in which columns together, in which groups, and what they go with."""

from __future__ import annotations

from collections.abc import Sequence

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.quality.missingness import Missingness, MissingReason
from vaeaudit.report.parts.blocks import Answer, Section
from vaeaudit.report.parts.tables import Cell, Lines, Table, numeric, plain, table, wide
from vaeaudit.wording import numbers, phrases

#: Columns that are missing together that a cell names.
_NAMED = 5


def missing(results: AuditResults) -> Section:
    """Build the section on missing cells."""
    title = "What is missing in the cells"
    columns = sorted(results.missingness, key=lambda column: -column.missing)
    if not columns:
        return Section("missing", title, "", (Answer("No cell is missing."),))
    worst = columns[0]
    lead = (
        f"{phrases.plural(len(columns), 'column')} of {numbers.count(len(results.columns))} "
        f"{'lacks' if len(columns) == 1 else 'lack'} cells, most of all {phrases.name(worst.column)}: "
        f"{numbers.with_interval(worst.share, worst.ci, 'share')}."
    )
    return Section("missing", title, lead, (_table(columns, results.outliers.fdr),))


def _table(columns: Sequence[Missingness], fdr: float) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            phrases.name(column.column),
            numbers.count(column.missing),
            numbers.with_interval(column.share, column.ci, "share"),
            phrases.listed([phrases.name(other) for other in column.together], most=_NAMED)
            if column.together
            else numbers.ABSENT,
            _groups(column, fdr),
            numbers.ABSENT if column.reason is None else _reason(column.reason),
        )
        for column in columns
    ]
    titles = plain("Column") + numeric("Missing", "Share, with interval")
    titles += wide("In the same rows", "Groups that differ (adjusted)", "It goes with")
    return table("Columns with missing cells", titles, rows)


def _groups(column: Missingness, fdr: float) -> Cell:
    lines = [
        f"{phrases.group([phrases.name(entry.attribute)], [phrases.name(entry.group)])}: {numbers.share(entry.share)}"
        for entry in column.by_group
        if entry.p_adjusted is not None and entry.p_adjusted <= fdr
    ]
    return Lines(tuple(lines)) if lines else numbers.ABSENT


def _reason(reason: MissingReason) -> str:
    found = reason.contrast
    where = phrases.group([phrases.name(found.column)], [phrases.name(found.group)])
    return (
        f"{where}: {numbers.share(found.share)} missing, elsewhere {numbers.share(found.other_share)} "
        f"(AUC {numbers.with_interval(reason.auc, reason.ci, 'ratio')})"
    )
