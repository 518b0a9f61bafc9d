"""Which rows do not belong, why, and from whom they would be taken if they were deleted."""

from __future__ import annotations

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.outliers.results import CellSummary, OutlierRow, OutlierSummary, ScoreCurve, SuspiciousCell
from vaeaudit.report.parts import figures
from vaeaudit.report.parts.blocks import Block, Figure, Group, Paragraph, Section
from vaeaudit.report.parts.galleries import outlier_galleries
from vaeaudit.report.parts.tables import Badge, Bar, Cell, Column, Lines, Table, table
from vaeaudit.report.sections.outlier_agreement import outlier_agreement
from vaeaudit.report.sections.outlier_groups import outlier_groups
from vaeaudit.wording import numbers, phrases

_OPEN_ROWS = 10
_TITLE = "Suspicious cells"


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
    return Section("outliers", "Which rows do not belong", outliers_lead(found), tuple(blocks))


def _curve(found: OutlierSummary, curve: ScoreCurve) -> Figure:
    sentence = score_curve_sentence(found, curve)
    beyond = figures.beyond_the_edge(found, curve)
    if beyond:
        sentence += (
            f" {phrases.plural(beyond, 'row')} beyond the right edge {'is' if beyond == 1 else 'are'} not drawn."
        )
    return Figure("outliers-curve", "Outlier score of all rows", sentence, figures.score_curve(found, curve))


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
    return [first, table(f"The next {phrases.plural(len(further), 'row')} by score", columns, further, fold=True)]


def _row(row: OutlierRow, unexplained: str) -> tuple[Cell, ...]:
    reasons = tuple(phrases.reason(why, cut=True) for why in row.reasons)
    if row.aspect:
        reasons = (phrases.shorten(row.aspect, 240), *reasons)
    return (
        phrases.name(row.row_id),
        numbers.number(row.score),
        numbers.p_value(row.p_value),
        Badge("flagged", "bad") if row.flagged else "no",
        Lines(reasons) if reasons else unexplained,
    )


def _by_column(found: OutlierSummary) -> Table:
    ordered = sorted(found.by_column.items(), key=lambda entry: -entry[1])
    most = max(1, ordered[0][1])
    rows: list[tuple[Cell, ...]] = [
        (phrases.name(column), Bar(numbers.count(rows), round(100 * rows / most, 1))) for column, rows in ordered
    ]
    caption = "Columns that are the first reason of flagged rows"
    return table(caption, [Column("Column"), Column("Flagged rows")], rows)


def outliers_lead(outliers: OutlierSummary) -> str:
    """Answer which rows do not belong."""
    rate = numbers.rate(outliers.fdr)
    if outliers.flagged == 0:
        return (
            f"No row is flagged: none of the {phrases.plural(outliers.n, 'row')} is so atypical that it would stand "
            f"out at a false-discovery rate of {rate}."
        )
    return (
        f"{phrases.plural(outliers.flagged, 'row')} of {numbers.count(outliers.n)} "
        f"({numbers.share(outliers.flagged / outliers.n)}) {'is' if outliers.flagged == 1 else 'are'} flagged at a "
        f"false-discovery rate of {rate}. Higher scores are more atypical."
    )


def score_curve_sentence(outliers: OutlierSummary, curve: ScoreCurve) -> str:
    """Say what the score curve shows: how many rows reach the threshold, and how many would if all belonged."""
    text = (
        f"How many rows score at least as high (solid), and at most how many would if every row belonged (dashed); "
        f"each step down is ten times fewer. The highest score is {numbers.number(float(curve.scores[-1]))} "
        f"{outliers.unit}."
    )
    if outliers.threshold is None:
        return f"{text} The solid line leaves the dashed one nowhere so far that a row would be flagged."
    place = int((curve.scores < outliers.threshold).sum())
    place = min(place, len(curve.scores) - 1)
    return (
        f"{text} Rows are flagged from {numbers.number(outliers.threshold)} {outliers.unit} on: "
        f"{numbers.share(float(curve.observed[place]))} of the rows score as high, where "
        f"at most {numbers.share(float(curve.expected[place]))} would if all belonged."
    )


def suspicious_cells(found: CellSummary) -> Group:
    """Build the part of the section on outliers that is about single cells."""
    lead = Paragraph(f"What is tested: {found.definition}")
    if not found.flagged:
        none = f"None of the {phrases.plural(found.n, 'cell')} surprises more than chance explains."
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
            (phrases.name(name), Bar(numbers.count(count), round(100 * count / most, 1)))
            for name, count in found.by_column.items()
        ],
    )
    return Group("outliers-cells", _TITLE, (Paragraph(_sentence(found)), lead, listed, by_column))


def _sentence(found: CellSummary) -> str:
    one = found.flagged == 1
    verbs = ("contradicts", "its row") if one else ("contradict", "their rows")
    share = numbers.with_interval(found.share_of_rows, found.ci, "share")
    others = found.rows_not_flagged
    apart = "none of them goes" if others == 0 else f"{numbers.count(others)} of them {'goes' if others == 1 else 'go'}"
    return (
        f"{phrases.plural(found.flagged, 'cell')} of {numbers.count(found.n)} {verbs[0]} the rest of {verbs[1]}. "
        f"{'It lies' if one else 'They lie'} in {phrases.plural(found.rows, 'row')} ({share} of all rows); {apart} "
        "unflagged as a whole. To mend a cell keeps its row, which to delete would lose."
    )


def _cell(cell: SuspiciousCell) -> tuple[Cell, ...]:
    flagged: Cell = Badge("flagged", "bad") if cell.row_flagged else "no"
    return phrases.name(cell.row_id), phrases.reason(cell.reason, cut=True), numbers.p_value(cell.p_value), flagged
