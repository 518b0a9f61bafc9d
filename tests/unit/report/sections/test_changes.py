"""What the section on time and order says, in a page of hostile names too."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from vaeaudit.outputs.changes import ROW_ORDER, Change, Stretch
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.report import document, json_schema, to_html
from vaeaudit.report.parts.blocks import Figure
from vaeaudit.report.sections.changes import changes

BEFORE = Stretch("2013-01-01", "2014-04-01", 600, 240, 0.4, 0.36, 0.44)
AFTER = Stretch("2014-04-02", "2014-12-31", 100, 100, 1.0, 0.963, 1.0)
STEP = Change(
    along="asked<b>",
    alike=("sent",),
    column="paid<b>",
    aspect="values",
    shape="step",
    at="2014-04-02",
    ci=("2014-03-30", "2014-04-02"),
    rule=Condition("paid<b>", "in", ["yes"]),
    within=(),
    before=BEFORE,
    after=AFTER,
    p_adjusted=1e-9,
    statement="paid<b> is yes in 40.0 % of the 600 rows before 2014-04-02 (240), and in 100 % of the 100 since (100)",
    curve=(BEFORE, AFTER),
)
SPLIT = replace(STEP, along=ROW_ORDER, alike=(), column="age", shape="split", statement="age is otherwise", curve=())


@pytest.fixture
def planted(results):
    return replace(results, changes=(STEP, SPLIT))


def test_a_step_leads_is_drawn_with_its_band_and_stands_in_the_table_with_all_else(planted):
    section = changes(planted)
    assert section.lead == f"1 column changes along a date, most of all paid<b>: {STEP.statement}."
    figure, table = section.blocks
    assert isinstance(figure, Figure)
    (band,) = figure.spec["layout"]["shapes"]
    assert (band["x0"], band["x1"]) == STEP.ci
    assert [row[:2] for row in table.rows] == [("asked<b>", "changes"), (ROW_ORDER, "first rows and last")]
    assert table.rows[0][4:6] == ("2014-04-02", "2014-03-30 to 2014-04-02")
    assert table.rows[0][6:8] == ("40.0 % [36.0, 44.0]", "100 % [96.3, 100]")
    assert table.rows[1][5] == "–"


def test_without_a_step_or_without_any_change_it_says_so(results):
    assert changes(replace(results, changes=(SPLIT,))).lead == "No column has a step along a date."
    (answer,) = changes(replace(results, changes=())).blocks
    assert answer.text == "Nothing changes along a date or the order of the rows."


def test_page_and_document_hold_it(planted):
    page = to_html(planted)
    assert 'id="changes"' in page
    assert "paid<b>" not in page
    written = json.loads(json.dumps(document(planted), allow_nan=False))
    jsonschema.validate(written, json_schema())
    assert (written["changes"][0]["at"], written["changes"][0]["after"]["hits"]) == ("2014-04-02", 100)
