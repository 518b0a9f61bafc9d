"""What the model decodes, in pictures: along each latent, from the prior, in regions, and over the map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.images.results import PictureSheets, RegionTiles, RowTile
from vaeaudit.analysis.latents.results import GivenSummary, LatentMap, LatentSummary
from vaeaudit.report.parts.blocks import Block, Card, Gallery, Paragraph, Sheet, Strip
from vaeaudit.report.parts.contact_sheets import SMALL_SIDE, contact_sheet
from vaeaudit.report.parts.galleries import MOST_NAMED, SMOOTH, folded_after, sheet_of
from vaeaudit.wording import numbers, phrases, rules

#: Pictures of a traversal, and of a region: what is legible side by side on a phone.
_MOST_STEPS, _MOST_DECODED = 7, 6
#: Regions that stand open; the others open on demand.
_OPEN_REGIONS = 8
_THUMBNAIL_COLUMNS = 24
#: Given columns that are shown, and most bytes of the sheet of each.
_MOST_GIVEN, _GIVEN_BYTES = 3, 15_000


def prior_gallery(sheets: PictureSheets) -> list[Block]:
    """Show what the model decodes at random points of its latent space."""
    samples = sheets.pictures.prior
    if len(samples) == 0:
        return []
    sheet = sheet_of(sheets, "prior", samples, 8)
    sentence = (
        f"{phrases.plural(len(samples), 'picture')} decoded at random points of the latent space, as the prior has "
        "them. None is a row of the data. Where they look like the data the latent space is filled; where one looks "
        f"like nothing there is a hole. {SMOOTH}"
    )
    cards = tuple(Card((Strip(sheet, at),)) for at in range(len(samples)))
    return [sheet, Gallery("model-prior", "Samples of the model", sentence, cards, card_width=5.0)]


def given_galleries(sheets: PictureSheets, given: Sequence[GivenSummary]) -> list[Block]:
    """Show the same pictures decoded with one value of a given column after another: a strip for each picture."""
    blocks: list[Block] = []
    for number, column in enumerate(given[:_MOST_GIVEN]):
        pictures = sheets.swapped.get(column.column)
        if pictures is None:
            continue
        n_values, n_pictures = pictures.shape[:2]
        tiles = pictures.swapaxes(0, 1).reshape(-1, *pictures.shape[2:])
        image = contact_sheet(tiles, n_values, _GIVEN_BYTES, pixelated=max(sheets.size[:2]) <= SMALL_SIDE)
        sheet, ticks = Sheet(f"sheet-given-{number}", image), tuple(phrases.name(v.value) for v in column.values)
        name = phrases.name(column.column)
        cards = tuple(
            Card((Strip(sheet, n_values * at, n_values, alt=f"A picture with another {name}.", ticks=ticks),))
            for at in range(n_pictures)
        )
        sentence = (
            f"Per strip a picture that took no part in training, decoded at its own latents with each value of {name}. "
            f"{SMOOTH}"
        )
        title = f"The same pictures with another {name}"
        blocks += [sheet, Gallery(f"latents-given-{number}", title, sentence, cards, card_width=22.0)]
    return blocks


def region_gallery(sheets: PictureSheets, regions: Sequence[Region]) -> list[Block]:
    """Show, per region, what the model decodes there, and rows of the data that do lie there."""
    decoded = {entry.region: entry for entry in sheets.regions if entry.place is not None}
    known = [region for region in regions if region.id in decoded]
    blocks: list[Block] = []
    if known:
        sheet, cards = _region_cards(sheets, known, [decoded[region.id] for region in known])
        sentence = (
            "Per region, what the model decodes at points of the part of the latent space where its rows lie or would "
            "lie. None of these pictures exists: they stand for those to be collected. Where the latents hardly tell "
            f"the columns of the rule they look like any other. {SMOOTH}"
        )
        shown = folded_after(
            _OPEN_REGIONS,
            Gallery("regions-pictures", "The pictures that are missing", sentence, cards, card_width=22.0),
            title=f"The missing pictures of {phrases.plural(len(known) - _OPEN_REGIONS, 'further region')}",
            sentence="As above: what the model decodes in each region, and rows of the data that lie there.",
        )
        blocks = [sheet, *shown]
    unknown = [region.id for region in regions if region.id not in decoded]
    if unknown:
        several = len(unknown) > 1
        blocks.append(
            Paragraph(
                f"No pictures stand for {phrases.listed(unknown, most=8)}: the run decoded none there. Either "
                f"{'they were' if several else 'it was'} found with settings that the fit did not have (another "
                "population or false-discovery rate: fit again with them), or too few rows say where in the latents "
                f"{'they lie' if several else 'it lies'}."
            )
        )
    return blocks


def _region_cards(
    sheets: PictureSheets, regions: Sequence[Region], entries: Sequence[RegionTiles]
) -> tuple[Sheet, tuple[Card, ...]]:
    """Lay out on one sheet, a row per region, what the model decodes and some rows of the data, and caption it."""
    kept = sheets.pictures
    decoded = min(_MOST_DECODED, kept.regions.shape[1])
    columns = decoded + MOST_NAMED
    tiles = np.zeros((len(regions), columns, *sheets.size), np.uint8)
    for at, entry in enumerate(entries):
        tiles[at, :decoded] = kept.regions[entry.place, :decoded]
        examples = entry.examples[:MOST_NAMED]
        tiles[at, decoded : decoded + len(examples)] = kept.originals[[example.place for example in examples]]
    sheet = sheet_of(sheets, "regions", tiles.reshape(-1, *sheets.size), columns)
    cards = (
        _region_card(sheet, at * columns, decoded, region, entry.examples[:MOST_NAMED])
        for at, (region, entry) in enumerate(zip(regions, entries, strict=True))
    )
    return sheet, tuple(cards)


def _region_card(sheet: Sheet, first: int, decoded: int, region: Region, examples: Sequence[RowTile]) -> Card:
    rule = rules.describe(region.rule, cut=True)
    strips = [Strip(sheet, first, decoded, alt=f"{decoded} pictures that the model decodes where {rule}.")]
    lines = [f"{phrases.plural(region.observed, 'row')} where about {numbers.expected(region.expected)} were expected"]
    if examples:
        names = phrases.listed([phrases.name(tile.row_id) for tile in examples], most=MOST_NAMED)
        share = round(100 * len(examples) / decoded, 2)
        alt = f"Rows of the data where {rule}: {names}."
        strips.append(Strip(sheet, first + decoded, len(examples), alt=alt, percent=min(share, 100.0)))
        lines.append(f"Upper row: decoded by the model. Lower row: of the data ({names}).")
    else:
        lines.append("Decoded by the model; the run kept no row of this kind to show beside it.")
    return Card(tuple(strips), f"{region.id}: {rule}", lines=tuple(lines))


class Traversals:
    """Strips of what the model decodes while one latent moves and the others rest at 0, all on one sheet.

    Parameters
    ----------
    sheets
        The kept pictures.
    latents
        Those that are described, in order.
    """

    def __init__(self, sheets: PictureSheets, latents: Sequence[LatentSummary]) -> None:
        last = len(sheets.positions) - 1
        shown = np.unique(np.linspace(0, last, min(last + 1, _MOST_STEPS)).round().astype(int))
        self._ticks = tuple(numbers.number(float(sheets.positions[place])) for place in shown)
        self._latents = [latent for latent in latents if latent.index in sheets.latents]
        strips = sheets.pictures.traversals[[latent.index for latent in self._latents]][:, shown]
        self._sheet = (
            sheet_of(sheets, "traversals", strips.reshape(-1, *sheets.size), len(shown)) if self._latents else None
        )

    def overview(self) -> list[Block]:
        """Show all strips; to stand before `strip` is used, since it brings the sheet."""
        if self._sheet is None:
            return []
        cards = []
        for latent in self._latents:
            goes = goes_most_with(latent) or "goes with no single column"
            cards.append(Card((self._strip(latent),), f"Latent {latent.index}", lines=(goes,)))
        sentence = (
            f"What the model decodes while one latent moves from {self._ticks[0]} to {self._ticks[-1]} standard "
            f"deviations of the prior and all others rest at 0: what changes along a strip is what that latent "
            f"encodes. {SMOOTH}"
        )
        gallery = Gallery("latents-traversals", "What each latent changes", sentence, tuple(cards), card_width=22.0)
        return [self._sheet, gallery]

    def gallery(self, latent: LatentSummary) -> list[Block]:
        """Show the strip of one latent; nothing where it was not decoded."""
        if self._sheet is None or latent not in self._latents:
            return []
        title = f"What latent {latent.index} changes"
        sentence = "Standard deviations of the prior; the other latents rest at 0."
        card = Card((self._strip(latent),))
        return [Gallery(f"latent-{latent.index}-pictures", title, sentence, (card,), card_width=22.0)]

    def _strip(self, latent: LatentSummary) -> Strip:
        if self._sheet is None:
            raise ValueError("no latent was decoded")
        moves = f"What the model decodes as latent {latent.index} moves from {self._ticks[0]} to {self._ticks[-1]}"
        best = "".join(f"; it {phrases.explains(cause.column, cause.direction)}" for cause in latent.explains[:1])
        steps = len(self._ticks)
        return Strip(self._sheet, steps * self._latents.index(latent), steps, alt=f"{moves}{best}.", ticks=self._ticks)


def goes_most_with(latent: LatentSummary) -> str:
    """Say which column a latent goes with most; nothing where it goes with none."""
    told = (
        f"{phrases.explains(best.column, best.direction)} ({numbers.share(best.score)})" for best in latent.explains
    )
    return next(told, "")


def end_gallery(sheet: Sheet, row_ids: Sequence[str], latent: LatentSummary) -> list[Block]:
    """Show the rows at the two ends of a latent, on the sheet of the map's thumbnails."""
    places = {row_id: place for place, row_id in enumerate(row_ids)}
    rows = [row for row in (*latent.low_end, *reversed(latent.high_end)) if row.row_id in places]
    cards = tuple(
        Card(
            (
                Strip(
                    sheet,
                    places[row.row_id],
                    alt=f"{phrases.name(row.row_id)}, a row at one end of latent {latent.index}",
                ),
            ),
            lines=(numbers.number(row.value),),
        )
        for row in rows
    )
    sentence = "Rows of the map that lie lowest and highest, with where they lie; outliers are left out."
    title = f"Rows at the two ends of latent {latent.index}"
    return [Gallery(f"latent-{latent.index}-ends", title, sentence, cards, card_width=5.0)] if cards else []


def thumbnail_sheet(sheets: PictureSheets) -> Sheet | None:
    """Return the small pictures of the map's points, in the order of the points; None where there are none."""
    thumbnails = sheets.pictures.thumbnails
    return sheet_of(sheets, "thumbnails", thumbnails, _THUMBNAIL_COLUMNS) if len(thumbnails) else None


def map_gallery(sheets: PictureSheets, sheet: Sheet, places: LatentMap) -> list[Block]:
    """Lay the thumbnails out as the points of the map lie: for paper, for fingers, and for pages without scripts."""
    if sheets.grid is None:
        return []
    cells = sheets.grid.cells
    cards = tuple(Card((Strip(sheet, int(place)),)) if place >= 0 else None for place in cells.ravel())
    (left, bottom), (right, top) = sheets.grid.low, sheets.grid.high
    first, second = places.latents
    sentence = (
        f"The map again, in pictures: left to right along latent {first} ({numbers.span(left, right)}), bottom to top "
        f"along latent {second} ({numbers.span(bottom, top)}); each is the row nearest to the middle of its cell. Gaps "
        "hold no row of the sample."
    )
    return [Gallery("latents-map-pictures", "Who lies where", sentence, cards, card_width=4.0, columns=cells.shape[1])]
