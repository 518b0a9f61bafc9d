"""Numbers as people read them: thousands separators, few digits, intervals, p-values, rates in per cent."""

from __future__ import annotations

import math

from vaeaudit.analysis.results.measures import Interval

MINUS = "\N{MINUS SIGN}"
PERCENT = "\N{NO-BREAK SPACE}%"
#: Stands where there is no number.
ABSENT = "\N{EN DASH}"


def count(value: float) -> str:
    """Write a whole number with thousands separators.

    Examples
    --------
    >>> count(48842)
    '48,842'
    """
    return f"{value:,.0f}".replace("-", MINUS)


def number(value: float) -> str:
    """Write a measured number with three significant digits, whole where it is large.

    Examples
    --------
    >>> number(0.31234), number(0.8), number(1234.5), number(0.0), number(0.00061)
    ('0.312', '0.8', '1,234', '0', '0.00061')
    """
    if value == 0:
        return "0"
    size = abs(value)
    if float(value).is_integer() or size >= 100:
        text = f"{value:,.0f}" if size < 1e9 else _scientific(value)
    elif size < 1e-4:
        text = _scientific(value)
    else:
        text = f"{value:.{2 - math.floor(math.log10(size))}f}".rstrip("0").rstrip(".")
    return text.replace("-", MINUS)


def nats(value: float) -> str:
    """Write nats per column or pixel, which differ by little, with three decimals."""
    return f"{value:.3f}".replace("-", MINUS)


def ratio(value: float) -> str:
    """Write a quotient with two decimals."""
    return f"{value:.2f}".replace("-", MINUS)


def percent(value: float) -> str:
    r"""Write a share in per cent, with as many decimals as small shares need.

    Examples
    --------
    >>> percent(0.3312), percent(0.004), percent(0.000001), percent(0.0), percent(1.0)
    ('33.1\xa0%', '0.40\xa0%', '<0.001\xa0%', '0\xa0%', '100\xa0%')
    """
    return f"{_in_percent(value)}{PERCENT}"


def rate(value: float) -> str:
    r"""Write a rate that somebody chose, such as a level or a limit, with no more digits than it has.

    Examples
    --------
    >>> rate(0.05), rate(0.001)
    ('5\xa0%', '0.1\xa0%')
    """
    return f"{100 * value:g}{PERCENT}"


def points(value: float) -> str:
    """Write a difference of two shares in percentage points, with its sign."""
    sign = "+" if value > 0 else MINUS if value < 0 else ""
    return f"{sign}{abs(100 * value):.1f} pp"


def interval(ci: Interval, unit: str = "ratio") -> str:
    r"""Write an interval in the given unit: `ratio`, `number`, `percent` or `points`; open bounds in words.

    Examples
    --------
    >>> interval(Interval(0.29, 0.333, 0.95)), interval(Interval(None, 0.5, 0.95), "percent")
    ('[0.29, 0.33]', 'at most 50.0\xa0%')
    """
    write = _WRITERS[unit]
    if ci.low is None and ci.high is None:
        return "open"
    if ci.low is None:
        return f"at most {write(ci.high or 0.0)}"
    if ci.high is None:
        return f"at least {write(ci.low)}"
    if unit == "percent":
        return f"[{_in_percent(ci.low)}, {_in_percent(ci.high)}]{PERCENT}"
    if unit == "points":
        return f"[{write(ci.low)[:-3]}, {write(ci.high)[:-3]}] pp"
    return f"[{write(ci.low)}, {write(ci.high)}]"


def with_interval(value: float, ci: Interval, unit: str) -> str:
    r"""Write a value and its interval, the unit once.

    Examples
    --------
    >>> with_interval(0.304, Interval(0.299, 0.309, 0.95), "percent")
    '30.4\xa0% [29.9, 30.9]'
    """
    return f"{_WRITERS[unit](value)} {bare_interval(ci, unit)}"


def bare_interval(ci: Interval, unit: str) -> str:
    """Write an interval that stands behind a value which names the unit."""
    text = interval(ci, unit)
    return text.removesuffix(PERCENT).removesuffix(" pp") if text.startswith("[") else text


def p_value(value: float | None) -> str:
    """Write a p-value, small ones as a bound.

    Examples
    --------
    >>> p_value(0.0123), p_value(0.2), p_value(1e-9)
    ('0.012', '0.20', '<0.001')
    """
    if value is None:
        return ABSENT
    return "<0.001" if value < 0.001 else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def level(ci: Interval) -> str:
    """Write the level of an interval, such as 95 %."""
    return rate(ci.level)


def plural(amount: int, singular: str, several: str | None = None) -> str:
    """Write an amount with its noun.

    Examples
    --------
    >>> plural(1, "row"), plural(1200, "row"), plural(0, "entry", "entries")
    ('1 row', '1,200 rows', 'no entries')
    """
    noun = singular if amount == 1 else several or singular + "s"
    return f"{'no' if amount == 0 else count(amount)} {noun}"


def duration(seconds: float) -> str:
    """Write a time span, such as `48 s` or `3 min 20 s`."""
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


_WRITERS = {"ratio": ratio, "number": number, "percent": percent, "points": points}


def _in_percent(share: float) -> str:
    value = 100 * share
    if value in (0, 100):
        return f"{value:.0f}"
    if 0 < value < 0.01:
        return f"{value:.3f}" if value >= 0.0005 else "<0.001"
    return f"{value:.2f}" if abs(value) < 1 else f"{value:.1f}"


def _scientific(value: float) -> str:
    mantissa, exponent = f"{value:.2g}".split("e") if "e" in f"{value:.2g}" else f"{value:.1e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"
