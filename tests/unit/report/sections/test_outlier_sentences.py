from __future__ import annotations

from dataclasses import replace

import pytest

from vaeaudit.outputs.row_scores import OF_PICTURES, OF_TABLES, OF_VECTORS
from vaeaudit.report.sections.outlier_agreement import (
    MEANING,
    agreement_sentence,
    only_companions_sentence,
    only_model_sentence,
    shared_sentence,
)
from vaeaudit.report.sections.outliers import (
    deletion_sentence,
    no_harder_sentence,
    not_judged_sentence,
    outliers_lead,
    score_curve_sentence,
)


def test_flagged_rows_are_counted_against_all_rows(results, empty):
    assert outliers_lead(results.outliers).startswith("30 rows of 48,842 (0.061 %) are flagged")
    assert outliers_lead(empty.outliers).startswith("No row is flagged: none of the 40 rows")


def test_the_score_curve_sentence_says_how_many_rows_chance_would_give(results):
    found = results.outliers
    said = score_curve_sentence(found, found.curve)
    assert "Rows are flagged from 32 nats on:" in said
    assert said.endswith("would if all belonged.")
    unflagged = replace(found, threshold=None, flagged=0)
    assert score_curve_sentence(unflagged, found.curve).endswith("that a row would be flagged.")


def rate_of(results, group):
    return next(rate for rate in results.outliers.by_group if rate.group == group)


def test_deletion_is_told_with_counts_an_interval_and_all_others(results):
    rate = replace(
        results.outliers.by_combination[0],
        attributes=("race", "sex"),
        group=("Black", "Female"),
        n=756,
        flagged=31,
        rate=31 / 756,
        ci=replace(results.outliers.by_combination[0].ci, low=0.029, high=0.058),
        rate_of_others=0.012,
    )
    assert deletion_sentence(rate) == (
        "Removing the flagged rows would delete 4.1 % of the rows with race = Black, sex = Female "
        "(31 of 756; 95 % interval [2.9, 5.8] %), against 1.2 % of all others."
    )


def test_a_group_of_everybody_has_no_others(results):
    rate = replace(rate_of(results, "Female"), rate_of_others=None)
    assert "against" not in deletion_sentence(rate)


def test_where_no_group_is_hit_harder_the_largest_share_is_told_as_unsure(results):
    rates = [replace(rate, status="unclear") for rate in results.outliers.by_group if rate.n]
    said = no_harder_sentence(rates, "groups of sex")
    assert said.startswith("None of the groups of sex is shown to lose clearly more than all others.")
    assert said.endswith("the difference may be chance, or lies within the tolerance.")


@pytest.mark.parametrize(
    ("status", "expected"),
    [("small", "All of the groups of sex have too few rows"), ("unclear", "None of the groups of sex that are large")],
)
def test_groups_without_flags_and_groups_too_small_are_answered_in_words(results, status, expected):
    rates = [replace(rate_of(results, "Female"), status=status, flagged=0, rate=0.0)]
    assert no_harder_sentence(rates, "groups of sex").startswith(expected)


def test_small_and_empty_groups_are_named(results):
    small = replace(rate_of(results, "Female"), status="small")
    said = not_judged_sentence([small, rate_of(results, "nobody")])
    assert said == ("Too few rows to judge: sex = Female. No row at all, so nothing could be deleted: race = nobody.")
    assert not_judged_sentence([]) == ""
    assert no_harder_sentence([rate_of(results, "nobody")], "groups") == "None of the groups holds a row."


def test_questions_are_told_as_what_the_score_is_made_of(results):
    agreement = results.outliers.agreement
    assert agreement_sentence(agreement).startswith("The score is made of these questions")
    assert "robust distance: how far" in agreement_sentence(agreement)
    said = shared_sentence(agreement)
    assert said.startswith("Of the 30 flagged rows, 11 (36.7 %) are also among the 30 highest of the isolation")
    assert "highest of the one cell; lists drawn at random would share about 0" in said
    assert "Too few rows are flagged" in shared_sentence(replace(agreement, of_flagged=False))


@pytest.mark.parametrize("questions", [OF_TABLES, OF_VECTORS, OF_PICTURES])
def test_every_question_is_told_with_what_it_asks(results, questions):
    companions = tuple(replace(results.outliers.agreement.companions[0], name=question) for question in questions)
    said = agreement_sentence(replace(results.outliers.agreement, companions=companions))
    for question in questions:
        assert f"{question}: {MEANING[question]}".casefold() in said.casefold()


def test_rows_that_only_one_side_finds_are_told_with_their_columns(results, people):
    agreement = results.outliers.agreement
    said = only_model_sentence(agreement)
    assert said.startswith("8 of the 30 flagged rows are on top by no single question, but by several together.")
    assert people.SCRIPT in said
    nowhere = replace(agreement, n_only_model=0, only_model=(), only_model_columns={}, n_only_companions=0)
    assert only_model_sentence(nowhere).endswith("at least one of the questions.")
    assert only_companions_sentence(nowhere) == "No row is on top by a question only."
    assert only_companions_sentence(agreement).startswith("21 rows are among the 30 highest of at least one question")
