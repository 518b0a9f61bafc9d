"""Files of a run hold what they must hold, or are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

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
