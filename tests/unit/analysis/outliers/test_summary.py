from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.audit.audit import sensitive_groupings
from vaeaudit.analysis.grouping.groups import group_column
from vaeaudit.analysis.outliers.reasons import describe_reasons
from vaeaudit.analysis.outliers.summary import (
    CURVE_POINTS,
    MOST_ROWS,
    flagged_table,
    score_curve,
    summarise_outliers,
)
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Column, Kind, Role


@pytest.fixture(scope="module")
def outliers(people):
    return summarise_outliers(people, sensitive_groupings(people)[0], AnalysisConfig())


def test_flagged_rows_come_first_and_each_part_falls_in_score(outliers):
    assert len(outliers.top) == MOST_ROWS
    flags = [row.flagged for row in outliers.top]
    assert flags == sorted(flags, reverse=True)
    assert 0 < sum(flags) == outliers.flagged < MOST_ROWS
    for part in (True, False):
        scores = [row.score for row in outliers.top if row.flagged is part]
        assert scores == sorted(scores, reverse=True)


def test_the_flagged_rows_of_every_group_add_up_to_all(outliers):
    assert {rate.attributes for rate in outliers.by_group} == {("age",), ("sex",)}
    assert sum(rate.flagged for rate in outliers.by_group if rate.attributes == ("sex",)) == outliers.flagged


def test_the_threshold_is_the_lowest_flagged_score(people, outliers):
    assert outliers.threshold == people.scores.outlier_score[people.scores.outlier].min()
    assert outliers.score_quantiles.shape == (101,)
    assert (np.diff(outliers.score_quantiles) >= 0).all()


def test_reasons_speak_in_the_users_terms(people, outliers):
    first = outliers.top[0]
    assert first.row_id == people.row_ids[first.position]
    assert [reason.column for reason in first.reasons] == ["hours", "job"]
    assert float(first.reasons[0].value) == people.frame["hours"].iloc[first.position]
    assert first.reasons[0].expected == "38"
    assert first.reasons[1].expected in {"driver", "nurse"}


def test_missing_cells_dates_and_unsurprising_cells_are_handled(build, cells_of):
    table = {
        "day": (["2020-01-01", None, "2020-01-03"], Kind.DATETIME),
        "pay": ([1.5, 2.0, np.nan], Kind.REAL),
    }
    inputs = build(
        table,
        np.zeros((3, 1)),
        reason_column=np.array([[0, 1], [0, 1], [1, 0]]),
        reason_nats=np.array([[3.0, 0.01], [2.0, 1.0], [4.0, -1.0]]),
    )
    expected = np.array([1_577_923_200.0, 0.0, 1_577_923_200.0, 0.0, 2.25, 0.0])
    column, nats = inputs.codes.reason_column.ravel(), inputs.codes.reason_nats.ravel()
    cells = cells_of(
        [0, 0, 1, 1, 2, 2], column, nats, low=expected, high=expected, p_missing=np.array([0, 0, 0, 0.9, 0, 0])
    )
    inputs = replace(inputs, cells=cells)
    told = describe_reasons(inputs, np.arange(3))
    assert [(r.column, r.value, r.expected) for r in told[0]] == [("day", "2020-01-01", "2020-01-02")]
    assert [(r.value, r.expected) for r in told[1]] == [("(missing)", "2020-01-02"), ("2", "(missing)")]
    assert [(r.value, r.expected) for r in told[2]] == [("(missing)", "2.25")]


def test_a_cell_that_is_what_was_expected_is_no_reason(build, cells_of):
    table = {"job": (["nurse", "driver"], Kind.CATEGORY), "x": ([1.0, 2.0], Kind.REAL)}
    nurse = ("driver", "nurse").index("nurse")
    numbers = np.array([np.nan, 5.0, np.nan, 5.0])
    levels = np.array([[nurse, -1, -1], [-1, -1, -1]] * 2)
    cells = cells_of([0, 0, 1, 1], [0, 1, 0, 1], [2.5, 0.5, 2.5, 0.5], low=numbers, high=numbers, levels=levels)
    told = describe_reasons(replace(build(table, np.zeros((2, 1))), cells=cells), np.arange(2))
    assert [[reason.column for reason in reasons] for reasons in told] == [["x"], ["job", "x"]]


