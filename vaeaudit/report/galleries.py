"""Rows in pictures: the atypical ones, the rare ones, reconstructions and pairs, each with its captions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vaeaudit.analysis.results.images import PictureSheets, RowTile
from vaeaudit.analysis.results.outliers import OutlierSummary
from vaeaudit.report import numbers, surprise_map, wording
from vaeaudit.report.blocks import Block, Card, Gallery, Sheet, Strip
from vaeaudit.report.contact_sheets import PixelArray
from vaeaudit.report.picture_blocks import SMOOTH, folded_after, group_lines, not_kept, sheet_of
from vaeaudit.report.tables import Badge

#: Rows of the outlier sheet that stand open; the others open on demand.
_OPEN_OUTLIERS = 12


def outlier_galleries(sheets: PictureSheets, outliers: OutlierSummary) -> list[Block]:
    """Show the rows of highest score: the picture, what the model expects, where the one departs from the other."""
    tiles = sheets.outliers
    if not tiles:
        return list(not_kept(sheets.outliers_missing, "rows of highest score"))
    kept, places = sheets.pictures, [tile.place for tile in tiles]
    originals = _in_colour(kept.originals[places])
    departures = surprise_map.drawn_over(kept.originals[places], kept.surprise[places])
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
        title=f"The next {numbers.plural(len(cards) - _OPEN_OUTLIERS, 'row')} in pictures",
        sentence="As above: the picture, what the model expects, and where the one departs from the other.",
    )
    return [sheet, *shown, *not_kept(sheets.outliers_missing, "rows of highest score")]


def _outlier_card(sheet: Sheet, at: int, tile: RowTile, aspect: str) -> Card:
    shown = f"{wording.name(tile.row_id)}: the picture, what the model expects, and where it departs from that"
    strip = Strip(
        sheet,
        3 * at,
        3,
        alt=f"{shown}. {_of_groups(tile)}{aspect}".strip(),
        ticks=("picture", "expected", "departs"),
    )
    lines = [f"score {numbers.number(tile.score)}, p {numbers.p_value(tile.p_value)}", *group_lines(tile)]
    if aspect:
        lines.insert(0, wording.shorten(aspect, 160))
    badge = Badge("flagged", "bad") if tile.flagged else Badge("not flagged", "neutral")
    return Card((strip,), wording.name(tile.row_id), badge, tuple(lines))


def rare_gallery(sheets: PictureSheets) -> list[Block]:
    """Show the rarest rows that nothing speaks against."""
    tiles = sheets.rare
    missing = not_kept(sheets.rare_missing, "rarest plausible rows")
    if not tiles:
        return [*missing]
    sheet = sheet_of(sheets, "rare", sheets.pictures.originals[[tile.place for tile in tiles]], 6)
    cards = [
        Card(
            (Strip(sheet, at, alt=f"{wording.name(tile.row_id)}, a rare picture. {_of_groups(tile)}".strip()),),
            wording.name(tile.row_id),
            lines=(f"rarity {numbers.number(tile.rarity)} nats", *group_lines(tile)),
        )
        for at, tile in enumerate(tiles)
    ]
    gallery = Gallery(
        "rare-pictures",
        "The rarest plausible pictures",
        (
            f"The {len(tiles)} rows in the emptiest parts of the latent space among those that nothing speaks against, "
            "rarest first. They belong, and there are few like them: the first candidates to collect more of. Rarity "
            "is minus the logarithm of the density, in nats."
        ),
        tuple(cards),
        card_width=7.0,
    )
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
    cards = [
        Card(
            (
                Strip(
                    sheet,
                    2 * at,
                    2,
                    alt=f"{wording.name(tile.row_id)}: the picture, and what the model makes of it.",
                    ticks=("picture", "model"),
                ),
            ),
            wording.name(tile.row_id),
        )
        for at, tile in enumerate(tiles)
    ]
    sentence = (
        f"{numbers.plural(len(tiles), 'picture')} drawn at random among those that took no part in training, each "
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
        names = (wording.name(left.row_id), wording.name(right.row_id))
        word = wording.shorten(said.get((left.position, right.position), ""), 160)
        strip = Strip(sheet, 2 * at, 2, alt=f"{names[0]} beside {names[1]}. {word}".rstrip())
        cards.append(Card((strip,), lines=(*names, word) if word else names))
    of_all = f"The first {len(pairs)} of {len(said)} pairs" if len(said) > len(pairs) else "Every pair that is listed"
    sentence = f"{of_all}, its two rows side by side."
    return [sheet, Gallery("duplicates-pairs", "Pairs in pictures", sentence, tuple(cards), card_width=11.0)]


def _of_groups(tile: RowTile) -> str:
    return "".join(f"{line}. " for line in group_lines(tile))


def _in_colour(pictures: PixelArray) -> PixelArray:
    return pictures if pictures.shape[3] == 3 else pictures.repeat(3, axis=3)
