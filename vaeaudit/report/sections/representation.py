"""Who is here: every group and intersection, against the population where one was given."""

from __future__ import annotations

from collections.abc import Sequence

from vaeaudit.analysis.results.audit import AuditResults
from vaeaudit.analysis.results.representation import Representation
from vaeaudit.report import figures, numbers, text, wording
from vaeaudit.report.blocks import Answer, Block, Figure, Paragraph, Section
from vaeaudit.report.galleries import rare_gallery
from vaeaudit.report.tables import Badge, Cell, Column, Table, Track, table

_STATUS = {
    "under": Badge("under", "bad"),
    "over": Badge("over", "warn"),
    "ok": Badge("within tolerance", "good"),
    "inconclusive": Badge("inconclusive", "unsure"),
}


#: Rows of all tables of intersections together; each begins with the cells that matter most.
_INTERSECTION_ROWS = 400


def representation(results: AuditResults) -> Section:
    """Build the section."""
    by_attributes: dict[tuple[str, ...], list[Representation]] = {}
    for cell in results.representation:
        by_attributes.setdefault(cell.attributes, []).append(cell)
    blocks: list[Block] = []
    for attributes, cells in by_attributes.items():
        if len(attributes) == 1:
            blocks += [_figure(len(blocks), attributes[0], cells), _groups(attributes[0], cells)]
    crossed = {attributes: cells for attributes, cells in by_attributes.items() if len(attributes) > 1}
    if crossed:
        blocks.append(Paragraph("Intersections: every combination of groups is listed, those without a row first."))
    most = max(10, _INTERSECTION_ROWS // max(len(crossed), 1))
    blocks += [_intersections(attributes, cells, most) for attributes, cells in crossed.items()]
    rare = [] if results.pictures is None else rare_gallery(results.pictures)
    lead = text.representation_lead(results.representation)
    if not blocks:
        return Section("representation", "Who is here", "", (Answer(lead), *rare))
    blocks += rare
    return Section("representation", "Who is here", lead, tuple(blocks))


def _figure(position: int, attribute: str, cells: Sequence[Representation]) -> Figure:
    items = [
        figures.Dot(
            name=wording.group_name(cell.attributes, cell.group),
            value=cell.share,
            ci=cell.ci,
            status=cell.status or "none",
            hover=_hover(cell),
            reference=cell.reference_share,
        )
        for cell in cells
    ]
    return Figure(
        id=f"representation-{position}",
        title=f"{wording.name(attribute)}: share of the rows",
        sentence=text.representation_sentence(attribute, cells),
        spec=figures.dots(items, x="share of the rows", percent=True, reference_name="population share"),
    )


def _hover(cell: Representation) -> tuple[str, ...]:
    lines = [
        numbers.plural(cell.n, "row"),
        f"share {numbers.with_interval(cell.share, cell.ci, 'percent')}",
    ]
    if cell.reference_share is not None:
        lines.append(f"population {numbers.percent(cell.reference_share)}")
    return tuple(lines)


def _groups(attribute: str, cells: Sequence[Representation]) -> Table:
    return _table(f"Groups of {wording.name(attribute)}", "Group", cells)


def _intersections(attributes: tuple[str, ...], cells: Sequence[Representation], most: int) -> Table:
    ordered = sorted(cells, key=lambda cell: (cell.n > 0, cell.status != "under", cell.n))
    crossed = " \N{MULTIPLICATION SIGN} ".join(wording.name(attribute) for attribute in attributes)
    empty = sum(cell.n == 0 for cell in cells)
    caption = f"{crossed}: {numbers.plural(len(cells), 'combination')}, {empty or 'none'} without a row"
    return _table(caption, crossed, ordered, most)


def _table(caption: str, first: str, cells: Sequence[Representation], most: int | None = None) -> Table:
    compared = any(cell.reference_share is not None for cell in cells)
    columns = [Column(first), Column("Rows", True), Column("Share of the rows, with interval")]
    if compared:
        columns += [
            Column("Population", True),
            Column("Ratio", True),
            Column("Adjusted p", True),
            Column("Against the population"),
        ]
    top = max([value for cell in cells for value in (cell.share, cell.ci.high or 0.0, cell.reference_share or 0.0)])
    track = Track(0.0, top, "percent")
    rows = [_row(cell, track, compared) for cell in cells]
    return table(caption, columns, rows) if most is None else table(caption, columns, rows, fold=True, most=most)


def _row(cell: Representation, track: Track, compared: bool) -> tuple[Cell, ...]:
    rows: Cell = numbers.count(cell.n) if cell.n else Badge("no row", "bad" if cell.reference_share else "warn")
    row: tuple[Cell, ...] = (wording.group_name(cell.attributes, cell.group), rows, track.mark(cell.share, cell.ci))
    if not compared:
        return row
    return (
        *row,
        "not given" if cell.reference_share is None else numbers.percent(cell.reference_share),
        numbers.ABSENT if cell.ratio is None else numbers.ratio(cell.ratio),
        numbers.p_value(cell.p_adjusted),
        _STATUS[cell.status] if cell.status else "not compared",
    )
