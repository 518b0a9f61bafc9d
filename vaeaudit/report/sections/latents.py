"""What the hidden axes encode: histograms by group, the columns behind each axis, and what the model decodes on it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from vaeaudit.analysis.results.audit import AuditResults, RunFacts
from vaeaudit.analysis.results.images import PictureSheets
from vaeaudit.analysis.results.latents import HistogramCounts, LatentMap, LatentSummary, Traversal
from vaeaudit.report import latent_figures, numbers, text, wording
from vaeaudit.report.blocks import Answer, Block, Figure, Group, Paragraph, Section, Selector
from vaeaudit.report.decoded_galleries import Traversals, map_gallery, thumbnail_sheet
from vaeaudit.report.tables import Badge, Bar, Cell, Column, Table, table

#: Groups of fewer rows are not compared in words; the same default as the analysis', for runs that do not say.
_SMALLEST_GROUP = 30
#: Latents with a histogram on the page: the file stays under 3 MB.
_MOST_LATENTS = 12
#: Positions of a traversal that fit into a table.
_MOST_POSITIONS = 7


def latents(results: AuditResults) -> Section:
    """Build the section."""
    title, lead = "What the hidden axes encode", text.latents_lead(results.latents)
    active = [latent for latent in results.latents if latent.active]
    if not active:
        overview = (_overview(results.latents),) if results.latents else ()
        return Section("latents", title, "", (Answer(lead, "bad"), *overview))
    blocks: list[Block] = [_overview(results.latents)]
    attributes = tuple(active[0].histogram.by_group)
    if attributes:
        blocks.append(Selector("latents-attribute", "Compare the groups of", attributes))
    sheets = results.pictures
    if results.latent_map is not None and len(results.latent_map.x):
        blocks += _map(results.latent_map, sheets)
    traversals = {traversal.latent: traversal for traversal in results.traversals}
    smallest = _smallest_group(results.run)
    described = sorted(
        sorted(active, key=lambda latent: -latent.kl_nats)[:_MOST_LATENTS], key=lambda latent: latent.index
    )
    if len(described) < len(active):
        most = f"The {len(described)} latents of largest KL are described one by one"
        blocks.append(Paragraph(f"{most}; report.json has the histograms of all {len(active)}."))
    decoded = None if sheets is None else Traversals(sheets, described)
    if decoded is not None:
        blocks += decoded.overview()
    if rarity := wording.rarity_sentence(results.model):
        blocks.append(Paragraph(rarity))
    for latent in described:
        pictures = [] if decoded is None else decoded.gallery(latent)
        blocks.append(_latent(latent, traversals.get(latent.index), smallest, pictures))
    return Section("latents", title, lead, tuple(blocks))


def _smallest_group(run: RunFacts) -> int:
    return int(run.config.get("analysis", {}).get("smallest_group", _SMALLEST_GROUP))


def _overview(found: tuple[LatentSummary, ...]) -> Table:
    columns = [
        Column("Latent"),
        Column("In use"),
        Column("KL (nats)", True),
        Column("Stability over refits", True),
        Column("Goes most with", wide=True),
    ]
    return table("All latents", columns, [_overview_row(latent) for latent in found], fold=len(found) > 20)


def _overview_row(latent: LatentSummary) -> tuple[Cell, ...]:
    best = latent.explains[0] if latent.explains else None
    return (
        f"Latent {latent.index}",
        Badge("active", "good") if latent.active else Badge("unused", "unsure"),
        numbers.number(latent.kl_nats),
        "not measured" if latent.stability is None else numbers.ratio(latent.stability),
        f"{wording.explains(best)} ({numbers.percent(best.score)})" if best else "no single column",
    )


def _map(places: LatentMap, sheets: PictureSheets | None) -> list[Block]:
    first, second = places.latents
    flagged = int(places.outlier.sum())
    sheet = None if sheets is None else thumbnail_sheet(sheets)
    sentence = (
        f"A sample of {numbers.plural(len(places.x), 'row')} on latents {first} and {second}, the two that carry "
        f"most information; {numbers.plural(flagged, 'flagged row')} among them {'is' if flagged == 1 else 'are'} "
        "ringed. Groups that lie apart are told apart by the rest of the data."
    )
    if sheet is not None:
        sentence += " A point shows its picture under the pointer, or when it is tapped."
    figure = Figure(
        id="latents-map",
        title="Map of the latents",
        sentence=sentence,
        spec=latent_figures.latent_map(places, sheet),
    )
    if sheets is None or sheet is None:
        return [figure]
    return [sheet, figure, *map_gallery(sheets, sheet, places)]


def _latent(
    latent: LatentSummary, traversal: Traversal | None, smallest_group: int, pictures: Sequence[Block]
) -> Group:
    blocks: list[Block] = [
        Paragraph(text.latent_sentence(latent)),
        *pictures,
        Figure(
            id=f"latent-{latent.index}-histogram",
            title=f"Latent {latent.index}: where the rows lie",
            sentence=text.histogram_sentence(latent, smallest_group),
            spec=latent_figures.latent_histogram(latent),
        ),
    ]
    if latent.explains:
        blocks.append(_explains(latent))
    if traversal is not None and traversal.columns:
        blocks.append(_traversal(traversal))
    blocks.append(_counts(latent))
    return Group(f"latent-{latent.index}", f"Latent {latent.index}", tuple(blocks))


def _explains(latent: LatentSummary) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            wording.name(cause.column),
            Bar(numbers.percent(cause.score), round(100 * min(max(cause.score, 0.0), 1.0), 1)),
            f"latent {latent.index} {wording.explains(cause)}",
        )
        for cause in latent.explains
    ]
    columns = [Column("Column"), Column("Share of the latent's variance that it predicts"), Column("How", wide=True)]
    return table(f"Columns that go with latent {latent.index}, on held-out rows", columns, rows)


def _traversal(traversal: Traversal) -> Table:
    last = len(traversal.positions) - 1
    shown = np.unique(np.linspace(0, last, min(last + 1, _MOST_POSITIONS)).round().astype(int))
    columns = [Column("Column"), *(Column(f"{numbers.number(traversal.positions[place])} sd") for place in shown)]
    rows: list[tuple[Cell, ...]] = [
        (wording.name(column), *(wording.name(values[place]) for place in shown))
        for column, values in traversal.columns.items()
    ]
    caption = f"What the model expects as latent {traversal.latent} moves and the others rest at 0"
    return table(caption, columns, rows, stack=False)


def _counts(latent: LatentSummary) -> Table:
    shown: list[tuple[str, HistogramCounts]] = [("All rows", latent.histogram)]
    for attribute, groups in latent.histogram.by_group.items():
        shown += [
            (f"{wording.name(attribute)}: {wording.name(group)}", counts)
            for group, counts in latent_figures.largest_groups(groups)
        ]
    edges = latent.histogram.edges
    rows: list[tuple[Cell, ...]] = [
        (
            f"{numbers.number(low)} to {numbers.number(high)}",
            *(numbers.count(counts.counts[place]) for _, counts in shown),
        )
        for place, (low, high) in enumerate(pairwise(edges))
    ]
    columns = [Column("Bin"), *(Column(title, True) for title, _ in shown)]
    caption = f"Rows per bin of latent {latent.index}; the outer bins hold everything beyond"
    return table(caption, columns, rows, stack=False)
