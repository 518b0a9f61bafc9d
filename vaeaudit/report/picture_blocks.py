"""What all galleries share: budgets of bytes, sheets, and sentences about pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vaeaudit.analysis.results.images import PictureSheets, RowTile
from vaeaudit.report import numbers, wording
from vaeaudit.report.blocks import Gallery, Paragraph, Sheet
from vaeaudit.report.contact_sheets import SMALL_SIDE, PixelArray, contact_sheet

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


def sheet_of(sheets: PictureSheets, name: str, tiles: PixelArray, columns: int) -> Sheet:
    """Compress tiles [K, h, w, channels] within the budget of the sheet of this name."""
    pixelated = max(sheets.size[:2]) <= SMALL_SIDE
    return Sheet(f"sheet-{name}", contact_sheet(tiles, columns, BUDGETS[name], pixelated=pixelated))


def group_lines(tile: RowTile) -> tuple[str, ...]:
    """Say who or what is on a picture, as one line; nothing where no column tells."""
    told = [f"{wording.name(column)} {wording.name(value)}" for column, value in tile.groups.items()]
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
            f"{numbers.plural(missing, 'picture')} of the {which} cannot be shown: the run kept those that the "
            "settings of its fit called for, and this report was made with others. Fit again with these to see them."
        ),
    )
