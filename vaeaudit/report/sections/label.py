"""The label: how its values are spread, what tells them, and what tells too much."""

from __future__ import annotations

from collections.abc import Sequence

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.labels.balance import LabelBalance
from vaeaudit.analysis.labels.summary import LabelSummary
from vaeaudit.analysis.labels.suspects import LabelErrors, Suspect
from vaeaudit.analysis.leakage.leaks import Leak
from vaeaudit.analysis.leakage.predictors import Predictor, Together
from vaeaudit.report.parts.blocks import Answer, Block, Paragraph, Section
from vaeaudit.report.parts.tables import Badge, Bar, Table, numeric, plain, table
from vaeaudit.report.sections.reviewed import reviewed
from vaeaudit.wording import numbers, phrases

#: A label of more values is shown by its lead alone.
_MOST_CLASSES = 20
_MEASURES = {"auc": "AUC", "rank_correlation": "Rank correlation"}
_GRADES = {"same": ("the label", "bad"), "part": ("part of it", "warn"), "strong": ("a strong predictor", "unsure")}


def label(results: AuditResults) -> Section:
    """Build the section on the label."""
    found, title = results.labels, "The label"
    if found is None:
        return Section("label", title, "", (Answer("No label was declared; --label COL does."),))
    blocks: list[Block] = []
    if found.balance is not None and len(found.balance.counts) <= _MOST_CLASSES:
        blocks.append(_balance(found.column, found.balance))
    if found.leaks:
        blocks.append(_leaks(found.leaks))
    if found.together is not None:
        blocks.append(_predictors(found.predictors, found.together))
    if found.errors is not None:
        blocks += [*_errors(found, found.errors), *reviewed(results.review_of("labels"))]
    return Section("label", title, label_lead(found), tuple(blocks))


def label_lead(found: LabelSummary) -> str:
    """Answer how well the columns tell the label."""
    if found.together is None:
        return f"{phrases.name(found.column)}: too few rows to measure what tells it."
    together = found.together
    told = numbers.with_interval(together.score, together.ci, "ratio")
    more = "more" if together.best_score > together.score else "most"
    which = f"All {phrases.plural(together.columns, 'column')}"
    if together.without:
        named = phrases.listed([phrases.name(name) for name in together.without], most=4)
        which = f"Without {named}, which give it away, the other {phrases.plural(together.columns, 'column')}"
    return (
        f"{which} together tell {phrases.name(found.column)} with "
        f"{_MEASURES[together.measure]} {told}, out of fold. {phrases.name(together.best_alone)} alone "
        f"tells {more}: {numbers.ratio(together.best_score)}."
    )


def errors_sentence(errors: LabelErrors) -> str:
    """Say how many labels are doubted, and how many of them may be wrong."""
    without = [phrases.name(name) for name in errors.without]
    by = f" ({phrases.listed(without, most=4)} left out)" if without else ""
    said = (
        f"By {errors.basis}{by}, the rest of the data contradicts {phrases.plural(errors.doubted, 'label')} of "
        f"{numbers.count(errors.n)}"
    )
    if errors.rate is None or errors.ci is None:
        return (
            f"{said}: such rows lie three times as far from what is expected as others like them. labels.csv has all."
        )
    low, high = errors.ci.low or 0.0, errors.ci.high or 1.0
    return (
        f"{said}. Most lie where classes overlap, and become rare the surer the rest is. "
        f"{numbers.share(errors.rate)} of all labels ({numbers.share(low)} to {numbers.share(high)}) are contradicted "
        "however sure it is: as many may be wrong, if errors fall on all rows alike. labels.csv has all of them."
    )


def _errors(found: LabelSummary, errors: LabelErrors) -> list[Block]:
    blocks: list[Block] = [Paragraph(errors_sentence(errors))]
    if found.suspects:
        blocks.append(_suspects(found.suspects))
    if errors.by_group:
        blocks.append(_doubted_groups(errors))
    return blocks


def _suspects(suspects: Sequence[Suspect]) -> Table:
    rows = [
        (
            numbers.count(suspect.rank),
            phrases.name(suspect.row_id),
            phrases.name(suspect.label),
            phrases.name(suspect.said),
            numbers.ABSENT if suspect.probability is None else numbers.share(suspect.probability),
            numbers.ratio(suspect.suspicion),
        )
        for suspect in suspects
    ]
    columns = numeric("Rank") + plain("Row", "Label", "The rest speaks for") + numeric("Probability", "Suspicion")
    return table("Labels that the rest of the data contradicts, the most suspicious first", columns, rows)


def _doubted_groups(errors: LabelErrors) -> Table:
    rows = [
        (
            f"{phrases.name(group.attribute)}: {phrases.name(group.group)}",
            numbers.count(group.n),
            numbers.count(group.doubted),
            numbers.with_interval(group.share, group.ci, "share"),
            numbers.ABSENT if group.expected is None else numbers.share(group.expected),
        )
        for group in errors.by_group
    ]
    columns = plain("Group") + numeric("Labels", "Doubted", "Share, with interval", "As classes overlap")
    return table("Whose labels are doubted", columns, rows)


def _balance(name: str, balance: LabelBalance) -> Table:
    rows = [
        (
            phrases.name(value),
            numbers.count(held),
            Bar(numbers.share(held / balance.n), round(100 * held / balance.n, 1)),
        )
        for value, held in balance.counts.items()
    ]
    return table(f"Rows by {phrases.name(name)}", plain("Value") + numeric("Rows") + plain("Share"), rows)


def _leaks(leaks: Sequence[Leak]) -> Table:
    rows = [
        (
            phrases.name(leak.column),
            Badge(*_GRADES[leak.grade]),
            "values" if leak.by == "values" else "whether it is filled",
            numbers.with_interval(leak.score, leak.ci, "ratio"),
            f"{numbers.count(leak.agree)} of {numbers.count(leak.n)}" if leak.value else numbers.ABSENT,
        )
        for leak in leaks
    ]
    columns = plain("Column", "What it may be", "It tells by", "Alone, with interval") + numeric("Rows that agree")
    return table("Columns that tell the label too well to pass without a question", columns, rows)


def _predictors(predictors: Sequence[Predictor], together: Together) -> Table:
    rows = [
        (
            phrases.name(found.column),
            Bar(numbers.share(found.share), round(100 * found.share, 1)),
            numbers.ratio(found.score),
            numbers.ABSENT if found.presence is None else numbers.ratio(found.presence),
        )
        for found in predictors
    ]
    measure = _MEASURES[together.measure]
    columns = plain("Column", "Share of what all tell") + numeric(f"{measure} alone", f"{measure} of being filled")
    return table("What tells the label", columns, rows)
