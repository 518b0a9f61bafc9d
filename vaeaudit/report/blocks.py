"""What a section is made of: words, tables and figures, as plain data that the templates lay out.

Every `kind` names the template macro that renders the block. All strings are plain text: the templates escape them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from vaeaudit.analysis.results import Interval
from vaeaudit.report import numbers
from vaeaudit.report.contact_sheets import ContactSheet, View

#: Rows of a table that stay open; longer tables fold away behind their caption.
OPEN_ROWS = 12
#: Rows of a table on the page; what goes beyond is in `report.json`, and the table says so.
MOST_ROWS = 100


@dataclass(frozen=True)
class Badge:
    """A status in a word, an icon and a colour; `tone` is good, bad, warn, unsure or neutral."""

    kind: ClassVar[str] = "badge"
    word: str
    tone: str


@dataclass(frozen=True)
class Mark:
    """A number with its interval, and both drawn on a track; positions are per cent of the track's width."""

    kind: ClassVar[str] = "mark"
    text: str
    ci_text: str
    left: float
    width: float
    dot: float
    reference: float | None


@dataclass(frozen=True)
class Bar:
    """A number and a bar of that many per cent of the cell's width."""

    kind: ClassVar[str] = "bar"
    text: str
    percent: float


@dataclass(frozen=True)
class Lines:
    """Several short lines in one cell."""

    kind: ClassVar[str] = "lines"
    items: tuple[str, ...]


@dataclass(frozen=True)
class Link:
    """A link within the page."""

    kind: ClassVar[str] = "link"
    text: str
    anchor: str


Cell = str | Badge | Mark | Bar | Lines | Link


@dataclass(frozen=True)
class Column:
    """A table column; numeric ones are set flush right, wide ones hold sentences."""

    title: str
    numeric: bool = False
    wide: bool = False


@dataclass(frozen=True)
class Paragraph:
    """One paragraph of text."""

    kind: ClassVar[str] = "paragraph"
    text: str


@dataclass(frozen=True)
class Answer:
    """A result in words where there is nothing to draw; `tone` as in `Badge`."""

    kind: ClassVar[str] = "answer"
    text: str
    tone: str = "neutral"


@dataclass(frozen=True)
class Code:
    """Text to be copied."""

    kind: ClassVar[str] = "code"
    caption: str
    text: str
    open: bool = False


@dataclass(frozen=True)
class Definitions:
    """Terms with their meaning or value."""

    kind: ClassVar[str] = "definitions"
    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """A table; the first cell of each row is its header.

    `omitted` rows are only in `report.json`; a `folded` table opens on demand; a `stacked` one becomes a list of
    rows on a phone, one line per cell, where others scroll sideways.
    """

    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    omitted: int = 0
    folded: bool = False
    stacked: bool = True

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"table {self.caption!r} has {len(self.columns)} columns, found a row of {len(row)}")

    @property
    def all_numeric(self) -> bool:
        """Whether every column but the first is numeric; said once, since such tables may be large."""
        return all(column.numeric for column in self.columns[1:])


@dataclass(frozen=True)
class Figure:
    """A plotly figure; `sentence` says what it shows and is also its text alternative.

    `spec` holds `data`, `layout` and optionally `views` (name -> positions of the traces that the view shows; traces
    in no view are always shown).
    """

    kind: ClassVar[str] = "figure"
    id: str
    title: str
    sentence: str
    spec: dict[str, Any]

    @property
    def height(self) -> int:
        """Pixels kept free for the figure before it is drawn."""
        return int(self.spec["layout"]["height"])


@dataclass(frozen=True)
class Selector:
    """A choice between the views of all figures of its section."""

    kind: ClassVar[str] = "selector"
    id: str
    label: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """A compressed image whose tiles the galleries of its section show; by itself it shows nothing.

    It stands in the page once, and every gallery takes its pictures from there.
    """

    kind: ClassVar[str] = "sheet"
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
class Gallery:
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

    kind: ClassVar[str] = "gallery"
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
class Group:
    """A part of a section under a heading of its own."""

    kind: ClassVar[str] = "group"
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


def table(
    caption: str,
    columns: Sequence[Column],
    rows: Sequence[tuple[Cell, ...]],
    *,
    fold: bool | None = None,
    stack: bool = True,
    most: int = MOST_ROWS,
) -> Table:
    """Build a table of at most `most` rows, folded where `fold` says so, or, if it says nothing, where it is long."""
    return Table(
        caption=caption,
        columns=tuple(columns),
        rows=tuple(rows[:most]),
        omitted=max(len(rows) - most, 0),
        folded=len(rows) > OPEN_ROWS if fold is None else fold,
        stacked=stack and (len(columns) > 3 or any(column.wide for column in columns)),
    )


@dataclass(frozen=True)
class Track:
    """The scale on which the marks of one table column are drawn."""

    low: float
    high: float
    unit: str
    reference: float | None = None

    def mark(self, value: float, ci: Interval) -> Mark:
        """Draw a value and its interval; open bounds and bounds beyond the scale run to its end."""
        low = self._percent(self.low if ci.low is None else ci.low)
        high = self._percent(self.high if ci.high is None else ci.high)
        said = numbers.with_interval(value, ci, self.unit)
        ci_text = numbers.bare_interval(ci, self.unit)
        return Mark(
            text=said.removesuffix(ci_text).strip(" "),
            ci_text=ci_text,
            left=low,
            width=round(max(high - low, 1.0), 1),
            dot=self._percent(value),
            reference=None if self.reference is None else self._percent(self.reference),
        )

    def _percent(self, value: float) -> float:
        span = self.high - self.low
        inside = min(max(value, self.low), self.high)
        return round(100 * (inside - self.low) / span, 1) if span > 0 else 50.0
