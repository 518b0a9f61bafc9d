"""Scores of rows are kept as a table, and come back from it."""

from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.scoring.rows_table import stored_scores, table_of_rows
from vaeaudit.statistics.multiplicity import benjamini_hochberg


def regions_of(inputs):
    """Every row lies in no region but the first."""
    return np.array(["R1"] + [None] * (len(inputs.frame) - 1), dtype=object)


def test_the_row_table_has_the_columns_of_the_contract(people):
    table = table_of_rows(people.row_ids, people.scores, people.codes, regions_of(people))
    names = "row_id outlier_score outlier_p_value outlier rarity region weight z_0 z_1 z_2 z_3"
    assert list(table.columns) == names.split()
    assert table["row_id"].tolist() == people.row_ids.tolist()
    assert table["region"].isna().sum() == len(table) - 1
    assert table["weight"].mean() == pytest.approx(1)


def test_copies_and_suspicious_labels_have_columns_where_they_were_sought(people):
    copy_of = np.array([None, "row-0"] + [None] * (len(people.frame) - 2), dtype=object)
    suspicion = np.linspace(0, 1, len(people.frame))
    table = table_of_rows(
        people.row_ids, people.scores, people.codes, regions_of(people), copy_of, label_suspicion=suspicion
    )
    assert list(table.columns)[7:9] == ["duplicate_of", "label_suspicion"]
    assert table["duplicate_of"].dropna().to_dict() == {1: "row-0"}
    np.testing.assert_array_equal(table["label_suspicion"], suspicion)


@pytest.mark.parametrize("fdr", [0.001, 0.05, 0.5])
def test_stored_scores_are_those_that_were_written_with_flags_at_the_rate_asked_for(people, fdr):
    table = table_of_rows(people.row_ids, people.scores, people.codes, regions_of(people))
    scores = stored_scores(table, "A score.", fdr=fdr)
    assert (scores.definition, scores.fdr) == ("A score.", fdr)
    for name in ("outlier_score", "p_value", "rarity", "weight"):
        np.testing.assert_array_equal(getattr(scores, name), getattr(people.scores, name))
    np.testing.assert_array_equal(scores.outlier, benjamini_hochberg(people.scores.p_value) <= fdr)
