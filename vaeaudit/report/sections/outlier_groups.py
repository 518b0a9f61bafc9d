"""From whom the flagged rows would be taken if they were deleted."""

from __future__ import annotations

from collections.abc import Sequence

from vaeaudit.analysis.results.outliers import AnyOutlierRate, OutlierSummary
from vaeaudit.report import numbers, outlier_text, wording
from vaeaudit.report.blocks import Answer, Block, Group, Paragraph
from vaeaudit.report.tables import Badge, Cell, Column, Lines, Table, Track, table

#: Groups that a sentence of their own is given to, per attribute.
_SENTENCES = 3
_STATUS = {
    "harder": Badge("loses more", "bad"),
    "less": Badge("loses less", "neutral"),
    "unclear": Badge("unclear", "neutral"),
    "small": Badge("too few rows to judge", "unsure"),
    "empty": Badge("no row", "unsure"),
}
#: Combinations are listed in this order.
_ORDER = tuple(_STATUS)


def outlier_groups(found: OutlierSummary) -> list[Block]:
    """Build the part of the section on groups; empty where no sensitive attribute was declared."""
    if not found.by_group:
        return []
    if found.flagged == 0:
        said = Paragraph("No row is flagged, so removing the flagged rows takes nothing from any group.")
        return [Group("outliers-groups", "What removing them would do to groups", (said,))]
    # One scale for all tables, so that their marks can be compared.
    widest = max((rate.ci.high or 1.0 for rate in found.by_group if rate.status != "small" and rate.n), default=1.0)
    track = Track(0.0, widest, "percent")
    blocks: list[Block] = []
    for attribute in dict.fromkeys(rate.attribute for rate in found.by_group):
        rates = [rate for rate in found.by_group if rate.attribute == attribute]
        title = wording.name(attribute)
        blocks += [*_answers(rates, f"groups of {title}"), _table(f"Flagged rows by {title}", rates, track)]
    if found.by_combination:
        blocks += _combinations(found, track)
    return [Group("outliers-groups", "What removing them would do to groups", tuple(blocks))]


def _answers(rates: Sequence[AnyOutlierRate], what: str) -> list[Block]:
    """Stress the groups that surely lose more; say in passing what could be chance."""
    harder = sorted((rate for rate in rates if rate.status == "harder"), key=lambda rate: -rate.rate)
    blocks: list[Block] = [Answer(outlier_text.deletion_sentence(rate), "warn") for rate in harder[:_SENTENCES]]
    if not harder:
        blocks.append(Paragraph(outlier_text.no_harder_sentence(rates, what)))
    aside = outlier_text.not_judged_sentence(rates)
    return [*blocks, Paragraph(aside)] if aside else blocks


def _combinations(found: OutlierSummary, track: Track) -> list[Block]:
    beyond = sorted(found.combinations_beyond_their_groups, key=lambda rate: -rate.rate)
    ordered = sorted(found.by_combination, key=lambda rate: (_ORDER.index(rate.status), -rate.rate, -rate.n))
    return [
        Paragraph(outlier_text.combinations_sentence(found)),
        *(Answer(outlier_text.deletion_sentence(rate), "warn") for rate in beyond[:_SENTENCES]),
        _table("Flagged rows by two attributes", ordered, track, fold=True),
    ]


def _table(caption: str, rates: Sequence[AnyOutlierRate], track: Track, *, fold: bool | None = None) -> Table:
    columns = [
        Column("Group"),
        Column("Flagged rows", True),
        Column("Flagged share, with interval"),
        Column("Of all others", True),
        Column("Times as often, with interval"),
        Column("Adjusted p", True),
        Column("In words"),
    ]
    return table(caption, columns, [_row(rate, track) for rate in rates], fold=fold)


def _row(rate: AnyOutlierRate, track: Track) -> tuple[Cell, ...]:
    times: Cell = numbers.ABSENT
    if rate.ratio is not None:
        times = Lines((numbers.ratio(rate.ratio), numbers.interval(rate.ratio_ci, "ratio")))
    return (
        wording.group_name(rate.attributes, rate.groups),
        f"{numbers.count(rate.flagged)} of {numbers.count(rate.n)}",
        track.mark(rate.rate, rate.ci) if rate.n else "no row",
        numbers.ABSENT if rate.rate_of_others is None else numbers.percent(rate.rate_of_others),
        times,
        numbers.p_value(rate.p_adjusted),
        _STATUS[rate.status],
    )
