"""What is gathered of every row: whom cleaning deletes, and in what groups are compared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.audit.audit import sensitive_groupings
from vaeaudit.analysis.audit.row_views import cleaning_of, views_of
from vaeaudit.analysis.duplicates.clusters import find_clusters
from vaeaudit.analysis.grouping.together import rows_together
from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.label_doubts import LabelDoubts

CONFIG = AnalysisConfig()


@pytest.fixture
def doubting(people):
    """The people, every third of whose labels is doubted."""
    n_rows = len(people.frame)
    suspicion = np.where(np.arange(n_rows) % 3 == 0, 0.9, 0.1)
    doubts = LabelDoubts(
        "columns", suspicion, np.zeros(n_rows), 1 - suspicion, suspicion, np.log(1 / suspicion - 1), ("no", "yes")
    )
    return replace(people, label_doubts=doubts)


def cleaned(inputs):
    return cleaning_of(inputs, sensitive_groupings(inputs)[0], find_clusters(inputs), CONFIG)


def viewed(inputs):
    groupings = sensitive_groupings(inputs)[0]
    return views_of(inputs, groupings, find_clusters(inputs), CONFIG, rows_together(inputs))


def test_each_step_deletes_what_the_audit_says_of_the_rows(doubting):
    removed = {step.step: step.removed for step in cleaned(doubting).steps}
    flagged, doubted = doubting.scores.outlier, doubting.label_doubts.odds < 0
    incomplete = doubting.frame[["hours", "job", "region", "since", "pay", "hired"]].isna().any(axis=1).to_numpy()
    copies = np.zeros(len(flagged), bool)
    copies[find_clusters(doubting).dropped] = True
    each = {"outliers": flagged, "incomplete rows": incomplete, "copies": copies, "doubted labels": doubted}
    assert removed == {step: rows.sum() for step, rows in each.items()} | {
        "all": np.any([*each.values()], axis=0).sum()
    }
    assert removed["copies"] == 20


def test_without_a_flagged_row_the_first_hundredth_of_the_list_stands_for_them(people, with_scores):
    unflagged = with_scores(people, outlier=np.zeros(len(people.frame), bool))
    outliers = cleaned(unflagged).steps[0]
    assert (outliers.step, outliers.removed) == ("outliers", 15)
    assert outliers.statement == "no row is flagged: in their place the first 1 % of the list of outliers, 15 rows"


def test_labels_that_nobody_judged_are_no_step(people):
    assert [step.step for step in cleaned(people).steps] == ["outliers", "incomplete rows", "copies", "all"]


def test_more_of_an_aspect_is_always_more_atypical(people, with_scores):
    """Women are flagged four times as often; were they least probable too, every figure must point upwards."""
    female = np.asarray(people.frame["sex"] == "female")
    codes = replace(people.codes, log_likelihood=people.codes.log_likelihood - 20 * female)
    planted = with_scores(
        replace(people, codes=codes),
        outlier_score=female + 0.0,
        rarity=female + 0.0,
        outlier=np.zeros(len(female), bool),
    )
    values = {view.aspect: view.value for view in viewed(planted) if view.group == "female"}
    assert values["improbable"] > 0.99
    assert values["outlier rank"] == values["rarity"] == 1.0


def test_held_out_rows_alone_say_how_probable_a_group_is(people):
    views = {view.aspect: view for view in viewed(people) if view.group == "female"}
    assert views["improbable"].compared == "held-out rows"
    assert views["improbable"].n + views["improbable"].n_others == people.codes.held_out.sum()
    assert views["rarity"].compared == "all rows"
