"""How beta was chosen: one sentence, a curve, and its numbers."""

from __future__ import annotations

from vaeaudit.analysis.latents.results import BetaChoice
from vaeaudit.report.parts import figures
from vaeaudit.report.parts.blocks import Block, Figure
from vaeaudit.report.parts.tables import numeric, plain, table
from vaeaudit.wording import numbers, phrases


def beta_blocks(choice: BetaChoice | None, parts: str) -> list[Block]:
    """Build what the report says of the choice; nothing where beta was given. `parts` is what a row is made of."""
    if choice is None:
        return []
    figure = Figure("model-beta", "How beta was chosen", sentence(choice, parts), figures.beta_curve(choice))
    rows = [
        (
            f"{trial.beta:g}{' (taken)' if trial.taken else ''}",
            numbers.with_interval(trial.gain.value, trial.gain.ci, "nats"),
            numbers.with_interval(trial.lost.value, trial.lost.ci, "nats"),
            numbers.count(trial.active_latents),
            numbers.ratio(trial.udr),
        )
        for trial in choice.tried
    ]
    columns = plain("Beta", f"Gain on independent {parts} (nats)", "Less than the best (nats)")
    columns += numeric("Latents in use", "UDR")
    caption = f"Short trainings, {phrases.plural(choice.seeds, 'seed')} each, on held-out rows; no label was looked at"
    return [figure, table(caption, columns, rows)]


def sentence(choice: BetaChoice, parts: str) -> str:
    """Say which beta was taken, and why."""
    taken = next(trial for trial in choice.tried if trial.taken)
    latents, start = phrases.plural(choice.fewest_active, "latent"), f"Beta {taken.beta:g} was taken"
    if not choice.gains:
        return f"{start}: none that was tried leaves {latents} in use and gains anything on independent {parts}."
    rows, lost = phrases.plural(taken.gain.n, "held-out row"), numbers.nats(taken.lost.value)
    near = "gains as much as the best within one standard error of the difference"
    if choice.given_up:
        near = f"gains at least {numbers.share(1 - choice.given_up)} of what the best gains"
    return (
        f"{start}: the largest of {len(choice.tried)} that leaves at least {latents} in use (it leaves "
        f"{numbers.count(taken.active_latents)}) and {near} ({lost} nats less per row), on {rows}."
    )
