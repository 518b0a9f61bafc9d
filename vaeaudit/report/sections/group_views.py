"""How the rows of each group fare in what is said of every row, and whom the usual cleaning would remove."""

from __future__ import annotations

from collections.abc import Sequence

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.fairness.cleaning import Cleaning, GroupLosses, Step, StepLoss
from vaeaudit.analysis.fairness.group_rates import RateStatus
from vaeaudit.analysis.fairness.group_views import AspectName, GroupView
from vaeaudit.report.parts import figures
from vaeaudit.report.parts.blocks import Answer, Block, Figure, Group, Paragraph, Section
from vaeaudit.report.parts.tables import Badge, Cell, Lines, Link, Table, numeric, plain, table, wide
from vaeaudit.wording import numbers, phrases

#: Aspect -> its title, what more of it means, and the section that has the rows.
_ASPECTS: dict[AspectName, tuple[str, str, Link]] = {
    "improbable": (
        "Improbable",
        "The model finds its rows less probable (ELBO, held-out rows): it knows the group less well.",
        Link("How well the model learned", "model"),
    ),
    "outlier rank": (
        "High on the list",
        "Its rows stand higher on the list of outliers.",
        Link("Which rows do not belong", "outliers"),
    ),
    "rarity": ("Rare", "Its rows lie where the latents are thin.", Link("What the hidden axes encode", "latents")),
    "missing cells": (
        "Cells missing",
        "Its rows lack more cells, of columns that are mostly filled.",
        Link("What is missing in the cells", "missing"),
    ),
    "copy": ("Copies", "More of its rows copy an earlier one.", Link("Rows that occur more than once", "duplicates")),
    "label suspicion": (
        "Label doubted",
        "The rest of the data speaks more strongly against the labels of its rows.",
        Link("The label", "label"),
    ),
}
#: Step -> the head of its column.
_STEPS: dict[Step, str] = {
    "outliers": "Outliers",
    "incomplete rows": "Incomplete",
    "copies": "Copies",
    "doubted labels": "Doubted labels",
    "all": "All together",
}
_TONE: dict[RateStatus, str] = {
    "harder": "warn",
    "less": "neutral",
    "unclear": "neutral",
    "small": "unsure",
    "empty": "unsure",
}
#: Combinations named one by one.
_NAMED = 3


def group_views(results: AuditResults) -> Section:
    """Build the section."""
    title, lead = "How each group fares", views_lead(results.group_views, results.cleaning)
    if not results.group_views and not results.cleaning.steps:
        return Section("group-views", title, "", (Answer(lead),))
    blocks: list[Block] = [_views(results), _cleaning(results.cleaning)]
    return Section("group-views", title, lead, tuple(blocks))


def views_lead(views: Sequence[GroupView], cleaning: Cleaning) -> str:
    """Answer in how many respects groups surely fare worse, and which group cleaning would take most of."""
    if not views and not cleaning.steps:
        return "No group to follow: declare a sensitive column (--sensitive)."
    judged = [view for view in views if view.p_adjusted is not None]
    harder = [view for view in judged if view.status == "harder"]
    said = "No group is large enough to be judged."
    if judged:
        shown = f"{numbers.count(len(harder))} show" if len(harder) > 1 else f"{'1' if harder else 'none'} shows"
        compared = phrases.plural(len(judged), "comparison")
        said = f"Of {compared} of a group with all other rows, {shown} that it surely and clearly fares worse."
    return f"{said} {cleaning_sentence(cleaning)}"


def cleaning_sentence(cleaning: Cleaning) -> str:
    """Say how many rows the usual cleaning would delete, and whether a group would surely lose clearly more."""
    if not cleaning.removed:
        return "The usual cleaning would delete no row."
    all_rows = cleaning.steps[-1]
    said = (
        f"The usual cleaning would delete {phrases.plural(cleaning.removed, 'row')} of {numbers.count(all_rows.n)} "
        f"({numbers.share(cleaning.removed / all_rows.n)})"
    )
    harder = [losses for losses in cleaning.groups if losses.together.status == "harder"]
    if not harder:
        return f"{said}, of no group shown to lose clearly more than all others."
    worst = max(harder, key=lambda losses: losses.together.ci.low or 0.0)
    return f"{said}, and hardest hit would be {_loss_in_words(worst)}."


