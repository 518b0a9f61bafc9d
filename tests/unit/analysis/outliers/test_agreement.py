from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vaeaudit.analysis.outliers.agreement import FEWEST_ROWS, MOST_ROWS, find_agreement, ranks
from vaeaudit.data.schema.columns import Kind
from vaeaudit.outputs.row_scores import OF_PICTURES, OF_TABLES, OF_VECTORS
from vaeaudit.statistics.association import rank_correlation


def answers(n_rows, *asked):
    """Surprises [N, Q] of the questions of tables; those that are not given say what the first one does."""
    first = asked[0] if asked else np.zeros(n_rows)
    return np.stack([*asked, *[first] * (len(OF_TABLES) - len(asked))], axis=1)


@pytest.fixture
def rows(build, with_scores):
    """`rows(score, flagged, *surprises)`: inputs whose N rows have this score, and these surprises by question."""

    def made(score, flagged, *surprises):
        score, flagged = np.asarray(score, float), np.asarray(flagged, bool)
        inputs = build(
            {"x": (np.arange(len(score)), Kind.REAL)},
            np.zeros((len(score), 1)),
            outlier=flagged,
            surprises=answers(len(score), *surprises),
        )
        return with_scores(inputs, outlier_score=score)

    return made


def test_questions_that_say_the_same_agree_in_full(rows):
    score = np.random.default_rng(0).normal(size=400)
    found = find_agreement(rows(score, score > np.sort(score)[-21], np.exp(score), 3 * (score - score.min())), 0.95)
    assert (found.n, found.n_top, found.of_flagged) == (400, 20, True)
    assert [companion.shared for companion in found.companions[:2]] == [20, 20]
    assert [companion.correlation for companion in found.companions[:2]] == pytest.approx([1.0, 1.0])
    assert (found.n_only_model, found.only_model, found.n_only_companions) == (0, (), 0)


def test_rows_that_one_side_finds_are_told_with_their_ranks(rows, cells_of):
    n_rows = 500
    score, forest, distance = np.arange(n_rows, 0, -1.0), np.zeros(n_rows), np.zeros(n_rows)
    forest[100:120] = np.arange(20, 0, -1.0)  # its 20 highest are none of ours
    distance[5:25] = np.arange(20, 0, -1.0)  # of these, 15 are ours
    inputs = rows(score, np.arange(n_rows) < 20, forest, distance)
    expected = np.zeros(n_rows)
    cells = cells_of(np.arange(n_rows), np.zeros(n_rows), np.ones(n_rows), low=expected, high=expected)
    found = find_agreement(replace(inputs, cells=cells), 0.95)
    assert [companion.shared for companion in found.companions[:2]] == [0, 15]
    assert found.n_only_model == 5
    assert [row.position for row in found.only_model] == [0, 1, 2, 3, 4]
    assert found.only_model[0].rank == 1
    assert found.only_model[0].flagged
    assert found.n_only_companions == 20 + 5
    assert len(found.only_companions) == MOST_ROWS
    assert found.only_companions[0].row_id == "row-100"
    assert (found.only_companions[0].rank, found.only_companions[0].companion_ranks[0]) == (101, 1)
    assert found.only_model_columns == {"x": 4}  # the cell of row 0 is what was expected


def test_rows_that_several_questions_have_on_top_come_first(rows):
    n_rows = 300
    forest, distance = np.zeros(n_rows), np.zeros(n_rows)
    forest[200:210] = np.arange(20, 10, -1.0)
    distance[209:219] = np.arange(20, 10, -1.0)
    found = find_agreement(rows(np.arange(n_rows, 0, -1.0), np.arange(n_rows) < 10, forest, distance), 0.95)
    assert found.only_companions[0].position == 209


@pytest.mark.parametrize(("n_flagged", "n_top", "of_flagged"), [(0, 30, False), (9, 30, False), (10, 10, True)])
def test_where_few_rows_are_flagged_the_top_per_cent_is_compared(rows, n_flagged, n_top, of_flagged):
    score = np.arange(3_000, 0, -1.0)
    found = find_agreement(rows(score, np.arange(3_000) < n_flagged, score, score), 0.95)
    assert (found.n_top, found.of_flagged) == (n_top, of_flagged)


def test_where_nothing_was_asked_or_with_few_rows_there_is_no_agreement(rows, people):
    assert find_agreement(replace(people, codes=replace(people.codes, surprises=None)), 0.95) is None
    few = np.arange(FEWEST_ROWS - 1.0)
    assert find_agreement(rows(few, few < 0, few, few), 0.95) is None


def test_a_question_that_cannot_tell_rows_apart_has_no_correlation(rows):
    score = np.arange(200.0)
    found = find_agreement(rows(score, score < 0, np.zeros(200), score), 0.95)
    assert found.companions[0].correlation is None
    assert found.companions[0].correlation_ci is None
    assert found.companions[1].correlation == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("questions", "statistics"), [(OF_TABLES, None), (OF_VECTORS, None), (OF_PICTURES, np.zeros((200, 4)))]
)
def test_those_questions_are_compared_that_were_asked_of_rows_of_this_kind(rows, questions, statistics):
    score = np.arange(200.0)
    inputs = rows(score, score < 0)
    surprises = np.random.default_rng(0).exponential(size=(200, len(questions)))
    codes = replace(inputs.codes, surprises=surprises, image_statistics=statistics)
    found = find_agreement(replace(inputs, codes=codes), 0.95)
    assert tuple(companion.name for companion in found.companions) == questions


def test_pictures_that_one_side_finds_are_told_by_what_is_atypical_about_them(rows):
    inputs = rows(np.arange(200, 0, -1.0), np.arange(200) < 20, np.arange(200.0))
    said = np.array([f"aspect of {place}" for place in range(200)], object)
    found = find_agreement(replace(inputs, aspects=said), 0.95)
    assert found.only_companions[0].aspect == "aspect of 199"
    assert {row.aspect for row in find_agreement(inputs, 0.95).only_companions} == {""}


def test_ranks_begin_at_the_highest_score_and_keep_the_order_of_equals():
    assert ranks(np.array([2.0, 5.0, 2.0, 9.0])).tolist() == [3, 2, 4, 1]


@given(st.integers(5, 60), st.integers(0, 2**32 - 1))
def test_rank_correlation_is_spearmans_and_lies_in_its_interval(n_rows, seed):
    one, other = np.random.default_rng(seed).integers(0, 9, (2, n_rows)).astype(float)
    found = rank_correlation(one, other, 0.95)
    if found is None:
        assert np.ptp(one) == 0 or np.ptp(other) == 0
        return
    value, interval = found
    assert value == pytest.approx(stats.spearmanr(one, other).statistic, abs=1e-9)
    assert -1 <= interval.low <= value <= interval.high <= 1


def test_the_interval_of_a_correlation_covers_it_as_often_as_it_says():
    rng = np.random.default_rng(7)
    truth, hits = 6 / np.pi * np.arcsin(0.6 / 2), 0  # of a bivariate normal (Pearson 1907)
    for _ in range(400):
        pair = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 80)
        _, interval = rank_correlation(pair[:, 0], pair[:, 1], 0.95)
        hits += interval.low <= truth <= interval.high
    assert 0.91 <= hits / 400 <= 0.99


def test_two_rows_leave_the_interval_open():
    value, interval = rank_correlation(np.array([0.0, 1.0]), np.array([1.0, 0.0]), 0.95)
    assert value == pytest.approx(-1.0)
    assert (interval.low, interval.high) == (None, None)
