"""Changes that a run keeps come back as they were written, and speak of its columns or are refused."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from vaeaudit.data.schema.columns import Column, Kind, Role, Schema
from vaeaudit.outputs.changes import ROW_ORDER, Change, Changes, Stretch
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.runs import documents
from vaeaudit.runs.agreement import check_changes

SCHEMA = Schema(
    (
        Column("asked", Kind.DATETIME),
        Column("sent", Kind.DATETIME),
        Column("paid", Kind.BOOLEAN, Role.LABEL, levels=("no", "yes")),
    )
)
STRETCH = Stretch("2013-01-01", "2014-04-01", 600, 240, 0.4, 0.36, 0.44)
CHANGE = Change(
    along="asked",
    alike=("sent",),
    column="paid",
    aspect="values",
    shape="step",
    at="2014-04-02",
    ci=("2014-04-01", "2014-04-02"),
    rule=Condition("paid", "in", ["yes"]),
    within=(),
    before=STRETCH,
    after=STRETCH,
    p_adjusted=0.001,
    statement="paid is yes more often",
    curve=(STRETCH,),
)


def test_changes_come_back_as_they_were_written():
    text = json.dumps(asdict(Changes((CHANGE,))))
    assert documents.CHANGES.parse(text).changes == (CHANGE,)


@pytest.mark.parametrize("changed", [{"shape": "jump"}, {"p_adjusted": 2.0}, {"before": None}, {"ci": ["2014-04-01"]}])
def test_what_is_no_change_is_refused(changed):
    with pytest.raises(ValueError, match="changes"):
        documents.CHANGES.parse(json.dumps({"changes": [asdict(CHANGE) | changed]}))


def test_changes_of_the_columns_of_a_run_agree_with_it():
    check_changes((CHANGE, replace(CHANGE, along=ROW_ORDER, alike=())), SCHEMA)


@pytest.mark.parametrize(
    "changed",
    [
        {"along": "born"},
        {"alike": ("born",)},
        {"column": "born"},
        {"rule": Condition("born", "missing", None)},
        {"within": (Condition("paid", "between", [0.0, None]),)},
    ],
)
def test_changes_of_other_columns_are_refused(changed):
    with pytest.raises(ValueError, match="born|lie between"):
        check_changes((replace(CHANGE, **changed),), SCHEMA)
