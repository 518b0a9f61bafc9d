"""What the page says of a prediction: what was predicted, where errors differ, and what was not looked at."""

from __future__ import annotations

from dataclasses import replace

from vaeaudit.report.parts.blocks import Answer, Figure, Paragraph
from vaeaudit.report.parts.tables import Badge, Lines, Table
from vaeaudit.report.sections.predictions import predictions, predictions_lead

MINUS = "\N{MINUS SIGN}"


def tables_of(section):
    return [block for block in section.blocks if isinstance(block, Table)]


def text_of(section):
    return " ".join(block.text for block in section.blocks if isinstance(block, Paragraph))


def test_the_lead_says_what_is_predicted_and_the_widest_difference_in_errors(results):
    lead = predictions_lead(results.predictions)
    assert "predicts income = >50K from 0.5 on: for 21.0 % of 48,832 rows, and is wrong on 13.9 %." in lead
    assert "The widest difference in errors: of 16,192 rows with sex = Female that do not have it" in lead
    assert f"it is wrongly predicted for 3.0 %, {MINUS}4.0 pp against all other rows (adjusted p <0.001)" in lead


def test_without_a_prediction_it_says_what_to_give(results):
    section = predictions(replace(results, predictions=None))
    (answer,) = section.blocks
    assert isinstance(answer, Answer)
    assert "--prediction" in answer.text


def test_each_attribute_has_a_figure_of_both_errors_a_table_of_rates_and_one_of_the_score(results):
    section = predictions(results)
    figures = [block for block in section.blocks if isinstance(block, Figure)]
    assert [figure.id for figure in figures] == ["predictions-0", "predictions-1"]
    assert "false positives from 3.0 % to 8.0 %" in figures[0].sentence
    by_sex, score_by_sex, *_ = tables_of(section)
    women = by_sex.rows[1]
    assert women[0] == "Female"
    assert women[-2] == Badge("differs", "warn")
    assert women[3] == Lines(("3.0 % [2.7, 3.3]", f"{MINUS}4.0 pp [{MINUS}5.0, {MINUS}3.0] *"))
    assert not by_sex.rows[0][3].items[1].endswith("*")
    assert by_sex.rows[0][-2] == Badge("no difference shown", "neutral")
    assert [column.title for column in by_sex.columns[2:5]] == ["Predicted", "False positives", "Missed"]
    assert score_by_sex.rows[1][2:4] == ("0.90 [0.89, 0.91]", f"{MINUS}4.0 pp [{MINUS}5.0, {MINUS}3.0]")


def test_combinations_that_are_too_small_are_listed_as_such(results):
    section = predictions(results)
    crossed = next(part for part in tables_of(section) if "combination" in part.caption)
    assert crossed.rows[1][-2] == Badge("too few rows to judge", "unsure")
    of_score = next(part for part in tables_of(section)[::-1] if "combination" in part.caption)
    assert of_score.rows[1][5] == "no row"
    assert "2 combinations of groups hold a row: 1 large enough to judge, 1 too small" in text_of(section)


def test_slices_are_told_in_words_with_what_was_searched_and_left_out(results):
    section = predictions(results)
    slices = tables_of(section)[-1]
    assert slices.rows[0][0].startswith("education is <b>bold</b>")
    assert slices.rows[0][1:3] == ("1,204", "611")
    assert "2,310 slices of one or two conditions were searched on 24,421 rows" in text_of(section)
    assert "Left out, since they say the label or the prediction in other words" in text_of(section)
    none = replace(results.predictions, slices=replace(results.predictions.slices, slices=()))
    assert "In none it surely errs more often" in text_of(predictions(replace(results, predictions=none)))


def test_a_score_without_a_threshold_is_ranked_and_the_lead_says_what_to_give(results):
    groups = tuple(replace(entry, rates=()) for entry in results.predictions.groups)
    said = "a score from 1 to 10: give --threshold to see whom it errs on."
    ranked = replace(results.predictions, rates=(), groups=groups, slices=None, threshold=None, notes=(said,))
    section = predictions(replace(results, predictions=ranked))
    assert section.lead.startswith("Nothing was predicted from")
    assert section.lead.endswith(said)
    assert [len(part.columns) for part in tables_of(section)] == [5, 5]


def test_of_several_classes_it_says_how_often_it_is_right(results):
    right = tuple(rate for rate in results.predictions.rates if rate.measure == "accuracy")
    groups = tuple(
        replace(entry, score=None, rates=tuple(rate for rate in entry.rates if rate.measure == "accuracy"))
        for entry in results.predictions.groups
    )
    found = replace(results.predictions, outcome="", form="values", threshold=None, rates=right, groups=groups)
    lead = predictions_lead(found)
    assert "is wrong on 13.9 % of 48,832 rows." in lead
    assert "of 16,192 rows with sex = Female, it is right on 82.1 %" in lead
    assert "False positives" not in str(predictions(replace(results, predictions=found)).blocks)


def test_groups_too_small_to_judge_are_said_to_be(results):
    groups = tuple(
        replace(entry, rates=tuple(replace(rate, p_adjusted=None) for rate in entry.rates))
        for entry in results.predictions.groups
    )
    assert "No group is large enough" in predictions_lead(replace(results.predictions, groups=groups))
