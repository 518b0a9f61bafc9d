"""Files of a run hold what they must hold, or are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vaeaudit.config import FitConfig
from vaeaudit.runs import documents


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"format": 1},
        {"format": 1, "regions": [{"id": "R1"}]},
        {"format": 1, "regions": "R1"},
        {"format": 1, "regions": [{"id": 1, "baseline": "x", "rule": []}]},
        *(
            {
                "format": 1,
                "regions": [{"id": "R1", "baseline": "x", "rule": [{"column": "a", "op": op, "value": value}]}],
            }
            for op, value in [
                ("in", "ab"),
                ("in", [1]),
                ("between", [1]),
                ("between", [True, None]),
                ("between", [float("nan"), None]),
                ("between", ["no date", None]),
                ("missing", 1),
                ("like", "a"),
            ]
        ),
        {"format": 1, "regions": [{"id": "R1", "baseline": "x", "rule": []}] * 2},
    ],
)
def test_what_is_no_list_of_rules_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="regions|format|id occurs twice|NaN"):
        documents.REGIONS.parse(json.dumps(document))


def answers(**changes: Any) -> str:
    check = {"code": "VA101", "name": "a-name", "state": "passed", "why": "Nothing was found."}
    return json.dumps({"verdict": "pass", "sentence": "It passes.", "checks": [check | changes]})


def test_the_answers_of_a_run_come_back_as_they_were_written() -> None:
    read = documents.ANSWERS.parse(answers())
    assert (read.verdict, read.sentence) == ("pass", "It passes.")
    assert [(each.code, each.state) for each in read.checks] == [("VA101", "passed")]


@pytest.mark.parametrize("text", [answers(state="skipped"), answers(code=1), answers().replace('"pass"', '"maybe"')])
def test_answers_in_words_that_there_are_not_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="state|code|verdict"):
        documents.ANSWERS.parse(text)


@pytest.mark.parametrize("key", ["fdr", "factors"])
def test_every_key_must_be_there_although_the_code_has_a_default(key: str) -> None:
    settings = FitConfig().to_dict()
    assert documents.CONFIG.parse(json.dumps(settings)) == FitConfig()
    del settings["analysis"][key]
    with pytest.raises(ValueError, match=rf"analysis\.{key} is missing"):
        documents.CONFIG.parse(json.dumps(settings))
