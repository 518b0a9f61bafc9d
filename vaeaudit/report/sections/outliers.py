"""Which rows do not belong, why, and from whom they would be taken if they were deleted."""

from __future__ import annotations

from vaeaudit.analysis.results.audit import AuditResults
from vaeaudit.analysis.results.outliers import OutlierRow, OutlierSummary, ScoreCurve
from vaeaudit.report import numbers, outlier_figures, outlier_text, wording
from vaeaudit.report.blocks import Block, Figure, Paragraph, Section
from vaeaudit.report.galleries import outlier_galleries
from vaeaudit.report.sections.cells import suspicious_cells
from vaeaudit.report.sections.outlier_agreement import outlier_agreement
from vaeaudit.report.sections.outlier_groups import outlier_groups
from vaeaudit.report.tables import Badge, Bar, Cell, Column, Lines, Table, table

_OPEN_ROWS = 10


def outliers(results: AuditResults) -> Section:
    """Build the section."""
    found = results.outliers
    blocks: list[Block] = [Paragraph(f"The score: {found.definition}")]
    if found.curve is not None:
        blocks.append(_curve(found, found.curve))
    if results.pictures is not None:
        blocks += outlier_galleries(results.pictures, found)
    if found.top:
        blocks += _top(found, of_pictures=results.pictures is not None)
    if found.by_column:
        blocks.append(_by_column(found))
    if found.cells is not None:
        blocks.append(suspicious_cells(found.cells))
    blocks += outlier_groups(found)
    if found.agreement is not None:
        blocks.append(outlier_agreement(found.agreement))
    return Section("outliers", "Which rows do not belong", outlier_text.outliers_lead(found), tuple(blocks))


def _curve(found: OutlierSummary, curve: ScoreCurve) -> Figure:
    sentence = outlier_text.score_curve_sentence(found, curve)
    beyond = outlier_figures.beyond_the_edge(found, curve)
    if beyond:
        sentence += (
            f" {numbers.plural(beyond, 'row')} beyond the right edge {'is' if beyond == 1 else 'are'} not drawn."
        )
    return Figure("outliers-curve", "Outlier score of all rows", sentence, outlier_figures.score_curve(found, curve))


def _top(found: OutlierSummary, *, of_pictures: bool) -> list[Block]:
    """Show the first rows openly and the others on demand."""
    columns = [Column("Row"), Column(f"Score ({found.unit})", True), Column("p", True), Column("Flagged")]
    columns.append(Column("What is atypical" if of_pictures else "Reasons", wide=True))
    unexplained = "the picture as a whole" if of_pictures else "no single cell stands out"
    rows = [_row(row, unexplained) for row in found.top]
    every = "; flagged.csv has every flagged row" if found.flagged else ""
    first = table(f"The highest scores{every}", columns, rows[:_OPEN_ROWS])
    further = rows[_OPEN_ROWS:]
    if not further:
        return [first]
    return [first, table(f"The next {numbers.plural(len(further), 'row')} by score", columns, further, fold=True)]


def _row(row: OutlierRow, unexplained: str) -> tuple[Cell, ...]:
    reasons = tuple(wording.reason(why) for why in row.reasons)
    if row.aspect:
        reasons = (wording.shorten(row.aspect, 240), *reasons)
    return (
        wording.name(row.row_id),
        numbers.number(row.score),
        numbers.p_value(row.p_value),
        Badge("flagged", "bad") if row.flagged else "no",
        Lines(reasons) if reasons else unexplained,
    )


def _by_column(found: OutlierSummary) -> Table:
    ordered = sorted(found.by_column.items(), key=lambda entry: -entry[1])
    most = max(1, ordered[0][1])
    rows: list[tuple[Cell, ...]] = [
        (wording.name(column), Bar(numbers.count(rows), round(100 * rows / most, 1))) for column, rows in ordered
    ]
    caption = "Columns that are the first reason of flagged rows"
    return table(caption, [Column("Column"), Column("Flagged rows")], rows)
