"""Which rows do not belong, why, and from whom they would be taken if they were deleted."""

from __future__ import annotations

from vaeaudit.analysis.results.audit import AuditResults
from vaeaudit.analysis.results.outliers import GroupOutlierRate, OutlierRow, OutlierSummary
from vaeaudit.report import figures, numbers, text, wording
from vaeaudit.report.blocks import Block, Figure, Group, Paragraph, Section
from vaeaudit.report.galleries import outlier_galleries
from vaeaudit.report.tables import Badge, Bar, Cell, Column, Lines, Table, Track, table

_OPEN_ROWS = 10


def outliers(results: AuditResults) -> Section:
    """Build the section."""
    found = results.outliers
    blocks: list[Block] = [Paragraph(f"The score: {found.definition}")]
    if len(found.score_quantiles) and found.n:
        blocks.append(_curve(found))
    if results.pictures is not None:
        blocks += outlier_galleries(results.pictures, found)
    if found.top:
        blocks += _top(found, of_pictures=results.pictures is not None)
    if found.by_column:
        blocks.append(_by_column(found))
    # One scale for all attributes, so that the marks of different tables can be compared.
    track = Track(0.0, max([rate.ci.high or rate.rate for rate in found.by_group if rate.n], default=1.0), "percent")
    attributes = dict.fromkeys(rate.attribute for rate in found.by_group)
    groups = [block for attribute in attributes for block in _rates(found, attribute, track)]
    if groups:
        blocks.append(Group("outliers-groups", "Flagged rows by group", tuple(groups)))
    return Section("outliers", "Which rows do not belong", text.outliers_lead(found), tuple(blocks))


def _curve(found: OutlierSummary) -> Figure:
    return Figure(
        "outliers-curve", "Outlier score of all rows", text.score_curve_sentence(found), figures.score_curve(found)
    )


def _top(found: OutlierSummary, *, of_pictures: bool) -> list[Block]:
    """Show the first rows openly and the others on demand."""
    columns = [Column("Row"), Column(f"Score ({found.unit})", True), Column("p", True), Column("Flagged")]
    columns.append(Column("What is atypical" if of_pictures else "Reasons", wide=True))
    unexplained = "the picture as a whole" if of_pictures else "no single cell stands out"
    rows = [_row(row, unexplained) for row in found.top]
    first = table("The highest scores; flagged.csv has every flagged row", columns, rows[:_OPEN_ROWS])
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


def _rates(found: OutlierSummary, attribute: str, track: Track) -> tuple[Block, ...]:
    rates = [rate for rate in found.by_group if rate.attribute == attribute]
    columns = [Column("Group"), Column("Rows", True), Column("Flagged", True), Column("Flagged share, with interval")]
    rows = [_rate_row(rate, track) for rate in rates]
    by_group = table(f"Flagged rows by {wording.name(attribute)}", columns, rows)
    return (Paragraph(text.outlier_rates_sentence(found, attribute)), by_group)


def _rate_row(rate: GroupOutlierRate, track: Track) -> tuple[Cell, ...]:
    mark: Cell = track.mark(rate.rate, rate.ci) if rate.n else "no row"
    return (wording.name(rate.group), numbers.count(rate.n), numbers.count(rate.flagged), mark)
