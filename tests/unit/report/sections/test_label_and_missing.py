"""The sections on the label and on missing cells, in a page of hostile names too."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from vaeaudit.analysis.labels.balance import LabelBalance
from vaeaudit.analysis.labels.summary import LabelSummary
from vaeaudit.analysis.labels.suspects import GroupDoubts, LabelErrors, Suspect
from vaeaudit.analysis.leakage.leaks import Leak
from vaeaudit.analysis.leakage.predictors import Predictor, Together
from vaeaudit.analysis.quality.contrast import Contrast
from vaeaudit.analysis.quality.missingness import MissingInGroup, Missingness, MissingReason
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.report import document, json_schema, to_html
from vaeaudit.report.sections.label import errors_sentence, label
from vaeaudit.report.sections.missing import missing
from vaeaudit.statistics.measures import Interval

CI = Interval(0.91, 0.96, 0.95)


@pytest.fixture
def planted(results):
    """Results with a label of two values that one column tells, and a column that lacks cells."""
    rule = Condition("ended<b>", "in", ["no"])
    summary = LabelSummary(
        "paid<b>",
        LabelBalance(1_000, {"no": 700, "yes": 300}, 0.7, 0.3, Interval(0.27, 0.33, 0.95)),
        Together("auc", 0.94, CI, 1_000, 12, 2, "receipt", 0.95),
        (Predictor("receipt", 0.95, 0.95, 0.8), Predictor("age", 0.6, None, 0.2)),
        (Leak("receipt", "presence", "same", 0.95, CI, 1_000, 980, "yes", ("a value",), 310, 295, 300),),
    )
    group = MissingInGroup("sex", "Female", 500, 156, 0.312, CI, 0.264, Interval(0.22, 0.31, 0.95), 1e-6)
    reason = MissingReason(0.94, CI, Contrast("ended<b>", "no", rule, 170, 200, 10, 800, 1e-9))
    column = Missingness("income", 180, 1_000, 0.18, Interval(0.16, 0.2, 0.95), ("hours",), (group,), reason)
    return replace(results, labels=summary, missingness=(column,))


def test_the_label_is_told_by_all_columns_and_where_one_tells_more_alone_that_is_said(planted):
    section = label(planted)
    assert "tell paid<b> with AUC 0.94 [0.91, 0.96], out of fold. receipt alone tells more: 0.95." in (section.lead)
    balance, leaks, predictors = section.blocks
    assert [row[:2] for row in balance.rows] == [("no", "700"), ("yes", "300")]
    assert (leaks.rows[0][0], leaks.rows[0][-1]) == ("receipt", "980 of 1,000")
    assert [row[-1] for row in predictors.rows] == ["0.95", "–"]


def test_doubted_labels_are_listed_and_overlap_is_told_from_errors(planted):
    told = GroupDoubts("sex", "Female", 400, 60, 0.15, CI, 0.11)
    errors = LabelErrors("columns", ("receipt",), 1_000, 120, 0.04, Interval(0.01, 0.07, 0.95), 0.001, (told,))
    suspect = Suspect(1, "row<7>", 7, "yes", "no", 0.9, 0.95)
    section = label(replace(planted, labels=replace(planted.labels, errors=errors, suspects=(suspect,))))
    sentence, suspects, groups = section.blocks[3:]
    assert "(receipt left out), the rest of the data contradicts 120 labels of 1,000" in sentence.text
    assert "4.0 % of all labels (1.0 % to 7.0 %) are contradicted however sure it is" in sentence.text
    assert [row[:4] for row in suspects.rows] == [("1", "row<7>", "yes", "no")]
    assert [row[:3] for row in groups.rows] == [("sex: Female", "400", "60")]
    number = replace(errors, rate=None, ci=None, p_value=None)
    assert "three times as far from what is expected" in errors_sentence(number)


def test_missing_cells_are_told_with_columns_groups_and_reason(planted):
    section = missing(planted)
    assert section.lead.startswith("1 column of ")
    ((name, cells, _, together, groups, reason),) = section.blocks[0].rows
    assert (name, cells, together, groups.items) == ("income", "180", "hours", ("sex = Female: 31.2 %",))
    assert reason == "ended<b> = no: 85.0 % missing, elsewhere 1.2 % (AUC 0.94 [0.91, 0.96])"


def test_page_and_document_hold_both(planted):
    page = to_html(planted)
    assert 'id="label"' in page
    assert 'id="missing"' in page
    assert "paid<b>" not in page
    jsonschema.validate(json.loads(json.dumps(document(planted), allow_nan=False)), json_schema())


def test_without_label_and_missing_cells_both_say_so(results):
    bare = replace(results, labels=None, missingness=())
    assert "--label" in label(bare).blocks[0].text
    assert missing(bare).blocks[0].text == "No cell is missing."
