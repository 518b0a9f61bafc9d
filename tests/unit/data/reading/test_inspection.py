"""What `inspect` says: strict JSON, and TOML that reads back as the same configuration."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.config import FitConfig, ReadConfig
from vaeaudit.data.reading.inspection import audit_toml, describe, key, toml
from vaeaudit.data.reading.load import load

HOSTILE = [
    'a"b',
    "a.b",
    "[x]",
    "a = 1 # no",
    "line\nbreak",
    "tab\t",
    "\x1b[31m",
    "é",
    "\u202e",
    "'",
    "\\",
    "\x7f",
    "</script>",
]


def test_what_was_inferred_reads_back_as_the_same_dataset(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({name: rng.normal(size=50) for name in HOSTILE})
    frame["size"] = rng.choice(["S", "M", "L"], 50)
    frame["sex"] = rng.choice(["f\n# x", 'm"'], 50)
    frame["day"] = [f"2024-01-{1 + i % 28:02}" for i in range(50)]
    frame["id"] = [f"p{i}" for i in range(50)]
    frame["none"] = None
    config = ReadConfig(
        label="size", sensitive=("sex",), id="id", na=('"', "\\"), exclude=('a"b',), levels={"size": ["S", "M", "L"]}
    )
    dataset = load(frame, config)
    text = audit_toml(dataset, config)
    again = FitConfig.from_dict(tomllib.loads(text)).read
    assert (again.label, again.id, again.sensitive, again.exclude, again.na) == (
        "size", "id", ("sex",), ('a"b',), ('"', "\\"),
    )  # fmt: skip
    assert again.levels == {"size": ["S", "M", "L"]}
    assert again.kinds == {column.name: column.kind.value for column in dataset.schema if column.name != "size"}
    reread = load(frame, again)
    pd.testing.assert_frame_equal(reread.frame, dataset.frame)
    assert [(c.name, c.kind, c.role, c.in_model) for c in reread.schema] == [
        (c.name, c.kind, c.role, c.in_model) for c in dataset.schema
    ]


def test_every_setting_of_the_section_is_shown_and_suggestions_stand_beside_it() -> None:
    frame = pd.DataFrame({"age": np.arange(50) % 9, "x": np.linspace(-1, 1, 50)})
    text = audit_toml(load(frame), ReadConfig())
    for name in ("label", "sensitive", "exclude", "include", "id", "na", "delimiter", "encoding"):
        assert f"{name} = " in text
    assert '# Names that suggest one: ["age"]' in text


def test_a_given_delimiter_and_encoding_are_kept() -> None:
    frame = pd.DataFrame({"x": np.linspace(-1, 1, 50)})
    config = ReadConfig(delimiter="\t", encoding="cp1252")
    again = FitConfig.from_dict(tomllib.loads(audit_toml(load(frame), FitConfig(read=config)))).read
    assert (again.delimiter, again.encoding) == ("\t", "cp1252")


@given(st.lists(st.text(st.characters(codec="utf-8"))))
def test_any_strings_survive_as_values_and_as_keys(values: list[str]) -> None:
    document = "\n".join([f"list = {toml(values)}", "[table]", *(f"{key(v)} = {toml(v)}" for v in set(values))])
    assert tomllib.loads(document) == {"list": values, "table": {value: value for value in values}}


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
