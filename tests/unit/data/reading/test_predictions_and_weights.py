from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from vaeaudit.config import ReadConfig
from vaeaudit.data.reading.load import load
from vaeaudit.data.schema.columns import Role
from vaeaudit.errors import UsageError

ROWS = {"age": [30, 41, 52, 63] * 5, "y": ["yes", "no"] * 10, "said": ["no", "no", "yes", "no"] * 5}


def read(more: dict[str, Any] | None = None, **declared: Any) -> Any:
    return load(pd.DataFrame({**ROWS, **(more or {})}), ReadConfig(label="y", **declared))


def test_a_prediction_and_a_weight_stay_out_of_the_model() -> None:
    dataset = read({"w": [1, 2.5, 0, 4] * 5}, prediction="said", weight="w")
    assert dataset.schema.prediction.name == "said"
    assert dataset.schema.weight.name == "w"
    assert [column.name for column in dataset.schema.modelled] == ["age"]


def test_a_score_may_be_any_number() -> None:
    assert read({"score": [1, 7, 10, 3] * 5}, prediction="score").schema["score"].role is Role.PREDICTION


@pytest.mark.parametrize(
    ("more", "declared", "message"),
    [
        ({"said": ["maybe", "no"] * 10}, {"prediction": "said"}, "expected values of y or a score, found maybe"),
        ({"w": [1, -2] * 10}, {"weight": "w"}, "expected a number of 0 or more in every row, found -2 in row 1"),
        ({"w": [1, None, 2, None] * 5}, {"weight": "w"}, "found nothing in row 1 and 9 more"),
        ({"w": [0, 0] * 10}, {"weight": "w"}, "all rows have the same value"),
        ({"w": ["a", "b"] * 10}, {"weight": "w"}, "w"),
        ({}, {"prediction": "y"}, "--prediction y: the column has another part already"),
        ({}, {"prediction": "siad"}, "has no column 'siad'"),
        ({}, {"prediction": "said", "include": ("said",)}, "cannot enter the model"),
    ],
)
def test_what_cannot_be_a_prediction_or_a_weight_is_refused(
    more: dict[str, Any], declared: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        read(more, **declared)


def test_a_prediction_needs_a_label_and_a_weight_does_not() -> None:
    frame = pd.DataFrame({**ROWS, "w": [1.0, 2.0] * 10})
    with pytest.raises(UsageError, match="--prediction said: says what the label is, but there is none"):
        load(frame, ReadConfig(prediction="said"))
    assert load(frame, ReadConfig(weight="w")).schema.weight is not None
