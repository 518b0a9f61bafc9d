"""Which split each row belongs to: declared, made by folders, or merely suggested."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from vaeaudit.config import FitConfig, ReadConfig
from vaeaudit.data.reading.inspection import audit_toml
from vaeaudit.data.reading.load import load
from vaeaudit.data.schema.columns import Column, Kind, Role
from vaeaudit.data.schema.roles import MAX_SPLITS, suggest_split
from vaeaudit.errors import UsageError

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "part": RNG.choice(["train", "val", "test"], 60),
        "fold": RNG.integers(0, 5, 60),
        "x": RNG.normal(size=60),
        "sex": RNG.choice(["f", "m"], 60),
        "same": ["train"] * 60,
    }
)


def folder_of(tmp_path: Path, *parts: str, count: int = 12) -> Path:
    for part in parts:
        for number in range(count):
            path = tmp_path / "data" / part / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((16, 16), (number * 7 + len(part)) % 256, np.uint8)).save(path)
    return tmp_path / "data"


def test_a_declared_split_stays_out_of_the_model() -> None:
    schema = load(FRAME, ReadConfig(split="part")).schema
    assert schema.split == schema["part"]
    assert (schema["part"].role, schema["part"].in_model, schema["part"].kind) == (Role.SPLIT, False, Kind.CATEGORY)


def test_numbers_of_folds_become_levels_and_missing_cells_stay_missing() -> None:
    column = load(FRAME, ReadConfig(split="fold")).schema["fold"]
    assert sorted(column.levels) == ["0", "1", "2", "3", "4"]
    gaps = FRAME.assign(part=FRAME["part"].where(FRAME.index >= 5))
    dataset = load(gaps, ReadConfig(split="part"))
    assert dataset.schema["part"].missing == 5
    assert dataset.frame["part"].isna().sum() == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "nope"}, "--split: the data has no column 'nope'"),
        ({"split": "x"}, f"--split x: expected 2 to {MAX_SPLITS} splits, found 60 distinct"),
        ({"split": "same"}, "expected 2 to 20 splits, found 1 distinct value(s)"),
        ({"split": "part", "label": "part"}, "--split part: the column is the label"),
        ({"split": "part", "sensitive": ("part",)}, "--split part: "),
        ({"split": "part", "exclude": ("part",)}, "--split part: "),
        ({"split": "part", "id": "part"}, "--split part: "),
        ({"split": "part", "include": ("part",)}, "--include part: a split says nothing"),
        ({"split": "part", "kinds": {"part": "text"}}, "--split part: a split is read as a category"),
    ],
)
def test_splits_that_cannot_be_are_usage_errors_that_name_the_option(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        load(FRAME, ReadConfig(**options))


def test_a_column_that_looks_like_a_split_is_suggested_and_not_assumed() -> None:
    renamed = FRAME.rename(columns={"part": "data_split"})
    dataset = load(renamed)
    said = "could say which split a row belongs to"
    assert [note for note in dataset.notes if said in note] == [
        f"the column data_split {said}: --split data_split",
        f"the column fold {said}: --split fold",
    ]
    assert dataset.schema["data_split"].role is Role.INPUT
    assert not any(said in note for note in load(renamed, ReadConfig(split="fold")).notes)


@pytest.mark.parametrize(
    "column",
    [
        Column("split", Kind.CATEGORY, levels=("left", "right"), unique=2),
        Column("part", Kind.CATEGORY, levels=("train", "test"), unique=2),
        Column("fold", Kind.COUNT, unique=5_000),
        Column("split", Kind.CONSTANT, in_model=False, unique=1),
    ],
)
def test_other_columns_are_not_suggested(column: Column) -> None:
    assert suggest_split([column]) == ()


def test_split_folders_of_pictures_are_the_split_without_being_asked(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "train", "test")
    dataset = load(folder, ReadConfig(cache=str(tmp_path / "cache")))
    assert dataset.schema["split"].role is Role.SPLIT
    assert any("has the role split" in note for note in dataset.notes)


@pytest.mark.parametrize(
    ("options", "role"),
    [
        ({"label": "split"}, Role.LABEL),
        ({"sensitive": ("split",)}, Role.SENSITIVE),
        ({"exclude": ("split",)}, Role.EXCLUDED),
        ({"kinds": {"split": "text"}}, Role.INPUT),
    ],
)
def test_a_role_that_the_user_gives_to_split_folders_goes_first(
    tmp_path: Path, options: dict[str, object], role: Role
) -> None:
    folder = folder_of(tmp_path, "train", "test")
    assert load(folder, ReadConfig(cache=str(tmp_path / "cache"), **options)).schema["split"].role is role


def test_split_folders_of_which_one_holds_no_usable_picture_are_no_split(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "train", count=24)
    (folder / "test").mkdir()
    (folder / "test" / "broken.png").write_bytes(b"")
    dataset = load(folder, ReadConfig(cache=str(tmp_path / "cache")))
    assert dataset.schema["split"].role is Role.INPUT


def test_the_settings_that_are_written_hold_the_split_and_read_back_the_same(tmp_path: Path) -> None:
    for dataset in (load(FRAME, ReadConfig(split="part")), load(FRAME)):
        written = FitConfig.from_dict(tomllib.loads(audit_toml(dataset, ReadConfig()))).read
        split = dataset.schema.split
        assert written.split == (split.name if split else None)
        assert load(FRAME, written).schema == dataset.schema
    pictures = load(folder_of(tmp_path, "train", "val"), ReadConfig(cache=str(tmp_path / "cache")))
    assert 'split = "split"' in audit_toml(pictures, ReadConfig())
