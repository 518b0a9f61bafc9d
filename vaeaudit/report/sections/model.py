"""How well the model learned, and what its decoder makes of the space between and around the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.latents.results import (
    Disentanglement,
    DisentanglementName,
    FactorLatent,
    HeldOutBound,
    LatentSpaceSummary,
    ModelSummary,
)
from vaeaudit.report.parts import figures
from vaeaudit.report.parts.blocks import Answer, Block, Figure, Paragraph, Section
from vaeaudit.report.parts.decoded_galleries import prior_gallery
from vaeaudit.report.parts.galleries import reconstruction_gallery
from vaeaudit.report.parts.tables import Table, numeric, plain, table, wide
from vaeaudit.report.sections.beta_choice import beta_blocks
from vaeaudit.report.sections.ladder import ladder_blocks
from vaeaudit.statistics.measures import Measure
from vaeaudit.wording import numbers, phrases

#: Jumps are called rare below this share of the walks, with the whole interval.
_RARE = 0.05
_NO_JUMPS = "Jumps are rare: from a row to its neighbours, what the model decodes changes gradually."
_JUMPS = "There, a short way in the latents leads to something quite different."
_NOTHING_KEPT = (
    "But the reconstructions keep none of the rows' variation: they all look like the average row, which is near to "
    "many rows and says nothing about any."
)
#: Scores of disentanglement -> what they are called.
_SCORES: Mapping[DisentanglementName, str] = {
    "mean_pairwise_mi_nats": "Mutual information of two latents (nats)",
    "total_correlation_nats": "Total correlation, at least (nats)",
    "udr": "UDR, over trainings from other seeds",
    "matched": "Latents matched one to one over seeds",
    "mig": "MIG",
    "infom": "InfoM (modularity)",
    "infoc": "InfoC (compactness)",
    "infoe": "InfoE (explicitness)",
    "dci_disentanglement": "DCI disentanglement",
    "dci_completeness": "DCI completeness",
    "dci_informativeness": "DCI informativeness",
    "sap": "SAP",
    "factorvae": "FactorVAE score",
}
#: Why training stopped -> in words; other text is shown as it is.
_STOPPED = {
    "converged": "no better held-out loss for a while",
    "epochs": "all epochs were done",
    "interrupted": "interrupted; the best weights so far are used",
}


def model(results: AuditResults) -> Section:
    """Build the section on the model."""
    blocks: list[Block] = [_densities(results.model), Paragraph(density_sentence(results.model)), _facts(results)]
    blocks += beta_blocks(results.model.beta_choice, results.model.parts)
    if results.pictures is not None:
        blocks += [*reconstruction_gallery(results.pictures), *prior_gallery(results.pictures)]
    curves = figures.history(results.model.history)
    if curves is not None:
        blocks.append(_history(results.model, curves))
    blocks += disentangled(results.model.disentanglement)
    if results.model.latent_space is not None:
        blocks += space_between_rows(results.model, results.model.latent_space)
    blocks += ladder_blocks(results.model.ladder, results.ladder_maps)
    return Section("model", "How well the model learned", model_lead(results.model), tuple(blocks))


def _densities(model: ModelSummary) -> Table:
    held_out = model.held_out
    elbo = numbers.with_interval(model.elbo_nats, model.elbo_ci, "nats")
    iwae, bound = numbers.nats(model.iwae_nats), "Importance-weighted bound"
    if held_out is not None:
        iwae = numbers.with_interval(model.iwae_nats, held_out.iwae_ci, "nats")
        bound += f", S = {held_out.iwae_samples}" if held_out.iwae_samples else ""
    parts: dict[HeldOutBound, tuple[str, str]] = {"elbo_nats": ("ELBO", elbo), "iwae_nats": (bound, iwae)}
    parts["baseline_nats"] = (f"Independent {model.parts}", numbers.nats(model.baseline_nats))
    each = {} if held_out is None else held_out.per_dimension
    rows = [
        (title, value, numbers.nats_of_a_part(each[key]) if key in each else numbers.ABSENT)
        for key, (title, value) in parts.items()
    ]
    counted = "" if held_out is None else f" of {phrases.plural(held_out.n, 'held-out row')}"
    per = "column" if model.columns else "value of a pixel"
    columns = plain("Measure", "Nats per row, with interval") + numeric(f"Nats per {per}")
    return table(f"Density{counted}; higher is better", columns, rows)


def _facts(results: AuditResults) -> Table:
    model = results.model
    given = [phrases.name(column.column) for column in model.given]
    rows = [
        ("Latents in use", f"{model.active_latents} of {model.latents}"),
        ("Modelled", what_is_modelled(results)),
        *([("Given beside the latents", phrases.listed(given, most=8))] if given else []),
        *([(f"Weight of {model.objective.weighs} (beta)", f"{model.beta:g}")] if model.objective.has_prior else []),
        ("Training", f"{phrases.plural(model.epochs, 'epoch')}, {numbers.duration(model.seconds)}"),
        ("Why it stopped", phrases.shorten(_STOPPED.get(model.stopped, model.stopped), 160)),
    ]
    overlap = model.disentanglement
    if overlap.mean_abs_correlation is not None:
        said = "Mean absolute correlation between the posterior means of active latents (0: none goes with another)"
        rows.append((said, numbers.ratio(overlap.mean_abs_correlation)))
    if overlap.total_correlation_gaussian_nats is not None:
        said = "Total correlation of these means, as far as correlations show it (nats)"
        rows.append((said, numbers.nats(overlap.total_correlation_gaussian_nats)))
    return table("The model in numbers", plain("Measure", "Value"), rows)


def _history(model: ModelSummary, curves: figures.Spec) -> Figure:
    names = [str(trace["name"]) for trace in curves["data"]]
    epochs = phrases.plural(model.epochs, "epoch")
    sentence = f"Over {epochs}: {phrases.listed(names)}, in nats per row; lower losses are better."
    sentence += " While the KL term is phased in, the training loss may rise with it."
    return Figure("model-history", "Training", sentence, curves)


def model_lead(model: ModelSummary) -> str:
    """Answer how well the model learned the rows, against a model that knows no relation between columns."""
    gain = model.elbo_nats - model.baseline_nats
    compared = "better than" if gain > 0 else "no better than"
    return (
        f"On held-out rows the model is {compared} a model of independent {model.parts}: "
        f"{numbers.nats(model.elbo_nats)} against {numbers.nats(model.baseline_nats)} nats per row "
        f"({numbers.nats(gain, sign=True)}). It uses {model.active_latents} of "
        f"{phrases.plural(model.latents, 'latent')}."
    )


def density_sentence(model: ModelSummary) -> str:
    """Say what the densities are and how far apart the two bounds lie; the units, so that nobody compares too much."""
    text = "Both bounds are lower bounds on the mean log-density of rows that took no part in training."
    held_out = model.held_out
    if held_out is not None:
        samples = f" of {held_out.iwae_samples} samples" if held_out.iwae_samples else ""
        text += (
            f" Importance weighting{samples} brings the bound up by "
            f"{numbers.with_interval(held_out.gain, held_out.gain_ci, 'nats')} nats per row."
        )
    units = "the columns as they were scaled for the model" if model.columns else "pixels between 0 and 1"
    return f"{text} Densities refer to {units}: compare them within this run only."


def what_is_modelled(results: AuditResults) -> str:
    """Say what of the data the model sees: some of its columns, or the pixels of its pictures."""
    known = phrases.plural(sum(not column.derived for column in results.columns), "column")
    if results.pictures is None:
        return f"{numbers.count(results.model.columns)} of {known}"
    height, width, channels = results.pictures.size
    size = f"{width} x {height} pixels in {'colour' if channels == 3 else 'grey'}"
    return f"{size}; {known} known of each picture"


# --- whether each latent stands for one thing ------------------------------------------------------------------------


def disentangled(found: Disentanglement) -> list[Block]:
    """Build the blocks on disentanglement: each score with what it says, and which latent goes with which factor."""
    if not found.scores:
        return []
    rows = [
        (
            _SCORES[name],
            numbers.with_interval(score.value, score.ci, "nats" if name.endswith("_nats") else "ratio"),
            numbers.ABSENT if score.chance is None else numbers.ratio(score.chance),
            score.says,
        )
        for name, score in found.scores.items()
    ]
    columns = plain("Score", "Found, with interval", "By chance") + wide("Says")
    most = max(score.n for score in found.scores.values())
    caption = f"Does each latent stand for one thing? Of up to {phrases.plural(most, 'row')}"
    blocks: list[Block] = [table(caption, columns, rows)]
    if not found.factors:
        said = "Whether a latent stands for what made the data can be told only by columns known to have made it"
        return [*blocks, Paragraph(f"{said}: vaeaudit report --factors COL.")]
    return [*blocks, Paragraph(_of_factors(found.factors)), _factor_table(found.factors)]


def _of_factors(factors: Sequence[FactorLatent]) -> str:
    lost = [phrases.name(factor.factor) for factor in factors if factor.latent is None]
    told = [f"{phrases.name(f.factor)} with latent {f.latent}" for f in factors if f.latent is not None]
    goes = f"By what it tells of them, a factor goes best {phrases.listed(told)}." if told else ""
    return f"{goes} {f'No latent tells more than chance of {phrases.listed(lost)}.' if lost else ''}".strip()


def _factor_table(factors: Sequence[FactorLatent]) -> Table:
    rows = [
        (
            phrases.name(factor.factor),
            numbers.count(factor.levels),
            numbers.ABSENT if factor.latent is None else f"latent {factor.latent}: {numbers.share(factor.share)}",
            numbers.ABSENT
            if factor.next_latent is None
            else f"latent {factor.next_latent}: {numbers.share(factor.next_share)}",
        )
        for factor in factors
    ]
    columns = plain("Factor") + numeric("Levels") + plain("Told most by", "Next by")
    return table("The known factors, and what latents tell of each", columns, rows)


# --- the space between and around the rows ---------------------------------------------------------------------------


def space_between_rows(model: ModelSummary, space: LatentSpaceSummary) -> list[Block]:
    """Build the blocks on the latent space of a model that measured it."""
    blocks: list[Block] = [_between(model.continuity, space.jumps)]
    if model.completeness is not None:
        blocks.append(_around(model.completeness, space))
    if not model.objective.has_prior:
        said = "This model was trained without a prior: nothing led its latents towards N(0, 1), "
        blocks.append(Paragraph(said + "from which samples are drawn here as for every other model."))
    return [*blocks, _numbers(model, space), _distances(space)]


def _between(nearness: Measure | None, jumps: Measure | None) -> Answer:
    if nearness is None or jumps is None:
        return Answer("Between neighbouring rows the decoder changes nothing, so continuity says nothing.", "unsure")
    measured = (
        f"Continuity {_interval(nearness)}, over {phrases.plural(nearness.n, 'walk')} from a row to one of its nearest "
        "in the latents: 1 if rows that are near there are decoded alike, 0 if they differ as any two rows do."
    )
    if jumps.ci.high is not None and jumps.ci.high < _RARE:
        return Answer(f"{measured} {_NO_JUMPS}", "good")
    return Answer(
        f"{measured} In {_percent(jumps)} of the walks a single step holds more than half of it. {_JUMPS}", "unsure"
    )


def _around(near: Measure, space: LatentSpaceSummary) -> Answer:
    covered, kept = space.coverage, space.kept_variation
    measured = (
        f"Completeness {_percent(near)}: this share of {phrases.plural(near.n, 'sample')} drawn from the prior is "
        "decoded to something as near to a row of the data as reconstructions of held-out rows are (a sound model: "
        f"{_expected(near)}). Coverage {_percent(covered)}: this share of held-out rows has such a sample close by "
        f"({_expected(covered)})."
    )
    if kept is None or kept.ci.low is None or kept.ci.low <= 0:
        return Answer(f"{measured} {_NOTHING_KEPT}", "unsure")
    short = []
    if _falls_short(near):
        short.append(f"{_amount(near)} what the model draws is unlike any row")
    if _falls_short(covered):
        short.append(f"{_amount(covered)} the rows are hardly ever drawn")
    if short:
        return Answer(f"{measured} That is less than a sound model gives: {' and '.join(short)}.", "unsure")
    return Answer(f"{measured} Nothing here speaks against drawing rows or pictures from this model.", "good")


def _amount(measure: Measure) -> str:
    return "some of" if measure.value >= 0.5 else "most of"


def _falls_short(measure: Measure) -> bool:
    """Whether the whole interval lies below what an ideal model gives."""
    return measure.expected is not None and measure.ci.high is not None and measure.ci.high < measure.expected


def _numbers(model: ModelSummary, space: LatentSpaceSummary) -> Table:
    measures: list[tuple[str, Measure | None, bool]] = [
        (
            "Continuity: how much more alike neighbours are decoded than any two rows",
            model.continuity,
            False,
        ),
        ("Detour: length of the decoded way between any two rows, where straight is 1", space.detour, False),
        ("Walks with a jump: more than half of the change in one step", space.jumps, True),
        ("Completeness: prior samples as near to the data as reconstructions", model.completeness, True),
        ("Coverage: held-out rows that prior samples reach", space.coverage, True),
        ("Variation of the held-out rows that reconstructions keep", space.kept_variation, True),
    ]
    rows = [
        (
            name,
            _percent(found) if percent else _interval(found),
            _expected(found, percent=percent),
            numbers.count(found.n),
        )
        for name, found, percent in measures
        if found is not None
    ]
    columns = wide("Measure") + plain("Found, with interval", "A sound model") + numeric("Of")
    return table("The latent space in numbers", columns, rows)


def _distances(space: LatentSpaceSummary) -> Figure:
    said = (
        f"Distance to the nearest of {phrases.plural(space.n_reference, 'row')}; the dotted line is the distance "
        f"within which a sample counts as near ({numbers.number(space.yardstick)}). A curve further right lies further "
        "from the data. A model that decodes everything to the average is near to all rows too: read completeness and "
        "coverage together with the variation that reconstructions keep."
    )
    return Figure("model-distances", "How near prior samples fall to the data", said, figures.distances(space))


def _interval(measure: Measure) -> str:
    return numbers.with_interval(measure.value, measure.ci, "ratio")


def _percent(measure: Measure) -> str:
    return numbers.with_interval(measure.value, measure.ci, "share")


def _expected(measure: Measure, *, percent: bool = True) -> str:
    if measure.expected is None:
        return numbers.ABSENT
    return numbers.share(measure.expected) if percent else numbers.ratio(measure.expected)
