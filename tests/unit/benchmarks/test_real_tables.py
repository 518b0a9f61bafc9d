"""What the benchmark states about an audit: what is absent is not said, and figures are held against the table."""

from __future__ import annotations

import pandas as pd
import pytest

from benchmarks import real_table_statements as statements
from benchmarks.real_table_cases import TABLES
from benchmarks.real_table_statements import Audit
from benchmarks.real_tables import broken, summary

FRAME = pd.DataFrame({"came": ["2020-01-02", "2020-01-05", None], "left": ["2020-01-03"] * 3, "age": [1, 2, 3]})
EMPTY = {
    "findings": [{"id": "outlier-cells", "kind": "outlier", "severity": "low", "title": "a", "evidence": {}}],
    "regions": [],
    "representation": [],
    "outliers": {"top": []},
    "duplicates": {"rows_in_groups": 0, "groups": 0},
    "verdict": {"status": "pass"},
}


@pytest.fixture
def audit():
    def make(**report):
        return Audit({**EMPTY, **report}, {"columns": []}, FRAME)

    return make


def order(exceptions):
    return {
        "kind": "order",
        "columns": ["came", "left"],
        "statement": "came is never after left",
        "exceptions": exceptions,
    }


def placeholder(rows):
    rule = [{"column": "came", "op": "between", "value": ["2020-01-05T00:00:00", None]}]
    evidence = {"rows": rows, "share": 1 / 3}
    return {"code": "VA806", "subject": "came-x", "severity": "low", "title": "", "evidence": evidence, "rule": rule}


def test_a_rule_is_said_with_the_exceptions_that_it_has(audit):
    found = audit(rules_of_the_table=[order(1)])
    assert statements.rule("order", "left", "came", exceptions=1)(found)
    assert not statements.rule("order", "left", "came")(found)
    assert not statements.rule("sum", "left", "came", exceptions=1)(found)


def test_a_rule_with_another_number_of_exceptions_than_the_table_has_is_wrong(audit):
    assert not statements.wrong_rule(audit(rules_of_the_table=[order(1)]))
    assert statements.wrong_rule(audit(rules_of_the_table=[order(0)]))


def test_a_finding_is_said_by_its_code_subject_and_figures(audit):
    found = audit(findings=[placeholder(1)])
    assert statements.finding("VA806", "came", rows=1, share=0.3333)(found)
    assert not statements.finding("VA806", "left")(found)
    assert not statements.finding("VA806", "came", "medium")(found)
    assert not statements.finding("VA806", "came", rows=2)(found)
    assert not statements.finding("VA806", "came", absent=0.5)(found)


def test_a_finding_that_counts_other_rows_than_its_rule_picks_is_wrong(audit):
    assert not statements.miscounted(audit(findings=[placeholder(1)]))
    assert statements.miscounted(audit(findings=[placeholder(2)]))


def test_a_statement_of_what_must_not_be_said_is_kept_where_it_is_not(audit):
    told, silent = audit(rules_of_the_table=[order(1)]), audit()
    assert statements.must("", statements.any_rule).kept(told)
    assert not statements.never("", statements.any_rule).kept(told)
    assert statements.never("", statements.any_rule).kept(silent)


@pytest.mark.parametrize("name", TABLES)
def test_an_audit_that_says_nothing_breaks_statements_and_stops_at_none(audit, name):
    silent = audit()
    columns = {column: [0] for column in (TABLES[name].label, "Comments", "PF_1") if column}
    silent = Audit(silent.report, silent.inspected, pd.DataFrame(columns))
    kept = {statement: statement.kept(silent) for statement in TABLES[name].statements}
    row = summary(name, kept, [silent])
    assert row["said"] < row["to be said"]
    assert row["said wrongly"] == 0 or name == "seattle-weather"  # it passes
    assert (row["findings"], row["high"]) == (1, 0)
    assert len(list(broken(name, kept))) == list(kept.values()).count(False)
