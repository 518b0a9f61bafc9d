"""Whether the model learned how the columns go together: what it says of outliers and latents rests on that."""

from __future__ import annotations

from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Seen
from vaeaudit.analysis.latents.results import ModelSummary
from vaeaudit.statistics.measures import Interval
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
    gain = model.elbo_nats - model.baseline_nats
    ci = model.elbo_ci
    if ci.low is None or ci.high is None:
        return numbers.nats(gain)
    above = Interval(ci.low - model.baseline_nats, ci.high - model.baseline_nats, ci.level)
    return numbers.with_interval(gain, above, "nats")


def learned_structure(model: ModelSummary) -> bool:
    """Whether the held-out ELBO lies above that of independent columns with its whole interval."""
    low = model.elbo_ci.low
    return model.active_latents > 0 and low is not None and low > model.baseline_nats


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
