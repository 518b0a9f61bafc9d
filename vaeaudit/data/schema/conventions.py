"""Which of several ways a column is written in, and what a reader should know about it."""

from __future__ import annotations

from dataclasses import dataclass

from vaeaudit.config import DateOrder, DecimalMark

THOUSANDS_COMMA, DECIMAL_COMMA, CLOCK = "thousands comma", "decimal comma", "clock"


@dataclass(frozen=True)
class Convention:
    """How a column is written.

    Attributes
    ----------
    name
        `thousands comma`, `decimal comma`, `clock`, an order of day and month (`%d/%m/%Y`), or empty where there is
        one way.
    said
        What a reader should know about it, one sentence each; empty where it goes without saying.
    unit
        What stands before or behind every number (`$`, `kg`, `%`); empty where nothing does.
    """

    name: str = ""
    said: tuple[str, ...] = ()
    unit: str = ""


@dataclass(frozen=True)
class Usual:
    """What settles a doubt that the cells leave open: the convention of other data, or what the user said."""

    name: str = ""
    decimal: DecimalMark = DecimalMark.AUTO
    dates: DateOrder = DateOrder.AUTO


#: Nothing is settled beforehand.
USUAL = Usual()
