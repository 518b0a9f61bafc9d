"""What checks of rates between groups share: how far apart they are, what a combination adds, what could be seen."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import combinations
from typing import Protocol, TypeVar

from vaeaudit.analysis.fairness.adjusted import AdjustedDifference
from vaeaudit.analysis.fairness.rates import POWER
from vaeaudit.statistics.intervals import normal_quantile
from vaeaudit.statistics.measures import Interval
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import listed, plural

#: A rate less than half, or more than twice, that of all others, and ten points away from it, is grave.
GRAVE_RATIO, GRAVE_DIFFERENCE = 0.5, 0.1


class GroupRate(Protocol):
    """One rate of what meets in some groups."""

    @property
    def of(self) -> Hashable:
        """Of what it is a rate."""

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """Attributes and their groups."""

    @property
    def rate(self) -> float:
        """Share of its rows."""

    @property
    def ci(self) -> Interval:
        """Interval of the rate."""


RateT = TypeVar("RateT", bound=GroupRate)


def rarer_ratio(rate: float, others: float) -> float:
    """Ratio of the rates of what is rarer, to have it or not: 74 % against 86 % is 26 % against 14 %."""
    value, other = (rate, others) if rate + others <= 1 else (1 - rate, 1 - others)
    return value / other if other > 0 else float("inf")


def is_grave(difference: float, ratio: float) -> bool:
    """Whether a difference of rates is wide both in points and as a ratio."""
    return abs(difference) >= GRAVE_DIFFERENCE and not GRAVE_RATIO <= ratio <= 1 / GRAVE_RATIO


def beyond_their_groups(clear: Sequence[RateT], judged: Sequence[RateT], level: float) -> list[RateT]:
    """Return the combinations whose rate lies, with its whole interval, beyond that of all that meets in them.

    Of three groups also beyond that of each two of them. Intervals are widened so that all that are looked at hold at
    once (Bonferroni).

    Parameters
    ----------
    clear
        Those that may be returned.
    judged
        All that are large enough.
    level
        Of the intervals.
    """
    rates = {(each.of, frozenset(each.parts)): each.rate for each in judged}
    crossed = [each for each in clear if len(each.parts) > 1]
    wider = normal_quantile(1 - (1 - level) / max(len(crossed), 1)) / normal_quantile(level)
    beyond = []
    for each in crossed:
        sizes = range(1, len(each.parts))
        smaller = [(each.of, frozenset(some)) for size in sizes for some in combinations(each.parts, size)]
        known = [rates[some] for some in smaller if some in rates]
        high = 1.0 if each.ci.high is None else each.ci.high
        above, below = (each.rate + wider * (bound - each.rate) for bound in (high, each.ci.low or 0.0))
        if known and (above < min(known) or below > max(known)):
            beyond.append(each)
    return beyond


def others_differ(groups: int, attribute: str) -> str:
    """Say how many groups besides the one that is named differ too; of combinations where there is no attribute.

    Of two groups of an attribute the second differs because the first one does.

    >>> others_differ(3, "race"), others_differ(2, ""), others_differ(2, "sex")
    ('; 2 more groups of race differ too', '; 1 more combination differs too', '')
    """
    if groups <= (2 if attribute else 1):
        return ""
    more = plural(groups - 1, "more group" if attribute else "more combination")
    where = f" of {attribute}" if attribute else ""
    return f"; {more}{where} differ{'s' if groups == 2 else ''} too"


def held_equal(within: AdjustedDifference) -> str:
    """Name the columns that are held equal, or in one range, within strata."""
    return f"{'equal' if within.exact else 'similar'} {listed(within.control)}"


def detectable(least: Sequence[float | None]) -> str:
    """Say which difference would have been found, by the smallest one of each group; empty where none is known."""
    known = [each for each in least if each is not None]
    if not known:
        return ""
    low, high = (numbers.points(bound(known), sign=False) for bound in (min, max))
    span = low if low == high else f"{low} to {high}, by the size of the group,"
    return f"A difference of {span} would have been found with a probability of {numbers.rate(POWER)}."
