"""Tables as plain data: cells, columns, and the track on which the figures of a column are drawn.

Every `kind` names the template macro that renders the cell or the table. All strings are plain text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vaeaudit.statistics.measures import Interval
from vaeaudit.wording import numbers

#: Rows of a table that stay open; longer tables fold away behind their caption.
OPEN_ROWS = 12
#: Rows of a table on the page; what goes beyond is in `report.json`, and the table says so.
MOST_ROWS = 100


class Part:
    """What a template renders, by the macro of its `kind`."""

    @property
    def kind(self) -> str:
        """The name of its class, in small letters."""
        return type(self).__name__.lower()


@dataclass(frozen=True)
class Badge(Part):
    """A status in a word, an icon and a colour; `tone` is good, bad, warn, unsure or neutral."""

    word: str
    tone: str


@dataclass(frozen=True)
class Mark(Part):
    """A number with its interval, and both drawn on a track; positions are per cent of the track's width."""

    text: str
    ci_text: str
    left: float
    width: float
    dot: float
    reference: float | None


@dataclass(frozen=True)
class Bar(Part):
    """A number and a bar of that many per cent of the cell's width."""

    text: str
    percent: float


@dataclass(frozen=True)
class Lines(Part):
    """Several short lines in one cell."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Link(Part):
    """A link within the page."""

    text: str
    anchor: str


Cell = str | Badge | Mark | Bar | Lines | Link


@dataclass(frozen=True)
class Column:
    """A table column; numeric ones are set flush right, wide ones hold sentences."""

    title: str
    numeric: bool = False
    wide: bool = False


def plain(*titles: str) -> tuple[Column, ...]:
    """Return columns of words."""
    return tuple(Column(title) for title in titles)


def numeric(*titles: str) -> tuple[Column, ...]:
    """Return columns of numbers."""
    return tuple(Column(title, numeric=True) for title in titles)


def wide(*titles: str) -> tuple[Column, ...]:
    """Return columns of sentences."""
    return tuple(Column(title, wide=True) for title in titles)


@dataclass(frozen=True)
class Table(Part):
    """A table; the first cell of each row is its header.

    `omitted` rows are only in `report.json`; a `folded` table opens on demand; a `stacked` one becomes a list of
    rows on a phone, one line per cell, where others scroll sideways.
    """

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
    unit: numbers.Unit
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
