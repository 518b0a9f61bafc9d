"""How the outcome differs between groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.fairness.disparities import Disparity
from vaeaudit.analysis.fairness.graded import GradedDisparity
from vaeaudit.report.parts import figures
from vaeaudit.report.parts.blocks import Answer, Block, Figure, Paragraph, Section
from vaeaudit.report.parts.tables import Badge, Cell, Table, numeric, plain, table
from vaeaudit.report.sections.group_accuracy import accuracy_blocks
from vaeaudit.statistics.measures import Interval
from vaeaudit.wording import numbers, phrases

#: Combinations of groups that are shown.
_MOST_COMBINATIONS = 12
_TONE = {"flagged": "warn", "unflagged": "neutral", "small": "unsure"}


def status_of_difference(p_adjusted: float | None, limit: float) -> str:
    """Return whether a rate differs from that of all others, as a key of `phrases.DISPARITY`."""
    if p_adjusted is None:
        return "small"
    return "flagged" if p_adjusted <= limit else "unflagged"


def difference_badge(status: str) -> Badge:
    """Say it in words."""
    return Badge(phrases.DISPARITY[status], _TONE[status])


def disparities(results: AuditResults) -> Section:
    """Build the section on the outcome by group."""
    title, lead = "Outcome by group", disparities_lead(results.disparities)
    of_classifier = accuracy_blocks(results.label_accuracy)
    if not results.disparities:
        return Section("disparities", title, "", (Answer(lead), *of_classifier))
    asked = _Asked.of(results)
    alone = [entry for entry in results.disparities if len(entry.attributes) == 1]
    blocks: list[Block] = []
    for place, attribute in enumerate(dict.fromkeys(entry.attributes[0] for entry in alone)):
        entries = [entry for entry in alone if entry.attributes[0] == attribute]
        caption = f"Rows{asked.with_outcome(entries[0])} by {phrases.name(attribute)}"
        blocks += [_rates(entries, place, asked), _disparity_table(caption, entries, asked)]
    crossed = [entry for entry in results.disparities if len(entry.attributes) > 1]
    blocks += [
        *_combinations(crossed, asked),
        *map(Paragraph, asked.remarks()),
        *_grades(results.graded_disparities),
    ]
    return Section("disparities", title, lead, (*blocks, *of_classifier))


@dataclass(frozen=True)
class _Asked:
    """How the outcome was compared: what is told of every entry, and what is not."""

    limit: float
    several: bool
    favourable: bool
    control: tuple[str, ...]
    exact: bool
    weight: str | None

    @classmethod
    def of(cls, results: AuditResults) -> _Asked:
        found, settings = results.disparities, results.run.config
        return cls(
            limit=results.outliers.fdr,
            several=len({entry.outcome for entry in found}) > 1,
            favourable=any(entry.impact_ratio is not None for entry in found),
            control=next((entry.adjusted.control for entry in found if entry.adjusted is not None), ()),
            exact=all(entry.adjusted.exact for entry in found if entry.adjusted is not None),
            weight=settings.get("read", {}).get("weight"),
        )

    def with_outcome(self, entry: Disparity) -> str:
        return "" if self.several else f" with {phrases.name(entry.outcome)}"

    def label(self, entry: Disparity) -> str:
        group = phrases.levels(entry.group)
        return f"{group}: {phrases.name(entry.outcome)}" if self.several else group

    def status(self, entry: Disparity) -> str:
        return status_of_difference(entry.p_adjusted, self.limit)

    def remarks(self) -> list[str]:
        said = [
            "The difference compares a group with all rows outside it. “Detectable” is the smallest difference that "
            "would have been found with 80% power at these sizes: below it, no difference shown does not mean none."
        ]
        if self.favourable:
            said.append(
                "“To the best” is the rate over that of the group with the highest one. Below 0.8 the four-fifths rule "
                "speaks of adverse impact: a convention of US employment law, neither a test nor a proof."
            )
        if self.control:
            columns = phrases.listed([phrases.name(column) for column in self.control])
            held = f"{'equal' if self.exact else 'similar'} {columns}"
            said.append(
                f"“Within” is the mean difference among rows of {held}, strata counting by how much they tell "
                "(Mantel and Haenszel). What it leaves unexplained need not be unfair, and what it explains need not "
                "be fair."
            )
        if self.weight is not None:
            name = phrases.name(self.weight)
            said.append(f"Rates are weighted by {name}; intervals are of as many rows as the weighted ones are worth.")
        return said


def _rates(entries: Sequence[Disparity], place: int, asked: _Asked) -> Block:
    filled = [entry for entry in entries if entry.n]
    attribute = phrases.name(entries[0].attributes[0])
    if not filled:
        return Answer(f"No group of {attribute} holds a row with an outcome.")
    items = [
        figures.Dot(
            *(asked.label(entry), entry.rate, entry.ci, asked.status(entry)),
            (phrases.plural(entry.n, "row"), numbers.with_interval(entry.rate, entry.ci, "share")),
        )
        for entry in filled
    ]
    high, low = max(filled, key=lambda entry: entry.rate), min(filled, key=lambda entry: entry.rate)
    sentence = f"The rate is {numbers.share(high.rate)} in every group."
    if high.rate > low.rate:
        most, least = f"{asked.label(high)} has the highest rate", f"{asked.label(low)} the lowest"
        sentence = f"{most} ({numbers.share(high.rate)}), {least} ({numbers.share(low.rate)})."
    outcome = "the outcome" if asked.several else phrases.name(entries[0].outcome)
    spec = figures.dots(items, x="share of the group's rows", percent=True)
    return Figure(f"disparities-{place}", f"{attribute}: share of rows with {outcome}", sentence, spec)


def _combinations(crossed: Sequence[Disparity], asked: _Asked) -> list[Block]:
    """Show those that differ most; how many are too small to judge, or hold no row, is said."""
    if not crossed:
        return []
    judged = [entry for entry in crossed if entry.p_adjusted is not None]
    shown = sorted(judged, key=lambda entry: -abs(entry.difference or 0.0))[:_MOST_COMBINATIONS]
    empty = sum(entry.n == 0 for entry in crossed)
    small = len(crossed) - len(judged) - empty
    said = [f"Of {phrases.plural(len(crossed), 'combination of groups', 'combinations of groups')}"]
    said.append(f"{numbers.count(len(judged))} are large enough to judge")
    said.append(f"{numbers.count(small)} are too small, of which nothing is said, and {numbers.count(empty)} are empty")
    more = f" Those {len(shown)} that differ most are shown; report.json has all." if len(judged) > len(shown) else ""
    sentence = Paragraph(f"{said[0]}, {said[1]}; {said[2]}.{more}")
    if not shown:
        return [sentence]
    return [sentence, _disparity_table(f"Combinations{asked.with_outcome(shown[0])}", shown, asked)]


def _difference(entry: Disparity) -> str:
    if entry.difference is None:
        return numbers.ABSENT
    if entry.difference_ci is None:
        return numbers.points(entry.difference)
    return numbers.with_interval(entry.difference, entry.difference_ci, "points")


def _detectable(entry: Disparity) -> str:
    found = entry.minimum_detectable
    return numbers.ABSENT if found is None else numbers.points(found, sign=False)


def _ratio(ratio: float | None, ci: Interval | None) -> str:
    if ratio is None:
        return numbers.ABSENT
    return numbers.ratio(ratio) if ci is None else numbers.with_interval(ratio, ci, "ratio")


def _within(entry: Disparity) -> str:
    found = entry.adjusted
    return numbers.ABSENT if found is None else numbers.with_interval(found.difference, found.ci, "points")


def _disparity_table(caption: str, entries: Sequence[Disparity], asked: _Asked) -> Table:
    columns = plain("Group") + numeric("Rows", "Rate, with interval", "Difference, with interval", "Ratio")
    columns += numeric("To the best") if asked.favourable else ()
    columns += numeric("Within") if asked.control else ()
    columns += numeric("Adjusted p", "Detectable") + plain("A difference?")
    rows: list[tuple[Cell, ...]] = []
    for entry in entries:
        status = asked.status(entry)
        row: tuple[Cell, ...] = (
            asked.label(entry),
            numbers.count(entry.n),
            numbers.with_interval(entry.rate, entry.ci, "share") if entry.n else "no row",
            _difference(entry),
            _ratio(entry.ratio, entry.ratio_ci),
        )
        row += (_ratio(entry.impact_ratio, entry.impact_ratio_ci),) if asked.favourable else ()
        row += (_within(entry),) if asked.control else ()
        tested = (
            numbers.p_value(entry.p_adjusted),
            _detectable(entry),
            difference_badge(status),
        )
        rows.append((*row, *tested))
    return table(caption, columns, rows)


def _grades(found: Sequence[GradedDisparity]) -> list[Block]:
    """Show a label of numbers, or of ordered levels, as it is: not only who lies above its median."""
    judged = [entry for entry in found if entry.p_adjusted is not None]
    alone = [entry for entry in judged if len(entry.attributes) == 1]
    crossed = sorted((e for e in judged if len(e.attributes) > 1), key=lambda entry: entry.p_adjusted or 0.0)
    rows = [
        (
            phrases.group(entry.attributes, entry.group),
            numbers.count(entry.n),
            numbers.ABSENT if entry.mean is None else numbers.number(entry.mean),
            numbers.ABSENT
            if entry.difference is None or entry.difference_ci is None
            else numbers.with_interval(entry.difference, entry.difference_ci, "number"),
            _ratio(entry.superiority, entry.superiority_ci),
            numbers.p_value(entry.p_adjusted),
        )
        for entry in (*alone, *crossed[:_MOST_COMBINATIONS])
    ]
    if not rows:
        return []
    columns = plain("Group") + numeric("Rows", "Mean", "Above the others by", "Ranks above others", "Adjusted p")
    said = (
        "“Ranks above others” is the probability that a row of the group has a higher value than one of the others: "
        "0.5 where neither does. Groups too small to judge are left out of this table."
    )
    return [table("The label itself, by group", columns, rows), Paragraph(said)]


def disparities_lead(disparities: Sequence[Disparity]) -> str:
    """Answer whether the outcome differs between groups."""
    if not disparities:
        return "No outcome by group: it needs a label (--label) and at least one sensitive column (--sensitive)."
    judged = [entry for entry in disparities if entry.p_adjusted is not None and entry.difference is not None]
    if not judged:
        return "No group is large enough for its outcome to be judged; the rates are listed."
    widest = max(judged, key=lambda entry: abs(entry.difference or 0.0))
    return (
        f"The widest difference: of rows with {phrases.group(widest.attributes, widest.group)}, "
        f"{numbers.share(widest.rate)} of {phrases.plural(widest.n, 'row')} have {phrases.name(widest.outcome)}, "
        f"{numbers.points(widest.difference or 0.0)} "
        f"against all other rows (adjusted p {numbers.p_value(widest.p_adjusted)}). A difference in the data is not by "
        "itself an injustice, and its absence no proof of fairness."
    )
