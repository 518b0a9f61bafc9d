"""Which rows do not belong, why, and from whom they would be taken if they were deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.judged import ListReview
from vaeaudit.analysis.outliers.results import (
    AnyOutlierRate,
    CellSummary,
    ListedGroup,
    OutlierRow,
    OutlierSummary,
    ScoreCurve,
    SuspiciousCell,
)
from vaeaudit.report.parts import figures
from vaeaudit.report.parts.blocks import Answer, Block, Figure, Group, Paragraph, Section
from vaeaudit.report.parts.galleries import outlier_galleries
from vaeaudit.report.parts.tables import Badge, Bar, Cell, Lines, Table, Track, numeric, plain, table, wide
from vaeaudit.report.sections.outlier_agreement import outlier_agreement, what_is_atypical
from vaeaudit.report.sections.reviewed import reviewed
from vaeaudit.statistics.measures import Interval
from vaeaudit.wording import numbers, phrases

_OPEN_ROWS = 10
_TITLE = "Suspicious cells"
#: Groups that a sentence of their own is given to, per attribute.
_SENTENCES = 3
#: Also the order in which combinations are listed.
_TONE = {"harder": "bad", "less": "neutral", "unclear": "neutral", "small": "unsure", "empty": "unsure"}


def outliers(results: AuditResults) -> Section:
    """Build the section; where the model learned nothing, it says so and shows no row of which nothing can be said."""
    found = results.outliers
    title = "Which rows do not belong"
    silent = next((check.why for check in results.checks if check.code == "VA301" and check.rests_on), None)
    if silent is not None:
        return Section("outliers", title, "", (Answer(silent, "unsure"),))
    blocks: list[Block] = [Paragraph(f"The score: {found.definition}")]
    if found.curve is not None:
        blocks.append(_curve(found, found.curve))
    if results.pictures is not None:
        blocks += outlier_galleries(results.pictures, found)
    if found.top:
        blocks += _top(found, of_pictures=results.pictures is not None)
    blocks += reviewed(found.review)
    if found.by_column:
        blocks.append(_by_column(found))
    if found.cells is not None:
        blocks.append(suspicious_cells(found.cells, results.review_of("cells")))
    blocks += outlier_groups(found)
    if found.listed_by_group:
        blocks.append(listed_groups(found))
    if found.agreement is not None:
        blocks.append(outlier_agreement(found.agreement))
    return Section("outliers", title, outliers_lead(found), tuple(blocks))


def _curve(found: OutlierSummary, curve: ScoreCurve) -> Figure:
    sentence = score_curve_sentence(found, curve)
    beyond = figures.beyond_the_edge(found, curve)
    if beyond:
        sentence += (
            f" {phrases.plural(beyond, 'row')} beyond the right edge {'is' if beyond == 1 else 'are'} not drawn."
        )
    return Figure("outliers-curve", "Outlier score of all rows", sentence, figures.score_curve(found, curve))


def _top(found: OutlierSummary, *, of_pictures: bool) -> list[Block]:
    """Show the first rows openly and the others on demand."""
    columns = plain("Row") + numeric("Score (nats)", "p") + plain("Flagged")
    columns += plain("Stands out by") + wide("What is atypical" if of_pictures else "Reasons")
    rows = [_row(row) for row in found.top]
    every = "; flagged.csv has every flagged row" if found.flagged else ""
    first = table(f"The highest scores{every}", columns, rows[:_OPEN_ROWS])
    further = rows[_OPEN_ROWS:]
    if not further:
        return [first]
    return [first, table(f"The next {phrases.plural(len(further), 'row')} by score", columns, further, fold=True)]


def _row(row: OutlierRow) -> tuple[Cell, ...]:
    return (
        phrases.name(row.row_id),
        numbers.number(row.score),
        numbers.p_value(row.p_value),
        Badge("flagged", "bad") if row.flagged else "no",
        stands_out_by(row),
        what_is_atypical(row),
    )


def stands_out_by(row: OutlierRow) -> str:
    """Name every question that puts a row among the highest hundredth."""
    return phrases.listed(row.questions, most=len(row.questions)) if row.questions else "several together"


def _by_column(found: OutlierSummary) -> Table:
    ordered = dict(sorted(found.by_column.items(), key=lambda entry: -entry[1]))
    return _counted("Columns that are the first reason of flagged rows", "Flagged rows", ordered)


def _counted(caption: str, of_what: str, counts: Mapping[str, int]) -> Table:
    """Return a table of counts by column, each with a bar of its part of the largest."""
    most = max(1, *counts.values())
    rows = [
        (phrases.name(name), Bar(numbers.count(count), round(100 * count / most, 1))) for name, count in counts.items()
    ]
    return table(caption, plain("Column", of_what), rows)


def outliers_lead(outliers: OutlierSummary) -> str:
    """Answer which rows do not belong."""
    rate = numbers.rate(outliers.fdr)
    if outliers.flagged == 0:
        return (
            f"No row is flagged: none of the {phrases.plural(outliers.n, 'row')} is so atypical that it would stand "
            f"out at a false-discovery rate of {rate}. That is not to say that all belong: the list below begins with "
            "the most atypical, and what of it is wrong a look at its first rows tells best."
        )
    return (
        f"{phrases.plural(outliers.flagged, 'row')} of {numbers.count(outliers.n)} "
        f"({numbers.share(outliers.flagged / outliers.n)}) {'is' if outliers.flagged == 1 else 'are'} flagged at a "
        f"false-discovery rate of {rate}. Higher scores are more atypical."
    )


def score_curve_sentence(outliers: OutlierSummary, curve: ScoreCurve) -> str:
    """Say what the score curve shows: how many rows reach the threshold, and how many would if all belonged."""
    text = (
        f"How many rows score at least as high (solid), and at most how many would if every row belonged (dashed); "
        f"each step down is ten times fewer. The highest score is {numbers.number(float(curve.scores[-1]))} "
        "nats."
    )
    if outliers.threshold is None:
        return f"{text} The solid line leaves the dashed one nowhere so far that a row would be flagged."
    place = int((curve.scores < outliers.threshold).sum())
    place = min(place, len(curve.scores) - 1)
    return (
        f"{text} Rows are flagged from {numbers.number(outliers.threshold)} nats on: "
        f"{numbers.share(float(curve.observed[place]))} of the rows score as high, where "
        f"at most {numbers.share(float(curve.expected[place]))} would if all belonged."
    )


def suspicious_cells(found: CellSummary, review: ListReview | None = None) -> Group:
    """Build the part of the section on outliers that is about single cells."""
    lead = Paragraph(f"What is tested: {found.definition}")
    if not found.flagged:
        none = f"None of the {phrases.plural(found.n, 'cell')} surprises more than chance explains."
        return Group("outliers-cells", _TITLE, (Paragraph(none), lead))
    columns = plain("Row") + wide("Cell") + numeric("p") + plain("Row flagged")
    caption = "The least probable cells; cells.csv has every suspicious cell"
    listed = table(caption, columns, [_cell(cell) for cell in found.top])
    by_column = _counted("Suspicious cells by column", "Cells", found.by_column)
    return Group("outliers-cells", _TITLE, (Paragraph(_sentence(found)), lead, listed, *reviewed(review), by_column))


def _sentence(found: CellSummary) -> str:
    one = found.flagged == 1
    verbs = ("contradicts", "its row") if one else ("contradict", "their rows")
    share = numbers.with_interval(found.share_of_rows, found.ci, "share")
    others = found.rows_not_flagged
    apart = "none of them goes" if others == 0 else f"{numbers.count(others)} of them {'goes' if others == 1 else 'go'}"
    return (
        f"{phrases.plural(found.flagged, 'cell')} of {numbers.count(found.n)} {verbs[0]} the rest of {verbs[1]}. "
        f"{'It lies' if one else 'They lie'} in {phrases.plural(found.rows, 'row')} ({share} of all rows); {apart} "
        "unflagged as a whole. To mend a cell keeps its row, which to delete would lose."
    )


def _cell(cell: SuspiciousCell) -> tuple[Cell, ...]:
    flagged: Cell = Badge("flagged", "bad") if cell.row_flagged else "no"
    return phrases.name(cell.row_id), phrases.reason(cell.reason, cut=True), numbers.p_value(cell.p_value), flagged


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
        blocks += [*_answers(rates, f"groups of {title}"), _groups_table(f"Flagged rows by {title}", rates, track)]
    if found.by_combination:
        blocks += _combinations(found, track)
    return [Group("outliers-groups", "What removing them would do to groups", tuple(blocks))]


def listed_groups(found: OutlierSummary) -> Group:
    """Say which groups the list leans on, flagged or not."""
    harder = sorted((rate for rate in found.listed_by_group if rate.status == "harder"), key=lambda rate: -rate.rate)
    blocks: list[Block] = [Answer(leaning_sentence(rate), "warn") for rate in harder[:_SENTENCES]]
    if not harder:
        blocks.append(
            Paragraph("No group is shown to stand among the first of the list clearly more often than others.")
        )
    track = Track(0.0, max((rate.ci.high or 1.0 for rate in found.listed_by_group if rate.n), default=1.0), "share")
    for first in dict.fromkeys(rate.first for rate in found.listed_by_group):
        rates = [rate for rate in found.listed_by_group if rate.first == first]
        caption = f"Rows of each group among the first {numbers.rate(first)} of the list"
        blocks.append(_groups_table(caption, rates, track, fold=True, listed="Listed"))
    return Group("outliers-listed", "Whom the list leans on", tuple(blocks))


def leaning_sentence(rate: ListedGroup) -> str:
    """Say which part of a group stands among the first of the list, against all others."""
    others = numbers.share(rate.rate_of_others or 0.0)
    return (
        f"The first {numbers.rate(rate.first)} of the list hold {numbers.share(rate.rate)} of the rows with "
        f"{group_in_words(rate)} ({numbers.count(rate.flagged)} of {numbers.count(rate.n)}; {_interval(rate.ci)}), "
        f"against {others} of all others: read it as a list of errors only once it is known why."
    )


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
        _groups_table("Flagged rows by two attributes", ordered, track, fold=True),
    ]


def _groups_table(
    caption: str, rates: Sequence[AnyOutlierRate], track: Track, *, fold: bool | None = None, listed: str = "Flagged"
) -> Table:
    columns = (
        plain("Group")
        + numeric(f"{listed} rows")
        + plain(f"{listed} share, with interval")
        + numeric("Of all others")
        + plain("Times as often, with interval")
        + numeric("Adjusted p")
        + plain("In words")
    )
    return table(caption, columns, [_group_row(rate, track) for rate in rates], fold=fold)


def _group_row(rate: AnyOutlierRate, track: Track) -> tuple[Cell, ...]:
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
        Badge(
            (phrases.LEANING if isinstance(rate, ListedGroup) else phrases.DELETION)[rate.status], _TONE[rate.status]
        ),
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
