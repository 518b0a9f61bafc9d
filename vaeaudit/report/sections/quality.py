"""How well the model learned, and the state of the data as it was read."""

from __future__ import annotations

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.latents.results import HeldOutBound, ModelSummary
from vaeaudit.analysis.quality.columns import ColumnSummary
from vaeaudit.report.parts import figures, text
from vaeaudit.report.parts.blocks import Answer, Block, Figure, Paragraph, Section
from vaeaudit.report.parts.decoded_galleries import prior_gallery
from vaeaudit.report.parts.galleries import reconstruction_gallery
from vaeaudit.report.parts.tables import Badge, Cell, Column, Lines, Table, table
from vaeaudit.report.sections.latent_space import space_between_rows
from vaeaudit.wording import numbers, phrases

#: What `ModelSummary.disentanglement` holds, in words; a key that is not here is shown by its own name.
_MEASURES = {
    "mean_abs_correlation": "Mean absolute correlation between active latents (0: none goes with another)",
    "total_correlation_gaussian_nats": "Total correlation of the active latents, as far as correlations show it (nats)",
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
    if results.pictures is not None:
        blocks += [*reconstruction_gallery(results.pictures), *prior_gallery(results.pictures)]
    curves = figures.history(results.model.history)
    if curves is not None:
        blocks.append(_history(results.model, curves))
    if results.model.latent_space is not None:
        blocks += space_between_rows(results.model, results.model.latent_space)
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
    rows: list[tuple[Cell, ...]] = [
        (title, value, numbers.nats_of_a_part(each[key]) if key in each else numbers.ABSENT)
        for key, (title, value) in parts.items()
    ]
    counted = "" if held_out is None else f" of {phrases.plural(held_out.n, 'held-out row')}"
    per = "column" if model.columns else "value of a pixel"
    columns = [Column("Measure"), Column("Nats per row, with interval"), Column(f"Nats per {per}", True)]
    return table(f"Density{counted}; higher is better", columns, rows)


def _facts(results: AuditResults) -> Table:
    model = results.model
    rows: list[tuple[Cell, ...]] = [
        ("Latents in use", f"{model.active_latents} of {model.latents}"),
        ("Modelled", text.what_is_modelled(results)),
        ("Weight of the KL term (beta)", f"{model.beta:g}"),
        ("Training", f"{phrases.plural(model.epochs, 'epoch')}, {numbers.duration(model.seconds)}"),
        ("Why it stopped", why_training_stopped(model)),
    ]
    rows += [
        (
            _MEASURES.get(key, key.replace("_", " ")),
            numbers.nats(value) if key.endswith("_nats") else numbers.ratio(value),
        )
        for key, value in model.disentanglement.items()
    ]
    return table("The model in numbers", [Column("Measure"), Column("Value")], rows)


def _history(model: ModelSummary, curves: figures.Spec) -> Figure:
    names = [str(trace["name"]) for trace in curves["data"]]
    epochs = phrases.plural(model.epochs, "epoch")
    sentence = f"Over {epochs}: {phrases.listed(names)}, in nats per row; lower losses are better."
    sentence += " While the KL term is phased in, the training loss may rise with it."
    return Figure("model-history", "Training", sentence, curves)


def quality(results: AuditResults) -> Section:
    """Build the section on the data as read."""
    problems = sum(bool(column.problems) for column in results.columns)
    lead = (
        f"{phrases.accounting(vars(results.rows))}. {phrases.plural(len(results.columns), 'column')}, "
        f"{phrases.plural(problems, 'column')} with remarks."
    )
    blocks: list[Block] = [Paragraph(note) for note in results.notes]
    if results.pictures is not None:
        blocks.append(Paragraph(columns_of_pictures(results)))
    blocks += [_suggestions(results), _columns(results.columns)]
    if results.quarantine:
        blocks.append(_quarantine(results))
    return Section("quality", "The data as it was read", lead, tuple(blocks))


def _suggestions(results: AuditResults) -> Block:
    suggested = [
        phrases.name(column.name)
        for column in results.columns
        if column.suggested_sensitive and column.role not in ("sensitive", "excluded")
    ]
    if not suggested:
        return Paragraph("No further column has a name that suggests a sensitive attribute.")
    names = phrases.listed(suggested, most=8)
    if len(suggested) == 1:
        said = f"Judging by its name, {names} may be a sensitive attribute; --sensitive declares it."
    else:
        said = f"Judging by their names, {names} may be sensitive attributes; --sensitive declares them."
    return Answer(said, "unsure")


def _columns(found: tuple[ColumnSummary, ...]) -> Table:
    columns = [
        Column("Column"),
        Column("Kind"),
        Column("Role"),
        Column("In the model"),
        Column("Missing", True),
        Column("Distinct", True),
        Column("Values", wide=True),
        Column("Remarks", wide=True),
    ]
    return table(f"All {phrases.plural(len(found), 'column')}", columns, [_column_row(column) for column in found])


def _column_row(column: ColumnSummary) -> tuple[Cell, ...]:
    return (
        phrases.name(column.name),
        column.kind,
        _role(column),
        "yes" if column.in_model else "no",
        numbers.count(column.missing),
        numbers.count(column.unique),
        phrases.shorten(column.summary, 160),
        _remarks(column),
    )


def _role(column: ColumnSummary) -> Cell:
    if column.role in ("sensitive", "label"):
        return Badge(column.role, "neutral")
    return "computed" if column.derived and column.role == "input" else column.role


def _remarks(column: ColumnSummary) -> Cell:
    origin = (f"computed from the pictures: {column.meaning}",) if column.derived else ()
    lines = (*origin, *(phrases.shorten(problem, 240) for problem in column.problems))
    return Lines(lines) if lines else numbers.ABSENT


def _quarantine(results: AuditResults) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            phrases.name(record.file),
            "whole file" if record.row < 0 else numbers.count(record.row),
            phrases.shorten(record.reason, 240),
        )
        for record in results.quarantine
    ]
    total = results.rows.quarantined
    caption = (
        f"Records left out: {numbers.count(len(rows))} of {numbers.count(total)}; the run's quarantine.csv has all"
    )
    return table(caption, [Column("File"), Column("Record", True), Column("Reason", wide=True)], rows)


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


def columns_of_pictures(results: AuditResults) -> str:
    """Say what the columns of pictures are, of which none enters the model."""
    said = "Only the pixels enter the model."
    if any(not column.derived for column in results.columns):
        said += " The columns of the data are what is known about each picture besides."
    if any(column.derived for column in results.columns):
        said += " Columns called picture_… were computed from the pictures, so that what is found can be told in words."
    return said


def why_training_stopped(model: ModelSummary) -> str:
    """Say why training ended."""
    return phrases.shorten(_STOPPED.get(model.stopped, model.stopped), 160)
