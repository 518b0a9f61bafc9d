"""Which rows occur more than once, exactly or nearly, which of them leak between splits, and how splits differ."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.duplicates.duplicates import DuplicatePair, Duplicates, Leak
from vaeaudit.analysis.duplicates.splits import SplitComparison
from vaeaudit.report.parts.blocks import Answer, Block, Group, Paragraph, Section
from vaeaudit.report.parts.galleries import pairs_gallery
from vaeaudit.report.parts.tables import Badge, Cell, Lines, Table, Track, numeric, plain, table, wide
from vaeaudit.report.sections.reviewed import reviewed
from vaeaudit.wording import numbers, phrases

_TITLE = "Rows that occur more than once"
#: A search that would find less than half of all sorts of copies says little by finding nothing.
_TELLING = 0.5


def duplicates(results: AuditResults) -> Section:
    """Build the section."""
    found = results.duplicates
    none = not (found.groups or found.near_pairs)
    blocks: list[Block] = [Answer(lead(found), "good" if _is_clear(found) else "unsure")] if none else []
    blocks += [Paragraph(sentence) for sentence in _reach(found)]
    if found.splits:
        blocks.append(_splits(found))
    if results.splits:
        blocks.append(_differences(results.splits))
    if found.largest_clusters:
        blocks.append(_clusters(found))
    elif found.largest:
        blocks.append(_largest(found))
    if found.pairs:
        blocks += [_pairs(found), *reviewed(results.review_of("copies"))]
        if results.pictures is not None:
            blocks += pairs_gallery(results.pictures, {pair.positions: _said(pair) for pair in found.pairs})
    return Section("duplicates", _TITLE, "" if none else lead(found), tuple(blocks))


def lead(found: Duplicates) -> str:
    """Answer whether rows occur more than once."""
    noun = _noun(found)
    parts = []
    if found.groups == 0:
        parts.append(f"No {noun} occurs twice.")
    else:
        how = "pixel for pixel" if noun == "picture" else "in every column that is no id"
        parts.append(
            f"{phrases.plural(found.rows_in_groups, noun)} occur more than once, in "
            f"{phrases.plural(found.groups, 'group')} of {noun}s equal {how}."
        )
        if found.basis == "cells":
            parts.append(f"Chance alone would give about {numbers.expected(found.expected_pairs)} equal pairs.")
    if found.near_pairs:
        parts.append(
            f"{phrases.plural(found.near_pairs, 'further pair')} ({phrases.plural(found.near_rows, noun)}) are nearly "
            "equal: nearer to each other than chance explains."
        )
    elif found.searched:
        parts.append("No pair was found to be nearly equal.")
    if found.rows_to_drop:
        parts.append(
            f"{phrases.plural(found.rows_to_drop, noun)} would go if one of each of "
            f"{phrases.plural(found.clusters, 'cluster')} were kept; duplicates.csv lists them all."
        )
    elif found.groups and found.coarse:
        parts.append("Few of the possible values differ here, so that equal rows are no copies, and all are kept.")
    return " ".join(parts)


def _is_clear(found: Duplicates) -> bool:
    return found.searched and bool(found.chances) and mean(found.chances.values()) >= _TELLING


def _noun(found: Duplicates) -> str:
    return "picture" if found.basis == "pixels" else "row"


def _reach(found: Duplicates) -> list[str]:
    """Say how far the search for near duplicates reaches here."""
    if not found.searched:
        return ["This run did not look for near duplicates; fit again to have them found."]
    noun, said = _noun(found), []
    if found.chances:
        shares = [f"{numbers.share(share)} of copies {sort}" for sort, share in found.chances.items()]
        telling = "" if _is_clear(found) else "Copies can hardly be told from look-alikes here. "
        said.append(
            f"{telling}What a search for near duplicates finds here: {phrases.listed(shares, most=len(shares))}. "
            f"A pair is listed only where ordinary neighbours are much farther apart than its two {noun}s."
        )
    if found.look_alikes:
        one = found.look_alikes == 1
        said.append(
            f"{phrases.plural(found.look_alikes, f'{noun} is', f'{noun}s are')} as near to another as a copy would be, "
            f"but so are ordinary neighbours in {'its' if one else 'their'} place: a series, a plain subject, or few "
            f"possible values. {'It is' if one else 'They are'} not listed."
        )
    if found.set_aside:
        said.append(f"{phrases.plural(found.set_aside, noun)} of nearly one colour took no part in this search.")
    return said


def _clusters(found: Duplicates) -> Table:
    rows = [
        (
            phrases.name(cluster.kept),
            numbers.count(cluster.rows),
            numbers.count(cluster.exact - 1),
            numbers.count(cluster.rows - cluster.exact),
            Lines(tuple(map(phrases.name, cluster.dropped))),
        )
        for cluster in found.largest_clusters
    ]
    noun, shown = _noun(found), len(found.largest_clusters)
    columns = plain("Kept") + numeric(f"{noun.capitalize()}s", "Exact copies", "Near copies") + wide("First copies")
    return table(f"The largest clusters of copies: {shown} of {numbers.count(found.clusters)}", columns, rows)


def _largest(found: Duplicates) -> Table:
    rows = [(phrases.name(equal.row_id), numbers.count(equal.rows)) for equal in found.largest]
    noun = _noun(found)
    return table(f"The largest groups of equal {noun}s", plain(f"First {noun}") + numeric("Times"), rows)


def _pairs(found: Duplicates) -> Table:
    noun = _noun(found)
    columns = plain(f"One {noun}", f"The other {noun}", "Copy") + numeric("Distance")
    columns += plain("Splits") if found.splits else ()
    columns += wide("Differs in") if found.basis == "cells" else ()
    rows = [_pair_row(pair, found) for pair in found.pairs]
    exact = found.rows_in_groups - found.groups
    caption = f"Pairs, those across splits first: {len(rows)} of {numbers.count(exact + found.near_pairs)}"
    return table(caption if found.splits else caption.replace(", those across splits first", ""), columns, rows)


def _pair_row(pair: DuplicatePair, found: Duplicates) -> tuple[Cell, ...]:
    cells: list[Cell] = [phrases.name(pair.rows[0]), phrases.name(pair.rows[1]), "exact" if pair.exact else "near"]
    cells.append(numbers.number(pair.distance))
    if found.splits:
        cells.append(_splits_of(pair))
    if found.basis == "cells":
        cells.append(Lines(tuple(map(phrases.name, pair.differs))) if pair.differs else numbers.ABSENT)
    return tuple(cells)


def _splits_of(pair: DuplicatePair) -> str:
    return " · ".join(numbers.ABSENT if split is None else phrases.name(split) for split in pair.splits)


def _said(pair: DuplicatePair) -> str:
    kind = "equal" if pair.exact else f"distance {numbers.number(pair.distance)}"
    return kind if pair.splits == (None, None) else f"{kind}; {_splits_of(pair)}"


# --- splits ---------------------------------------------------------------------------------------------------------


def _splits(found: Duplicates) -> Group:
    noun = _noun(found)
    sizes = [f"{phrases.name(split)} {numbers.count(n)}" for split, n in found.splits.items()]
    said = f"{noun.capitalize()}s by split: {phrases.listed(sizes, most=20)}."
    if found.without_split:
        said += f" {phrases.plural(found.without_split, noun)} without a split took no part."
    leaks = [leak for leak in found.leakage if leak.exact + leak.near]
    if leaks:
        share = "shares" if len(leaks) == 1 else "share"
        answer = Answer(f"{phrases.plural(len(leaks), 'pair')} of splits {share} {noun}s.", "bad")
    elif found.leakage:
        answer = Answer(f"No {noun} was found in more than one split.", "good" if _is_clear(found) else "unsure")
    else:
        answer = Answer(f"Only one split holds {noun}s: there is nothing to compare.", "unsure")
    blocks: tuple[Block, ...] = (Paragraph(said), answer)
    return Group("duplicates-splits", "Leakage between splits", (*blocks, _leaks(found)) if found.leakage else blocks)


def _leaks(found: Duplicates) -> Table:
    noun = _noun(found).capitalize()
    columns = (
        plain("Split", "Has copies in")
        + numeric(f"{noun}s", "Exact", "Near")
        + plain("Share with a copy, with interval", "Result")
    )
    track = Track(0.0, max(leak.ci.high or leak.share for leak in found.leakage), "share")
    rows = [_leak_row(leak, track) for leak in found.leakage]
    return table("Each pair of splits, the smaller one first", columns, rows)


def _differences(splits: Sequence[SplitComparison]) -> Table:
    grouped = any(split.groups for split in splits)
    columns = plain("Split") + numeric("Rows", "Columns that differ", "Rows with new levels")
    columns += numeric("Rows of shared groups") if grouped else ()
    columns += wide("Where")
    rows = [_difference_row(split, grouped=grouped) for split in splits]
    return table(f"How the splits differ from {phrases.name(splits[0].other)}", columns, rows)


def _difference_row(split: SplitComparison, *, grouped: bool) -> tuple[Cell, ...]:
    where = [f"{phrases.name(column.name)}: {phrases.name(column.differs)}" for column in split.columns]
    where += [
        f"{phrases.name(overlap.column)}: begins {overlap.begins}, {phrases.plural(overlap.rows, 'row')} too late"
        for overlap in split.overlaps
    ]
    counts = [
        numbers.count(split.n),
        f"{numbers.count(len(split.columns))} of {numbers.count(split.compared)}",
        numbers.count(split.unseen_rows),
    ]
    counts += [numbers.count(max(shared.rows for shared in split.groups))] if grouped else []
    return (phrases.name(split.split), *counts, Lines(tuple(where)) if where else numbers.ABSENT)


def _leak_row(leak: Leak, track: Track) -> tuple[Cell, ...]:
    shared = leak.exact + leak.near
    return (
        phrases.name(leak.split),
        phrases.name(leak.other),
        numbers.count(leak.n),
        numbers.count(leak.exact),
        numbers.count(leak.near),
        track.mark(leak.share, leak.ci),
        Badge("shares rows", "bad") if shared else Badge("none found", "good"),
    )
