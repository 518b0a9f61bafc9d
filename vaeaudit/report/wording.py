"""Names, lists, rules and reasons in words: the pieces that sentences and tables are made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from vaeaudit.analysis.results import Condition, Explains, Reason
from vaeaudit.report import numbers

#: Names and values of the data are cut at this length in sentences and tables; `report.json` holds them whole.
LONGEST_NAME = 60

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def clean(text: str) -> str:
    """Drop what no reader could see: control characters, direction overrides, zero-width marks, lone surrogates."""
    return _INVISIBLE.sub("", text)


def shorten(text: str, length: int) -> str:
    """Cut long text, with an ellipsis.

    Examples
    --------
    >>> shorten("Married-civ-spouse", 10)
    'Married-c…'
    """
    one_line = " ".join(clean(text).split())
    return one_line if len(one_line) <= length else one_line[: length - 1].rstrip() + "…"


def name(text: str) -> str:
    """Return a name or value of the data, cut to a readable length; never empty."""
    return shorten(text, LONGEST_NAME) or "(empty)"


def listed(items: Sequence[str], *, most: int = 3, last: str = "and") -> str:
    """Join items as a sentence does, with the number of those left out.

    Examples
    --------
    >>> listed(["a", "b", "c"]), listed(["a", "b", "c", "d", "e"])
    ('a, b and c', 'a, b, c and 2 more')
    """
    shown = list(items[:most])
    if len(items) > most:
        shown.append(f"{len(items) - most} more")
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + f" {last} " + shown[-1] if shown else "none"


def condition(rule: Condition) -> str:
    """Put one condition of a rule into words.

    Examples
    --------
    >>> condition(Condition("age", "between", [15, 20])), condition(Condition("sex", "in", ["Female"]))
    ('age from 15 to under 20', 'sex is Female')
    """
    column = name(rule.column)
    if rule.op == "missing":
        return f"{column} is missing"
    if rule.op == "in":
        levels = [name(str(value)) for value in rule.value]
        return f"{column} is {levels[0]}" if len(levels) == 1 else f"{column} is {listed(levels, most=6, last='or')}"
    low, high = rule.value
    if low is None and high is None:
        return f"{column} has any value"
    if low is None:
        return f"{column} under {_bound(high)}"
    if high is None:
        return f"{column} {_bound(low)} or more"
    return f"{column} from {_bound(low)} to under {_bound(high)}"


def rule_in_words(conditions: Sequence[Condition]) -> str:
    """Put a rule into words; its conditions hold together."""
    return " and ".join(condition(rule) for rule in conditions)


def group_name(attributes: Sequence[str], group: Sequence[str]) -> str:
    """Name a cell of one attribute by its level, a cell of several by all its levels."""
    return " · ".join(name(level) for level in group) if attributes else "all rows"


def reason(why: Reason) -> str:
    """Say why a cell is atypical: its value, the expected one, and how surprising it is."""
    expected = f" (expected {name(why.expected)})" if why.expected else ""
    return f"{name(why.column)} = {name(why.value)}{expected}: {numbers.number(why.nats)} nats"


def explains(cause: Explains) -> str:
    """Say how a latent moves with a column, to follow "Latent 2"."""
    column, way = name(cause.column), cause.direction
    if way == "rises":
        return f"rises with {column}"
    if way == "falls":
        return f"falls as {column} rises"
    if way.startswith("from "):
        return f"runs {shorten(way, 2 * LONGEST_NAME)} in {column}"
    if way.endswith("in the middle"):
        return f"is {way} of {column}"
    if way.endswith("where missing"):
        return f"is {way.removesuffix('missing')}{column} is missing"
    return f"goes with {column} ({shorten(way, LONGEST_NAME)})"


def moment(iso: str) -> str:
    """Write an ISO 8601 time for people; other text is returned as it is.

    Examples
    --------
    >>> moment("2026-05-04T09:30:12+00:00")
    '4 May 2026, 09:30 UTC'
    """
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return shorten(iso, LONGEST_NAME)
    zone = f" {when.tzname()}" if when.tzinfo else ""
    return f"{when.day} {when:%B %Y, %H:%M}{zone}"


def _bound(value: float | str) -> str:
    """Write a bound in full: a rule must be applicable as it is read."""
    if isinstance(value, str):
        return name(value)
    return f"{value:.6g}" if abs(value) < 10_000 or not float(value).is_integer() else numbers.count(value)
