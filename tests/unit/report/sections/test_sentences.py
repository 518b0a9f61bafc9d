"""Sentences say what the numbers say, also where there is nothing."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from vaeaudit.analysis.conclusions import MutedBy
from vaeaudit.analysis.latents.results import DensitySummary, HistogramCounts, WeightSummary
from vaeaudit.report.sections.disparities import disparities_lead
from vaeaudit.report.sections.latent_sentences import histogram_sentence, latent_sentence, latents_lead, rarity_sentence
from vaeaudit.report.sections.model import density_sentence, model_lead
from vaeaudit.report.sections.regions import regions, regions_lead
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


def test_a_region_that_readers_settled_is_marked_and_not_named_first_or_widest(results):
    (first, *_) = results.regions
    narrow = replace(first, id="R-narrow", observed=30)
    no_gap = MutedBy(first.id, "so in the world", "Ada")
    said = _said(replace(results, regions=(first, narrow), settled_regions={first.id: no_gap}))
    assert "no gap by readers: so in the world (Ada)" in said
    assert "The widest gap that readers leave open is in R-narrow" in said
    assert "with 30 rows where about 41 were expected" in regions_lead([first, narrow], 412, settled={first.id})


def test_where_readers_settled_every_region_none_is_called_the_widest(results):
    (first, *_) = results.regions
    no_gap = MutedBy(first.id, "cannot exist", "Ada")
    said = _said(replace(results, regions=(first,), settled_regions={first.id: no_gap}))
    assert "no rows are missing" in said
    assert "The widest gap" not in said


def test_a_region_of_which_readers_say_that_rows_are_missing_is_marked(results):
    (first, *_) = results.regions
    unjudged = replace(results, regions=(first,))
    assert "rows are missing, say readers" not in _said(unjudged)
    assert "rows are missing, say readers" in _said(replace(unjudged, missing_regions=frozenset({first.id})))


def _said(results):
    return repr(regions(results).blocks)


def test_without_a_population_shares_are_called_balance(results):
    cells = [replace(cell, status=None, baseline="balance") for cell in results.representation]
    assert "describe balance only" in representation_lead(cells)


def test_groups_short_of_the_population_are_named(results):
    said = representation_lead(results.representation)
    assert "Under-represented against the population: sex Female, race Black" in said
    assert "2 of them hold no row at all" in said


def test_the_latents_that_stand_for_something_are_named_and_the_others_are_counted(results, empty):
    assert latents_lead(results.latents) == (
        "Of 6 latents 5 carry information about the rows; 3 come back when the model is trained again: latent 0 "
        f"({results.latents[0].name}), latent 1 ({results.latents[1].name}) and latent 2 (capital-gain); no meaning is "
        "read into the other 2."
    )
    assert latents_lead(empty.latents) == "The model has no latents."
    dead = [replace(latent, active=False) for latent in results.latents]
    assert "none of its 6 latents" in latents_lead(dead)


def test_where_no_latent_comes_back_none_is_given_a_meaning(results):
    said = latents_lead([replace(latent, shown=False) for latent in results.latents])
    assert said.endswith("(the best agrees with its counterpart at 0.96): no meaning is read into any of them.")


def test_latents_that_were_never_refitted_are_not_said_to_come_back(results):
    ungraded = [replace(latent, stability=None, grade=None) for latent in results.latents]
    assert "was not measured; the 3 latents that tell most are described" in latents_lead(ungraded)
    assert "--members" in latent_sentence(ungraded[0])


def test_a_latent_is_told_by_what_lies_at_its_ends_and_what_predicts_it(results):
    said = latent_sentence(results.latents[1])
    assert said.startswith("From high education-num, occupation ")
    assert " to low education-num, occupation Exec-managerial. " in said
    assert "education-num 55.0 % [53.0, 57.0]" in said
    assert "Grade B: trained again from another seed, its counterpart agrees with it at 0.84 [0.30, 0.97]" in said


def test_a_latent_without_a_column_says_so(results):
    assert "Latent 3 is explained by no single column on held-out rows." in latent_sentence(results.latents[3])


def test_why_a_grade_was_lost_is_said(results):
    assert results.latents[2].why[0] in latent_sentence(results.latents[2])


def test_groups_that_lie_apart_are_named_and_others_are_not(results):
    said = histogram_sentence(results.latents[0])
    assert "Of sex, Female lies furthest from all others" in said
    assert "0.412 standard deviations; shuffled groups come to 0.061; p = 0.0020" in said
    assert "Groups of race lie no further apart than chance has them (p = 0.71)." in said


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
        histogram=replace(
            results.latents[0].histogram, **vars(empty_counts), by_group={"sex": {"Female": empty_counts}}
        ),
    )
    assert "nan" not in histogram_sentence(latent).lower()


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
