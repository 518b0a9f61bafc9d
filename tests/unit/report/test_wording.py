"""The sentence on rarity says what was chosen, against what, and what the weights leave."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from vaeaudit.analysis.results.latents import DensitySummary, WeightSummary
from vaeaudit.report.wording import rarity_sentence

NATS = {"gmm": -2.0, "knn": -3.5, "flow": None}


def said(kind: str, density: DensitySummary | None) -> str:
    model: Any = SimpleNamespace(density=density, weights=WeightSummary(kind, 0.1, 10.0, 413.7, 1000))
    return rarity_sentence(model)


def test_the_joint_density_is_named_with_its_rivals() -> None:
    text = said("joint", DensitySummary("gmm", NATS, 167))
    assert "Gaussian mixture: \u22122.00 nats per row on 167 held-out rows, against \u22123.50 by kernels" in text
    assert "flow" not in text
    assert "1,000 rows are worth 414 equally weighted rows" in text


def test_a_family_that_was_forced_has_no_rivals() -> None:
    assert "against" not in said("joint", DensitySummary("knn", {"gmm": None, "knn": -3.5, "flow": None}, 167))


def test_the_kinds_of_dbvae_say_what_they_take_for_granted() -> None:
    text = said("dbvae-max", DensitySummary("gmm", NATS, 167))
    assert "maximum over latents" in text
    assert "independent" in text
    assert "mixture" not in text


def test_nothing_is_said_of_a_run_that_did_not_keep_it() -> None:
    assert said("joint", None) == ""
