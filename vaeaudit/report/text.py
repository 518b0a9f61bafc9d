"""Sentences: what each result says, written from its numbers."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vaeaudit.analysis.results.audit import AuditResults
from vaeaudit.analysis.results.groups import Disparity, Proxy, Representation
from vaeaudit.analysis.results.latents import HistogramCounts, LatentSummary
from vaeaudit.analysis.results.quality import ModelSummary
from vaeaudit.analysis.results.regions import Region
from vaeaudit.report import numbers
from vaeaudit.report.wording import explains, group_name, listed, name, rule_in_words, shorten

#: An axis whose closest counterpart in a refit agrees with it less than this (rank correlation) is not given a meaning.
STABLE = 0.7

BASELINE_MEANING: Mapping[str, str] = {
    "independence": "as many as there would be if the columns of the rule had nothing to do with one another",
    "population": "as many as the given population shares lead one to expect",
    "reference": "as many as the reference dataset leads one to expect",
    "uniform": "as many as an even spread over the values that occur would give",
}


# --- representation ---------------------------------------------------------------------------------------------


def representation_lead(cells: Sequence[Representation]) -> str:
    """Answer who is here, in one or two sentences."""
    if not cells:
        return "No sensitive column was declared, so nothing can be said about groups; --sensitive declares one."
    empty = sum(cell.n == 0 for cell in cells)
    under = [cell for cell in cells if cell.status == "under"]
    parts = [f"{numbers.plural(len(cells), 'group')} and intersections were counted; "]
    parts.append("none is empty." if empty == 0 else f"{empty} of them hold no row at all.")
    if all(cell.baseline == "balance" for cell in cells):
        parts.append(
            " No population was given, so the shares describe balance only: nothing here says how large a group should"
            " be. --population compares with given shares."
        )
    elif under:
        names = [_full_name(cell) for cell in under]
        parts.append(f" Under-represented against the population: {listed(names)}.")
    else:
        parts.append(" No group was shown to be under-represented against the population.")
    return "".join(parts)


def _full_name(cell: Representation) -> str:
    pairs = zip(cell.attributes, cell.group, strict=True)
    return " with ".join(f"{name(attribute)} {name(level)}" for attribute, level in pairs)


def representation_sentence(attribute: str, cells: Sequence[Representation]) -> str:
    """Say what the figure of one attribute shows."""
    largest, smallest = max(cells, key=lambda cell: cell.n), min(cells, key=lambda cell: cell.n)
    first = f"Of {name(attribute)}, {_group_share(largest)} is the largest group"
    second = f" and {_group_share(smallest)} the smallest." if smallest is not largest else "."
    short = [group_name(cell.attributes, cell.group) for cell in cells if cell.status == "under"]
    if short:
        return f"{first}{second} Short of the population share: {listed(short)}."
    if any(cell.reference_share is not None for cell in cells):
        return f"{first}{second} No group is shown to fall short of its population share."
    return first + second


def _group_share(cell: Representation) -> str:
    return f"{group_name(cell.attributes, cell.group)} ({numbers.percent(cell.share)})"


# --- regions ----------------------------------------------------------------------------------------------------


def regions_lead(regions: Sequence[Region], tested: int) -> str:
    """Answer what is missing."""
    if tested == 0:
        return "No combination could be tested: there are too few rows or too few columns."
    if not regions:
        return (
            f"No region is flagged: of {numbers.plural(tested, 'combination')} tested, none holds clearly fewer rows "
            "than its baseline leads one to expect."
        )
    first = regions[0]
    return (
        f"{numbers.plural(len(regions), 'region')} of {numbers.plural(tested, 'combination')} tested "
        f"{'holds' if len(regions) == 1 else 'hold'} clearly fewer rows than expected. The first: "
        f"{rule_in_words(first.rule)}, with {numbers.plural(first.observed, 'row')} where about "
        f"{numbers.number(first.expected)} were expected."
    )


def baselines_in_words(regions: Sequence[Region]) -> list[str]:
    """Say what each baseline that occurs means."""
    kinds = sorted({region.baseline for region in regions})
    return [f"Baseline “{kind}”: expected is {BASELINE_MEANING.get(kind, kind)}." for kind in kinds]


# --- latents ----------------------------------------------------------------------------------------------------


def latents_lead(latents: Sequence[LatentSummary]) -> str:
    """Answer how many axes the model uses."""
    active = [latent for latent in latents if latent.active]
    dead = [str(latent.index) for latent in latents if not latent.active]
    if not latents:
        return "The model has no latents."
    if not active:
        return f"The model uses none of its {numbers.plural(len(latents), 'latent')}: they carry no information."
    text = f"{len(active)} of {numbers.plural(len(latents), 'latent')} carry information about the rows"
    if not dead:
        return f"{text}; none is unused."
    return f"{text}; unused: {'latent' if len(dead) == 1 else 'latents'} {listed(dead, most=12)}."


def latent_sentence(latent: LatentSummary) -> str:
    """Say what one latent encodes."""
    if not latent.explains:
        return f"Latent {latent.index} is explained by no single column on held-out rows."
    best = latent.explains[0]
    text = (
        f"Latent {latent.index} {explains(best)}, which predicts {numbers.percent(best.score)} of its variance on "
        "held-out rows"
    )
    if len(latent.explains) > 1:
        second = latent.explains[1]
        text += f"; it also {explains(second)} ({numbers.percent(second.score)})"
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
    first = f"Where the {numbers.plural(latent.histogram.overall.total, 'row')} lie on latent {latent.index}"
    return f"{first}, overall and by group, with intervals. {told}".rstrip()


def _groups_apart(latent: LatentSummary, attribute: str, smallest_group: int) -> str:
    groups = latent.histogram.by_group[attribute]
    middles = {group: _middle_bin(counts) for group, counts in groups.items() if counts.total >= smallest_group}
    if len(middles) < 2:
        return ""
    low, high = min(middles, key=lambda group: middles[group]), max(middles, key=lambda group: middles[group])
    if middles[low] == middles[high]:
        return f"The middle rows of all groups of {name(attribute)} fall into one bin."
    return (
        f"Of {name(attribute)}, {name(high)} lies highest (middle row {_bin(latent, middles[high])}) and {name(low)} "
        f"lowest ({_bin(latent, middles[low])})."
    )


def _middle_bin(counts: HistogramCounts) -> int:
    """Return the bin that holds the middle row: read off the histogram, no estimate of its own."""
    return int(np.searchsorted(np.cumsum(counts.counts), counts.total / 2))


def _bin(latent: LatentSummary, place: int) -> str:
    edges = latent.histogram.edges
    return f"{numbers.number(edges[place])} to {numbers.number(edges[place + 1])}"


# --- fairness ---------------------------------------------------------------------------------------------------


def proxies_lead(proxies: Sequence[Proxy], *, of_pictures: bool = False) -> str:
    """Answer whether the rest of the data gives sensitive attributes away."""
    if not proxies:
        return "No sensitive column was declared, or none has two groups large enough to be told apart."
    best = max(proxies, key=lambda proxy: proxy.auc)
    columns = "brightness, colour, sharpness and place together" if of_pictures else "all modelled columns together"
    told = columns if best.source == "columns" else "the latents"
    auc = numbers.with_interval(best.auc, best.ci, "ratio")
    return f"Most easily told is {name(best.attribute)}, from {told}: AUC {auc}; 0.5 is guessing, 1 is knowing."


def disparities_lead(disparities: Sequence[Disparity]) -> str:
    """Answer whether the outcome differs between groups."""
    if not disparities:
        return "No outcome by group: it needs a label (--label) and at least one sensitive column (--sensitive)."
    judged = [entry for entry in disparities if entry.p_adjusted is not None and entry.difference is not None]
    if not judged:
        return "No group is large enough for its outcome to be judged; the rates are listed."
    widest = max(judged, key=lambda entry: abs(entry.difference or 0.0))
    return (
        f"The widest difference: of {name(widest.attribute)} {name(widest.group)}, {numbers.percent(widest.rate)} of "
        f"{numbers.plural(widest.n, 'row')} have {name(widest.outcome)}, {numbers.points(widest.difference or 0.0)} "
        f"against all other rows (adjusted p {numbers.p_value(widest.p_adjusted)}). A difference in the data is not by "
        "itself an injustice, and its absence no proof of fairness."
    )


# --- quality ----------------------------------------------------------------------------------------------------


def model_lead(model: ModelSummary) -> str:
    """Answer how well the model learned the rows, against a model that knows no relation between columns."""
    gain = model.elbo_nats - model.baseline_nats
    compared = "better than" if gain > 0 else "no better than"
    return (
        f"On held-out rows the model is {compared} a model of independent {model.parts}: "
        f"{numbers.number(model.elbo_nats)} against {numbers.number(model.baseline_nats)} nats per row "
        f"({_signed(gain)}). It uses {model.active_latents} of {numbers.plural(model.latents, 'latent')}."
    )


def density_sentence(model: ModelSummary) -> str:
    """Say what the densities are and how far apart the two bounds lie; the units, so that nobody compares too much."""
    text = "Both bounds are lower bounds on the mean log-density of rows that took no part in training."
    held_out = model.held_out
    if held_out is not None:
        samples = f" of {held_out.iwae_samples} samples" if held_out.iwae_samples else ""
        text += (
            f" Importance weighting{samples} brings the bound up by "
            f"{numbers.with_interval(held_out.gain, held_out.gain_ci, 'number')} nats per row."
        )
    units = "the columns as they were scaled for the model" if model.columns else "pixels between 0 and 1"
    return f"{text} Densities refer to {units}: compare them within this run only."


def rows_in_words(results: AuditResults) -> str:
    """Account for every row: read = scored + quarantined + skipped."""
    rows = {key: numbers.count(value) for key, value in results.rows.items()}
    return (
        f"{rows['read']} read = {rows['scored']} scored + {rows['quarantined']} quarantined + {rows['skipped']} skipped"
    )


def what_is_modelled(results: AuditResults) -> str:
    """Say what of the data the model sees: some of its columns, or the pixels of its pictures."""
    known = numbers.plural(sum(not column.derived for column in results.columns), "column")
    if results.pictures is None:
        return f"{numbers.count(results.model.columns)} of {known}"
    height, width, channels = results.pictures.size
    size = f"{width} x {height} pixels in {'colour' if channels == 3 else 'grey'}"
    return f"{size}; {known} known of each picture"


def columns_of_pictures(results: AuditResults) -> str:
    """Say what the columns of pictures are, of which none enters the model."""
    said = "Only the pixels enter the model."
    if any(not column.derived for column in results.columns):
        said += " The columns of the data are what is known about each picture besides."
    if any(column.derived for column in results.columns):
        said += " Columns called picture_… were computed from the pictures, so that what is found can be told in words."
    return said


#: Why training stopped -> in words; other text is shown as it is.
_STOPPED = {
    "converged": "no better held-out loss for a while",
    "epochs": "all epochs were done",
    "interrupted": "interrupted; the best weights so far are used",
}


def why_training_stopped(model: ModelSummary) -> str:
    """Say why training ended."""
    return shorten(_STOPPED.get(model.stopped, model.stopped), 160)


def model_in_one_line(model: ModelSummary) -> str:
    """Name the model as the page's head does."""
    kind = model.trained_as
    objective = f"{kind.model_name}, beta {model.beta:g}" if kind.has_prior else kind.model_name
    return (
        f"{objective}, {model.active_latents} of {numbers.plural(model.latents, 'latent')} active, "
        f"{numbers.plural(model.epochs, 'epoch')} in {numbers.duration(model.seconds)}"
    )


def commands(run: Mapping[str, Any]) -> str:
    """Write the commands that make this report again; the data's place is the reader's own."""
    read = run["config"].get("read", {})
    parts = ["vaeaudit", "fit", str(run["data"]["name"])]
    for option in ("label", "id"):
        if read.get(option):
            parts += [f"--{option}", str(read[option])]
    for option in ("sensitive", "exclude", "include"):
        for column in read.get(option, ()):
            parts += [f"--{option}", str(column)]
    if "preset" in run["config"]:
        parts += ["--preset", str(run["config"]["preset"])]
    parts += ["--seed", str(run["seed"])]
    return f"{shlex.join(parts)}\n{shlex.join(['vaeaudit', 'report', str(run['id'])])}"


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + numbers.number(value)
