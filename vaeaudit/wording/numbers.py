"""Numbers as people read them: one rule for each kind of number, so that a page never writes one value in two ways.

=============  =======================================================================================================
kind           rule
=============  =======================================================================================================
count          whole, with thousands separators
expected rows  two significant digits below 10, whole from there on
share          per cent with one decimal
difference     percentage points with one decimal and a sign
ratio          two decimals; so are AUC, correlations and distances between 0 and 1
p-value        two decimals
nats           two decimals, one from 100 on
chosen rate    a level or limit that somebody set: per cent with the digits that it has
other          three significant digits: scores, places on a latent, distances
=============  =======================================================================================================

A small value gets as many decimals as two significant digits need, a tiny one (below `SMALLEST` in its unit) is written
as a bound, and "0" is exactly nothing. Minus is U+2212. What stands in the cells of the data is written by `cells`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal, Protocol

MINUS = "\N{MINUS SIGN}"
#: Stands where there is no number.
ABSENT = "\N{EN DASH}"
#: Positive values below this are written as "<0.001".
SMALLEST = 0.001

Unit = Literal["count", "ratio", "number", "share", "points", "nats"]


class Bounds(Protocol):
    """An interval; None bounds are open."""

    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...


def count(value: float) -> str:
    """Write a whole number with thousands separators.

    >>> count(48842)
    '48,842'
    """
    return f"{value:,.0f}".replace("-", MINUS)


def expected(value: float) -> str:
    """Write a number of rows that would be expected, which need not be whole.

    >>> expected(1234.5), expected(41.2), expected(3.42), expected(0.031), expected(3.0)
    ('1,234', '41', '3.4', '0.031', '3')
    """
    return count(value) if float(value).is_integer() else _fixed(value, 0)


def share(value: float) -> str:
    """Write a share in per cent; nothing but all is 100 %.

    >>> share(0.3312), share(0.3), share(0.0042), share(0.000001), share(0.0), share(0.9999), share(1.0)
    ('33.1 %', '30.0 %', '0.42 %', '<0.001 %', '0 %', '>99.9 %', '100 %')
    """
    return f"{_in_percent(value)} %"


def rate(value: float) -> str:
    """Write a rate that somebody chose, such as a level or a limit, with no more digits than it has.

    >>> rate(0.05), rate(0.001)
    ('5 %', '0.1 %')
    """
    return f"{100 * value:g} %"


def points(value: float, *, sign: bool = True) -> str:
    """Write a difference of two shares in percentage points.

    >>> points(0.11), points(-0.0042).replace(MINUS, "-"), points(0.11, sign=False)
    ('+11.0 pp', '-0.42 pp', '11.0 pp')
    """
    return f"{'+' if sign and value > 0 else ''}{_fixed(100 * value, 1)} pp"


def ratio(value: float) -> str:
    """Write a quotient, an AUC, a correlation, or a distance between 0 and 1.

    >>> ratio(0.6789), ratio(2.0), ratio(0.0123), ratio(0.0)
    ('0.68', '2.00', '0.012', '0')
    """
    return _fixed(value, 2)


def p_value(value: float | None) -> str:
    """Write a p-value.

    >>> p_value(0.0123), p_value(0.2), p_value(1e-9)
    ('0.012', '0.20', '<0.001')
    """
    return ABSENT if value is None else _fixed(value, 2) if value > 0 else f"<{SMALLEST}"


def nats(value: float, *, sign: bool = False) -> str:
    """Write nats.

    >>> nats(6.123), nats(1234.56), nats(0.0042), nats(0.34, sign=True)
    ('6.12', '1,234.6', '0.0042', '+0.34')
    """
    return f"{'+' if sign and value > 0 else ''}{_fixed(value, 2 if abs(value) < 100 else 1)}"


def nats_of_a_part(value: float) -> str:
    """Write nats per column or pixel, which differ by little."""
    return _fixed(value, 3)


def number(value: float) -> str:
    """Write a measured number of no other kind: three significant digits, whole where it is large.

    >>> number(0.31234), number(0.8), number(1234.5), number(0.0), number(0.00061)
    ('0.312', '0.8', '1,234', '0', '0.00061')
    """
    size = abs(value)
    if size == 0:
        return "0"
    if size < 1e-4 or size >= 1e9:
        mantissa, exponent = f"{value:.1e}".split("e")
        text = f"{float(mantissa):g}e{int(exponent)}"
    elif size >= 100 or float(value).is_integer():
        text = f"{value:,.0f}"
    else:
        text = f"{value:.{2 - math.floor(math.log10(size))}f}".rstrip("0").rstrip(".")
    return text.replace("-", MINUS)


def span(low: float, high: float, unit: Unit = "number") -> str:
    """Write a range, such as that of a bin.

    >>> span(0.2, 0.4), span(1200, 3000, "count")
    ('0.2 to 0.4', '1,200 to 3,000')
    """
    return f"{_WRITERS[unit](low)} to {_WRITERS[unit](high)}"


def interval(ci: Bounds, unit: Unit = "ratio") -> str:
    """Write an interval, the unit once; open bounds in words."""
    write = _WRITERS[unit]
    if ci.low is None and ci.high is None:
        return "open"
    if ci.low is None:
        return f"at most {write(ci.high or 0.0)}"
    if ci.high is None:
        return f"at least {write(ci.low)}"
    return f"{bare_interval(ci, unit)}{_SIGNS.get(unit, '')}"


def bare_interval(ci: Bounds, unit: Unit) -> str:
    """Write an interval that stands behind a value which names the unit."""
    if ci.low is None or ci.high is None:
        return interval(ci, unit)
    write, sign = _WRITERS[unit], _SIGNS.get(unit, "")
    return f"[{write(ci.low).removesuffix(sign)}, {write(ci.high).removesuffix(sign)}]"


def with_interval(value: float, ci: Bounds, unit: Unit) -> str:
    """Write a value and its interval, the unit once: `30.4 % [29.9, 30.9]`."""
    return f"{_WRITERS[unit](value)} {bare_interval(ci, unit)}"


def duration(seconds: float) -> str:
    """Write a time span, such as `48 s` or `3 min 20 s`."""
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def moment(iso: str) -> str:
    """Write an ISO 8601 time for people; other text is returned as it is.

    >>> moment("2026-05-04T09:30:12+00:00")
    '4 May 2026, 09:30 UTC'
    """
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    zone = f" {when.tzname()}" if when.tzinfo else ""
    return f"{when.day} {when:%B %Y, %H:%M}{zone}"


def _in_percent(value: float) -> str:
    if abs(value) == 1:
        return f"{MINUS if value < 0 else ''}100"
    text = _fixed(100 * value, 1)
    return ">99.9" if text == "100.0" else text


def _fixed(value: float, decimals: int) -> str:
    """Write with so many decimals, or as many as two significant digits need."""
    size = abs(value)
    if size == 0:
        return "0"
    minus = MINUS if value < 0 else ""
    if size < SMALLEST:
        return f"{'>' if minus else '<'}{minus}{SMALLEST}"
    needed = 1 - math.floor(math.log10(float(f"{size:.1e}")))
    return f"{minus}{size:,.{max(decimals, needed)}f}"


#: Unit -> what stands behind its numbers.
_SIGNS = {"share": " %", "points": " pp"}
_WRITERS: Mapping[Unit, Callable[[float], str]] = {
    "count": count,
    "ratio": ratio,
    "number": number,
    "share": share,
    "points": points,
    "nats": nats,
}
