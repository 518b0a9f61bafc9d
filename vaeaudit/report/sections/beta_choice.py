"""How beta was chosen: one sentence, a curve, and its numbers."""

from __future__ import annotations

from vaeaudit.analysis.latents.results import BetaChoice
from vaeaudit.report.parts import figures
from vaeaudit.report.parts.blocks import Block, Figure, Paragraph
from vaeaudit.report.parts.tables import numeric, plain, table
from vaeaudit.wording import numbers, phrases


def beta_blocks(choice: BetaChoice | None, parts: str) -> list[Block]:
    """Build what the report says of the choice; nothing where beta was given. `parts` is what a row is made of."""
    if choice is None:
        return []
    said = sentence(choice, parts)
    drawn: Block = Figure("model-beta", "How beta was chosen", said, figures.beta_curve(choice))
    if choice.tried[0].kept is None:
        drawn = Paragraph(said)
    rows = [
        (
            f"{trial.beta:g}{' (taken)' if trial.taken else ''}",
            numbers.with_interval(trial.elbo.value, trial.elbo.ci, "nats"),
            numbers.ABSENT if trial.kept is None else numbers.with_interval(trial.kept.value, trial.kept.ci, "share"),
            numbers.count(trial.active_latents),
            numbers.ratio(trial.udr),
        )
        for trial in choice.tried
    ]
    columns = plain("Beta", "Held-out ELBO (nats)", "Of the best gain") + numeric("Latents in use", "UDR")
    caption = f"Short trainings, {phrases.plural(choice.seeds, 'seed')} each, ELBO with beta 1; no label was looked at"
    return [drawn, table(caption, columns, rows)]


def sentence(choice: BetaChoice, parts: str) -> str:
    """Say which beta was taken, and why."""
    taken = next(trial for trial in choice.tried if trial.taken)
    latents = phrases.plural(choice.fewest_active, "latent")
    start = f"Beta {taken.beta:g} was taken"
    if taken.kept is None or taken.active_latents < choice.fewest_active:
        return f"{start}: no beta that was tried leaves {latents} in use and gains anything on independent {parts}."
    rows = phrases.plural(taken.elbo.n, "held-out row")
    return (
        f"{start}: the largest of {len(choice.tried)} that leaves at least {latents} in use (it leaves "
        f"{numbers.count(taken.active_latents)}) and keeps {numbers.share(1 - choice.given_up)} of the best gain on "
        f"independent {parts} (it keeps {numbers.share(taken.kept.value)}), of {rows}."
    )
