"""Who is here, against the population and the reference dataset where one was given; regions stand apart."""

from __future__ import annotations

from collections.abc import Sequence

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.coverage.results import Comparison, Difference
from vaeaudit.analysis.representation.representation import Representation
from vaeaudit.report.parts import figures
from vaeaudit.report.parts.blocks import Answer, Block, Figure, Paragraph, Section
from vaeaudit.report.parts.galleries import rare_gallery
from vaeaudit.report.parts.tables import Badge, Bar, Cell, Table, Track, numeric, plain, table, wide
from vaeaudit.wording import numbers, phrases

_TONE = {"under": "bad", "over": "warn", "ok": "good", "inconclusive": "unsure", "none": "neutral"}


#: Rows of all tables of intersections together; each begins with the cells that matter most.
_INTERSECTION_ROWS = 400
_COMPARISON_TITLE = "Against the reference"
_DISTANCES = (
    "Distances run from 0 to 1: of levels, the share of the rows that would have to change (total variation); of "
    "ordered values, the largest difference between the shares of rows up to a value (Kolmogorov and Smirnov)."
)


def representation(results: AuditResults) -> Section:
    """Build the section."""
    by_attributes: dict[tuple[str, ...], list[Representation]] = {}
    for cell in results.representation:
        by_attributes.setdefault(cell.attributes, []).append(cell)
    blocks: list[Block] = []
    for attributes, cells in by_attributes.items():
        if len(attributes) == 1:
            groups = _table(f"Groups of {phrases.name(attributes[0])}", "Group", cells)
            blocks += [_figure(len(blocks), attributes[0], cells), groups]
    crossed = {attributes: cells for attributes, cells in by_attributes.items() if len(attributes) > 1}
    if crossed:
        blocks.append(Paragraph("Intersections: every combination of groups is listed, those without a row first."))
    most = max(10, _INTERSECTION_ROWS // max(len(crossed), 1))
    blocks += [_intersections(attributes, cells, most) for attributes, cells in crossed.items()]
    rare = [] if results.pictures is None else rare_gallery(results.pictures)
    lead = representation_lead(results.representation)
    if not blocks:
        return Section("representation", "Who is here", "", (Answer(lead), *rare))
    blocks += rare
    return Section("representation", "Who is here", lead, tuple(blocks))


def _figure(position: int, attribute: str, cells: Sequence[Representation]) -> Figure:
    items = [
        figures.Dot(
            *(phrases.levels(cell.group), cell.share, cell.ci, cell.status or "none"),
            *(_hover(cell), cell.reference_share),
        )
        for cell in cells
    ]
    title, sentence = f"{phrases.name(attribute)}: share of the rows", representation_sentence(attribute, cells)
    spec = figures.dots(items, x="share of the rows", percent=True, reference_name="population share")
    return Figure(f"representation-{position}", title, sentence, spec)


def _hover(cell: Representation) -> tuple[str, ...]:
    lines = (phrases.plural(cell.n, "row"), f"share {numbers.with_interval(cell.share, cell.ci, 'share')}")
    return lines if cell.reference_share is None else (*lines, f"population {numbers.share(cell.reference_share)}")


def _intersections(attributes: tuple[str, ...], cells: Sequence[Representation], most: int) -> Table:
    ordered = sorted(cells, key=lambda cell: (cell.n > 0, cell.status != "under", cell.n))
    crossed = " \N{MULTIPLICATION SIGN} ".join(phrases.name(attribute) for attribute in attributes)
    empty = sum(cell.n == 0 for cell in cells)
    caption = f"{crossed}: {phrases.plural(len(cells), 'combination')}, {empty or 'none'} without a row"
    return _table(caption, crossed, ordered, most)


def _table(caption: str, first: str, cells: Sequence[Representation], most: int | None = None) -> Table:
    compared = any(cell.reference_share is not None for cell in cells)
    columns = plain(first) + numeric("Rows") + plain("Share of the rows, with interval")
    if compared:
        columns += numeric("Population", "Ratio", "Adjusted p") + plain("Against the population")
    top = max([value for cell in cells for value in (cell.share, cell.ci.high or 0.0, cell.reference_share or 0.0)])
    track = Track(0.0, top, "share")
    rows = [_row(cell, track, compared) for cell in cells]
    return table(caption, columns, rows) if most is None else table(caption, columns, rows, fold=True, most=most)


def _row(cell: Representation, track: Track, compared: bool) -> tuple[Cell, ...]:
    rows: Cell = numbers.count(cell.n) if cell.n else Badge("no row", "bad" if cell.reference_share else "warn")
    row: tuple[Cell, ...] = (phrases.levels(cell.group), rows, track.mark(cell.share, cell.ci))
    if not compared:
        return row
    status = cell.status or "none"
    return (
        *row,
        "not given" if cell.reference_share is None else numbers.share(cell.reference_share),
        numbers.ABSENT if cell.ratio is None else numbers.ratio(cell.ratio),
        numbers.p_value(cell.p_adjusted),
        Badge(phrases.REPRESENTATION[status], _TONE[status]),
    )


def representation_lead(cells: Sequence[Representation]) -> str:
    """Answer who is here, in one or two sentences."""
    if not cells:
        return "No sensitive column was declared, so nothing can be said about groups; --sensitive declares one."
    empty = sum(cell.n == 0 for cell in cells)
    under = [cell for cell in cells if cell.status == "under"]
    parts = [f"{phrases.plural(len(cells), 'group')} and intersections were counted; "]
    parts.append("none is empty." if empty == 0 else f"{empty} of them hold no row at all.")
    if all(cell.baseline == "balance" for cell in cells):
        parts.append(
            " No population was given, so the shares describe balance only: nothing here says how large a group should"
            " be. --population compares with given shares."
        )
    elif under:
        names = [_full_name(cell) for cell in under]
        parts.append(f" Under-represented against the population: {phrases.listed(names)}.")
    else:
        parts.append(" No group was shown to be under-represented against the population.")
    return "".join(parts)


def _full_name(cell: Representation) -> str:
    pairs = zip(cell.attributes, cell.group, strict=True)
    return " with ".join(f"{phrases.name(attribute)} {phrases.name(level)}" for attribute, level in pairs)


def representation_sentence(attribute: str, cells: Sequence[Representation]) -> str:
    """Say what the figure of one attribute shows."""
    largest, smallest = max(cells, key=lambda cell: cell.n), min(cells, key=lambda cell: cell.n)
    first = f"Of {phrases.name(attribute)}, {_group_share(largest)} is the largest group"
    second = f" and {_group_share(smallest)} the smallest." if smallest is not largest else "."
    short = [phrases.levels(cell.group) for cell in cells if cell.status == "under"]
    if short:
        return f"{first}{second} Short of the population share: {phrases.listed(short)}."
    if any(cell.reference_share is not None for cell in cells):
        return f"{first}{second} No group is shown to fall short of its population share."
    return first + second


def _group_share(cell: Representation) -> str:
    return f"{phrases.levels(cell.group)} ({numbers.share(cell.share)})"


def comparison(results: AuditResults) -> Section:
    """Build the section."""
    found = results.comparison
    if found is None:
        said = "No reference was given. `vaeaudit report --reference DATA` compares with another dataset."
        return Section("comparison", _COMPARISON_TITLE, "", (Answer(said),))
    blocks: list[Block] = []
    if found.auc is not None:
        blocks.append(Paragraph(_auc(found)))
    blocks.append(Paragraph(_DISTANCES))
    if found.columns:
        blocks.append(_differences("Columns, those that differ most first", "Column", found.columns, fold=False))
    if found.latents:
        blocks.append(_differences("Latents, those that differ most first", "Latent", found.latents, fold=True))
    return Section("comparison", _COMPARISON_TITLE, _comparison_lead(found), tuple(blocks))


def _comparison_lead(found: Comparison) -> str:
    reference = phrases.name(found.name)
    rows = f"{phrases.plural(found.n, 'row')} against {phrases.plural(found.n_reference, 'row')} of {reference}"
    differing = [entry for entry in found.columns if entry.significant]
    if not differing:
        return f"{rows}: no column is surely distributed differently."
    first = differing[0]
    return (
        f"{rows}: {phrases.plural(len(differing), 'column')} of {numbers.count(len(found.columns))} "
        f"{'is' if len(differing) == 1 else 'are'} surely distributed differently, {phrases.name(first.name)} most "
        f"({first.differs})."
    )


def _auc(found: Comparison) -> str:
    auc = found.auc
    assert auc is not None  # noqa: S101 - the caller has looked
    return (
        f"A classifier that sees all columns and latents tells rows of the one from rows of the other with an AUC of "
        f"{numbers.with_interval(auc.value, auc.ci, 'ratio')}; 0.5 is what a guess would reach."
    )


def _differences(caption: str, first: str, entries: Sequence[Difference], *, fold: bool) -> Table:
    columns = plain(first) + numeric("Distance", "Adjusted p") + wide("Where most")
    return table(caption, columns, [_difference(entry) for entry in entries], fold=fold)


def _difference(entry: Difference) -> tuple[Cell, ...]:
    return (
        phrases.name(entry.name),
        Bar(numbers.ratio(entry.distance), 100 * entry.distance),
        numbers.p_value(entry.p_adjusted),
        entry.differs,
    )
