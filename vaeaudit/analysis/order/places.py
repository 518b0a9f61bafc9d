"""Changes that lie at one place of an order are one event."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vaeaudit.outputs.changes import Change


def at_one_place(changes: Iterable[Change]) -> list[list[Change]]:
    """Group changes along the same date whose intervals meet; the largest change leads, in a group and of the groups.

    Parameters
    ----------
    changes
        Steps along dates.
    """
    places: list[list[Change]] = []
    for change in sorted(changes, key=lambda change: -change.difference):
        same = (place for place in places if any(_meet(change, other) for other in place))
        if (place := next(same, None)) is not None:
            place.append(change)
        else:
            places.append([change])
    return places


def _meet(one: Change, other: Change) -> bool:
    """Whether two intervals share a date; dates as text stand in order."""
    return one.along == other.along and one.ci[0] <= other.ci[1] and other.ci[0] <= one.ci[1]


def evidence(change: Change) -> dict[str, Any]:
    """Return what a finding about a change rests on."""
    before, after = change.before, change.after
    return {
        "along": change.along,
        "alike": list(change.alike),
        "at": change.at,
        "earliest": change.ci[0],
        "latest": change.ci[1],
        "before_rows": before.n,
        "before": before.hits,
        "before_ci": [before.low, before.high],
        "after_rows": after.n,
        "after": after.hits,
        "ci": [after.low, after.high],
        "p_adjusted": change.p_adjusted,
    }
