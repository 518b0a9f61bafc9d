"""Latents that another training finds again: only these are read as axes of the data."""

from __future__ import annotations

from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import listed, plural

CODE: Final = "VA704"


def ask(seen: Seen) -> Answer:
    """Count the latents that are described."""
    graded = [latent for latent in seen.measured.latents if latent.stability is not None]
    if not graded:
        return Answer("inconclusive", "None is in use, or too few rows were held out to compare two models on.", 0)
    best = max(latent.stability.value for latent in graded if latent.stability is not None)
    shown = [latent for latent in graded if latent.shown]
    tested, of = len(graded), f"Of {plural(len(graded), 'latent')} in use"
    if not shown:
        return Answer(
            "inconclusive",
            f"{of} none is found again by a training from another seed (the best agrees at {numbers.ratio(best)}), so "
            "that what latents encode is not told. More rows, or --preset thorough, may help.",
            tested,
        )
    names = listed([f"{latent.index} ({latent.name or 'no single column'})" for latent in shown], most=6)
    come = "is" if len(shown) == 1 else "are"
    return Answer("passed", f"{of} {len(shown)} {come} found again by a training from another seed: {names}.", tested)


CHECK = Check(
    CODE,
    "latents-come-back",
    "Are latents found again when the model is trained again?",
    "latent",
    ask,
    needs=(Need.REFITS,),
)
