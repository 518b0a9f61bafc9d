"""The whole command: what it prints, what it writes, and that a second time replaces the first."""

from __future__ import annotations

import csv
import json

import jsonschema
import pandas as pd
import pytest

from vaeaudit.cli.main import run as command_line
from vaeaudit.report import json_schema


@pytest.fixture(scope="module")
def written(fitted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rebalanced") / "out"
    assert command_line(["rebalance", str(fitted.run.path), "--out", str(folder), "-q"]) == 0
    return folder


def test_the_folder_holds_weights_plan_and_a_document_that_keeps_its_schema(written, fitted):
    assert sorted(path.name for path in written.iterdir()) == ["plan.csv", "rebalance.json", "weights.parquet"]
    schema = json_schema("rebalance")
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads((written / "rebalance.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    weights = pd.read_parquet(written / "weights.parquet")
    assert weights["row_id"].tolist() == fitted.run.rows["row_id"].tolist()
    assert weights["weight"].mean() == pytest.approx(1.0)
    assert document["plan"]["rows"] == sum(line["rows"] for line in document["plan"]["lines"])


def test_the_planted_gap_is_what_the_plan_asks_for(written):
    with (written / "plan.csv").open(encoding="utf-8-sig") as file:
        lines = [line for line in csv.DictReader(file) if line["part"] == "to close the findings"]
    assert any("sex is female" in line["rule"] and "age is from 60" in line["rule"] for line in lines)
    rule = json.loads(lines[0]["rule_json"])
    assert {"column", "op", "value"} == set(rule[0])


def test_a_second_time_replaces_the_first_and_says_it_in_words(written, fitted, in_process, tmp_path):
    arguments = ["rebalance", str(fitted.run.path), "--out", str(written), "--method", "joint", "--cap", "3"]
    said = in_process(*arguments, cwd=tmp_path)
    assert (said.returncode, said.stdout.strip()) == (0, str(written))
    assert "* joint" in said.stderr
    assert "closes" in said.stderr.split("targets")[1]
    assert "To collect, at least" in said.stderr
    document = json.loads((written / "rebalance.json").read_text(encoding="utf-8"))
    assert document["method"] == "joint"
    assert {method["cap"] for method in document["methods"]} == {3.0}


def test_weights_by_the_label_stand_beside_the_others_and_can_be_the_weight(fitted, in_process, tmp_path):
    said = in_process("rebalance", str(fitted.run.path), "--method", "reweighing", "--out", "made", cwd=tmp_path)
    assert "* reweighing" in said.stderr
    document = json.loads((tmp_path / "made" / "rebalance.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(json_schema("rebalance")).validate(document)
    assert (document["method"], document["label"]) == ("reweighing", "loan_approved")
    weights = pd.read_parquet(tmp_path / "made" / "weights.parquet")
    assert weights["weight"].equals(weights["weight_reweighing"])
    assert weights["weight_class_balanced"].mean() == pytest.approx(1.0)


def test_json_is_one_document_on_standard_output(fitted, tmp_path, in_process):
    said = in_process("rebalance", str(fitted.run.path), "--json", "-q", cwd=tmp_path)
    assert json.loads(said.stdout)["schema_version"] == "1.0"
    assert (tmp_path / "rebalance" / fitted.run.id / "plan.csv").is_file()


def test_an_impossible_cap_is_a_usage_error(fitted, tmp_path, in_process):
    said = in_process("rebalance", str(fitted.run.path), "--cap", "0.5", cwd=tmp_path)
    assert said.returncode == 2
    assert "weight_cap" in said.stderr
    assert not list(tmp_path.iterdir())


def test_a_question_that_is_called_a_fault_is_planned_for(written, fitted, tmp_path, in_process):
    questions = json.loads((written / "rebalance.json").read_text(encoding="utf-8"))["gaps"]
    asked = next(gap["id"] for gap in questions if gap["question"] is not None)
    said = in_process("rebalance", str(fitted.run.path), "--close", asked, "--json", "-q", cwd=tmp_path)
    document = json.loads(said.stdout)
    closed = next(gap for gap in document["gaps"] if gap["id"] == asked)
    assert closed["question"] is None
    assert any(asked in line["closes"] for line in document["plan"]["lines"])


def test_a_region_that_does_not_exist_cannot_be_closed(fitted, tmp_path, in_process):
    said = in_process("rebalance", str(fitted.run.path), "--close", "R99", cwd=tmp_path)
    assert said.returncode == 2
    assert "--close R99: there is no such region." in said.stderr
