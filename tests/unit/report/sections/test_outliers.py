"""The section on rows that do not belong: its figure, its groups, and what each question says of the rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.outliers.results import ScoreCurve
from vaeaudit.outputs.row_scores import OF_PICTURES, OF_TABLES, OF_VECTORS
from vaeaudit.report.parts import figures
from vaeaudit.report.parts.blocks import Answer, Figure, Group, Paragraph
from vaeaudit.report.parts.tables import Table
from vaeaudit.report.sections.outliers import outliers, stands_out_by


def group_of(section, name):
    return next(block for block in section.blocks if isinstance(block, Group) and block.id == name)


def with_outliers(results, **changes):
    return replace(results, outliers=replace(results.outliers, **changes))


def test_the_curve_ends_beyond_the_threshold_and_says_what_is_cut_off(results):
    found = results.outliers
    spec = figures.score_curve(found, found.curve)
    middle = found.score_quantiles[50]
    low, high = spec["layout"]["xaxis"]["range"]
    assert low < found.curve.scores[0] < found.threshold < high < found.curve.scores[-1]
    assert high - found.threshold < 1.1 * (found.threshold - middle)
    assert figures.beyond_the_edge(found, found.curve) == round(found.curve.observed[-1] * found.n)
    figure = next(block for block in outliers(results).blocks if isinstance(block, Figure))
    assert figure.sentence.endswith("1 row beyond the right edge is not drawn.")


def test_rows_and_expectation_differ_in_more_than_colour(results):
    rows, expected = figures.score_curve(results.outliers, results.outliers.curve)["data"]
    assert (rows["mode"], expected["mode"]) == ("lines+markers", "lines")
    assert expected["line"]["dash"] == "dash"
    assert min(expected["y"]) > 0  # a logarithmic axis has no 0


def test_the_axis_of_shares_ends_below_one_row(results):
    shares = np.array([1.0, 0.5, 0.005])
    curve = ScoreCurve(np.array([0.1, 0.7, 5.0]), shares, shares)
    spec = figures.score_curve(replace(results.outliers, n=200, threshold=None), curve)
    axis = spec["layout"]["yaxis"]
    assert 10 ** axis["range"][0] < 1 / 200
    assert axis["tickvals"] == [0.01, 0.1, 1.0]
    assert "shapes" not in spec["layout"]


def test_one_score_for_all_rows_is_still_a_figure(results):
    curve = ScoreCurve(np.array([2.0, 2.0]), np.ones(2), np.ones(2))
    low, high = figures.score_curve(replace(results.outliers, threshold=None), curve)["layout"]["xaxis"]["range"]
    assert low < 2.0 < high


def test_only_groups_that_surely_lose_more_are_stressed(results):
    blocks = group_of(outliers(results), "outliers-groups").blocks
    stressed = [block.text for block in blocks if isinstance(block, Answer)]
    harder = [rate for rate in results.outliers.by_group if rate.status == "harder"]
    assert harder
    assert len(stressed) == len(harder) + len(results.outliers.combinations_beyond_their_groups)
    assert all(said.startswith("Removing the flagged rows would delete") for said in stressed)
    said = " ".join(block.text for block in blocks if isinstance(block, Paragraph))
    assert "No row at all, so nothing could be deleted: race = nobody." in said


def test_every_group_and_combination_stands_in_a_table(results):
    tables = [block for block in group_of(outliers(results), "outliers-groups").blocks if isinstance(block, Table)]
    found = results.outliers
    assert sum(len(table.rows) for table in tables) == len(found.by_group) + len(found.by_combination)
    assert tables[-1].folded


def test_where_nothing_is_flagged_nothing_is_taken_from_anybody(results):
    group = group_of(outliers(with_outliers(results, flagged=0, threshold=None)), "outliers-groups")
    assert [block.text for block in group.blocks] == [
        "No row is flagged, so removing the flagged rows takes nothing from any group."
    ]


def test_the_questions_are_compared_where_rows_are_enough(results):
    group = group_of(outliers(results), "outliers-agreement")
    titles = [block.caption for block in group.blocks if isinstance(block, Table)]
    assert titles[0] == "How far each question agrees with the score"
    assert titles[1].startswith("On top by no single question; ranks among 48,842 rows")
    assert titles[2].startswith("On top by a question, not by the score: the first 2 of 21")
    asked = outliers(with_outliers(results, agreement=None))
    assert not any(isinstance(block, Group) and block.id == "outliers-agreement" for block in asked.blocks)


def test_a_dataset_with_nothing_to_say_has_a_section_all_the_same(empty):
    section = outliers(empty)
    assert section.lead.startswith("No row is flagged")
    assert [type(block) for block in section.blocks] == [Paragraph]


def test_suspicious_cells_are_listed_apart_from_rows_with_what_they_contradict(results):
    sentence, tested, listed, by_column = group_of(outliers(results), "outliers-cells").blocks
    assert sentence.text.startswith("3 cells of 683,788 contradict the rest of their rows. They lie in 2 rows")
    assert "1 of them goes unflagged as a whole" in sentence.text
    assert results.outliers.cells.definition in tested.text
    assert listed.rows[0][1] == "age is 17 with years_of_work 30, expected 46 to 51 (26.20 nats)"
    assert len(listed.rows) == len(results.outliers.cells.top)
    assert len(by_column.rows) == 2


def test_where_no_cell_is_suspicious_the_section_says_so_and_of_pictures_nothing(results):
    none = replace(
        results.outliers.cells, flagged=0, rows=0, rows_not_flagged=0, share_of_rows=0.0, by_column={}, top=()
    )
    answer = group_of(outliers(with_outliers(results, cells=none)), "outliers-cells").blocks[0]
    assert answer.text == "None of the 683,788 cells surprises more than chance explains."
    ids = [getattr(block, "id", None) for block in outliers(with_outliers(results, cells=None)).blocks]
    assert "outliers-cells" not in ids


@pytest.mark.parametrize(
    ("questions", "said"),
    [
        ((), "several together"),
        (OF_TABLES[3:], "all cells and one cell"),
        (OF_TABLES, "all cells and one cell"),
        (OF_VECTORS, "distance to neighbours and length"),
        (OF_PICTURES, "robust distance in the latents and worst patches"),
    ],
)
def test_every_question_that_speaks_for_a_row_is_named(results, questions, said):
    row = replace(results.outliers.top[0], questions=questions)
    named = stands_out_by(row)
    assert named.endswith(said)
    assert "more" not in named
