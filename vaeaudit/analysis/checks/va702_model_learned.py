"""Whether the model learned how the columns go together: what it says of outliers and latents rests on that."""

from __future__ import annotations

from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Seen
from vaeaudit.analysis.latents.results import ModelSummary
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import plural

CODE: Final = "VA702"


def ask(seen: Seen) -> Answer:
    """Compare held-out rows under the model and under separate columns."""
    model = seen.measured.model
    n = int(seen.inputs.codes.held_out.sum())
    if model.active_latents == 0:
        return Answer(
            "inconclusive",
            f"None of {plural(model.latents, 'latent')} carries anything: the model sees nothing but separate "
            f"{model.parts}. Fit with a smaller --beta or a longer --preset; if nothing changes, the {model.parts} "
            "are independent.",
            n,
        )
    gained = (
        f"The model gains {_gain(model)} nats per held-out row over separate {model.parts}, with "
        f"{plural(model.active_latents, 'active latent')}."
    )
    if not model.objective.has_prior:
        gained += " An autoencoder has no prior, which flatters this figure."
    if not learned_structure(model):
        return Answer(
            "inconclusive",
            f"{gained} That could be chance, so no statement about {'outliers or ' if seen.of_pictures else ''}latents "
            "can rest on it. Fit with --preset thorough or more rows.",
            n,
        )
    return Answer("passed", gained, n)


def _gain(model: ModelSummary) -> str:
    return numbers.with_interval(model.elbo_nats - model.baseline_nats, model.gain_ci, "nats")


def learned_structure(model: ModelSummary) -> bool:
    """Whether what the model gains on held-out rows over independent columns lies above 0 with its whole interval.

    Row by row: rows differ far more from each other than the two models do on one row.
    """
    low = model.gain_ci.low
    return model.active_latents > 0 and low is not None and low > 0


def nothing_learned(seen: Seen, so: str) -> Answer | None:
    """Return the answer of a check whose question only a model that learned something can answer; None where it did.

    Rows and cells of a table are not judged by the model; see `vaeaudit.scoring.table_score`.

    Parameters
    ----------
    seen
        What was measured.
    so
        What follows, as a clause.
    """
    if not seen.of_pictures or learned_structure(seen.measured.model):
        return None
    return Answer("inconclusive", f"What the model gained could be chance ({CODE}), so {so}.", rests_on=CODE)


CHECK = Check(CODE, "model-learned", "Did the model learn how the columns or pixels go together?", "latent", ask)
