"""What this audit could have seen: planted faults and how many are found, and the smallest gap in each group."""

from __future__ import annotations

from collections.abc import Sequence

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.power.results import Power, SmallestGap
from vaeaudit.analysis.power.summary import pooled, told
from vaeaudit.report.parts.blocks import Answer, Block, Paragraph, Section
from vaeaudit.report.parts.tables import Cell, Table, numeric, plain, table
from vaeaudit.wording import numbers, phrases

_TITLE = "What this audit could have seen"
_HOW = (
    "Faults were planted in copies of this data and sought with the model as it is, without learning again. A gap is "
    "found where a region and the deleted rows agree (F1 of a half or more). A wrong cell stands in one row of a "
    "hundred; the row comes first where it is in the first hundredth by score, and its cell is named where it is the "
    "first reason. The intervals hold the chance of the plantings, not that of another training."
)
_ERRORS = {
    "first": "Row among the first",
    "cell named": "Cell named, of these rows",
}
_LABELS = {"first": "Among as many first"}
_GAPS = {"first five": "Among the first five", "listed": "Listed at all"}


def power(results: AuditResults) -> Section:
    """Build the section."""
    if not results.power and not results.smallest_gaps:
        said = (
            "Not measured. `--power`, given when the data is learned, plants gaps and wrong cells in copies of the "
            "data, and counts."
        )
        return Section("power", _TITLE, "", (Answer(said, "unsure"),))
    lead = told(results.power)
    gaps = [line for line in results.power if line.fault == "gap"]
    errors = [line for line in results.power if line.fault == "broken row"]
    blocks: list[Block] = [Paragraph(_HOW)]
    if gaps:
        blocks.append(_gaps(gaps))
    if errors:
        blocks.append(_errors(errors))
    labels = [line for line in results.power if line.fault == "flipped label"]
    if labels:
        blocks.append(_labels(labels))
    if results.smallest_gaps:
        blocks.append(_groups(results.smallest_gaps))
    return Section("power", _TITLE, lead, tuple(blocks))


def _gaps(lines: Sequence[Power]) -> Table:
    sizes = dict.fromkeys((line.of_rows, line.share) for line in lines)
    rows = [
        (
            numbers.span(of_rows[0], of_rows[1], "share"),
            numbers.rate(share),
            *_recalls([line for line in lines if (line.of_rows, line.share) == (of_rows, share)], _GAPS),
        )
        for of_rows, share in sizes
    ]
    titles = plain("A combination of") + numeric("Deleted of it", "Planted", *_GAPS.values())
    return table(f"Gaps, told by {lines[0].kind}", titles, rows)


def _errors(lines: Sequence[Power]) -> Table:
    kinds = {kind: [line for line in lines if line.kind == kind] for kind in dict.fromkeys(line.kind for line in lines)}
    rows = [(kind, *_recalls(of_kind, _ERRORS)) for kind, of_kind in kinds.items()]
    by_way = [[line for line in lines if line.found_as == way] for way in _ERRORS]
    together = [pooled(of_way) for of_way in by_way if of_way]  # no cell is named where no row was found
    rows.append(("all kinds", *_recalls(together, _ERRORS)))
    titles = plain("Error") + numeric("Planted", *_ERRORS.values())
    return table("One wrong cell in a row", titles, rows)


def _labels(lines: Sequence[Power]) -> Table:
    rows = [(numbers.rate(line.share), *_recalls([line], _LABELS)) for line in lines]
    return table("Flipped labels", numeric("Flipped", "Planted", *_LABELS.values()), rows)


def _recalls(lines: Sequence[Power], ways: dict[str, str]) -> tuple[Cell, ...]:
    by_way = {line.found_as: line for line in lines}
    shown = [
        numbers.with_interval(by_way[way].recall, by_way[way].ci, "share") if way in by_way else numbers.ABSENT
        for way in ways
    ]
    return numbers.count(max(line.planted for line in lines)), *shown


def _groups(gaps: Sequence[SmallestGap]) -> Table:
    rows = [
        (
            phrases.group([phrases.name(gap.attribute)], [phrases.name(gap.group)]),
            gap.baseline or "nothing to compare with",
            numbers.ABSENT if gap.expected is None else numbers.expected(gap.expected),
            _missing(gap),
        )
        for gap in gaps
    ]
    titles = plain("Group", "Told by") + numeric("Rows expected") + plain("Told 4 times in 5 once missing")
    return table("The smallest gap in each group that could have been told", titles, rows)


def _missing(gap: SmallestGap) -> str:
    if gap.baseline is None:
        return "no gap could be told: give --population or --reference"
    return "not even its absence" if gap.missing is None else numbers.rate(gap.missing)
