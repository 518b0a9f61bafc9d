"""What a check on held-out rows says of generated rows for groups that are short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import plural

#: What is said of generated rows that were not found to help, or not looked at.
SHOWS = {
    "does not repair": "shows what is missing, does not repair it",
    "inconclusive": "shows what is missing; nothing shows that it repairs it",
    "not checked": "shows what is missing; not checked whether it repairs it",
}
_SOURCES = {"trees": "a decision tree per column", "model": "the run's model"}


def repairs_in_words(document: Mapping[str, Any], most: int) -> list[str]:
    """Return what generated rows do for each gap, a line each.

    Parameters
    ----------
    document
        `rebalance.json`.
    most
        Lines at most.
    """
    repairs: Sequence[Mapping[str, Any]] = document["repairs"]
    if not repairs:
        return []
    names = {gap["id"]: gap["name"] for gap in document["gaps"]}
    lines = ["To generate:"]
    lines += [f"   {names[repair['id']]}: {repair_in_words(repair)}" for repair in repairs[:most]]
    if len(repairs) > most:
        lines.append(f"   … and {len(repairs) - most} more in rebalance.json")
    written = sum(repair["written"] for repair in repairs)
    if written:
        lines.append(
            f"   generated.csv: {plural(written, 'row')}, of which {_total(repairs, 'broke_rules')} break a rule of "
            f"the table and {_total(repairs, 'unseen_pairs')} have a pair of levels that no row has"
        )
    return lines


def repair_in_words(repair: Mapping[str, Any]) -> str:
    """Return one sentence with the figures that it rests on.

    Parameters
    ----------
    repair
        An entry of `repairs`.
    """
    if repair["outcome"] == "not checked":
        return f"{SHOWS['not checked']}: {repair['why']}"
    nothing, own = repair["over_nothing"], repair["over_weighting"]
    figures = (
        f"with {plural(repair['added'], 'row')} made by {_SOURCES[repair['source']]} the error in "
        f"{repair['label']} on {plural(repair['held_out'], 'held-out row')} of it is {_change(nothing, repair)}, "
        f"{_change(own, repair)} against counting its own rows for more"
    )
    if repair["outcome"] == "helps":
        return f"generated rows help: {figures}"
    more = ""
    if repair["outcome"] == "inconclusive":
        least = max(nothing["detectable"], own["detectable"]) / repair["loss"]
        more = f"; less than {numbers.share(least)} could not be told from so few"
    return f"{SHOWS[repair['outcome']]}: {figures}{more}"


def _change(gain: Mapping[str, Any], repair: Mapping[str, Any]) -> str:
    """Write by how much the error changes, as a part of what it is without generated rows."""
    loss, ci = repair["loss"] or 1.0, gain["ci"]
    bounds = SimpleNamespace(low=-ci["high"] / loss, high=-ci["low"] / loss)
    sign = "+" if gain["value"] < 0 else ""
    return f"{sign}{numbers.with_interval(-gain['value'] / loss, bounds, 'share')}"


def _total(repairs: Sequence[Mapping[str, Any]], key: str) -> str:
    return numbers.count(sum(repair[key] for repair in repairs))
