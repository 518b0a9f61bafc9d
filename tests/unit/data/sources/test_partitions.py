"""Folders called `key=value` are columns of the files in them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from vaeaudit.data.dataset import Dataset
from vaeaudit.data.reading.load import load
from vaeaudit.data.schema.columns import Kind

WRITE = {
    "csv": lambda frame, path: frame.to_csv(path, index=False),
    "parquet": lambda frame, path: frame.to_parquet(path, index=False),
    "feather": lambda frame, path: frame.to_feather(path),
    "jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True),
}


def partitioned(folder: Path, places: list[str], ending: str = "csv", rows: int = 15, **more: object) -> Dataset:
    for number, place in enumerate(places):
        (folder / place).mkdir(parents=True)
        values = [(number * rows + i) / 7 for i in range(rows)]
        WRITE[ending](pd.DataFrame({"x": values, **more}), folder / place / f"part-0.{ending}")
    return load(folder)


@pytest.mark.parametrize("ending", WRITE)
def test_every_format_has_the_columns_of_its_folders(tmp_path: Path, ending: str) -> None:
    places = ["region=S%C3%BCd/year=2023", "region=north/year=2024", "region=__HIVE_DEFAULT_PARTITION__/year=2024"]
    dataset = partitioned(tmp_path, places, ending)
    assert dataset.schema.names == ("x", "region", "year")
    assert set(dataset.frame["region"].dropna()) == {"S\u00fcd", "north"}
    assert dataset.schema["region"].missing == 15
    assert (dataset.schema["year"].kind, dataset.schema["year"].levels) == (Kind.CATEGORY, ("2024", "2023"))
    assert "columns that the names of folders give: region, year" in dataset.notes


@pytest.mark.parametrize("values", [["0", "1"], ["1", "2", "3"], ["NA", "EU"]])
def test_names_of_folders_are_levels(tmp_path: Path, values: list[str]) -> None:
    column = partitioned(tmp_path, [f"group={value}" for value in values]).schema["group"]
    assert (column.kind, set(column.levels), column.missing) == (Kind.CATEGORY, set(values), 0)


def test_dates_and_many_numbers_are_what_they_are(tmp_path: Path) -> None:
    places = [f"day=2024-01-{1 + number:02}/step={number}" for number in range(25)]
    schema = partitioned(tmp_path, places, rows=2).schema
    assert (schema["day"].kind, schema["step"].kind) == (Kind.DATETIME, Kind.COUNT)


def test_a_column_of_the_files_wins(tmp_path: Path) -> None:
    dataset = partitioned(tmp_path, ["region=north", "region=south"], region=["mine", "yours", "ours"] * 5)
    assert set(dataset.schema["region"].levels) == {"mine", "yours", "ours"}
    assert "the column region is read from the files, not from the folders region=…" in dataset.notes


def test_a_folder_whose_name_is_no_text_is_quarantined(tmp_path: Path) -> None:
    dataset = partitioned(tmp_path, ["region=north", "region=%ff", "region=south"])
    assert str(dataset.accounting) == "31 read = 30 scored + 1 quarantined + 0 skipped"
    assert "the names of its folders cannot be read" in dataset.quarantine["reason"][0]
