"""Cells that contradict the rest of their rows, beside the rows that do not belong."""

from __future__ import annotations

from vaeaudit.analysis.results.outliers import CellSummary, SuspiciousCell
from vaeaudit.report import numbers, wording
from vaeaudit.report.blocks import Group, Paragraph
from vaeaudit.report.tables import Badge, Bar, Cell, Column, table

_TITLE = "Suspicious cells"


def suspicious_cells(found: CellSummary) -> Group:
    """Build the part of the section on outliers that is about single cells."""
    lead = Paragraph(f"What is tested: {found.definition}")
    if not found.flagged:
        none = f"None of the {numbers.plural(found.n, 'cell')} surprises more than chance explains."
        return Group("outliers-cells", _TITLE, (Paragraph(none), lead))
    listed = table(
        "The least probable cells; cells.csv has every suspicious cell",
        [Column("Row"), Column("Cell", wide=True), Column("p", True), Column("Row flagged")],
        [_cell(cell) for cell in found.top],
    )
    most = max(found.by_column.values())
    by_column = table(
        "Suspicious cells by column",
        [Column("Column"), Column("Cells")],
        [
            (wording.name(name), Bar(numbers.count(count), round(100 * count / most, 1)))
            for name, count in found.by_column.items()
        ],
    )
    return Group("outliers-cells", _TITLE, (Paragraph(_sentence(found)), lead, listed, by_column))


def _sentence(found: CellSummary) -> str:
    one = found.flagged == 1
    verbs = ("contradicts", "its row") if one else ("contradict", "their rows")
    share = numbers.with_interval(found.share_of_rows, found.ci, "percent")
    others = found.rows_not_flagged
    apart = "none of them goes" if others == 0 else f"{numbers.count(others)} of them {'goes' if others == 1 else 'go'}"
    return (
        f"{numbers.plural(found.flagged, 'cell')} of {numbers.count(found.n)} {verbs[0]} the rest of {verbs[1]}. "
        f"{'It lies' if one else 'They lie'} in {numbers.plural(found.rows, 'row')} ({share} of all rows); {apart} "
        "unflagged as a whole. To mend a cell keeps its row, which to delete would lose."
    )


def _cell(cell: SuspiciousCell) -> tuple[Cell, ...]:
    flagged: Cell = Badge("flagged", "bad") if cell.row_flagged else "no"
    return wording.name(cell.row_id), wording.reason(cell.reason), numbers.p_value(cell.p_value), flagged
