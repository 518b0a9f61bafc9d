"""What a section is made of: words, tables and figures, as plain data that the templates lay out.

Every `kind` names the template macro that renders the block. All strings are plain text: the templates escape them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vaeaudit.report.parts.contact_sheets import ContactSheet, View
from vaeaudit.report.parts.tables import Badge, Part, Table


@dataclass(frozen=True)
class Paragraph(Part):
    """One paragraph of text."""

    text: str


@dataclass(frozen=True)
class Answer(Part):
    """A result in words where there is nothing to draw; `tone` as in `Badge`."""

    text: str
    tone: str = "neutral"


@dataclass(frozen=True)
class Code(Part):
    """Text to be copied."""

    caption: str
    text: str
    open: bool = False


@dataclass(frozen=True)
class Definitions(Part):
    """Terms with their meaning or value."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Figure(Part):
    """A plotly figure; `sentence` says what it shows and is also its text alternative.

    `spec` holds `data`, `layout` and optionally `views` (name -> positions of the traces that the view shows; traces
    in no view are always shown).
    """

    id: str
    title: str
    sentence: str
    spec: dict[str, Any]

    @property
    def height(self) -> int:
        """Pixels kept free for the figure before it is drawn."""
        return int(self.spec["layout"]["height"])


@dataclass(frozen=True)
class Selector(Part):
    """A choice between the views of all figures of its section."""

    id: str
    label: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Sheet(Part):
    """A compressed image whose tiles the galleries of its section show; by itself it shows nothing.

    It stands in the page once, and every gallery takes its pictures from there.
    """

    id: str
    image: ContactSheet


@dataclass(frozen=True)
class Strip:
    """Neighbouring tiles of a sheet.

    Attributes
    ----------
    sheet, first, tiles
        Which tiles: from the first one on, so many in a row of the sheet.
    alt
        What they show; where it is empty the gallery's sentence stands for the picture.
    ticks
        Names of the tiles, one by one; empty where they need none.
    percent
        Of the card's width.
    """

    sheet: Sheet
    first: int
    tiles: int = 1
    alt: str = ""
    ticks: tuple[str, ...] = ()
    percent: float = 100.0

    def __post_init__(self) -> None:
        if self.ticks and len(self.ticks) != self.tiles:
            raise ValueError(f"{self.tiles} tiles need as many ticks, found {len(self.ticks)}")

    @property
    def view(self) -> View:
        """Where the tiles lie in the image."""
        return self.sheet.image.view(self.first, self.tiles)


@dataclass(frozen=True)
class Card:
    """One or more strips with what is to be said about them: all text, nothing of it is part of the image."""

    strips: tuple[Strip, ...]
    title: str = ""
    badge: Badge | None = None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gallery(Part):
    """Pictures under one heading.

    Attributes
    ----------
    id, title, sentence
        The heading, and what there is to see; the sentence is also the text alternative of cards without one.
    cards
        In reading order; None leaves a gap.
    card_width
        Smallest width of a card in rem; as many stand beside one another as fit.
    columns
        Fixed number of columns instead, where the place of a picture means something.
    scale
        Ends of the colour scale of the pictures, in words; empty where they have none.
    folded
        Whether it opens on demand.
    """

    id: str
    title: str
    sentence: str
    cards: tuple[Card | None, ...]
    card_width: float = 8.0
    columns: int | None = None
    scale: tuple[str, ...] = ()
    folded: bool = False

    def __post_init__(self) -> None:
        if self.scale and len(self.scale) != 2:
            raise ValueError(f"gallery {self.id!r}: a scale has two ends, found {self.scale}")

    @property
    def is_one_picture(self) -> bool:
        """Whether no card says anything by itself, so that the gallery is described as a whole."""
        return not any(strip.alt for card in self.cards if card is not None for strip in card.strips)


@dataclass(frozen=True)
class Group(Part):
    """A part of a section under a heading of its own."""

    id: str
    title: str
    blocks: tuple[Block, ...]


Block = Paragraph | Answer | Code | Definitions | Table | Figure | Selector | Sheet | Gallery | Group


@dataclass(frozen=True)
class Section:
    """A section of the page; `lead` answers its heading in a sentence or two."""

    id: str
    title: str
    lead: str
    blocks: tuple[Block, ...] = ()
