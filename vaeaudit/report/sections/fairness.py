"""What gives a sensitive attribute away, and how the outcome differs between groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.fairness.disparities import Disparity
from vaeaudit.analysis.fairness.proxies import Proxy
from vaeaudit.report.parts import figures
from vaeaudit.report.parts.blocks import Answer, Block, Figure, Paragraph, Section
from vaeaudit.report.parts.tables import Badge, Bar, Cell, Table, Track, numeric, plain, table
from vaeaudit.report.sections.group_accuracy import accuracy_blocks
from vaeaudit.wording import numbers, phrases

_STRONGEST = 6
_TONE = {"flagged": "warn", "unflagged": "neutral", "small": "unsure"}


def proxies(results: AuditResults) -> Section:
    """Build the section on proxies."""
    title = "What gives a sensitive attribute away"
    lead = proxies_lead(results.proxies, of_pictures=results.pictures is not None)
    if not results.proxies:
        return Section("proxies", title, "", (Answer(lead),))
    sources = {"columns": "all columns" if results.pictures is None else "pixel measures"}
    sources["latents"] = "the latents"
    blocks: list[Block] = [_proxy_figure(results.proxies, sources), _proxy_table(results.proxies, sources)]
    blocks += [_strongest(proxy) for proxy in results.proxies if proxy.by_column]
    return Section("proxies", title, lead, tuple(blocks))


def _proxy_figure(found: Sequence[Proxy], sources: Mapping[str, str]) -> Figure:
    items = [
        figures.Dot(
            *(f"{phrases.shorten(proxy.attribute, 12)}, {sources[proxy.from_]}", proxy.auc, proxy.ci, "auc"),
            *((f"AUC {numbers.with_interval(proxy.auc, proxy.ci, 'ratio')}",), proxy.null_auc),
        )
        for proxy in found
    ]
    apart = [proxy for proxy in found if proxy.ci.low is not None and proxy.ci.low > 0.5]
    sentence = (
        f"{len(apart)} of {phrases.plural(len(found), 'prediction')} {'is' if len(apart) == 1 else 'are'} better than "
        "guessing (dotted line, 0.5), interval included."
    )
    spec = figures.dots(items, x="AUC, out of fold", percent=False, lines=(0.5,), reference_name="best after shuffling")
    return Figure("proxies-auc", "How well each attribute can be predicted", sentence, spec)


def _proxy_table(found: Sequence[Proxy], sources: Mapping[str, str]) -> Table:
    columns = plain("Attribute", "Predicted from", "AUC, with interval")
    shuffled = any(proxy.null_auc is not None for proxy in found)
    if shuffled:
        columns += numeric("Best after shuffling")
    track = Track(min([0.5, *(proxy.ci.low or proxy.auc for proxy in found)]), 1.0, "ratio", reference=0.5)
    rows = []
    for proxy in found:
        row: tuple[Cell, ...] = (phrases.name(proxy.attribute), sources[proxy.from_], track.mark(proxy.auc, proxy.ci))
        null = "not measured" if proxy.null_auc is None else numbers.ratio(proxy.null_auc)
        rows.append((*row, null) if shuffled else row)
    return table("Prediction of sensitive attributes, out of fold", columns, rows)


def _strongest(proxy: Proxy) -> Table:
    ordered = sorted(proxy.by_column.items(), key=lambda entry: -entry[1])[:_STRONGEST]
    rows = [
        (phrases.name(column), Bar(numbers.ratio(auc), round(200 * max(min(auc, 1.0) - 0.5, 0.0), 1)))
        for column, auc in ordered
    ]
    caption = f"Single columns that give {phrases.name(proxy.attribute)} away most (bar from 0.5 to 1)"
    return table(caption, plain("Column", "AUC alone"), rows)


def disparities(results: AuditResults) -> Section:
    """Build the section on the outcome by group."""
    title, lead = "Outcome by group", disparities_lead(results.disparities)
    of_classifier = accuracy_blocks(results.label_accuracy)
    if not results.disparities:
        return Section("disparities", title, "", (Answer(lead), *of_classifier))
    limit = results.outliers.fdr
    several = len({entry.outcome for entry in results.disparities}) > 1
    blocks: list[Block] = []
    for place, attribute in enumerate(dict.fromkeys(entry.attribute for entry in results.disparities)):
        entries = [entry for entry in results.disparities if entry.attribute == attribute]
        blocks += [_rates(entries, place, limit, several), _disparity_table(entries, limit, several)]
    blocks.append(
        Paragraph(
            "The difference compares a group with all rows outside it. “Detectable” is the smallest difference that "
            "would have been found with 80% power at these sizes: below it, no difference shown does not mean none."
        )
    )
    return Section("disparities", title, lead, (*blocks, *of_classifier))


def _status(entry: Disparity, limit: float) -> str:
    if entry.p_adjusted is None:
        return "small"
    return "flagged" if entry.p_adjusted <= limit else "unflagged"


def _label(entry: Disparity, several: bool) -> str:
    group = phrases.name(entry.group)
    return f"{group}: {phrases.name(entry.outcome)}" if several else group


def _rates(entries: Sequence[Disparity], place: int, limit: float, several: bool) -> Block:
    filled = [entry for entry in entries if entry.n]
    if not filled:
        return Answer(f"No group of {phrases.name(entries[0].attribute)} holds a row with an outcome.")
    items = [
        figures.Dot(
            *(_label(entry, several), entry.rate, entry.ci, _status(entry, limit)),
            (phrases.plural(entry.n, "row"), numbers.with_interval(entry.rate, entry.ci, "share")),
        )
        for entry in filled
    ]
    high, low = max(filled, key=lambda entry: entry.rate), min(filled, key=lambda entry: entry.rate)
    sentence = f"The rate is {numbers.share(high.rate)} in every group."
    if high.rate > low.rate:
        most, least = f"{_label(high, several)} has the highest rate", f"{_label(low, several)} the lowest"
        sentence = f"{most} ({numbers.share(high.rate)}), {least} ({numbers.share(low.rate)})."
    outcome = "the outcome" if several else phrases.name(entries[0].outcome)
    title = f"{phrases.name(entries[0].attribute)}: share of rows with {outcome}"
    spec = figures.dots(items, x="share of the group's rows", percent=True)
    return Figure(f"disparities-{place}", title, sentence, spec)


def _difference(entry: Disparity) -> str:
    if entry.difference is None:
        return numbers.ABSENT
    if entry.difference_ci is None:
        return numbers.points(entry.difference)
    return numbers.with_interval(entry.difference, entry.difference_ci, "points")


def _detectable(entry: Disparity) -> str:
    found = entry.minimum_detectable
    return numbers.ABSENT if found is None else numbers.points(found, sign=False)


def _disparity_table(entries: Sequence[Disparity], limit: float, several: bool) -> Table:
    columns = (
        plain("Group")
        + numeric("Rows", "Rate, with interval", "Difference, with interval", "Ratio", "Adjusted p", "Detectable")
        + plain("A difference?")
    )
    rows = [
        (
            _label(entry, several),
            numbers.count(entry.n),
            numbers.with_interval(entry.rate, entry.ci, "share") if entry.n else "no row",
            _difference(entry),
            numbers.ABSENT if entry.ratio is None else numbers.ratio(entry.ratio),
            numbers.p_value(entry.p_adjusted),
            _detectable(entry),
            Badge(phrases.DISPARITY[_status(entry, limit)], _TONE[_status(entry, limit)]),
        )
        for entry in entries
    ]
    outcome = "" if several else f" with {phrases.name(entries[0].outcome)}"
    return table(f"Rows{outcome} by {phrases.name(entries[0].attribute)}", columns, rows)


def proxies_lead(proxies: Sequence[Proxy], *, of_pictures: bool = False) -> str:
    """Answer whether the rest of the data gives sensitive attributes away."""
    if not proxies:
        return "No sensitive column was declared, or none has two groups large enough to be told apart."
    best = max(proxies, key=lambda proxy: proxy.auc)
    columns = "brightness, colour, sharpness and place together" if of_pictures else "all modelled columns together"
    told = columns if best.from_ == "columns" else "the latents"
    auc = numbers.with_interval(best.auc, best.ci, "ratio")
    return f"Most easily told is {phrases.name(best.attribute)}, from {told}: AUC {auc}; 0.5 is guessing, 1 is knowing."


def disparities_lead(disparities: Sequence[Disparity]) -> str:
    """Answer whether the outcome differs between groups."""
    if not disparities:
        return "No outcome by group: it needs a label (--label) and at least one sensitive column (--sensitive)."
    judged = [entry for entry in disparities if entry.p_adjusted is not None and entry.difference is not None]
    if not judged:
        return "No group is large enough for its outcome to be judged; the rates are listed."
    widest = max(judged, key=lambda entry: abs(entry.difference or 0.0))
    return (
        f"The widest difference: of {phrases.name(widest.attribute)} {phrases.name(widest.group)}, "
        f"{numbers.share(widest.rate)} of {phrases.plural(widest.n, 'row')} have {phrases.name(widest.outcome)}, "
        f"{numbers.points(widest.difference or 0.0)} "
        f"against all other rows (adjusted p {numbers.p_value(widest.p_adjusted)}). A difference in the data is not by "
        "itself an injustice, and its absence no proof of fairness."
    )
