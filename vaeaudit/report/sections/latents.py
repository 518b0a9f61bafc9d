"""What the hidden axes encode: histograms by group, the columns behind each axis, and what the model decodes on it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.images.results import PictureSheets
from vaeaudit.analysis.latents.results import (
    GivenSummary,
    GivenValue,
    HistogramCounts,
    LatentMap,
    LatentSummary,
    ModelSummary,
    Traversal,
)
from vaeaudit.report.parts import latent_figures
from vaeaudit.report.parts.blocks import Answer, Block, Figure, Group, Paragraph, Section, Selector
from vaeaudit.report.parts.decoded_galleries import (
    Traversals,
    given_galleries,
    goes_most_with,
    map_gallery,
    thumbnail_sheet,
)
from vaeaudit.report.parts.tables import Badge, Bar, Cell, Table, numeric, plain, table, wide
from vaeaudit.wording import numbers, phrases

#: Groups of fewer rows are not compared in words; the same default as the analysis', for runs that do not say.
_SMALLEST_GROUP = 30
#: Latents with a histogram on the page: the file stays under 3 MB.
_MOST_LATENTS = 12
#: Positions of a traversal that fit into a table.
_MOST_POSITIONS = 7
#: An axis whose closest counterpart in a refit agrees with it less than this (rank correlation) is not given a meaning.
STABLE = 0.7
_DENSITIES = {"gmm": "a Gaussian mixture", "knn": "kernels around rows"}
_RARITIES = {
    "joint": "the joint density of the latents in use",
    "dbvae-product": "the product over latents of DB-VAE's single histograms, which holds them for independent",
    "dbvae-max": "the maximum over latents of DB-VAE's single histograms, which holds them for independent",
}


def latents(results: AuditResults) -> Section:
    """Build the section."""
    title, lead = "What the hidden axes encode", latents_lead(results.latents)
    active = [latent for latent in results.latents if latent.active]
    if not active:
        overview = (_overview(results.latents),) if results.latents else ()
        return Section("latents", title, "", (Answer(lead, "bad"), *overview))
    blocks: list[Block] = [_overview(results.latents), *given_blocks(results.model.given)]
    attributes = tuple(active[0].histogram.by_group)
    if attributes:
        blocks.append(Selector("latents-attribute", "Compare the groups of", attributes))
    sheets = results.pictures
    if sheets is not None:
        blocks += given_galleries(sheets, results.model.given)
    if results.latent_map is not None and len(results.latent_map.x):
        blocks += _map(results.latent_map, sheets)
    traversals = {traversal.latent: traversal for traversal in results.traversals}
    smallest = int(results.run.config.get("analysis", {}).get("smallest_group", _SMALLEST_GROUP))
    informative = sorted(active, key=lambda latent: -latent.kl_nats)[:_MOST_LATENTS]
    described = sorted(informative, key=lambda latent: latent.index)
    if len(described) < len(active):
        most = f"The {len(described)} latents of largest KL are described one by one"
        blocks.append(Paragraph(f"{most}; report.json has the histograms of all {len(active)}."))
    decoded = None if sheets is None else Traversals(sheets, described)
    if decoded is not None:
        blocks += decoded.overview()
    if rarity := rarity_sentence(results.model):
        blocks.append(Paragraph(rarity))
    for latent in described:
        pictures = [] if decoded is None else decoded.gallery(latent)
        blocks.append(_latent(latent, traversals.get(latent.index), smallest, pictures))
    return Section("latents", title, lead, tuple(blocks))


def given_blocks(given: Sequence[GivenSummary]) -> list[Block]:
    """Say what the latents stand beside, and what the model expects of the same rows where that is another."""
    if not given:
        return []
    names = phrases.listed([phrases.name(column.column) for column in given], most=8)
    them = "it" if len(given) == 1 else "them"
    said = (
        f"The model was given {names} beside its latents (--condition); they are those of all else given {them}, and "
        f"need not tell {them}. Below, the same held-out rows are decoded with another value in that place: what the "
        "model then expects on average, and behind it what the held-out rows that have the value themselves hold. The "
        "two differ where these rows differ in more than that; neither says what would become of a row that was "
        "changed. Along a latent the model is given the most frequent level, or the mean number."
    )
    return [Paragraph(said), *(_given(column) for column in given)]


def _given(given: GivenSummary) -> Table:
    name = phrases.name(given.column)
    told = tuple(given.values[0].expected) if given.values else ()
    titles = (f"{phrases.name(column)}{_of_level(given, column)}" for column in told)
    rows = [
        (
            phrases.name(value.value),
            numbers.count(value.n),
            *(_expected_and_found(value, column, "share" if column in given.levels else "number") for column in told),
        )
        for value in given.values
    ]
    caption = f"The same {phrases.plural(given.n, 'held-out row')} with another {name}: expected on average"
    caption += " (and found in the rows that have it)" if told else "; nothing moves"
    return table(caption, plain(name) + numeric("Held-out rows that have it") + plain(*titles), rows)


def _of_level(given: GivenSummary, column: str) -> str:
    return f" is {phrases.name(given.levels[column])}" if column in given.levels else ""


def _expected_and_found(value: GivenValue, column: str, unit: numbers.Unit) -> str:
    write = numbers.share if unit == "share" else numbers.number
    found = value.observed.get(column)
    behind = numbers.ABSENT if found is None else numbers.with_interval(found.value, found.ci, unit)
    return f"{write(value.expected[column])} ({behind})"


def _overview(found: tuple[LatentSummary, ...]) -> Table:
    columns = plain("Latent", "In use") + numeric("KL (nats)", "Stability over refits") + wide("Goes most with")
    return table("All latents", columns, [_overview_row(latent) for latent in found], fold=len(found) > 20)


def _overview_row(latent: LatentSummary) -> tuple[Cell, ...]:
    return (
        f"Latent {latent.index}",
        Badge("active", "good") if latent.active else Badge("unused", "unsure"),
        numbers.nats(latent.kl_nats),
        "not measured" if latent.stability is None else numbers.ratio(latent.stability),
        goes_most_with(latent) or "no single column",
    )


def _map(places: LatentMap, sheets: PictureSheets | None) -> list[Block]:
    first, second = places.latents
    flagged = int(places.outlier.sum())
    sheet = None if sheets is None else thumbnail_sheet(sheets)
    sentence = (
        f"A sample of {phrases.plural(len(places.x), 'row')} on latents {first} and {second}, the two that carry "
        f"most information; {phrases.plural(flagged, 'flagged row')} among them {'is' if flagged == 1 else 'are'} "
        "ringed. Groups that lie apart are told apart by the rest of the data."
    )
    if sheet is not None:
        sentence += " A point shows its picture under the pointer, or when it is tapped."
    figure = Figure("latents-map", "Map of the latents", sentence, latent_figures.latent_map(places, sheet))
    if sheets is None or sheet is None:
        return [figure]
    return [sheet, figure, *map_gallery(sheets, sheet, places)]


def _latent(
    latent: LatentSummary, traversal: Traversal | None, smallest_group: int, pictures: Sequence[Block]
) -> Group:
    sentence, spec = histogram_sentence(latent, smallest_group), latent_figures.latent_histogram(latent)
    figure = Figure(f"latent-{latent.index}-histogram", f"Latent {latent.index}: where the rows lie", sentence, spec)
    blocks: list[Block] = [Paragraph(latent_sentence(latent)), *pictures, figure]
    if latent.explains:
        blocks.append(_explains(latent))
    if traversal is not None and traversal.columns:
        blocks.append(_traversal(traversal))
    blocks.append(_counts(latent))
    return Group(f"latent-{latent.index}", f"Latent {latent.index}", tuple(blocks))


def _explains(latent: LatentSummary) -> Table:
    rows = [
        (
            phrases.name(cause.column),
            Bar(numbers.share(cause.score), round(100 * min(max(cause.score, 0.0), 1.0), 1)),
            f"latent {latent.index} {phrases.explains(cause.column, cause.direction)}",
        )
        for cause in latent.explains
    ]
    columns = plain("Column", "Share of the latent's variance that it predicts") + wide("How")
    return table(f"Columns that go with latent {latent.index}, on held-out rows", columns, rows)


def _traversal(traversal: Traversal) -> Table:
    last = len(traversal.positions) - 1
    shown = np.unique(np.linspace(0, last, min(last + 1, _MOST_POSITIONS)).round().astype(int))
    columns = plain("Column", *(f"{numbers.number(traversal.positions[place])} sd" for place in shown))
    rows = [
        (phrases.name(column), *(phrases.name(values[place]) for place in shown))
        for column, values in traversal.columns.items()
    ]
    caption = f"What the model expects as latent {traversal.latent} moves and the others rest at 0"
    return table(caption, columns, rows, stack=False)


def _counts(latent: LatentSummary) -> Table:
    shown: list[tuple[str, HistogramCounts]] = [("All rows", latent.histogram)]
    for attribute, groups in latent.histogram.by_group.items():
        shown += [
            (f"{phrases.name(attribute)}: {phrases.name(group)}", counts)
            for group, counts in latent_figures.largest_groups(groups)
        ]
    edges = latent.histogram.edges
    rows = [
        (numbers.span(low, high), *(numbers.count(counts.counts[place]) for _, counts in shown))
        for place, (low, high) in enumerate(pairwise(edges))
    ]
    columns = plain("Bin") + numeric(*(title for title, _ in shown))
    caption = f"Rows per bin of latent {latent.index}; the outer bins hold everything beyond"
    return table(caption, columns, rows, stack=False)


def latents_lead(latents: Sequence[LatentSummary]) -> str:
    """Answer how many axes the model uses."""
    active = [latent for latent in latents if latent.active]
    dead = [str(latent.index) for latent in latents if not latent.active]
    if not latents:
        return "The model has no latents."
    if not active:
        return f"The model uses none of its {phrases.plural(len(latents), 'latent')}: they carry no information."
    text = f"{len(active)} of {phrases.plural(len(latents), 'latent')} carry information about the rows"
    if not dead:
        return f"{text}; none is unused."
    return f"{text}; unused: {'latent' if len(dead) == 1 else 'latents'} {phrases.listed(dead, most=12)}."


def latent_sentence(latent: LatentSummary) -> str:
    """Say what one latent encodes."""
    if not latent.explains:
        return f"Latent {latent.index} is explained by no single column on held-out rows."
    best = latent.explains[0]
    text = (
        f"Latent {latent.index} {phrases.explains(best.column, best.direction)}, which predicts "
        f"{numbers.share(best.score)} of its variance on held-out rows"
    )
    if len(latent.explains) > 1:
        second = latent.explains[1]
        text += f"; it also {phrases.explains(second.column, second.direction)} ({numbers.share(second.score)})"
    return f"{text}. {stability_sentence(latent)}".rstrip()


def stability_sentence(latent: LatentSummary) -> str:
    """Say whether an axis comes back when the model is trained again; nothing where that was not measured."""
    if latent.stability is None:
        return ""
    found = f"the closest axis of a training from another seed agrees with it at {numbers.ratio(latent.stability)}"
    if latent.stability >= STABLE:
        return f"The axis is stable: {found}."
    return f"Read no meaning into it: {found} only, so that it may be an accident of this training."


def histogram_sentence(latent: LatentSummary, smallest_group: int) -> str:
    """Read from the histogram where the middle rows of the groups lie, per attribute."""
    parts = [_groups_apart(latent, attribute, smallest_group) for attribute in latent.histogram.by_group]
    told = " ".join(part for part in parts if part)
    first = f"Where the {phrases.plural(latent.histogram.total, 'row')} lie on latent {latent.index}"
    return f"{first}, overall and by group, with intervals. {told}".rstrip()


def _groups_apart(latent: LatentSummary, attribute: str, smallest_group: int) -> str:
    groups = latent.histogram.by_group[attribute]
    middles = {group: _middle_bin(counts) for group, counts in groups.items() if counts.total >= smallest_group}
    if len(middles) < 2:
        return ""
    low, high = min(middles, key=lambda group: middles[group]), max(middles, key=lambda group: middles[group])
    if middles[low] == middles[high]:
        return f"The middle rows of all groups of {phrases.name(attribute)} fall into one bin."
    return (
        f"Of {phrases.name(attribute)}, {phrases.name(high)} lies highest (middle row {_bin(latent, middles[high])}) "
        f"and {phrases.name(low)} lowest ({_bin(latent, middles[low])})."
    )


def _middle_bin(counts: HistogramCounts) -> int:
    """Return the bin that holds the middle row: read off the histogram, no estimate of its own."""
    return int(np.searchsorted(np.cumsum(counts.counts), counts.total / 2))


def _bin(latent: LatentSummary, place: int) -> str:
    edges = latent.histogram.edges
    return numbers.span(edges[place], edges[place + 1])


def rarity_sentence(model: ModelSummary) -> str:
    """Say what rarity and weights are made from and how well; nothing for a run that did not keep it."""
    density, weights = model.density, model.weights
    if density is None or weights is None:
        return ""
    parts = [f"How rare a row is follows {_RARITIES[weights.kind]}."]
    if weights.kind == "joint":
        nats = {name: value for name, value in density.held_out_nats.items() if value is not None}
        others = [f"{numbers.nats(nats[name])} by {_DENSITIES[name]}" for name in nats if name != density.family]
        compared = f", against {' and '.join(others)}" if others else ""
        parts.append(
            f"It is estimated by {_DENSITIES[density.family]}: {numbers.nats(nats[density.family])} nats per row on "
            f"{phrases.plural(density.n_held_out, 'held-out row')}{compared}."
        )
    parts.append(
        f"Weighted by it, the {phrases.plural(weights.n, 'row')} are worth "
        f"{phrases.plural(round(weights.effective_sample_size), 'equally weighted row')}."
    )
    return " ".join(parts)
