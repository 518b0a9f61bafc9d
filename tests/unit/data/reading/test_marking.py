"""Words that may mean "missing" or be a value: levels that are declared stay, the others are told and can be kept."""

from __future__ import annotations

import pandas as pd
import pytest

from vaeaudit.config import ReadConfig
from vaeaudit.data.reading.load import load
from vaeaudit.data.reading.load_like import load_like
from vaeaudit.data.schema.columns import Kind

CONTINENTS = ["NA", "EU", "AS"] * 10
LEVELS_OF_NA = pd.DataFrame({"continent": CONTINENTS, "x": [f"{i / 7:.3f}" for i in range(29)] + ["NA"]})


def missing(frame: pd.DataFrame, **options: tuple[str, ...]) -> dict[str, int]:
    return {column.name: column.missing for column in load(frame, ReadConfig(**options)).schema}


@pytest.mark.parametrize("word", ["NA", "None", "-", "?", "null"])
def test_a_declared_level_is_a_value_whatever_it_looks_like(word: str, tmp_path) -> None:
    levels = pd.Series([word, "a", None] * 10, dtype="category")
    frame = pd.DataFrame({"group": levels, "x": [i / 7 for i in range(30)]})
    frame.to_parquet(tmp_path / "t.parquet")
    for source in (frame, tmp_path / "t.parquet"):
        group = load(source).schema["group"]
        assert (set(group.levels), group.missing) == ({word, "a"}, 10)


def test_a_declared_level_is_missing_where_it_is_empty_or_the_user_says_so() -> None:
    levels = pd.Series(["NA", "a", ""] * 10, dtype="category")
    assert missing(pd.DataFrame({"group": levels, "x": [i / 7 for i in range(30)]}), na=("NA",))["group"] == 20


def test_cells_read_as_missing_by_a_word_that_could_be_a_level_are_told_with_the_option_that_keeps_them() -> None:
    schema = load(LEVELS_OF_NA).schema
    assert schema["continent"].problems == (
        "10 cell(s) that hold 'NA' were read as missing; if that is a value: --keep NA",
    )
    assert schema["x"].problems == ()


def test_words_that_are_kept_are_values_in_text_and_still_missing_among_numbers() -> None:
    dataset = load(LEVELS_OF_NA, ReadConfig(keep=("na",)))
    assert set(dataset.schema["continent"].levels) == {"NA", "EU", "AS"}
    assert dataset.schema["continent"].problems == ()
    assert (dataset.schema["x"].kind, dataset.schema["x"].missing) == (Kind.REAL, 1)


def test_signs_can_be_kept_too() -> None:
    frame = pd.DataFrame({"result": ["-", "o"] * 15, "x": [i / 7 for i in range(30)]})
    assert missing(frame)["result"] == 15
    assert missing(frame, keep=("-",))["result"] == 0


def test_nothing_is_said_of_words_that_the_user_named() -> None:
    assert load(LEVELS_OF_NA, ReadConfig(na=("NA",))).schema["continent"].problems == ()


def test_other_data_keeps_the_levels_that_the_run_kept() -> None:
    run = load(LEVELS_OF_NA, ReadConfig(keep=("NA",))).schema
    other = load_like(LEVELS_OF_NA, run, ReadConfig()).dataset
    assert other.frame["continent"].tolist() == CONTINENTS