def _loss_in_words(losses: GroupLosses) -> str:
    together = losses.together
    return (
        f"{_in_words(losses)}: {numbers.with_interval(together.rate, together.ci, 'share')} of its "
        f"{phrases.plural(losses.n, 'row')}, against {numbers.share(together.rate_of_others or 0.0)} of all others"
    )


def _in_words(losses: GroupLosses) -> str:
    return phrases.group(
        [phrases.name(part) for part in losses.attributes], [phrases.name(part) for part in losses.group]
    )


def _views(results: AuditResults) -> Group:
    views = results.group_views
    aspects = [aspect for aspect in _ASPECTS if any(view.aspect == aspect for view in views)]
    blocks: list[Block] = []
    for attribute in dict.fromkeys(view.attribute for view in views):
        blocks.append(_views_table(attribute, [view for view in views if view.attribute == attribute], aspects))
    if not aspects:
        blocks.append(Answer("All rows are alike in everything that is said of them."))
    else:
        starred = any(_starred(view) for view in views)
        blocks.append(Paragraph(f"{_HOW_TO_READ}{_STARRED if starred else ''}"))
        attributes = {view.attribute for view in views}
        read = [
            phrases.name(column.name) for column in results.columns if column.in_model and column.name in attributes
        ]
        if read:
            named = phrases.listed(read)
            blocks.append(
                Paragraph(f"The model reads {named}: a rare group of it is improbable and rare for that alone.")
            )
        heads = plain("Column") + wide("More of it means") + plain("Rows and details")
        blocks.append(table("What is compared", heads, [_ASPECTS[aspect] for aspect in aspects], fold=True))
    return Group("group-views-rows", "What is said of their rows", tuple(blocks))


_HOW_TO_READ = (
    "A figure is the probability that a row of the group has more of it than one of all other rows: 0.50 is no "
    "difference. Of copies it is the share of the group's rows. More always means worse known or more likely to be "
    "deleted. Only what is surely and clearly different is marked: adjusted for all that was asked, and with its whole "
    "interval beyond the tolerance; intervals are in report.json."
)
_STARRED = " * The group has too few held-out rows, so that all rows are compared."


def _views_table(attribute: str, views: Sequence[GroupView], aspects: Sequence[AspectName]) -> Table:
    groups = list(dict.fromkeys(view.group for view in views))
    found = {(view.group, view.aspect): view for view in views}
    rows: list[tuple[Cell, ...]] = []
    for group in groups:
        of_group = [found[group, aspect] for aspect in aspects]
        n = max(view.n for view in of_group)
        rows.append((phrases.name(group), numbers.count(n), *(_view(view) for view in of_group)))
    columns = plain("Group") + numeric("Rows") + plain(*(_ASPECTS[aspect][0] for aspect in aspects))
    return table(f"Rows by {phrases.name(attribute)}", columns, rows)


def _view(view: GroupView) -> Cell:
    if view.status in {"small", "empty"} or view.value is None:
        return "no row" if view.n == 0 else "too few rows"
    written = (numbers.share if view.measure == "rate" else numbers.ratio)(view.value)
    star = "*" if _starred(view) else ""
    if view.status == "unclear":
        return f"{written}{star}"
    return Badge(f"{written}{star} {'more' if view.status == 'harder' else 'less'}", _TONE[view.status])


def _starred(view: GroupView) -> bool:
    """Whether rows are compared that the model was trained on, for want of others."""
    return view.aspect == "improbable" and view.compared == "all rows" and view.value is not None


