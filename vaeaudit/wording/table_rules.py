"""Rules of a table in words; names of columns are cut to a readable length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import listed, name

How = Literal["present exactly", "present only", "never missing", "missing"]
TIMES = "\N{MULTIPLICATION SIGN}"
#: Names, levels and steps that a sentence lists.
_MOST = 6


def equal(columns: Sequence[str]) -> str:
    """Say that columns repeat one another.

    >>> equal(["a", "b", "c"])
    'a, b and c hold the same values'
    """
    return f"{_names(columns)} hold the same values"


def renamed(first: str, second: str, levels: Mapping[str, str]) -> str:
    """Say that each level of one column has its name in the other.

    >>> renamed("sex", "code", {"F": "1", "M": "2"})
    'code is sex under other names (F is 1, M is 2)'
    """
    pairs = [f"{name(one)} is {name(other)}" for one, other in levels.items()]
    shown = [*pairs[:_MOST], "…"] if len(pairs) > _MOST else pairs
    said = f" ({', '.join(shown)})" if shown else ""
    return f"{name(second)} is {name(first)} under other names{said}"


def complement(first: str, second: str) -> str:
    """Say that one column of zeros and ones is the other turned round."""
    return f"{name(second)} is 1 {numbers.MINUS} {name(first)}"


def scaled(first: str, second: str, slope: float, shift: float, *, days: bool = False) -> str:
    """Say that a column is another in another unit or from another origin.

    >>> scaled("start", "end", 1.0, 30.0, days=True)
    'end is start + 30 days'
    """
    factor = f"{_plain(abs(slope))} {TIMES} " if abs(slope) != 1 else ""
    term = f"{numbers.MINUS if slope < 0 else ''}{factor}{name(first)}"
    if shift == 0:
        return f"{name(second)} is {term}{' up to rounding' if slope == 1 else ''}"
    unit = " days" if days else ""
    if slope < 0:
        return f"{name(second)} is {_plain(shift)}{unit} {numbers.MINUS} {factor}{name(first)}"
    return f"{name(second)} is {term} {numbers.MINUS if shift < 0 else '+'} {_plain(abs(shift))}{unit}"


def one_hot(columns: Sequence[str], *, exactly: bool) -> str:
    """Say that columns are the levels of one.

    >>> one_hot(["red", "green", "blue"], exactly=True)
    'exactly one of red, green and blue is 1 in each row'
    """
    return f"{'exactly' if exactly else 'at most'} one of {_names(columns)} is 1 in each row"


def rescaled(first: str, second: str) -> str:
    """Say that the values of one column stand in the same order as those of the other."""
    return f"{name(second)} is {name(first)} on another scale"


def follows(given: str, told: Sequence[str]) -> str:
    """Say that one column fixes others.

    >>> follows("person", ["sex", "born"])
    'sex and born follow from person'
    """
    return f"{_names(told)} {'follows' if len(told) == 1 else 'follow'} from {name(given)}"


def levels_of(given: str, flags: Sequence[str]) -> str:
    """Say that flags together say what one column says.

    >>> levels_of("colour", ["red", "green", "blue"])
    'red, green and blue are the levels of colour'
    """
    return f"{_names(flags)} are the levels of {name(given)}"


def follows_in_steps(given: str, told: str, steps: Sequence[tuple[str, str]]) -> str:
    """Say on which levels a column stands as another rises; each step has its level and where it begins.

    >>> follows_in_steps("age", "group", [("young", "18"), ("old", "65")])
    'group follows from age: young below 65, old from 65'
    """
    said = [f"{name(steps[0][0])} below {steps[1][1]}", *(f"{name(level)} from {start}" for level, start in steps[1:])]
    shown = said if len(said) <= _MOST else [*said[:_MOST], "further steps"]
    return f"{follows(given, [told])}: {', '.join(shown)}"


def moves_with(given: str, told: str, *, rises: bool) -> str:
    """Say that one column never turns round while another rises."""
    return f"{name(told)} never {'falls' if rises else 'rises'} as {name(given)} rises"


def counted_from(given: str, told: str) -> str:
    """Say that a number is the time since or until a date."""
    return f"{name(told)} is counted from {name(given)}"


def ordered(smaller: str, larger: str, *, dates: bool, distance: int = 0) -> str:
    """Say which of two columns is never the larger one, or by how much it is always the smaller one.

    >>> ordered("start", "end", dates=True)
    'start is never after end'
    >>> ordered("years_of_work", "age", dates=False, distance=16)
    'age is at least 16 above years_of_work'
    """
    if distance:
        return f"{name(larger)} is at least {numbers.count(distance)} above {name(smaller)}"
    return f"{name(smaller)} is never {'after' if dates else 'above'} {name(larger)}"


def present_where(columns: Sequence[str], how: How, where: str) -> str:
    """Say where columns have a value, or where they have none.

    >>> present_where(["code"], "present only", "result is fail")
    'code is present only where result is fail'
    """
    return f"{_names(columns)} {'is' if len(columns) == 1 else 'are'} {how} where {where}"


def total(parts: Sequence[str], whole: str) -> str:
    """Say that a column adds up others.

    >>> total(["a", "b"], "c")
    'c is a + b'
    """
    return f"{name(whole)} is {' + '.join(map(name, parts))}" if len(parts) <= _MOST else _long_total(parts, whole)


def either(parts: Sequence[str], whole: str) -> str:
    """Say that a flag is set where any of others is.

    >>> either(["fair", "poor"], "unwell")
    'unwell is 1 where any of fair and poor is 1, and else 0'
    """
    return f"{name(whole)} is 1 where {where(parts, 'is 1')}, and else 0"


def _long_total(parts: Sequence[str], whole: str) -> str:
    return f"{name(whole)} is the sum of the {numbers.count(len(parts))} columns {name(parts[0])} to {name(parts[-1])}"


def product(first: str, second: str, whole: str) -> str:
    """Say that a column multiplies two others."""
    return f"{name(whole)} is {name(first)} {TIMES} {name(second)}"


def implied(where: str, columns: Sequence[str], level: str) -> str:
    """Say that a level of one column leaves others no choice.

    >>> implied("status is single", ["stocks"], "0")
    'stocks is 0 wherever status is single'
    """
    return f"{_names(columns)} {'is' if len(columns) == 1 else 'are'} {name(level)} wherever {where}"


def is_level(levels: Sequence[str]) -> str:
    """Say of a column which of these levels it has; without any, that it is missing."""
    return f"is {listed([name(level) for level in levels], most=_MOST, last='or')}" if levels else "is missing"


def where(columns: Sequence[str], which: str) -> str:
    """Say of a column, or of any of several, what it is.

    >>> where(["status"], "is single"), where(["q1", "q2"], "is present")
    ('status is single', 'any of q1 and q2 is present')
    """
    return f"{name(columns[0])} {which}" if len(columns) == 1 else f"any of {_names(columns)} {which}"


def _names(columns: Sequence[str]) -> str:
    return listed([name(column) for column in columns], most=_MOST)


def _plain(value: float) -> str:
    return f"{value:.6g}".replace("-", numbers.MINUS)
