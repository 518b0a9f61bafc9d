"""`report.json` holds every result, strictly, as its schema says."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import jsonschema
import numpy as np
import pytest

from vaeaudit.outputs.region_rules import Condition
from vaeaudit.report import document, json_schema
from vaeaudit.report.document import to_json
from vaeaudit.statistics.measures import Interval


@pytest.fixture(scope="module")
def validator():
    jsonschema.Draft202012Validator.check_schema(json_schema())
    return jsonschema.Draft202012Validator(json_schema())


def test_the_document_satisfies_its_schema_whatever_was_not_measured(results, empty, validator):
    unmeasured = replace(results.model, continuity=None, completeness=None, latent_space=None, held_out=None)
    for example in (results, empty, replace(results, model=unmeasured)):
        validator.validate(json.loads(to_json(document(example))))


def test_the_document_has_the_keys_of_the_contract(results):
    written = document(results)
    contract = (
        "schema_version tool run rows verdict checks findings latents outliers regions representation disparities"
    )
    assert set(contract.split()) | {"proxies", "duplicates", "model"} <= set(written)
    assert "from" in written["proxies"][0]  # a keyword of Python, so that no field is called so
    assert not {"latent_map", "pictures"} & set(written)
    assert written["schema_version"] == "2.0"
    assert set(written["verdict"]) == {"status", "sentence", "checks", "policy"}


def test_findings_and_checks_refer_to_one_another(results):
    written = document(results)
    answers = {check["code"]: check for check in written["checks"]}
    for finding in written["findings"]:
        assert finding["id"] in answers[finding["code"]]["findings"]
        assert finding["id"] == "-".join(filter(None, (finding["code"], finding["subject"])))
    assert written["findings"][0]["rule"] == [{"column": "sex", "op": "in", "value": ["Female"]}]
    assert {code for code, rule in written["verdict"]["policy"].items() if rule["required"]} <= answers.keys()


def test_numbers_survive_the_round_trip_exactly(results):
    back = json.loads(to_json(document(results)))
    assert back["rows"] == vars(results.rows)
    assert back["outliers"]["score_quantiles"] == results.outliers.score_quantiles.tolist()
    assert back["regions"][0]["ci"] == {
        "low": results.regions[0].ci.low,
        "high": results.regions[0].ci.high,
        "level": 0.95,
    }
    histogram = results.latents[0].histogram
    assert (
        back["latents"][0]["histogram"]["by_group"]["sex"]["Female"]["counts"]
        == histogram.by_group["sex"]["Female"].counts.tolist()
    )


def test_hostile_names_stand_in_the_document_unchanged(results, people):
    back = json.loads(to_json(document(results)))
    assert back["outliers"]["top"][0]["row_id"] == people.FORMULA
    assert people.BOLD in back["latents"][0]["histogram"]["by_group"]["race"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float32("nan")])
def test_a_number_that_is_not_finite_is_refused_and_its_place_named(results, value):
    broken = replace(results, model=replace(results.model, elbo_nats=value))
    with pytest.raises(ValueError, match=r"finite number at model\.elbo_nats, found"):
        document(broken)


def test_a_nan_inside_an_array_is_refused_and_its_place_named(results):
    history = {"loss": np.array([1.0, np.nan])}
    with pytest.raises(ValueError, match=r"model\.history\.loss\[1\]"):
        document(replace(results, model=replace(results.model, history=history)))


def test_a_value_without_json_counterpart_is_refused(results):
    with pytest.raises(TypeError, match=r"JSON value at run\.config, found set"):
        document(replace(results, run=replace(results.run, config={1, 2})))


def test_numpy_scalars_become_plain_numbers(results):
    region = replace(results.regions[0], observed=np.int64(3), expected=np.float32(2.5))
    written = document(replace(results, regions=(region,)))["regions"][0]
    assert (type(written["observed"]), type(written["expected"])) == (int, float)


def test_open_bounds_are_null(results, validator):
    region = replace(results.regions[0], ci=Interval(None, 0.5, 0.95))
    written = json.loads(to_json(document(replace(results, regions=(region,)))))
    assert written["regions"][0]["ci"]["low"] is None
    validator.validate(written)


@pytest.mark.parametrize("value", [[None, "2020-01-01"], [0.5, None], ["2020-01-01", "2021-01-01"]])
def test_dates_and_numbers_may_bound_a_rule_or_leave_it_open(results, validator, value):
    region = replace(results.regions[0], rule=(Condition("since", "between", value),))
    validator.validate(json.loads(to_json(document(replace(results, regions=(region,))))))


def test_a_lone_surrogate_is_replaced_since_it_is_not_utf_8(results):
    noted = replace(results, notes=("a\ud800b",))
    assert json.loads(to_json(document(noted)))["notes"] == ["a?b"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("verdict", "status"), "maybe"),
        (("findings", 0, "kind"), "rumour"),
        (("checks", 0, "state"), "skipped"),
        (("verdict", "checks", 0, "effect"), "warn"),
        (("regions", 0, "rule", 0, "op"), "like"),
        (("regions", 0, "p_adjusted"), 1.5),
        (("rows", "read"), -1),
        (("rows", "lost"), 1),
        (("regions", 1, "rule", 0, "value"), "17 to 25"),
        (("regions", 1, "rule", 0, "value"), [17]),
        (("regions", 1, "rule", 0, "value"), None),
        (("regions", 1, "rule"), []),
        (("outliers", "curve", "observed", 0), 1.5),
        (("model", "weights"), {"kind": "joint"}),
        (("columns", 0, "kind"), "number"),
        (("schema_version",), "1.0"),
    ],
)
def test_the_schema_refuses_documents_that_break_the_contract(results, validator, path, value):
    broken = copy.deepcopy(document(results))
    parent = broken
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(broken)


def test_a_rule_of_the_document_can_be_applied_with_three_lines_of_pandas(results):
    import pandas as pd

    frame = pd.DataFrame({"age": [16, 17, 24, 25], "education-num": [13, 13, 12, 14]})
    holds = pd.Series(True, index=frame.index)
    for rule in document(results)["regions"][1]["rule"]:
        low, high = rule["value"]
        column = frame[rule["column"]]
        holds &= (low is None or column >= low) & (high is None or column < high)
    assert holds.tolist() == [False, True, False, False]
