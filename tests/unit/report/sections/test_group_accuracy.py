"""What the page says of a classifier on the latents: honest about chance, and about rows that are too few."""

from __future__ import annotations

from dataclasses import replace

from vaeaudit.analysis.fairness.group_accuracy import AccuracyChange, AttributeAccuracy, GroupAccuracy, LabelAccuracy
from vaeaudit.report.parts.blocks import Paragraph
from vaeaudit.report.parts.tables import Badge, Table
from vaeaudit.report.sections.disparities import disparities
from vaeaudit.report.sections.group_accuracy import accuracy_blocks, accuracy_sentence
from vaeaudit.statistics.measures import Interval


def change(before, after, half=0.03):
    around = [Interval(value - half, value + half, 0.95) for value in (before, after, after - before)]
    return AccuracyChange(before, around[0], after, around[1], after - before, around[2])


def found(*, spread=None):
    groups = (GroupAccuracy("f", 40, change(0.7, 0.8)), GroupAccuracy("m", 45, change(0.8, 0.81)))
    over = change(0.75, 0.76), change(0.7, 0.71), spread or change(0.07, 0.06)
    sex = AttributeAccuracy("sex", (*groups, GroupAccuracy("x", 3, None)), *over)
    return LabelAccuracy("hired", ("no", "yes"), 88, 2, 0.6, change(0.74, 0.75), (sex,))


def test_it_says_what_was_compared_and_how_much_is_beyond_chance():
    said = accuracy_sentence(found())
    assert "Of 88 held-out rows it tells 74.0 % right before and 75.0 % after" in said
    assert "always saying the most frequent class would be right for 60.0 %" in said
    assert "2 rows that have no label took part without it" in said
    assert "1 of 6 differences is beyond what chance among these rows explains" in said
    groups = tuple(replace(group, accuracy=None) for group in found().attributes[0].groups)
    quiet = replace(found(), attributes=(replace(found().attributes[0], groups=groups),))
    assert "None of 4 differences is beyond" in accuracy_sentence(quiet)
    assert "neither that the resampling helps nor that it harms" in accuracy_sentence(quiet)


def test_rows_that_are_too_few_are_said_to_be():
    assert accuracy_sentence(replace(found(), n=9, accuracy=None)).endswith(
        "9 held-out rows with a label are too few to say how well it does."
    )


def test_every_group_is_listed_and_a_smaller_spread_is_better():
    blocks = accuracy_blocks(found(spread=change(0.2, 0.1)))
    summary, by_sex = (block for block in blocks if isinstance(block, Table))
    assert [row[-1] for row in by_sex.rows] == [
        Badge("better", "good"),
        Badge("not shown", "neutral"),
        Badge("too few rows", "unsure"),
    ]
    assert by_sex.rows[2][:2] == ("x", "3")
    assert summary.rows[-1][-1] == Badge("better", "good")
    assert summary.rows[-1][3] == "\N{MINUS SIGN}10.0 pp [\N{MINUS SIGN}13.0, \N{MINUS SIGN}7.0]"
    assert isinstance(blocks[-1], Paragraph) and "another --seed" in blocks[-1].text


def test_it_stands_with_the_outcome_by_group_and_only_where_it_was_asked(results):
    plain = disparities(results)
    asked = disparities(replace(results, label_accuracy=found()))
    assert asked.blocks[: len(plain.blocks)] == plain.blocks
    assert len(asked.blocks) == len(plain.blocks) + 4
    assert accuracy_blocks(None) == []
