"""Latents that the model made no use of."""

from __future__ import annotations

from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding

CODE: Final = "VA703"
KIND: Final = "latent"


def ask(seen: Seen) -> Answer:
    """Count them; that some are left over is as it should be."""
    latents = seen.measured.latents
    active = [latent for latent in latents if latent.active]
    if not active:
        return Answer("inconclusive", "None is in use.", len(latents))
    unused = Finding(
        code=CODE,
        subject="",
        kind=KIND,
        severity="info",
        title=f"{len(active)} of {len(latents)} latents are in use; the others carry next to nothing",
        evidence={
            "active": len(active),
            "latents": len(latents),
            "kl_nats": [latent.kl_nats for latent in latents][: 2 * LISTED],
        },
        action="Nothing to do: the model needed no more of them.",
        anchor="latents",
    )
    return answered(
        [unused] if len(active) < len(latents) else (),
        f"All {len(latents)} latents are in use; more of them might hold more.",
        tested=len(latents),
    )


CHECK = Check(CODE, "latents-unused", "Has the model as many latents as it can use?", KIND, ask)
