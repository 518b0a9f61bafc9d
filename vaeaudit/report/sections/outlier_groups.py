"""From whom the flagged rows would be taken if they were deleted."""

from __future__ import annotations

from collections.abc import Sequence

from vaeaudit.analysis.outliers.results import AnyOutlierRate, OutlierSummary
from vaeaudit.report.parts.blocks import Answer, Block, Group, Paragraph
from vaeaudit.report.parts.tables import Badge, Cell, Column, Lines, Table, Track, table
from vaeaudit.statistics.measures import Interval
from vaeaudit.wording import numbers, phrases

#: Groups that a sentence of their own is given to, per attribute.
_SENTENCES = 3
#: Also the order in which combinations are listed.
_TONE = {"harder": "bad", "less": "neutral", "unclear": "neutral", "small": "unsure", "empty": "unsure"}


def outlier_groups(found: OutlierSummary) -> list[Block]:
    """Build the part of the section on groups; empty where no sensitive attribute was declared."""
    if not found.by_group:
        return []
    if found.flagged == 0:
        said = Paragraph("No row is flagged, so removing the flagged rows takes nothing from any group.")
        return [Group("outliers-groups", "What removing them would do to groups", (said,))]
    # One scale for all tables, so that their marks can be compared.
    widest = max((rate.ci.high or 1.0 for rate in found.by_group if rate.status != "small" and rate.n), default=1.0)
    track = Track(0.0, widest, "share")
    blocks: list[Block] = []
    for attribute in dict.fromkeys(rate.attributes for rate in found.by_group):
        rates = [rate for rate in found.by_group if rate.attributes == attribute]
        title = phrases.name(attribute[0])
        blocks += [*_answers(rates, f"groups of {title}"), _table(f"Flagged rows by {title}", rates, track)]
    if found.by_combination:
        blocks += _combinations(found, track)
    return [Group("outliers-groups", "What removing them would do to groups", tuple(blocks))]


def _answers(rates: Sequence[AnyOutlierRate], what: str) -> list[Block]:
    """Stress the groups that surely lose more; say in passing what could be chance."""
    harder = sorted((rate for rate in rates if rate.status == "harder"), key=lambda rate: -rate.rate)
    blocks: list[Block] = [Answer(deletion_sentence(rate), "warn") for rate in harder[:_SENTENCES]]
    if not harder:
        blocks.append(Paragraph(no_harder_sentence(rates, what)))
    aside = not_judged_sentence(rates)
    return [*blocks, Paragraph(aside)] if aside else blocks


def _combinations(found: OutlierSummary, track: Track) -> list[Block]:
    beyond = sorted(found.combinations_beyond_their_groups, key=lambda rate: -rate.rate)
    ordered = sorted(found.by_combination, key=lambda rate: (list(_TONE).index(rate.status), -rate.rate, -rate.n))
    return [
        Paragraph(combinations_sentence(found)),
        *(Answer(deletion_sentence(rate), "warn") for rate in beyond[:_SENTENCES]),
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
        phrases.levels(rate.groups),
        f"{numbers.count(rate.flagged)} of {numbers.count(rate.n)}",
        track.mark(rate.rate, rate.ci) if rate.n else "no row",
        numbers.ABSENT if rate.rate_of_others is None else numbers.share(rate.rate_of_others),
        times,
        numbers.p_value(rate.p_adjusted),
        Badge(phrases.DELETION[rate.status], _TONE[rate.status]),
    )


def group_in_words(rate: AnyOutlierRate) -> str:
    """Name a group by its columns, to follow "the rows with"."""
    return phrases.group([phrases.name(part) for part in rate.attributes], [phrases.name(part) for part in rate.groups])


def deletion_sentence(rate: AnyOutlierRate) -> str:
    """Say which part of a group would go with the flagged rows, against all others."""
    against = ""
    if rate.rate_of_others is not None:
        against = f", against {numbers.share(rate.rate_of_others)} of all others"
    return (
        f"Removing the flagged rows would delete {numbers.share(rate.rate)} of the rows with {group_in_words(rate)} "
        f"({numbers.count(rate.flagged)} of {numbers.count(rate.n)}; {_interval(rate.ci)}){against}."
    )


def no_harder_sentence(rates: Sequence[AnyOutlierRate], what: str) -> str:
    """Say that no group is shown to be hit harder, with the one that loses most, and those that cannot be judged.

    Parameters
    ----------
    rates
        Of the groups of one attribute, or of combinations; none of them hit harder.
    what
        What they are, in the plural.
    """
    with_rows = [rate for rate in rates if rate.n > 0]
    judged = [rate for rate in with_rows if rate.status not in ("small", "empty")]
    if not with_rows:
        return f"None of the {what} holds a row."
    if not judged:
        return f"All of the {what} have too few rows, or too few outside them, to be judged."
    most = max(judged, key=lambda rate: rate.rate)
    if most.flagged == 0:
        return f"None of the {what} that are large enough to be judged holds a flagged row."
    return (
        f"None of the {what} is shown to lose clearly more than all others. {deletion_sentence(most)} That is the "
        "largest share; the difference may be chance, or lies within the tolerance."
    )


def not_judged_sentence(rates: Sequence[AnyOutlierRate]) -> str:
    """Name the groups that hold too few rows, and those that hold none; empty where there is neither."""
    small = [group_in_words(rate) for rate in rates if rate.status == "small"]
    empty = [group_in_words(rate) for rate in rates if rate.status == "empty"]
    parts = []
    if small:
        parts.append(f"Too few rows to judge: {phrases.listed(small, most=5)}.")
    if empty:
        parts.append(f"No row at all, so nothing could be deleted: {phrases.listed(empty, most=5)}.")
    return " ".join(parts)


def combinations_sentence(outliers: OutlierSummary) -> str:
    """Count the combinations of two attributes by what is known of them."""
    rates = outliers.by_combination
    judged = sum(rate.p_adjusted is not None for rate in rates)
    harder = sum(rate.status == "harder" for rate in rates)
    beyond = len(outliers.combinations_beyond_their_groups)
    found = "none of which is shown to lose more than all others"
    if harder:
        found = (
            f"{numbers.count(harder)} of which lose{'s' if harder == 1 else ''} more than all others, "
            f"{numbers.count(beyond) if beyond else 'none'} of them surely more than either of its groups"
        )
    return (
        f"Of {phrases.plural(len(rates), 'combination')} of two attributes that hold rows, {numbers.count(judged)} are "
        f"large enough to be judged, {found}. All groups and combinations share one correction for having asked about "
        "so many."
    )


def _interval(ci: Interval) -> str:
    return f"{numbers.rate(ci.level)} interval {numbers.interval(ci, 'share')}"
