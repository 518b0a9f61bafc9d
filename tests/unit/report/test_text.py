"""Sentences say what the numbers say, also where there is nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.results.latents import Explains, HistogramCounts
from vaeaudit.analysis.results.regions import Condition
from vaeaudit.analysis.rules import describe
from vaeaudit.report import text, wording


def test_a_rule_reads_on_the_page_as_it_does_in_the_findings(results):
    rule = results.regions[1].rule
    assert wording.rule_in_words(rule) == describe(rule) == "age is from 17 to below 25 and education-num is 13 or more"
    assert wording.rule_in_words([Condition("gain", "between", [5_000, 1_234_567])]) == (
        "gain is from 5000 to below 1234567"
    )


def test_a_rule_of_odd_names_and_many_levels_stays_readable():
    rule = [Condition("\u200b", "missing", None), Condition("job", "in", ["x" * 80, *"abcdefg"])]
    said = wording.rule_in_words(rule)
    assert said == f"(empty) is missing and job is {'x' * 59}…, a, b, c, d, e or 2 more"
    assert wording.rule_in_words([Condition("race", "in", ["a", "b"])]) == "race is a or b"


@pytest.mark.parametrize(
    ("direction", "said"),
    [
        ("rises", "rises with age"),
        ("falls", "falls as age rises"),
        ("from Wife up to Husband", "runs from Wife up to Husband in age"),
        ("highest in the middle", "is highest in the middle of age"),
        ("lower where missing", "is lower where age is missing"),
        ("something new", "goes with age (something new)"),
    ],
)
def test_each_way_a_latent_moves_has_words(direction, said):
    assert wording.explains(Explains("age", 0.5, direction)) == said


def test_a_reason_names_cell_expectation_and_surprise(results):
    assert wording.reason(results.outliers.top[0].reasons[0]) == "age is 17, expected 41 (5.23 nats)"


def test_an_empty_name_is_still_something_to_point_at():
    assert wording.name("") == "(empty)"
    assert wording.name("\u200b\x00") == "(empty)"


def test_a_moment_is_written_for_people_and_odd_text_is_left():
    assert wording.moment("2026-05-04T09:30:12") == "4 May 2026, 09:30"
    assert wording.moment("yesterday") == "yesterday"


def test_no_region_is_an_answer_and_nothing_tested_is_none():
    assert text.regions_lead((), 412).startswith("No region is flagged: of 412 combinations tested, none")
    assert text.regions_lead((), 0).startswith("No combination could be tested")


def test_the_first_region_is_told_in_numbers(results):
    assert "with 3 rows where about 41.2 were expected" in text.regions_lead(results.regions, 412)


def test_without_a_population_shares_are_called_balance(results):
    cells = [replace(cell, status=None, baseline="balance") for cell in results.representation]
    assert "describe balance only" in text.representation_lead(cells)


def test_groups_short_of_the_population_are_named(results):
    said = text.representation_lead(results.representation)
    assert "Under-represented against the population: sex Female, race Black" in said
    assert "2 of them hold no row at all" in said


def test_dead_latents_are_named(results, empty):
    assert text.latents_lead(results.latents) == "5 of 6 latents carry information about the rows; unused: latent 5."
    assert text.latents_lead(empty.latents) == "The model has no latents."
    dead = [replace(latent, active=False) for latent in results.latents]
    assert "none of its 6 latents" in text.latents_lead(dead)


def test_a_latent_without_a_column_says_so(results):
    assert text.latent_sentence(results.latents[3]) == "Latent 3 is explained by no single column on held-out rows."


def test_groups_are_compared_by_the_bin_of_their_middle_row(results):
    said = text.histogram_sentence(results.latents[0], smallest_group=30)
    assert "Of sex, Female lies highest (middle row 0.2 to 0.4) and Male lowest" in said


def test_groups_too_small_to_judge_are_not_compared_in_words(results):
    said = text.histogram_sentence(results.latents[0], smallest_group=10**6)
    assert "highest" not in said


def test_groups_whose_middle_rows_share_a_bin_are_said_to(results, people):
    latent = results.latents[0]
    counts = people.counts_around(0.0, 1.0, 500, latent.histogram.edges)
    same = replace(latent, histogram=replace(latent.histogram, by_group={"sex": {"a": counts, "b": counts}}))
    assert "middle rows of all groups of sex fall into one bin" in text.histogram_sentence(same, 30)


def test_a_model_no_better_than_independent_columns_is_not_called_better(results):
    worse = replace(results.model, elbo_nats=results.model.baseline_nats - 1)
    assert "no better than a model of independent columns" in text.model_lead(worse)


def test_disparities_too_small_to_judge_are_listed_not_judged(results):
    small = [replace(entry, p_adjusted=None) for entry in results.disparities]
    assert text.disparities_lead(small).startswith("No group is large enough for its outcome to be judged")
    assert "--label" in text.disparities_lead(())


def test_row_accounting_is_written_as_a_sum(results):
    assert text.rows_in_words(results) == "48,846 read = 48,842 scored + 3 quarantined + 1 skipped"


def test_a_list_tells_how_many_it_leaves_out():
    assert wording.listed([]) == "none"
    assert wording.listed(list("abcdef"), most=2) == "a, b and 4 more"


def test_sentences_never_show_nan(results):
    empty_counts = HistogramCounts(np.zeros(30, dtype=int), np.zeros(30), np.ones(30))
    latent = replace(
        results.latents[0],
        histogram=replace(results.latents[0].histogram, overall=empty_counts, by_group={"sex": {"a": empty_counts}}),
    )
    assert "nan" not in text.histogram_sentence(latent, 30).lower()


def test_an_axis_that_does_not_come_back_is_given_no_meaning(results):
    latent = replace(results.latents[0], stability=0.31)
    assert "Read no meaning into it" in text.latent_sentence(latent)
    assert "0.31" in text.latent_sentence(latent)


def test_an_axis_that_comes_back_is_called_stable_and_one_never_refitted_is_not(results):
    assert "stable: " in text.latent_sentence(replace(results.latents[0], stability=0.95))
    assert "stable" not in text.latent_sentence(replace(results.latents[0], stability=None))


def test_the_density_sentence_names_the_samples_and_what_they_bring(results):
    said = text.density_sentence(results.model)
    assert "Importance weighting of 16 samples brings the bound up by 0.51 [0.49, 0.53] nats per row." in said
    assert said.endswith("compare them within this run only.")
    earlier = text.density_sentence(replace(results.model, held_out=None, columns=0))
    assert "Importance weighting" not in earlier
    assert "pixels between 0 and 1" in earlier
