"""What the page says of the latents, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vaeaudit.analysis.latents.results import GroupsApart, HistogramCounts, LatentSummary, ModelSummary
from vaeaudit.wording import numbers, phrases

#: Groups lie apart where shuffled ones would not do so more often than this.
_APART = 0.05
_DENSITIES = {"gmm": "a Gaussian mixture", "knn": "kernels around rows"}
_RARITIES = {
    "joint": "the joint density of the latents in use",
    "dbvae-product": "the product over latents of DB-VAE's single histograms, which holds them for independent",
    "dbvae-max": "the maximum over latents of DB-VAE's single histograms, which holds them for independent",
}


def latents_lead(latents: Sequence[LatentSummary]) -> str:
    """Answer how many axes the model uses, and which of them stand for something."""
    active = [latent for latent in latents if latent.active]
    if not latents:
        return "The model has no latents."
    if not active:
        return f"The model uses none of its {phrases.plural(len(latents), 'latent')}: they carry no information."
    shown = [latent for latent in active if latent.shown]
    of = f"Of {phrases.plural(len(latents), 'latent')} {len(active)} {_carries(len(active))} information about the rows"
    if all(latent.grade is None for latent in active):
        told = f"the {phrases.plural(len(shown), 'latent')} that tell most" if len(shown) > 1 else "one"
        return (
            f"{of}. Whether they would come back if the model were trained again was not measured; {told} "
            f"{'are' if len(shown) > 1 else 'is'} described."
        )
    if not shown:
        best = max(latent.stability.value for latent in active if latent.stability is not None)
        return (
            f"{of}, but none comes back as the same axis when the model is trained again (the best agrees with its "
            f"counterpart at {numbers.ratio(best)}): no meaning is read into any of them."
        )
    names = phrases.listed([f"latent {latent.index} ({latent.name or 'no single column'})" for latent in shown], most=6)
    come = "comes" if len(shown) == 1 else "come"
    rest = len(active) - len(shown)
    others = f"; no meaning is read into the other {rest}" if rest else ""
    return f"{of}; {len(shown)} {come} back when the model is trained again: {names}{others}."


def _carries(amount: int) -> str:
    return "carries" if amount == 1 else "carry"


def latent_sentence(latent: LatentSummary) -> str:
    """Say what one latent encodes, and whether it may be believed."""
    if not latent.explains:
        told = f"Latent {latent.index} is explained by no single column on held-out rows."
    else:
        low, high = _ends(latent)
        shares = [
            f"{phrases.name(each.column)} {numbers.with_interval(each.score, each.ci, 'share')}"
            for each in latent.explains[:3]
        ]
        told = (
            f"From {low} to {high}. Of where a row lies on it, each column by itself predicts on held-out rows: "
            f"{phrases.listed(shares, most=3)}."
        )
    return f"{told} {grade_sentence(latent)}".rstrip()


def _ends(latent: LatentSummary) -> tuple[str, str]:
    ends = [phrases.ends(each.column, each.direction) for each in latent.explains[:2]]
    return ", ".join(low for low, _ in ends), ", ".join(high for _, high in ends)


def grade_sentence(latent: LatentSummary) -> str:
    """Say whether an axis comes back when the model is trained again."""
    if latent.stability is None:
        return "Whether it would come back if the model were trained again was not measured (--members 1)."
    found = numbers.with_interval(latent.stability.value, latent.stability.ci, "ratio")
    rows = phrases.plural(latent.stability.n, "held-out row")
    said = (
        f"Grade {latent.grade}: trained again from another seed, its counterpart agrees with it at {found} on {rows}."
    )
    return " ".join([said, *latent.why])


def histogram_sentence(latent: LatentSummary) -> str:
    """Say how far the groups of each attribute lie apart."""
    told = " ".join(_apart(latent, attribute, apart) for attribute, apart in latent.groups_apart.items())
    first = f"Where the {phrases.plural(latent.histogram.total, 'row')} lie on latent {latent.index}"
    return f"{first}, overall and by group, with intervals. {told}".rstrip()


def _apart(latent: LatentSummary, attribute: str, apart: GroupsApart) -> str:
    chance = f"shuffled groups come to {numbers.ratio(apart.chance)}"
    measured = f"p = {numbers.p_value(apart.p_adjusted)}"
    if apart.p_adjusted > _APART:
        return f"Groups of {phrases.name(attribute)} lie no further apart than chance has them ({measured})."
    group = max(apart.distances, key=lambda name: apart.distances[name])
    counts = latent.histogram.by_group.get(attribute, {}).get(group)
    where = "" if counts is None else _side(counts, latent.histogram)
    distance = f"Wasserstein distance {numbers.number(apart.distances[group])} standard deviations"
    return (
        f"Of {phrases.name(attribute)}, {phrases.name(group)} lies furthest from all others{where} ({distance}; "
        f"{chance}; {measured})."
    )


def _side(group: HistogramCounts, everybody: HistogramCounts) -> str:
    """Say on which side of all rows a group lies, by the bins of their middle rows."""
    own, middle = _middle_bin(group), _middle_bin(everybody)
    return "" if own == middle else (", above them" if own > middle else ", below them")


def _middle_bin(counts: HistogramCounts) -> int:
    """Return the bin that holds the middle row: read off the histogram, no estimate of its own."""
    return int(np.searchsorted(np.cumsum(counts.counts), counts.total / 2))


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
