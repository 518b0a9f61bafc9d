"""What a prediction that exists already does to each group: whom it selects, on whom it errs, and where most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.fairness.error_slices import ErrorSlices
from vaeaudit.analysis.fairness.predictions import GroupPredictions, PredictionRate, Predictions, RateName
from vaeaudit.analysis.fairness.score_in_groups import ScoreInGroup
from vaeaudit.report.parts import figures
from vaeaudit.report.parts.blocks import Answer, Block, Figure, Paragraph, Section
from vaeaudit.report.parts.tables import Badge, Cell, Lines, Table, numeric, plain, table, wide
from vaeaudit.report.sections.disparities import difference_badge, status_of_difference
from vaeaudit.statistics.measures import Interval
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.rules import bound_text, describe

_TITLE = "What the prediction does to each group"
_NONE = (
    "No prediction was looked at: name the column in which a model that exists predicts the label (--prediction), the "
    "label (--label) and sensitive columns (--sensitive)."
)
#: Rate -> head of its column.
_HEADS: Mapping[RateName, str] = {
    "selection": "Predicted",
    "false_positive": "False positives",
    "false_negative": "Missed",
    "precision": "Precision",
    "accuracy": "Right",
}
#: Rate that is drawn -> how its rows of a figure are called, and what they show.
_DRAWN: Mapping[RateName, tuple[str, str]] = {
    "false_positive": ("false", "false positives"),
    "false_negative": ("missed", "misses"),
    "accuracy": ("right", "right predictions"),
}
_ERRORS: tuple[RateName, ...] = ("false_positive", "false_negative")
#: What the first of two tables shows.
_FIRST: tuple[RateName, ...] = ("selection", *_ERRORS)
#: Combinations that are shown: those that differ most, and the smallest of those that are too small to judge.
_MOST_COMBINATIONS = 12


def predictions(results: AuditResults) -> Section:
    """Build the section on a prediction that exists already."""
    found = results.predictions
    if found is None:
        return Section("predictions", _TITLE, "", (Answer(_NONE),))
    limit = results.outliers.fdr
    blocks: list[Block] = []
    alone = [entry for entry in found.groups if len(entry.attributes) == 1]
    for place, attribute in enumerate(dict.fromkeys(entry.attributes[0] for entry in alone)):
        entries = [entry for entry in alone if entry.attributes[0] == attribute]
        blocks += [
            *_errors(entries, place, limit, found),
            *_tables(f"by {phrases.name(attribute)}", entries, limit, found),
        ]
    blocks += [*_combinations(found, limit), *_slices(found), *map(Paragraph, _remarks(found, results))]
    return Section("predictions", _TITLE, predictions_lead(found), tuple(blocks))


def predictions_lead(found: Predictions) -> str:
    """Say how often the outcome is predicted, how often that is wrong, and where the errors differ most."""
    rates, column = {rate.measure: rate for rate in found.rates}, phrases.name(found.column)
    if "accuracy" not in rates:
        return f"Nothing was predicted from {column}. {' '.join(found.notes)}"
    rows, wrong = phrases.plural(found.n, "row"), numbers.share(1 - rates["accuracy"].rate)
    if not found.outcome:
        said = f"{column} is wrong on {wrong} of {rows}."
    else:
        since = "" if found.threshold is None else f" from {bound_text(found.threshold)} on"
        selected = numbers.share(rates["selection"].rate)
        outcome = phrases.name(found.outcome)
        said = f"{column} predicts {outcome}{since}: for {selected} of {rows}, and is wrong on {wrong}."
    return f"{said} {_widest(found)}"


def _widest(found: Predictions) -> str:
    """Tell the widest difference in errors among groups that are large enough."""
    measures = _ERRORS if found.outcome else ("accuracy",)
    judged = [
        (abs(rate.difference), entry, rate)
        for entry in found.groups
        for rate in entry.rates
        if len(entry.attributes) == 1 and rate.measure in measures
        if rate.p_adjusted is not None and rate.difference is not None
    ]
    if not judged:
        return "No group is large enough for its errors to be judged; the rates are listed."
    _, entry, rate = max(judged, key=lambda each: each[0])
    group, value = (
        phrases.group(entry.attributes, [phrases.name(name) for name in entry.group]),
        numbers.share(rate.rate),
    )
    rows = phrases.plural(rate.n, "row")
    what = {
        "false_positive": f"of {rows} with {group} that do not have it, it is wrongly predicted for {value}",
        "false_negative": f"of {rows} with {group} that have it, it is not predicted for {value}",
        "accuracy": f"of {rows} with {group}, it is right on {value}",
    }[rate.measure]
    return (
        f"The widest difference in errors: {what}, {numbers.points(rate.difference or 0.0)} against all other rows "
        f"(adjusted p {numbers.p_value(rate.p_adjusted)})."
    )


def _errors(entries: Sequence[GroupPredictions], place: int, limit: float, found: Predictions) -> list[Block]:
    """Draw both kinds of errors in each group; where there is but one kind, how often it is right."""
    measures = _ERRORS if found.outcome else ("accuracy",)
    drawn = [(entry, rate) for measure in measures for entry in entries if (rate := entry.rate(measure)) is not None]
    if not drawn:
        return []
    items = [
        figures.Dot(
            *(f"{phrases.levels(entry.group)}: {_DRAWN[rate.measure][0]}", rate.rate, rate.ci),
            *(
                status_of_difference(rate.p_adjusted, limit),
                (phrases.plural(rate.n, "row"), numbers.with_interval(rate.rate, rate.ci, "share")),
            ),
        )
        for entry, rate in drawn
    ]
    told = [f"{_DRAWN[measure][1]} {_span(drawn, measure)}" for measure in measures]
    sentence = f"From the lowest to the highest group: {phrases.listed(told)}."
    title = f"{phrases.name(entries[0].attributes[0])}: how often {phrases.name(found.column)} errs"
    spec = figures.dots(items, x="share of the rows that it can happen to", percent=True)
    return [Figure(f"predictions-{place}", title, sentence, spec)]


def _span(drawn: Sequence[tuple[GroupPredictions, PredictionRate]], measure: RateName) -> str:
    rates = [rate.rate for _, rate in drawn if rate.measure == measure]
    return f"from {numbers.share(min(rates))} to {numbers.share(max(rates))}" if rates else "of no row"


def _tables(of: str, entries: Sequence[GroupPredictions], limit: float, found: Predictions) -> list[Block]:
    measured = {rate.measure for rate in found.rates}
    first: list[RateName] = [name for name in (_FIRST if found.outcome else ("accuracy",)) if name in measured]
    built: list[Block] = []
    if first:
        rows = [
            (
                *_heads(entry),
                *(_cell(entry.rate(name), limit) for name in first),
                _badge([entry.rate(name) for name in first], limit),
                _detectable(entry),
            )
            for entry in entries
        ]
        columns = plain("Group") + numeric("Rows", *(_HEADS[name] for name in first))
        columns += plain("A difference?") + numeric("Detectable")
        caption = f"Rates {of}, and below each what it is above or below that of all other rows (* where that is sure)"
        built.append(table(caption, columns, rows))
    second: list[RateName] = [name for name in _HEADS if name in measured and name not in first]
    if second or any(entry.score is not None for entry in entries):
        built.append(_worth(of, entries, second, limit, found))
    return built


def _heads(entry: GroupPredictions) -> tuple[str, str]:
    return phrases.levels(entry.group), numbers.count(entry.n)


def _cell(rate: PredictionRate | None, limit: float) -> Cell:
    if rate is None:
        return "no row"
    value = numbers.with_interval(rate.rate, rate.ci, "share")
    if rate.difference is None or rate.difference_ci is None:
        return value
    star = " *" if status_of_difference(rate.p_adjusted, limit) == "flagged" else ""
    return Lines((value, numbers.with_interval(rate.difference, rate.difference_ci, "points") + star))


def _detectable(entry: GroupPredictions) -> str:
    least = [rate.minimum_detectable for rate in entry.rates if rate.minimum_detectable is not None]
    return numbers.points(max(least), sign=False) if least else numbers.ABSENT


def _badge(rates: Sequence[PredictionRate | None], limit: float) -> Badge:
    """Say whether any of these rates differs; which of them do has a star."""
    states = [status_of_difference(rate.p_adjusted, limit) for rate in rates if rate is not None]
    status = next((state for state in ("flagged", "unflagged") if state in states), "small")
    return difference_badge(status)


def _worth(
    of: str, entries: Sequence[GroupPredictions], rates: Sequence[RateName], limit: float, found: Predictions
) -> Table:
    """Show what a prediction means where it was made, and what its score means."""
    scores = [entry.score or ScoreInGroup() for entry in entries]
    as_share = any(score.excess is not None for score in scores)
    columns = plain("Group") + numeric("Rows")
    columns += numeric("Ranking (AUC)", "Outcome given the score") if found.form == "score" else ()
    columns += numeric("Predicted less observed") if as_share else ()
    columns += numeric(*(_HEADS[name] for name in rates))
    rows: list[tuple[Cell, ...]] = []
    for entry, score in zip(entries, scores, strict=True):
        of_score = (
            _figure(score.auc, score.auc_ci, "ratio"),
            _figure(score.given_score, score.given_score_ci, "points"),
            *((_figure(score.excess, score.excess_ci, "points"),) if as_share else ()),
        )
        told = (*_heads(entry), *(of_score if found.form == "score" else ()))
        rows.append((*told, *(_cell(entry.rate(name), limit) for name in rates)))
    return table(f"What {phrases.name(found.column)} is worth, {of}", columns, rows)


def _figure(value: float | None, ci: Interval | None, unit: numbers.Unit) -> str:
    return numbers.ABSENT if value is None or ci is None else numbers.with_interval(value, ci, unit)


def _combinations(found: Predictions, limit: float) -> list[Block]:
    """Show those whose errors differ most, and the smallest, of which nothing can be said."""
    crossed = [entry for entry in found.groups if len(entry.attributes) > 1]
    if not crossed or not found.rates:
        return []
    judged = [entry for entry in crossed if entry.status == "judged"]
    small = sorted((entry for entry in crossed if entry.status == "inconclusive"), key=lambda entry: entry.n)
    widest = sorted(judged, key=lambda entry: -_largest(entry))[:_MOST_COMBINATIONS]
    shown = [*widest, *small[:_MOST_COMBINATIONS]]
    said = (
        f"{phrases.plural(len(crossed), 'combination of groups holds', 'combinations of groups hold')} a row: "
        f"{numbers.count(len(judged))} large enough to judge, {numbers.count(len(small))} too small, of which nothing "
        "is said."
    )
    if len(shown) < len(crossed):
        said += " Those that differ most, and the smallest, are shown; report.json has all."
    return [Paragraph(said), *_tables("by combination of groups", shown, limit, found)]


def _largest(entry: GroupPredictions) -> float:
    return max((abs(rate.difference or 0.0) for rate in entry.rates if rate.p_adjusted is not None), default=0.0)


def _slices(found: Predictions) -> list[Block]:
    """Show where it errs most, whatever the columns, on rows that took no part in the search."""
    slices = found.slices
    if slices is None or not slices.searched:
        return []
    column = phrases.name(found.column)
    searched = phrases.plural(slices.searched, "slice")
    said = (
        f"Where {column} errs most: {searched} of one or two conditions were searched on "
        f"{phrases.plural(slices.n_search, 'row')}; {phrases.plural(slices.tested, 'slice')} that stood out were "
        f"tested on the other {numbers.count(slices.n_test)}.{_without(slices)}"
    )
    if not slices.slices:
        return [Paragraph(f"{said} In none it surely errs more often than on all other rows.")]
    rows = [
        (
            describe(each.rule, cut=True),
            numbers.count(each.rows),
            numbers.count(each.n),
            numbers.with_interval(each.error_rate, each.ci, "share"),
            numbers.share(each.others),
            numbers.p_value(each.p_adjusted),
        )
        for each in slices.slices
    ]
    columns = wide("Slice") + numeric(
        "Rows", "Rows tested", "Errors, with interval", "Errors on all others", "Adjusted p"
    )
    return [Paragraph(said), table(f"Slices on which {column} errs most", columns, rows)]


def _without(slices: ErrorSlices) -> str:
    if not slices.without:
        return ""
    names = phrases.listed([phrases.name(column) for column in slices.without], most=6)
    return f" Left out, since they say the label or the prediction in other words: {names}."


def _remarks(found: Predictions, results: AuditResults) -> list[str]:
    said = []
    if found.outcome and found.rates:
        said.append(
            "Every group is compared with all rows outside it. False positives are counted among rows that do not have "
            f"{phrases.name(found.outcome)}, misses among rows that have it, precision among rows of which it is "
            "predicted. “Detectable” is the smallest difference that would have been found with 80% power in the "
            "least certain of these rates. Where groups have the outcome more or less often, no prediction but a "
            "faultless one can make all of them equal: which of them has to be is for people to decide."
        )
    if found.form == "score" and found.outcome:
        said.append(
            "“Ranking” is the probability that a row with the outcome has a higher score than one without. “Outcome "
            "given the score” is how much more often rows of the group have the outcome than other rows of the same "
            "score: below 0 the score says too much of the group, above 0 too little."
        )
    weight = results.run.config.get("read", {}).get("weight")
    if weight is not None:
        said.append(f"Rates are weighted by {phrases.name(weight)}; intervals are of as many rows as they are worth.")
    return [*said, *(found.notes if found.rates else ())]
