from __future__ import annotations

from dataclasses import replace

from vaeaudit.analysis.checks.va702_model_learned import CHECK, learned_structure
from vaeaudit.config import Objective
from vaeaudit.statistics.measures import Interval
from vaeaudit.wording import numbers


def test_a_model_that_gains_passes_with_its_figure(seen_of, healthy):
    answer = CHECK.ask(seen_of())
    assert (answer.state, answer.tested) == ("passed", 150)
    gain = numbers.nats(healthy.model.elbo_nats - healthy.model.baseline_nats)
    assert answer.why.startswith(f"The model gains {gain} [")
    assert answer.why.endswith(" nats per held-out row over separate columns, with 3 active latents.")


def test_a_model_without_gain_could_be_chance(seen_of, healthy, of_pictures):
    blind = replace(healthy.model, gain_ci=Interval(-0.1, 0.1, 0.95))
    table, pictures = CHECK.ask(seen_of(model=blind)), CHECK.ask(seen_of(model=blind, inputs=of_pictures))
    assert table.state == pictures.state == "inconclusive"
    assert "That could be chance, so no statement about latents can rest on it." in table.why
    assert "so no statement about outliers or latents can rest on it." in pictures.why


def test_a_model_without_an_active_latent_learned_nothing(seen_of, healthy):
    answer = CHECK.ask(seen_of(model=replace(healthy.model, active_latents=0)))
    assert answer.state == "inconclusive"
    assert answer.why.startswith("None of 4 latents carries anything")


def test_an_autoencoder_is_flattered(seen_of, healthy):
    plain = CHECK.ask(seen_of())
    flattered = CHECK.ask(seen_of(model=replace(healthy.model, objective=Objective.AE)))
    assert flattered.why == f"{plain.why} An autoencoder has no prior, which flatters this figure."


def test_structure_needs_the_whole_interval_above_the_baseline(healthy):
    assert learned_structure(healthy.model)
    assert not learned_structure(replace(healthy.model, gain_ci=Interval(0.0, 0.2, 0.95)))
