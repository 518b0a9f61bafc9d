"""Pieces of sentences: names of the data, lists, plurals, groups, reasons, and the fixed words that people read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from vaeaudit.wording import numbers

#: Names and values of the data are cut at this length in sentences and tables; `report.json` holds them whole.
LONGEST_NAME = 60

#: Severity of a finding.
SEVERITY = {"high": "High", "medium": "Medium", "low": "Low", "info": "For information"}
#: State of a check.
STATES = {
    "finding": "finding",
    "passed": "passed",
    "inconclusive": "inconclusive",
    "not_asked": "not asked",
    "not_applicable": "not applicable",
    "muted": "set aside",
}
#: Status of the verdict.
VERDICT = {"pass": "Pass", "fail": "Fail", "inconclusive": "Inconclusive"}
#: Effect on the verdict and state of a check -> why it counts.
VERDICT_REASONS = {
    ("fail", "finding"): "Speaks against it",
    ("hold", "finding"): "Needs a person",
    ("hold", "inconclusive"): "Could not be told",
    ("hold", "not_asked"): "Not checked",
}
#: How a group stands against its population share.
REPRESENTATION = {
    "under": "under-represented",
    "over": "over-represented",
    "ok": "within tolerance",
    "inconclusive": "inconclusive",
    "none": "not compared",
}
#: Whether the outcome of a group differs from that of all others.
DISPARITY = {"flagged": "differs", "unflagged": "no difference shown", "small": "too few rows to judge"}
#: What deleting the flagged rows would do to a group.
DELETION = {
    "harder": "loses more",
    "less": "loses less",
    "unclear": "unclear",
    "small": "too few rows to judge",
    "empty": "no row",
}

#: The same of the first rows of the list, which nobody need delete.
LEANING = {**DELETION, "harder": "listed more often", "less": "listed less often"}

_BIN = re.compile(r"\[.*, .*\)")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


class Contradiction(Protocol):
    """A cell that departs by `nats` from what was expected in it; empty text where nothing is to be said.

    `partner` names the column of the row that it contradicts, where a single one does.
    """

    @property
    def column(self) -> str: ...
    @property
    def nats(self) -> float: ...
    @property
    def value(self) -> str: ...
    @property
    def expected(self) -> str: ...
    @property
    def partner(self) -> str: ...
    @property
    def partner_value(self) -> str: ...


def clean(text: str) -> str:
    """Drop what no reader could see: control characters, direction overrides, zero-width marks, lone surrogates."""
    return _INVISIBLE.sub("", text)


def shorten(text: str, length: int) -> str:
    """Cut long text, with an ellipsis.

    >>> shorten("Married-civ-spouse", 10)
    'Married-c…'
    """
    one_line = " ".join(clean(text).split())
    return one_line if len(one_line) <= length else one_line[: length - 1].rstrip() + "…"


def name(text: str) -> str:
    """Return a name or value of the data, cut to a readable length; never empty."""
    return shorten(text, LONGEST_NAME) or "(empty)"


def plural(amount: int, singular: str, several: str | None = None) -> str:
    """Write an amount with its noun.

    >>> plural(1, "row"), plural(1200, "row"), plural(0, "entry", "entries")
    ('1 row', '1,200 rows', 'no entries')
    """
    noun = singular if amount == 1 else several or singular + "s"
    return f"{'no' if amount == 0 else numbers.count(amount)} {noun}"


def listed(items: Sequence[str], *, most: int = 3, separator: str = ", ", last: str = "and") -> str:
    """Join items as a sentence does, with the number of those left out.

    >>> listed(["a", "b", "c"]), listed(["a", "b", "c", "d", "e"]), listed([])
    ('a, b and c', 'a, b, c and 2 more', 'none')
    """
    shown = list(items[:most])
    if len(items) > most:
        shown.append(f"{numbers.count(len(items) - most)} more")
    return f" {last} ".join([separator.join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown) or "none"


def counted(counts: Mapping[str, int]) -> list[str]:
    """Write names with their counts, to be listed.

    >>> counted({"age": 1200})
    ['age (1,200)']
    """
    return [f"{key} ({numbers.count(held)})" for key, held in counts.items()]


def states(counts: Mapping[str, int]) -> str:
    """Count checks by their state.

    >>> states({"finding": 2, "passed": 3, "not_asked": 1})
    '6 checks: 2 found something, 3 passed, 1 not asked'
    """
    words = {**STATES, "finding": "found something"}
    parts = [f"{counts[state]} {word}" for state, word in words.items() if counts.get(state)]
    return f"{plural(sum(counts.values()), 'check')}: {', '.join(parts)}"


def accounting(rows: Mapping[str, int]) -> str:
    """Account for every row: read = scored + quarantined + skipped.

    >>> accounting({"read": 1004, "scored": 1000, "quarantined": 3, "skipped": 1})
    '1,004 read = 1,000 scored + 3 quarantined + 1 skipped'
    """
    parts = (f"{numbers.count(rows[key])} {key}" for key in ("scored", "quarantined", "skipped"))
    return f"{numbers.count(rows['read'])} read = {' + '.join(parts)}"


def group(attributes: Sequence[str], groups: Sequence[str]) -> str:
    """Name a group, or an intersection of groups, by its columns.

    >>> group(["sex", "age"], ["Female", ">= 60"]), group(["age"], ["[20, 25)"])
    ('sex = Female, age >= 60', 'age in [20, 25)')
    """
    return ", ".join(_one_group(attribute, level) for attribute, level in zip(attributes, groups, strict=True))


def _one_group(attribute: str, level: str) -> str:
    if level.startswith(("< ", ">= ")):
        return f"{attribute} {level}"
    return f"{attribute} {'in' if _BIN.fullmatch(level) else '='} {level}"


def levels(group: Sequence[str]) -> str:
    """Name a cell of one attribute by its level, a cell of several by all its levels."""
    return " · ".join(name(level) for level in group) or "all rows"


def reason(why: Contradiction, *, cut: bool = False) -> str:
    """Say why a cell is atypical, such as `age is 17 with years_of_work 30, expected 46 to 51 (6.12 nats)`.

    `cut` shortens names and values to a readable length.
    """
    write = name if cut else str
    beside = f" with {write(why.partner)} {write(why.partner_value)}" if why.partner else ""
    expected = f", expected {write(why.expected)}" if why.expected else ""
    return f"{write(why.column)} is {write(why.value)}{beside}{expected} ({numbers.nats(why.nats)} nats)"


def ends(column: str, direction: str) -> tuple[str, str]:
    """Say what the rows at the low and at the high end of a latent have in a column; see `explains`.

    >>> ends("age", "falls"), ends("job", "from clerk up to manager")
    (('high age', 'low age'), ('job clerk', 'job manager'))
    """
    column = name(column)
    if direction in ("rises", "falls"):
        low_and_high = (f"low {column}", f"high {column}")
        return low_and_high if direction == "rises" else low_and_high[::-1]
    if direction.startswith("from ") and " up to " in direction:
        low, _, high = direction.removeprefix("from ").partition(" up to ")
        return f"{column} {name(low)}", f"{column} {name(high)}"
    if direction.endswith("in the middle"):
        middle_and_ends = (f"middling {column}", f"{column} at either end")
        return middle_and_ends if direction.startswith("lowest") else middle_and_ends[::-1]
    if direction.endswith("where missing"):
        there_or_not = (f"{column} given", f"{column} missing")
        return there_or_not if direction.startswith("higher") else there_or_not[::-1]
    return f"one end of {column}", "the other"


def explains(column: str, direction: str) -> str:
    """Say how a latent moves with a column, to follow "Latent 2".

    >>> explains("age", "falls"), explains("job", "from clerk up to manager")
    ('falls as age rises', 'runs from clerk up to manager in job')
    """
    column = name(column)
    if direction == "rises":
        return f"rises with {column}"
    if direction == "falls":
        return f"falls as {column} rises"
    if direction.startswith("from "):
        return f"runs {shorten(direction, 2 * LONGEST_NAME)} in {column}"
    if direction.endswith("in the middle"):
        return f"is {direction} of {column}"
    if direction.endswith("where missing"):
        return f"is {direction.removesuffix('missing')}{column} is missing"
    return f"goes with {column} ({shorten(direction, LONGEST_NAME)})"
