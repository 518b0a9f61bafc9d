"""Rows in pictures: the atypical ones, the rare ones, reconstructions and pairs, each with its captions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from vaeaudit.analysis.images.results import PictureSheets, RowTile
from vaeaudit.analysis.outliers.results import OutlierSummary
from vaeaudit.report.parts.blocks import Block, Card, Gallery, Paragraph, Sheet, Strip
from vaeaudit.report.parts.contact_sheets import SMALL_SIDE, PixelArray, contact_sheet
from vaeaudit.report.parts.tables import Badge
from vaeaudit.wording import numbers, phrases

#: Rows of the outlier sheet that stand open; the others open on demand.
_OPEN_OUTLIERS = 12
#: Most bytes of each image. Together 400 kB, 533 kB as text of the page; plotly.js takes 2.0 MB of the 3 MB.
BUDGETS: Mapping[str, int] = {
    "outliers": 80_000,
    "rare": 40_000,
    "reconstructions": 35_000,
    "prior": 20_000,
    "traversals": 45_000,
    "regions": 40_000,
    "thumbnails": 110_000,
    "pairs": 30_000,
}
#: Row names spelled out in a line or a text alternative.
MOST_NAMED = 4
SMOOTH = "The model shows what it expects on average, so its pictures are smoother than real ones."
#: From "as expected" to "departs most". Lightness rises from stop to stop, so that the order survives in grey and for
#: readers with colour-vision deficiencies; hue runs from blue over red to yellow, which all of them tell apart.
STOPS = ("#0d1033", "#4b1d78", "#9c2a7c", "#df4c4d", "#fb9a2f", "#fdf3a5")
#: Brightness left to the picture underneath.
_DIMMED = 0.55


def outlier_galleries(sheets: PictureSheets, outliers: OutlierSummary) -> list[Block]:
    """Show the rows of highest score: the picture, what the model expects, where the one departs from the other."""
    tiles = sheets.outliers
    if not tiles:
        return list(not_kept(sheets.outliers_missing, "rows of highest score"))
    kept, places = sheets.pictures, [tile.place for tile in tiles]
    originals = _in_colour(kept.originals[places])
    departures = drawn_over(kept.originals[places], kept.surprise[places])
    columns = np.stack([originals, _in_colour(kept.reconstructions[places]), departures], axis=1)
    sheet = sheet_of(sheets, "outliers", columns.reshape(-1, *originals.shape[1:]), 3)
    aspects = {row.position: row.aspect for row in outliers.top}
    cards = [_outlier_card(sheet, at, tile, aspects.get(tile.position, "")) for at, tile in enumerate(tiles)]
    top = numbers.number(kept.surprise_top)
    gallery = Gallery(
        "outliers-pictures",
        "The highest scores in pictures",
        (
            "Left the picture, in the middle what the model expects in its place, right where the one departs from the "
            "other: the brighter, the more, over a dimmed copy of the picture. What is drawn is not in nats: it is how "
            "far the energy of each patch of the difference lies above the usual one, in robust standard deviations."
        ),
        tuple(cards),
        card_width=17.0,
        scale=("as expected", f"departs most ({top} robust standard deviations or more)"),
    )
    shown = folded_after(
        _OPEN_OUTLIERS,
        gallery,
        title=f"The next {phrases.plural(len(cards) - _OPEN_OUTLIERS, 'row')} in pictures",
        sentence="As above: the picture, what the model expects, and where the one departs from the other.",
    )
    return [sheet, *shown, *not_kept(sheets.outliers_missing, "rows of highest score")]


def _outlier_card(sheet: Sheet, at: int, tile: RowTile, aspect: str) -> Card:
    shown = f"{phrases.name(tile.row_id)}: the picture, what the model expects, and where it departs from that"
    strip = Strip(
        sheet, 3 * at, 3, alt=f"{shown}. {_of_groups(tile)}{aspect}".strip(), ticks=("picture", "expected", "departs")
    )
    lines = [f"score {numbers.number(tile.score)}, p {numbers.p_value(tile.p_value)}", *group_lines(tile)]
    if aspect:
        lines.insert(0, phrases.shorten(aspect, 160))
    badge = Badge("flagged", "bad") if tile.flagged else Badge("not flagged", "neutral")
    return Card((strip,), phrases.name(tile.row_id), badge, tuple(lines))


def rare_gallery(sheets: PictureSheets) -> list[Block]:
    """Show the rarest rows that nothing speaks against."""
    tiles = sheets.rare
    missing = not_kept(sheets.rare_missing, "rarest plausible rows")
    if not tiles:
        return [*missing]
    sheet = sheet_of(sheets, "rare", sheets.pictures.originals[[tile.place for tile in tiles]], 6)
    cards = []
    for at, tile in enumerate(tiles):
        alt = f"{phrases.name(tile.row_id)}, a rare picture. {_of_groups(tile)}".strip()
        lines = (f"rarity {numbers.nats(tile.rarity)} nats", *group_lines(tile))
        cards.append(Card((Strip(sheet, at, alt=alt),), phrases.name(tile.row_id), lines=lines))
    sentence = (
        f"The {len(tiles)} rows in the emptiest parts of the latent space among those that nothing speaks against, "
        "rarest first. They belong, and there are few like them: the first candidates to collect more of. Rarity "
        "is minus the logarithm of the density, in nats."
    )
    gallery = Gallery("rare-pictures", "The rarest plausible pictures", sentence, tuple(cards), card_width=7.0)
    return [sheet, gallery, *missing]


def reconstruction_gallery(sheets: PictureSheets) -> list[Block]:
    """Show pictures that took no part in training beside what the model makes of them."""
    tiles = sheets.reconstructions
    missing = not_kept(sheets.reconstructions_missing, "rows drawn for reconstruction")
    if not tiles:
        return [*missing]
    kept, places = sheets.pictures, [tile.place for tile in tiles]
    pairs = np.stack([kept.originals[places], kept.reconstructions[places]], axis=1)
    sheet = sheet_of(sheets, "reconstructions", pairs.reshape(-1, *sheets.size), 4)
    cards = []
    for at, tile in enumerate(tiles):
        alt = f"{phrases.name(tile.row_id)}: the picture, and what the model makes of it."
        strip = Strip(sheet, 2 * at, 2, alt=alt, ticks=("picture", "model"))
        cards.append(Card((strip,), phrases.name(tile.row_id)))
    sentence = (
        f"{phrases.plural(len(tiles), 'picture')} drawn at random among those that took no part in training, each "
        f"beside its reconstruction. What is lost there, no latent encodes. {SMOOTH}"
    )
    gallery = Gallery("model-reconstructions", "Originals and reconstructions", sentence, tuple(cards), card_width=9.5)
    return [sheet, gallery, *missing]


def pairs_gallery(sheets: PictureSheets, said: Mapping[tuple[int, int], str]) -> list[Block]:
    """Show pairs of rows side by side, such as near duplicates.

    Parameters
    ----------
    sheets
        The kept pictures, and the pairs to show.
    said
        Positions of the two rows of a pair -> what is to be said about it; a pair that is not named has its rows alone.
    """
    pairs = sheets.pairs
    if not pairs:
        return []
    places = [tile.place for pair in pairs for tile in pair]
    sheet = sheet_of(sheets, "pairs", sheets.pictures.originals[places], 4)
    cards = []
    for at, (left, right) in enumerate(pairs):
        names = (phrases.name(left.row_id), phrases.name(right.row_id))
        word = phrases.shorten(said.get((left.position, right.position), ""), 160)
        strip = Strip(sheet, 2 * at, 2, alt=f"{names[0]} beside {names[1]}. {word}".rstrip())
        cards.append(Card((strip,), lines=(*names, word) if word else names))
    of_all = f"The first {len(pairs)} of {len(said)} pairs" if len(said) > len(pairs) else "Every pair that is listed"
    sentence = f"{of_all}, its two rows side by side."
    return [sheet, Gallery("duplicates-pairs", "Pairs in pictures", sentence, tuple(cards), card_width=11.0)]


def _of_groups(tile: RowTile) -> str:
    return "".join(f"{line}. " for line in group_lines(tile))


def _in_colour(pictures: PixelArray) -> PixelArray:
    return pictures if pictures.shape[3] == 3 else pictures.repeat(3, axis=3)


def sheet_of(sheets: PictureSheets, name: str, tiles: PixelArray, columns: int) -> Sheet:
    """Compress tiles [K, h, w, channels] within the budget of the sheet of this name."""
    pixelated = max(sheets.size[:2]) <= SMALL_SIDE
    return Sheet(f"sheet-{name}", contact_sheet(tiles, columns, BUDGETS[name], pixelated=pixelated))


def group_lines(tile: RowTile) -> tuple[str, ...]:
    """Say who or what is on a picture, as one line; nothing where no column tells."""
    told = [f"{phrases.name(column)} {phrases.name(value)}" for column, value in tile.groups.items()]
    return (", ".join(told),) if told else ()


def folded_after(most: int, gallery: Gallery, *, title: str, sentence: str) -> tuple[Gallery, ...]:
    """Leave the first `most` cards of a gallery open; the others, if any, open on demand under this title."""
    further = gallery.cards[most:]
    if not further:
        return (gallery,)
    folded = replace(
        gallery, id=f"{gallery.id}-further", title=title, sentence=sentence, cards=further, scale=(), folded=True
    )
    return replace(gallery, cards=gallery.cards[:most]), folded


def not_kept(missing: int, which: str) -> tuple[Paragraph, ...]:
    """Say that pictures are missing from a sheet, and why; nothing where none is."""
    if missing == 0:
        return ()
    return (
        Paragraph(
            f"{phrases.plural(missing, 'picture')} of the {which} cannot be shown: the run kept those that the "
            "settings of its fit called for, and this report was made with others. Fit again with these to see them."
        ),
    )


def colours(values: PixelArray) -> PixelArray:
    """Return the colour [..., 3] of each value [...], 0 to 255."""
    stops = np.array([[int(stop[at : at + 2], 16) for at in (1, 3, 5)] for stop in STOPS], dtype=np.float64)
    places = np.linspace(0, 255, len(stops))
    table = np.stack([np.interp(np.arange(256), places, stops[:, channel]) for channel in range(3)], axis=1)
    return np.asarray(table.round().astype(np.uint8)[values])


def drawn_over(originals: PixelArray, surprise: PixelArray) -> PixelArray:
    """Draw where pictures depart from what is expected: the more, the brighter and the less of the picture shows.

    Parameters
    ----------
    originals
        [R, H, W, 1 or 3].
    surprise
        [R, H, W]; 0 is usual, 255 the top of the scale.

    Returns
    -------
    PixelArray
        [R, H, W, 3].
    """
    grey = _DIMMED * originals.mean(axis=3, keepdims=True)
    opacity = (surprise / 255.0)[..., None] ** 0.5
    mixed = (1 - opacity) * grey + opacity * colours(surprise)
    return np.asarray(mixed.round().astype(np.uint8))


def gradient() -> str:
    """Return the colours as a CSS gradient, for the legend."""
    return f"linear-gradient(to right, {', '.join(STOPS)})"
