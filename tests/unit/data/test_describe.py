"""The schema as plain JSON types."""

from __future__ import annotations

import json
from pathlib import Path

from vaeaudit.config import ReadConfig
from vaeaudit.data import describe, load


def test_the_description_is_strict_json_with_the_first_levels_and_the_account(tmp_path: Path) -> None:
    rows = [f"{i / 7:.3f},level {i % 25},2024-01-{1 + i % 28:02},remark-{i}" for i in range(200)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["x,level,day,remark", *rows, "1"]), encoding="utf-8")
    description = describe(load(path, ReadConfig(sensitive=("level",))))
    assert json.loads(json.dumps(description, allow_nan=False)) == description
    assert description["rows"] == {"read": 201, "scored": 200, "quarantined": 1, "skipped": 0}
    x, level, day, remark = description["columns"]
    assert (x["kind"], x["examples"]) == ("real", ["0", "14.2145", "28.429"])
    assert (len(level["levels"]), level["n_levels"], level["role"], level["in_model"]) == (20, 25, "sensitive", False)
    assert day["examples"] == ["2024-01-01 00:00:00", "2024-01-28 00:00:00"]
    assert (remark["kind"], remark["examples"][0]) == ("identifier", "remark-0")
    assert remark["problems"]
    assert description["quarantine"]["head"] == [{"file": "t.csv", "row": 200, "reason": "1 cell(s), the header has 4"}]
