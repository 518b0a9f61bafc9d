"""The ladder: what an auto-encoder, a VAE and a beta-VAE make of the same rows."""

from __future__ import annotations

from collections.abc import Sequence

from vaeaudit.analysis.latents.results import LatentMap, Rung
from vaeaudit.report.parts import latent_figures
from vaeaudit.report.parts.blocks import Block, Figure, Paragraph
from vaeaudit.report.parts.tables import Table, numeric, plain, table
from vaeaudit.statistics.measures import Measure
from vaeaudit.wording import numbers, phrases

_LEAD = (
    "The same rows, learned by three models of the family: an autoencoder keeps what recreates rows best, a VAE pays "
    "for each nat that its latents tell of a row, a beta-VAE pays a multiple of it. What is paid is likelihood; what "
    "is bought is a space in which neighbours are alike and any place stands for a row."
)


def ladder_blocks(rungs: Sequence[Rung], maps: Sequence[LatentMap]) -> list[Block]:
    """Build what the report says of the ladder; nothing where no model was trained beside."""
    if not rungs:
        return []
    pictures: list[Block] = [
        Figure(f"model-ladder-{place}", name_of(rung), sentence(rung), latent_figures.latent_map(places))
        for place, (rung, places) in enumerate(zip(rungs, maps, strict=True), start=1)
    ]
    return [Paragraph(_LEAD), _numbers(rungs), *pictures]


def name_of(rung: Rung) -> str:
    """Return what people call the model of a rung."""
    if rung.objective.value == "beta":
        return "VAE" if rung.beta == 1 else f"beta-VAE, beta {rung.beta:g}"
    return rung.objective.model_name.capitalize()


def sentence(rung: Rung) -> str:
    """Say in one sentence what a model does to the rows."""
    name = name_of(rung)
    if rung.active_latents == 0:
        return f"{name}: no latent carries information; every row is recreated as the same one."
    alike = "" if rung.continuity is None else f", continuity {numbers.ratio(rung.continuity.value)}"
    where = "as near to the rows as reconstructions are"
    low, high = rung.farther.ci.low, rung.farther.ci.high
    if low is not None and low > 0.5:
        where = "farther from the rows than reconstructions are"
    elif high is not None and high < 0.5:
        where = "nearer to the rows than reconstructions are"
    told = "" if rung.kl is None else f" with {numbers.nats(rung.kl.value)} nats"
    return (
        f"{name}: rows are told apart by {phrases.plural(rung.active_latents, 'latent')}{told}{alike}; samples of the "
        f"prior fall {where}."
    )


def _numbers(rungs: Sequence[Rung]) -> Table:
    rows = [
        (
            name_of(rung),
            _measure(rung.log_likelihood, "nats"),
            _measure(rung.kl, "nats"),
            numbers.count(rung.active_latents),
            numbers.ABSENT if rung.mean_abs_correlation is None else numbers.ratio(rung.mean_abs_correlation),
            _measure(rung.continuity, "ratio"),
            _measure(rung.detour, "ratio"),
            _measure(rung.farther, "share"),
        )
        for rung in rungs
    ]
    columns = (
        plain("Model", "Recreates a held-out row (nats)", "KL (nats)")
        + numeric("Latents in use", "Mean absolute correlation")
        + plain("Continuity", "Detour", "Prior samples farther than reconstructions")
    )
    return table("The ladder in numbers, with intervals, on the same rows, at most 6,000", columns, rows)


def _measure(found: Measure | None, unit: numbers.Unit) -> str:
    return numbers.ABSENT if found is None else numbers.with_interval(found.value, found.ci, unit)
