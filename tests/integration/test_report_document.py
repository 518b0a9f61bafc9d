"""report.json is what the schema that ships with the package says, and agrees with the rows."""

from __future__ import annotations

import csv
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest

from vaeaudit.analysis.grouping.rules import apply_rule
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.workflow.report import audit, report


@pytest.fixture(scope="module")
def document(reported: Path) -> dict[str, Any]:
    return json.loads((reported / "report.json").read_text(encoding="utf-8"))


def test_the_document_satisfies_the_schema_that_ships_with_the_package(document: dict[str, Any]) -> None:
    schema = json.loads((files("vaeaudit.report") / "report.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    validator(schema).validate(document)


def test_the_document_names_the_tool_and_the_run(fitted: Any, document: dict[str, Any]) -> None:
    assert document["tool"]["name"] == "vaeaudit"
    assert document["run"]["id"] == "people"
    assert document["run"]["seed"] == fitted.run.config.seed
    assert document["run"]["data"]["fingerprint"] == fitted.run.metadata["data"]["fingerprint"]


def test_the_flags_of_document_table_and_csv_agree(reported: Path, document: dict[str, Any]) -> None:
    rows = pd.read_parquet(reported / "rows.parquet")
    with (reported / "flagged.csv").open(encoding="utf-8-sig", newline="") as stream:
        flagged = list(csv.DictReader(stream))
    assert document["outliers"]["flagged"] == rows["outlier"].sum() == len(flagged)
    assert {row["row_id"] for row in flagged} == set(rows.loc[rows["outlier"], "row_id"])
    is_flagged = rows.set_index("row_id")["outlier"]
    top = [(bool(is_flagged[entry["row_id"]]), entry["score"]) for entry in document["outliers"]["top"]]
    assert top == sorted(top, reverse=True)  # flagged ones first, and within each part by falling score


def test_a_region_counts_all_rows_of_its_rule_and_says_how_many_are_set_aside(
    fitted: Any, document: dict[str, Any]
) -> None:
    belong = ~fitted.run.rows["outlier"].to_numpy()
    for region in document["regions"]:
        rule = tuple(Condition(**condition) for condition in region["rule"])
        rows = apply_rule(rule, fitted.run.frame)
        assert rows.sum() == region["observed"]
        assert (rows & ~belong).sum() == region["set_aside"]


def test_groups_are_compared_with_the_population_that_fit_was_given(document: dict[str, Any]) -> None:
    given = [entry for entry in document["representation"] if entry["reference_share"] is not None]
    assert given
    over_sex_and_age = [entry for entry in given if set(entry["attributes"]) == {"sex", "age"}]
    assert sum(entry["reference_share"] for entry in over_sex_and_age) == pytest.approx(1)


def test_another_population_can_be_given_to_report(fitted: Any, tmp_path: Path) -> None:
    population = tmp_path / "half.csv"
    population.write_text("sex,share\nfemale,0.5\nmale,0.5\n", encoding="utf-8")
    page = report(fitted.run, out=tmp_path / "out", population=population).page
    entries = json.loads((page.parent / "report.json").read_text(encoding="utf-8"))["representation"]
    shares = [entry["reference_share"] for entry in entries if entry["attributes"] == ["sex"]]
    assert shares == [0.5, 0.5]


def test_audit_is_fit_and_report(fitted: Any, small_config: Any, tmp_path: Path) -> None:
    config = small_config(id="person_id", sensitive=("sex",), label="loan_approved")
    page = audit(fitted.truth.frame, config, run=tmp_path / "run", out=tmp_path / "out").page
    assert page == tmp_path / "out" / "report.html"
    document = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert document["run"]["data"]["name"] == "DataFrame"
    assert document["rows"]["read"] == document["rows"]["scored"] == len(fitted.truth.frame)
    report(tmp_path / "run", out=tmp_path / "later")  # finds again what the audit had in memory
    later = json.loads((tmp_path / "later" / "report.json").read_text(encoding="utf-8"))
    assert {name for name in document if document[name] != later[name]} <= {"run"}
    assert pd.read_parquet(tmp_path / "later" / "rows.parquet").equals(pd.read_parquet(page.parent / "rows.parquet"))
