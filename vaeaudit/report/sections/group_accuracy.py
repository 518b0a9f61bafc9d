"""How well a classifier on the latents tells the label of each group, with and without resampling by the latents."""

from __future__ import annotations

from vaeaudit.analysis.fairness.group_accuracy import AccuracyChange, AttributeAccuracy, LabelAccuracy
from vaeaudit.report.parts.blocks import Block, Paragraph
from vaeaudit.report.parts.tables import Badge, Cell, Column, Table, numeric, plain, table
from vaeaudit.wording import numbers, phrases

_LIMITS = (
    "Believe a difference only when another --seed shows it, too. Both models were trained once; the intervals hold "
    "what other held-out rows would have given, not what another training would have, which may move the figures of a "
    "group by more. The held-out rows also chose the epoch at which each training stopped, so both accuracies are a "
    "little too high. The intervals of the differences hold for all of them at once."
)


def accuracy_blocks(found: LabelAccuracy | None) -> list[Block]:
    """Build what the report says of it; nothing where no classifier was trained."""
    if found is None:
        return []
    blocks: list[Block] = [Paragraph(accuracy_sentence(found)), _summary(found)]
    blocks += [_groups(attribute) for attribute in found.attributes]
    return [*blocks, Paragraph(_LIMITS)]


def accuracy_sentence(found: LabelAccuracy) -> str:
    """Say what was trained, how well it tells the label, and whether the resampling changed anything that shows."""
    label = phrases.name(found.label)
    how = (
        f"A classifier of {label} was trained together with the latents, on rows that were drawn the more often, the "
        "rarer their latents are in their class (DB-VAE). “Before” is the same training on rows drawn evenly, “after” "
        "is the model of this run."
    )
    if found.without_label:
        verb = "has" if found.without_label == 1 else "have"
        rows = phrases.plural(found.without_label, "row")
        how += f" {rows} that {verb} no label took part without it."
    if found.accuracy is None:
        return f"{how} {phrases.plural(found.n, 'held-out row')} with a label are too few to say how well it does."
    before, after = numbers.share(found.accuracy.before), numbers.share(found.accuracy.after)
    return (
        f"{how} Of {phrases.plural(found.n, 'held-out row')} it tells {before} right before and {after} after; always "
        f"saying the most frequent class would be right for {numbers.share(found.most_frequent)}. {_verdict(found)}"
    )


def _verdict(found: LabelAccuracy) -> str:
    told = sum(change.is_told for change in found.changes)
    of_all = phrases.plural(len(found.changes), "difference")
    if not told:
        return (
            f"None of {of_all} is beyond what chance among these rows explains: they show neither that the resampling "
            "helps nor that it harms."
        )
    verb = "is" if told == 1 else "are"
    return f"{numbers.count(told)} of {of_all} {verb} beyond what chance among these rows explains; they are marked."


def _summary(found: LabelAccuracy) -> Table:
    rows = [_row("All held-out rows", found.accuracy, "too few rows")]
    for attribute in found.attributes:
        name = phrases.name(attribute.attribute)
        rows += [
            _row(f"{name}: mean over groups", attribute.mean),
            _row(f"{name}: worst group", attribute.worst),
            _row(f"{name}: spread over groups", attribute.spread, less_is_better=True),
        ]
    caption = f"Accuracy in telling {phrases.name(found.label)}; the spread is the standard deviation over groups"
    return table(caption, plain("Over") + _columns(), rows)


def _groups(attribute: AttributeAccuracy) -> Table:
    rows = []
    for group in attribute.groups:
        first, *others = _row(phrases.name(group.group), group.accuracy, "too few rows")
        rows.append((first, numbers.count(group.n), *others))
    columns = plain("Group") + numeric("Held-out rows") + _columns()
    return table(f"Accuracy by {phrases.name(attribute.attribute)}", columns, rows)


def _columns() -> tuple[Column, ...]:
    return numeric("Before", "After", "Difference") + plain("Beyond chance?")


def _row(
    name: str, change: AccuracyChange | None, absent: str = "too few groups", *, less_is_better: bool = False
) -> tuple[Cell, ...]:
    if change is None:
        return name, numbers.ABSENT, numbers.ABSENT, numbers.ABSENT, Badge(absent, "unsure")
    unit: numbers.Unit = "share"
    is_better = (change.difference < 0) == less_is_better
    told = Badge("better", "good") if is_better else Badge("worse", "bad")
    return (
        name,
        numbers.with_interval(change.before, change.before_ci, unit),
        numbers.with_interval(change.after, change.after_ci, unit),
        numbers.with_interval(change.difference, change.difference_ci, "points"),
        told if change.is_told else Badge("not shown", "neutral"),
    )