def test_rates_per_group_hold_every_row_once(people, outliers):
    sex = [rate for rate in outliers.by_group if rate.attributes == ("sex",)]
    assert sum(rate.n for rate in sex) == len(people.frame)
    assert sum(rate.flagged for rate in sex) == outliers.flagged
    assert all(rate.ci.low <= rate.rate <= rate.ci.high for rate in outliers.by_group)
    assert outliers.by_column == {"hours": outliers.flagged}


def test_nothing_flagged_still_shows_the_rows_of_highest_score(build):
    inputs = build({"x": (np.arange(20), Kind.REAL)}, np.zeros((20, 1)))
    summary = summarise_outliers(inputs, [], AnalysisConfig())
    assert (summary.flagged, summary.threshold, summary.by_column) == (0, None, {})
    assert len(summary.top) == 20
    assert flagged_table(inputs).empty


def test_the_flagged_table_holds_all_flagged_rows_with_their_cells(people):
    table = flagged_table(people)
    assert len(table) == people.scores.outlier.sum()
    assert list(table.columns[:4]) == ["row_id", "outlier_score", "outlier_p_value", "reasons"]
    assert table["outlier_score"].is_monotonic_decreasing
    position = int(table["row_id"].iloc[0].removeprefix("row-"))
    assert table["sex"].iloc[0] == people.frame["sex"].iloc[position]
    assert table["reasons"].str.contains("expected 38").all()
    assert not table.isna().any(axis=None)


def test_columns_of_the_data_that_are_called_like_ours_are_kept_apart(build):
    table = {"row_id": (["a", "b"], Kind.CATEGORY), "reasons": (["c", "d"], Kind.TEXT)}
    inputs = build(table, np.zeros((2, 1)), outlier=np.array([True, False]))
    flagged = flagged_table(inputs)
    assert flagged.columns.is_unique
    assert flagged["row_id"].tolist() == ["row-0"]
    assert flagged["row_id (data)"].tolist() == ["a"]


def test_a_group_that_holds_no_row_is_listed_as_empty(build):
    inputs = build(
        {"x": (np.arange(4), Kind.REAL), "sex": (["f"] * 4, Kind.CATEGORY, Role.SENSITIVE)}, np.zeros((4, 1))
    )
    grouped = inputs.frame["sex"].cat.set_categories(["f", "m"])
    grouping = group_column(grouped, Column("sex", Kind.CATEGORY, levels=("f", "m")))
    rates = summarise_outliers(inputs, [grouping], AnalysisConfig()).by_group
    assert [(rate.group, rate.status) for rate in rates] == [("f", "small"), ("m", "empty")]


@pytest.mark.parametrize("n_rows", [1, 7, 200, 50_000])
def test_the_score_curve_shows_the_whole_tail_of_few_and_of_many_rows(n_rows):
    nats = np.random.default_rng(0).exponential(size=n_rows)
    curve = score_curve(nats, np.exp(-nats))
    assert len(curve.scores) <= CURVE_POINTS
    assert (np.diff(curve.scores) >= 0).all()
    assert (np.diff(curve.observed) <= 0).all()
    assert curve.scores[-1] == nats.max()
    assert (curve.observed[0], curve.observed[-1]) == (1.0, 1 / n_rows)
    shown = np.sort(nats)[-min(n_rows, CURVE_POINTS // 2) :]
    assert np.isin(shown, curve.scores).all()
    assert curve.expected == pytest.approx(np.exp(-curve.scores))


def test_equal_scores_all_count_as_scoring_as_high():
    curve = score_curve(np.array([3.0, 1.0, 1.0, 3.0]), np.array([0.1, 1.0, 1.0, 0.1]))
    assert curve.scores.tolist() == [1.0, 1.0, 3.0, 3.0]
    assert curve.observed.tolist() == [1.0, 1.0, 0.5, 0.5]
