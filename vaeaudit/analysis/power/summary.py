"""What became of planted faults, as shares with intervals and as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vaeaudit.analysis.power.results import Power
from vaeaudit.outputs.plantings import Fault, Found, Planted, Plantings
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import listed, plural


def summarise_power(plantings: Plantings, confidence: float) -> tuple[Power, ...]:
    """Return the share found of each kind of fault.

    Parameters
    ----------
    plantings
        What the run keeps.
    confidence
        Level of the intervals.
    """
    return tuple(_power(line, confidence) for line in plantings.counts if line.planted)


def pooled(lines: Iterable[Power]) -> Power:
    """Return several kinds or sizes of a fault as one.

    Parameters
    ----------
    lines
        At least one; of one fault, one share and one way of being found.
    """
    each = list(lines)
    sizes = [size for line in each for size in line.of_rows]
    counts = sum(line.planted for line in each), sum(line.found for line in each)
    of_rows = (min(sizes), max(sizes)) if sizes else ()
    first = each[0]
    return _power(Planted(first.fault, "all", first.share, of_rows, first.found_as, *counts), first.ci.level)


def _power(line: Planted, confidence: float) -> Power:
    recall, ci = line.found / line.planted, share_interval(line.found, line.planted, confidence)
    return Power(**vars(line), recall=recall, ci=ci)


#: Fault -> what it is called in a sentence, and what counts as found there.
_SAID: dict[Fault, tuple[str, Found, str]] = {
    "gap": ("gap", "first five", "came among the first five regions"),
    "broken row": ("row with one wrong cell", "first", "came in the first hundredth by score"),
    "flipped label": ("flipped label", "first", "came first in the list of labels"),
}


def told(power: Sequence[Power]) -> str:
    """Say what share of each fault is found, a sentence for each that was planted.

    Parameters
    ----------
    power
        Of the audit.
    """
    return " ".join(said for fault in _SAID if (said := detectable(power, fault)))


def detectable(power: Sequence[Power], fault: Fault, kind: str | None = None) -> str:
    """Say in a sentence what share of a planted fault is found; empty where none was planted.

    Parameters
    ----------
    power
        Of the audit.
    fault, kind
        Which one; of all kinds where None.
    """
    what, way, how = _SAID[fault]
    lines = [line for line in power if line.fault == fault and line.found_as == way and kind in (None, line.kind)]
    shares = [pooled(line for line in lines if line.share == share) for share in dict.fromkeys(x.share for x in lines)]
    if not shares:
        return ""
    found = [f"{numbers.with_interval(each.recall, each.ci, 'share')}{_where(each)}" for each in shares]
    several = "rows with one wrong cell" if fault == "broken row" else None
    planted = plural(max(each.planted for each in shares), what, several)
    return f"Of {planted} planted in copies of this data, {listed(found, most=9)} {how}."


def _where(line: Power) -> str:
    rate = numbers.rate(line.share)
    return {
        "gap": f" where {rate} of the rows were deleted",
        "broken row": "",
        "flipped label": f" where {rate} of the labels were flipped",
    }[line.fault]
