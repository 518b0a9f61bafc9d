"""What the hidden axes encode: histograms by group, the columns behind each axis, and what the model decodes on it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.images.results import PictureSheets
from vaeaudit.analysis.latents.results import (
    GivenSummary,
    GivenValue,
    HistogramCounts,
    LatentMap,
    LatentSummary,
    Traversal,
)
from vaeaudit.report.parts import latent_figures
from vaeaudit.report.parts.blocks import Answer, Block, Figure, Group, Paragraph, Section, Selector, Sheet
from vaeaudit.report.parts.decoded_galleries import (
    Traversals,
    end_gallery,
    given_galleries,
    goes_most_with,
    map_gallery,
    thumbnail_sheet,
)
from vaeaudit.report.parts.tables import Badge, Bar, Cell, Table, numeric, plain, table, wide
from vaeaudit.report.sections.latent_sentences import (
    histogram_sentence,
    latent_sentence,
    latents_lead,
    rarity_sentence,
)
from vaeaudit.wording import numbers, phrases

#: Latents with a histogram on the page: the file stays under 3 MB.
_MOST_LATENTS = 12
#: Positions of a traversal that fit into a table.
_MOST_POSITIONS = 7
_TONES: dict[str | None, str] = {"A": "good", "B": "good", "C": "unsure", "D": "bad", None: "unsure"}


def latents(results: AuditResults) -> Section:
    """Build the section: the latents that stand for something one by one, all others in one folded table."""
    title, lead = "What the hidden axes encode", latents_lead(results.latents)
    active = [latent for latent in results.latents if latent.active]
    if not active:
        overview = (_overview("All latents", results.latents),) if results.latents else ()
        return Section("latents", title, "", (Answer(lead, "bad"), *overview))
    shown = sorted((latent for latent in active if latent.shown), key=lambda latent: -latent.kl_nats)
    described = sorted(shown[:_MOST_LATENTS], key=lambda latent: latent.index)
    blocks: list[Block] = (
        [_overview("The latents that are described", sorted(shown, key=lambda latent: latent.index))]
        if described
        else []
    )
    if len(described) < len(shown):
        most = f"The {len(described)} latents of largest KL are described one by one"
        blocks.append(Paragraph(f"{most}; report.json has the histograms of all."))
    blocks += given_blocks(results.model.given)
    attributes = tuple(active[0].histogram.by_group)
    if attributes:
        blocks.append(Selector("latents-attribute", "Compare the groups of", attributes))
    sheets = results.pictures
    if sheets is not None:
        blocks += given_galleries(sheets, results.model.given)
    thumbnails = None if sheets is None else thumbnail_sheet(sheets)
    if results.latent_map is not None and len(results.latent_map.x):
        blocks += _map(results.latent_map, sheets, thumbnails)
    decoded = None if sheets is None else Traversals(sheets, described)
    if decoded is not None:
        blocks += decoded.overview()
    traversals = {traversal.latent: traversal for traversal in results.traversals}
    for latent in described:
        pictures = [] if decoded is None else decoded.gallery(latent)
        ends = (
            _ends(latent)
            if thumbnails is None or results.latent_map is None
            else end_gallery(thumbnails, results.latent_map.row_ids, latent)
        )
        blocks.append(_latent(latent, traversals.get(latent.index), pictures, ends))
    others = [latent for latent in results.latents if not latent.shown]
    if others:
        blocks.append(_overview("Latents that no meaning is read into", others, fold=True))
    if rarity := rarity_sentence(results.model):
        blocks.append(Paragraph(rarity))
    return Section("latents", title, lead, tuple(blocks))


def given_blocks(given: Sequence[GivenSummary]) -> list[Block]:
    """Say what the latents stand beside, and what the model expects of the same rows where that is another."""
    if not given:
        return []
    names = phrases.listed([phrases.name(column.column) for column in given], most=8)
    them = "it" if len(given) == 1 else "them"
    said = (
        f"The model was given {names} beside its latents (--condition); they are those of all else given {them}, and "
        f"need not tell {them}. Below, the same held-out rows are decoded with another value in that place: what the "
        "model then expects on average, and behind it what the held-out rows that have the value themselves hold. The "
        "two differ where these rows differ in more than that; neither says what would become of a row that was "
        "changed. Along a latent the model is given the most frequent level, or the mean number."
    )
    return [Paragraph(said), *(_given(column) for column in given)]


def _given(given: GivenSummary) -> Table:
    name = phrases.name(given.column)
    told = tuple(given.values[0].expected) if given.values else ()
    titles = (f"{phrases.name(column)}{_of_level(given, column)}" for column in told)
    rows = [
        (
            phrases.name(value.value),
            numbers.count(value.n),
            *(_expected_and_found(value, column, "share" if column in given.levels else "number") for column in told),
        )
        for value in given.values
    ]
    caption = f"The same {phrases.plural(given.n, 'held-out row')} with another {name}: expected on average"
    caption += " (and found in the rows that have it)" if told else "; nothing moves"
    return table(caption, plain(name) + numeric("Held-out rows that have it") + plain(*titles), rows)


def _of_level(given: GivenSummary, column: str) -> str:
    return f" is {phrases.name(given.levels[column])}" if column in given.levels else ""


def _expected_and_found(value: GivenValue, column: str, unit: numbers.Unit) -> str:
    write = numbers.share if unit == "share" else numbers.number
    found = value.observed.get(column)
    behind = numbers.ABSENT if found is None else numbers.with_interval(found.value, found.ci, unit)
    return f"{write(value.expected[column])} ({behind})"


def _overview(caption: str, found: Sequence[LatentSummary], *, fold: bool = False) -> Table:
    columns = plain("Latent", "Grade") + numeric("Agreement over refits", "KL (nats)") + wide("Goes most with")
    return table(caption, columns, [_overview_row(latent) for latent in found], fold=fold)


def _overview_row(latent: LatentSummary) -> tuple[Cell, ...]:
    stability = latent.stability
    agreement = "not measured" if latent.active else "unused"
    if stability is not None:
        agreement = numbers.with_interval(stability.value, stability.ci, "ratio")
    return (
        f"Latent {latent.index}",
        Badge(latent.grade or ("none" if latent.active else "unused"), _TONES[latent.grade]),
        agreement,
        numbers.nats(latent.kl_nats),
        goes_most_with(latent) or "no single column",
    )


def _map(places: LatentMap, sheets: PictureSheets | None, sheet: Sheet | None) -> list[Block]:
    first, second = places.latents
    flagged = int(places.outlier.sum())
    sentence = (
        f"A sample of {phrases.plural(len(places.x), 'row')} on latents {first} and {second}; "
        f"{phrases.plural(flagged, 'flagged row')} among them {'is' if flagged == 1 else 'are'} "
        "ringed. Groups that lie apart are told apart by the rest of the data."
    )
    if sheet is not None:
        sentence += " A point shows its picture under the pointer, or when it is tapped."
    figure = Figure("latents-map", "Map of the latents", sentence, latent_figures.latent_map(places, sheet))
    if sheets is None or sheet is None:
        return [figure]
    return [sheet, figure, *map_gallery(sheets, sheet, places)]


def _latent(
    latent: LatentSummary, traversal: Traversal | None, pictures: Sequence[Block], ends: Sequence[Block]
) -> Group:
    sentence, spec = histogram_sentence(latent), latent_figures.latent_histogram(latent)
    figure = Figure(f"latent-{latent.index}-histogram", f"Latent {latent.index}: where the rows lie", sentence, spec)
    blocks: list[Block] = [Paragraph(latent_sentence(latent)), *pictures, figure, *ends]
    if latent.explains:
        blocks.append(_explains(latent))
    if traversal is not None and traversal.columns:
        blocks.append(_traversal(traversal))
    blocks.append(_counts(latent))
    title = f"Latent {latent.index}: {latent.name}" if latent.name else f"Latent {latent.index}"
    return Group(f"latent-{latent.index}", title, tuple(blocks))


def _ends(latent: LatentSummary) -> list[Block]:
    """Tell some rows at the two ends, by their cells in the columns that go with the latent."""
    rows = [*latent.low_end, *reversed(latent.high_end)]
    if not rows or not latent.explains:
        return []
    names = list(rows[0].cells)
    body = [
        (phrases.name(row.row_id), numbers.number(row.value), *(phrases.name(row.cells[name]) for name in names))
        for row in rows
    ]
    caption = f"Rows at the two ends of latent {latent.index}, outliers left out"
    return [table(caption, plain("Row") + numeric("Lies at") + plain(*map(phrases.name, names)), body)]


def _explains(latent: LatentSummary) -> Table:
    rows = [
        (
            phrases.name(cause.column),
            Bar(
                numbers.with_interval(cause.score, cause.ci, "share"),
                round(100 * min(max(cause.score, 0.0), 1.0), 1),
            ),
            f"latent {latent.index} {phrases.explains(cause.column, cause.direction)}",
        )
        for cause in latent.explains
    ]
    columns = plain("Column", "Share of the latent's variance that it predicts") + wide("How")
    return table(f"Columns that go with latent {latent.index}, on held-out rows", columns, rows)


def _traversal(traversal: Traversal) -> Table:
    last = len(traversal.positions) - 1
    shown = np.unique(np.linspace(0, last, min(last + 1, _MOST_POSITIONS)).round().astype(int))
    columns = plain("Column", *(f"{numbers.number(traversal.positions[place])} sd" for place in shown))
    rows = [
        (phrases.name(column), *(phrases.name(values[place]) for place in shown))
        for column, values in traversal.columns.items()
    ]
    caption = f"What the model expects as latent {traversal.latent} moves and the others rest at 0"
    return table(caption, columns, rows, stack=False)


def _counts(latent: LatentSummary) -> Table:
    shown: list[tuple[str, HistogramCounts]] = [("All rows", latent.histogram)]
    for attribute, groups in latent.histogram.by_group.items():
        shown += [
            (f"{phrases.name(attribute)}: {phrases.name(group)}", counts)
            for group, counts in latent_figures.largest_groups(groups)
        ]
    edges = latent.histogram.edges
    rows = [
        (numbers.span(low, high), *(numbers.count(counts.counts[place]) for _, counts in shown))
        for place, (low, high) in enumerate(pairwise(edges))
    ]
    columns = plain("Bin") + numeric(*(title for title, _ in shown))
    caption = f"Rows per bin of latent {latent.index}; the outer bins hold everything beyond"
    return table(caption, columns, rows, stack=False)