def _cleaning(cleaning: Cleaning) -> Group:
    steps = [(_STEPS[step.step], step.statement, numbers.count(step.removed)) for step in cleaning.steps]
    heads = plain("Step") + wide("What is deleted") + numeric("Rows")
    blocks: list[Block] = [table("The usual cleaning, step by step", heads, steps)]
    with_rows = [losses for losses in cleaning.groups if losses.n]
    if with_rows:
        blocks.append(_figure(with_rows))
    for attributes in dict.fromkeys(losses.attributes for losses in cleaning.groups):
        of_one = [losses for losses in cleaning.groups if losses.attributes == attributes]
        blocks.append(_losses_table(attributes[0], of_one))
    if cleaning.combinations:
        blocks.append(Paragraph(_combinations_sentence(cleaning)))
    blocks.append(Paragraph(_LIMITS))
    return Group("group-views-cleaning", "Whom cleaning would remove", tuple(blocks))


_LIMITS = (
    "Nobody need clean in this way: the tables show what habits would do. Many doubted labels are no errors but lie "
    "where classes overlap. What the flagged rows alone take is told with the outliers, and which column is missing in "
    "which group with the missing cells."
)


def _figure(shown: Sequence[GroupLosses]) -> Figure:
    dots = [
        figures.Dot(
            f"{phrases.shorten(losses.attributes[0], 12)}: {phrases.name(losses.group[0])}",
            losses.together.rate,
            losses.together.ci,
            losses.together.status,
            (f"{numbers.count(losses.together.hits)} of {phrases.plural(losses.n, 'row')}",),
        )
        for losses in shown
    ]
    judged = [losses for losses in shown if losses.together.status != "small"] or list(shown)
    most = max(judged, key=lambda losses: losses.together.rate)
    least = min(judged, key=lambda losses: losses.together.rate)
    sentence = (
        f"Of the groups large enough to judge, {_in_words(most)} would lose {numbers.share(most.together.rate)} of its "
        f"rows and {_in_words(least)} {numbers.share(least.together.rate)}."
    )
    spec = figures.dots(dots, x="share of the group's rows", percent=True)
    return Figure("group-views-lost", "Share of each group that all cleaning together would delete", sentence, spec)


def _losses_table(attribute: str, groups: Sequence[GroupLosses]) -> Table:
    steps = [loss.step for loss in groups[0].losses]
    columns = plain("Group") + numeric("Rows") + plain(*(_STEPS[step] for step in steps))
    columns += plain("Of all others", "Part of all rows", "In words")
    rows: list[tuple[Cell, ...]] = [
        (
            phrases.name(losses.group[0]),
            numbers.count(losses.n),
            *(_loss(loss) for loss in losses.losses),
            numbers.share(losses.together.rate_of_others or 0.0),
            _before_and_after(losses),
            Badge(phrases.DELETION[losses.together.status], _TONE[losses.together.status]),
        )
        for losses in groups
    ]
    return table(f"What cleaning would delete, by {phrases.name(attribute)}", columns, rows)


def _loss(loss: StepLoss) -> Cell:
    if loss.n == 0:
        return "no row"
    if loss.step == "all":
        return Lines((numbers.share(loss.rate), numbers.interval(loss.ci, "share")))
    written = numbers.share(loss.rate)
    if loss.status in {"harder", "less"}:
        return Badge(f"{written} {'more' if loss.status == 'harder' else 'less'}", _TONE[loss.status])
    return written


def _before_and_after(losses: GroupLosses) -> Cell:
    if losses.share_after is None:
        return numbers.share(losses.share_before)
    return Lines((numbers.share(losses.share_before), f"then {numbers.share(losses.share_after)}"))


def _combinations_sentence(cleaning: Cleaning) -> str:
    judged = sum(losses.together.p_adjusted is not None for losses in cleaning.combinations)
    beyond = sorted(cleaning.beyond_their_groups, key=lambda losses: -losses.together.rate)
    said = (
        f"Of {phrases.plural(len(cleaning.combinations), 'combination')} of two or three attributes that hold rows, "
        f"{numbers.count(judged)} are large enough to be judged; "
    )
    if not beyond:
        return f"{said}none is shown to lose more than each of the groups that meet in it."
    named = phrases.listed([_loss_in_words(losses) for losses in beyond], most=_NAMED, separator="; ")
    return f"{said}more than each of the groups that meet in it would lose {named}."
