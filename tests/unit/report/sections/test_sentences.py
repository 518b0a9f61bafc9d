"""Sentences say what the numbers say, also where there is nothing."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from vaeaudit.analysis.latents.results import DensitySummary, HistogramCounts, WeightSummary
from vaeaudit.report.sections.fairness import disparities_lead
from vaeaudit.report.sections.latents import histogram_sentence, latent_sentence, latents_lead, rarity_sentence
from vaeaudit.report.sections.model import density_sentence, model_lead
from vaeaudit.report.sections.regions import regions_lead
from vaeaudit.report.sections.representation import representation_lead


def test_no_region_is_an_answer_and_nothing_tested_is_none():
    assert regions_lead((), 412).startswith("No region is flagged: of 412 combinations tested, none")
    assert regions_lead((), 0).startswith("No combination could be tested")


def test_the_first_region_is_told_in_numbers(results):
    (first, *_) = results.regions
    asked, stated = (replace(first, baseline=baseline) for baseline in ("independence", "population"))
    assert "with 3 rows where about 41 were expected" in regions_lead([asked], 412)
    assert "is a question for somebody who knows the field" in regions_lead([asked], 412)
    both = regions_lead([asked, stated], 412)
    assert both.startswith("1 region of 412 combinations tested holds clearly fewer rows than expected.")
    assert "Beside them, 1 combination that columns have more rarely than if they were independent" in both


def test_without_a_population_shares_are_called_balance(results):
    cells = [replace(cell, status=None, baseline="balance") for cell in results.representation]
    assert "describe balance only" in representation_lead(cells)


def test_groups_short_of_the_population_are_named(results):
    said = representation_lead(results.representation)
    assert "Under-represented against the population: sex Female, race Black" in said
    assert "2 of them hold no row at all" in said


def test_dead_latents_are_named(results, empty):
    assert latents_lead(results.latents) == "5 of 6 latents carry information about the rows; unused: latent 5."
    assert latents_lead(empty.latents) == "The model has no latents."
    dead = [replace(latent, active=False) for latent in results.latents]
    assert "none of its 6 latents" in latents_lead(dead)


def test_a_latent_without_a_column_says_so(results):
    assert latent_sentence(results.latents[3]) == "Latent 3 is explained by no single column on held-out rows."


def test_groups_are_compared_by_the_bin_of_their_middle_row(results):
    said = histogram_sentence(results.latents[0], smallest_group=30)
    assert "Of sex, Female lies highest (middle row 0.2 to 0.4) and Male lowest" in said


def test_groups_too_small_to_judge_are_not_compared_in_words(results):
    said = histogram_sentence(results.latents[0], smallest_group=10**6)
    assert "highest" not in said


def test_groups_whose_middle_rows_share_a_bin_are_said_to(results, people):
    latent = results.latents[0]
    counts = people.counts_around(0.0, 1.0, 500, latent.histogram.edges)
    same = replace(latent, histogram=replace(latent.histogram, by_group={"sex": {"a": counts, "b": counts}}))
    assert "middle rows of all groups of sex fall into one bin" in histogram_sentence(same, 30)


def test_a_model_no_better_than_independent_columns_is_not_called_better(results):
    worse = replace(results.model, elbo_nats=results.model.baseline_nats - 1)
    assert "no better than a model of independent columns" in model_lead(worse)


def test_disparities_too_small_to_judge_are_listed_not_judged(results):
    small = [replace(entry, p_adjusted=None) for entry in results.disparities]
    assert disparities_lead(small).startswith("No group is large enough for its outcome to be judged")
    assert "--label" in disparities_lead(())


def test_sentences_never_show_nan(results):
    empty_counts = HistogramCounts(np.zeros(30, dtype=int), np.zeros(30), np.ones(30))
    latent = replace(
        results.latents[0],
        histogram=replace(results.latents[0].histogram, **vars(empty_counts), by_group={"sex": {"a": empty_counts}}),
    )
    assert "nan" not in histogram_sentence(latent, 30).lower()


def test_an_axis_that_does_not_come_back_is_given_no_meaning(results):
    latent = replace(results.latents[0], stability=0.31)
    assert "Read no meaning into it" in latent_sentence(latent)
    assert "0.31" in latent_sentence(latent)


def test_an_axis_that_comes_back_is_called_stable_and_one_never_refitted_is_not(results):
    assert "stable: " in latent_sentence(replace(results.latents[0], stability=0.95))
    assert "stable" not in latent_sentence(replace(results.latents[0], stability=None))


def test_the_density_sentence_names_the_samples_and_what_they_bring(results):
    said = density_sentence(results.model)
    assert "Importance weighting of 16 samples brings the bound up by 0.51 [0.49, 0.53] nats per row." in said
    assert said.endswith("compare them within this run only.")
    earlier = density_sentence(replace(results.model, held_out=None, columns=0))
    assert "Importance weighting" not in earlier
    assert "pixels between 0 and 1" in earlier


NATS = {"gmm": -2.0, "knn": -3.5}


def said(kind: str, density: DensitySummary | None) -> str:
    model: Any = SimpleNamespace(density=density, weights=WeightSummary(kind, 0.1, 10.0, 413.7, 1000))
    return rarity_sentence(model)


def test_the_joint_density_is_named_with_its_rivals() -> None:
    text = said("joint", DensitySummary("gmm", NATS, 167))
    assert "Gaussian mixture: \u22122.00 nats per row on 167 held-out rows, against \u22123.50 by kernels" in text
    assert "1,000 rows are worth 414 equally weighted rows" in text


def test_a_family_that_was_forced_has_no_rivals() -> None:
    assert "against" not in said("joint", DensitySummary("knn", {"gmm": None, "knn": -3.5}, 167))


def test_the_kinds_of_dbvae_say_what_they_take_for_granted() -> None:
    text = said("dbvae-max", DensitySummary("gmm", NATS, 167))
    assert "maximum over latents" in text
    assert "independent" in text
    assert "mixture" not in text


def test_nothing_is_said_of_a_run_that_did_not_keep_it() -> None:
    assert said("joint", None) == ""
