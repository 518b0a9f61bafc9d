"""The whole command: what it prints, what it writes, and that a second time replaces the first."""

from __future__ import annotations

import csv
import json

import jsonschema
import numpy as np
import pandas as pd
import pytest

from vaeaudit.cli.main import run as command_line
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.report import json_schema
from vaeaudit.workflow.group_generator import GroupGenerators
from vaeaudit.workflow.inputs import inputs_of
from vaeaudit.workflow.rebalance import rebalance


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


def test_weights_by_the_label_stand_beside_the_others_and_can_be_the_weight(fitted, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert command_line(["rebalance", str(fitted.run.path), "--method", "reweighing", "--out", "made"]) == 0
    assert "* reweighing" in capfd.readouterr().err
    document = json.loads((tmp_path / "made" / "rebalance.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(json_schema("rebalance")).validate(document)
    assert (document["method"], document["label"]) == ("reweighing", "loan_approved")
    weights = pd.read_parquet(tmp_path / "made" / "weights.parquet")
    assert weights["weight"].equals(weights["weight_reweighing"])
    assert weights["weight_class_balanced"].mean() == pytest.approx(1.0)


def test_an_impossible_cap_and_a_region_that_does_not_exist_are_usage_errors(fitted, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    for wrong, words in (("--cap", "0.5"), "weight_cap"), (("--close", "R99"), "--close R99: there is no such region."):
        assert command_line(["rebalance", str(fitted.run.path), *wrong]) == 2
        assert words in capfd.readouterr().err
        assert not list(tmp_path.iterdir())


def test_a_question_that_is_called_a_fault_is_planned_for(written, fitted, tmp_path, monkeypatch, capfd):
    questions = json.loads((written / "rebalance.json").read_text(encoding="utf-8"))["gaps"]
    asked = next(gap["id"] for gap in questions if gap["question"] is not None)
    monkeypatch.chdir(tmp_path)
    assert command_line(["rebalance", str(fitted.run.path), "--close", asked, "--json", "-q"]) == 0
    document = json.loads(capfd.readouterr().out)  # one document, and the files where they usually are
    assert document["schema_version"] == "1.0"
    assert (tmp_path / "rebalance" / fitted.run.id / "plan.csv").is_file()
    closed = next(gap for gap in document["gaps"] if gap["id"] == asked)
    assert closed["question"] is None
    assert any(asked in line["closes"] for line in document["plan"]["lines"])


def test_generated_rows_are_written_only_on_demand_where_nothing_shows_that_they_help(written, fitted, tmp_path):
    document = json.loads((written / "rebalance.json").read_text(encoding="utf-8"))
    faults = [gap["id"] for gap in document["gaps"] if gap["question"] is None]
    assert [repair["id"] for repair in document["repairs"]] == faults
    assert {repair["written"] for repair in document["repairs"]} == {0}
    made = rebalance(fitted.run, generated=True, out=tmp_path / "made")
    rows = pd.read_csv(tmp_path / "made" / "generated.csv")
    assert len(rows) == sum(repair.written for repair in made.results.repairs) > 0
    assert [*rows][: len(fitted.run.schema.names)] == list(fitted.run.schema.names)
    assert set(rows["generated_for"]) == set(faults)
    assert rows["generated_by"].str.startswith("vaeaudit").all()
    assert rows["person_id"].isna().all()
    older = rows[rows["generated_for"] == next(gap["id"] for gap in document["gaps"] if gap["name"].startswith("age"))]
    assert older["age"].between(60, 74).all()
    rebalance(fitted.run, out=tmp_path / "made")
    assert not (tmp_path / "made" / "generated.csv").exists()


def test_the_model_makes_the_rows_only_where_it_knows_the_label_and_is_the_better_one(fitted, monkeypatch):
    rule = (Condition("age", "between", [60.0, None]),)
    inputs = inputs_of(fitted.run, fitted.run.config.analysis)
    assert GroupGenerators(fitted.run, inputs)([rule]).source == "trees"  # the label is not in this model
    monkeypatch.setattr(GroupGenerators, "_is_better", True)
    generators = GroupGenerators(fitted.run, inputs)
    monkeypatch.setattr(type(fitted.run.schema), "label", fitted.run.schema["age"])
    generator = generators([rule])
    assert generator.source == "model"
    assert np.array_equal(generator.split[1], np.flatnonzero(fitted.run.codes.held_out))
    made = generator.learn(generator.split[0], np.random.default_rng(0))(rule, 20, np.random.default_rng(0))
    assert len(made) == 20
    assert (made["age"] >= 60).all()
