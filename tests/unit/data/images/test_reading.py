"""Columns that metadata files give to pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from vaeaudit.config import ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.reading.load import load
from vaeaudit.data.reading.load_like import load_like
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.errors import InputError, UsageError


def draw_many(folder: Path, count: int = 24) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        pixels = np.full((16, 16), number, dtype=np.uint8)
        pixels[number % 16] = 255
        Image.fromarray(pixels).save(folder / f"{number:03}.png")
    return folder


def read(folder: Path, **options: object) -> Dataset:
    return load(folder, ReadConfig(cache=str(folder.parent / "cache"), **options))


def people(count: int = 24) -> pd.DataFrame:
    numbers = range(count)
    return pd.DataFrame(
        {
            "file_name": [f"{number:03}.png" for number in numbers],
            "height": [150 + number / 7 for number in numbers],
            "sex": ["fm"[number % 2] for number in numbers],
        }
    )


def write(table: pd.DataFrame, path: Path) -> None:
    if path.suffix == ".parquet":
        table.to_parquet(path, index=False)
    elif path.suffix == ".jsonl":
        table.to_json(path, orient="records", lines=True)
    else:
        table.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")


@pytest.mark.parametrize("name", ["metadata.csv", "metadata.tsv", "metadata.parquet", "metadata.jsonl"])
def test_columns_are_joined_by_file_name_in_whatever_order(tmp_path: Path, name: str) -> None:
    folder = draw_many(tmp_path / "photos")
    write(people().sample(frac=1, random_state=0), folder / name)
    dataset = read(folder, sensitive=("sex",))
    assert [column.name for column in dataset.schema if not column.derived] == ["height", "sex"]
    assert not any(column.in_model for column in dataset.schema)
    assert dataset.schema["sex"].role is Role.SENSITIVE
    assert np.allclose(dataset.frame["height"], people()["height"], atol=1e-6)
    assert dataset.frame["sex"].tolist() == people()["sex"].tolist()
    assert str(dataset.accounting) == "24 read = 24 scored + 0 quarantined + 0 skipped"


def test_what_does_not_match_is_listed_and_the_account_adds_up(tmp_path: Path) -> None:
    folder = draw_many(tmp_path / "photos", 26)
    (folder / "024.png").write_bytes(b"")  # described, damaged: one record, not two
    (folder / "loop.png").symlink_to("loop.png")
    table = people(25).drop(index=3)
    extra = [
        {"file_name": "gone.png", "height": 1.0, "sex": "f"},
        {"file_name": "005.png", "height": 2.0, "sex": "f"},
        {"file_name": None, "height": 3.0, "sex": "f"},
        {"file_name": "../../secret.png", "height": 4.0, "sex": "f"},
        {"file_name": "loop.png", "height": 5.0, "sex": "f"},
    ]
    write(pd.concat([table, pd.DataFrame(extra)]), folder / "metadata.csv")
    with (folder / "metadata.csv").open("a") as stream:
        stream.write("1\n\n")
    dataset = read(folder)
    listed = [tuple(entry) for entry in dataset.quarantine.itertuples(index=False)]
    assert [entry[:2] for entry in listed] == [
        ("loop.png", -1), ("024.png", -1), ("metadata.csv", 29),
        ("metadata.csv", 24), ("metadata.csv", 25), ("metadata.csv", 26), ("metadata.csv", 27),
    ]  # fmt: skip
    reasons = [entry[2] for entry in listed]
    assert reasons[3:] == [
        "names 'gone.png', which is not among the pictures of the folder",
        "describes '005.png' once more; the first row that does was taken",
        "file_name is missing",
        "names '../../secret.png', which leads out of the folder; it was not opened",
    ]
    # 26 pictures and a looping link; 4 rows without a picture of their own, 1 ragged, 1 blank.
    assert str(dataset.accounting) == "33 read = 25 scored + 7 quarantined + 1 skipped"
    assert dataset.frame["height"].isna().tolist() == [row in (3, 24) for row in range(25)]
    assert any("2 picture(s) have no row in the metadata" in n and "003.png, 025.png" in n for n in dataset.notes)


def test_each_folder_may_have_its_own_metadata_relative_to_it(tmp_path: Path) -> None:
    for split in ("train", "val"):
        folder = draw_many(tmp_path / "data" / split, 20)
        write(people(20).assign(**{split: range(20)}), folder / "metadata.csv")
    dataset = read(tmp_path / "data")
    assert [column.name for column in dataset.schema if not column.derived] == [
        "split",
        "height",
        "sex",
        "train",
        "val",
    ]
    assert dataset.frame["train"].notna().sum() == 20
    assert dataset.schema["val"].missing == 20
    assert np.allclose(dataset.frame["height"][20:], people(20)["height"])


def test_names_with_backslashes_and_dots_find_their_pictures(tmp_path: Path) -> None:
    draw_many(tmp_path / "data" / "a")
    draw_many(tmp_path / "data" / "b")
    table = people()
    both = [f".\\a\\{name}" for name in table["file_name"]], [f"./b//{name}" for name in table["file_name"]]
    named = pd.concat([table.assign(file_name=names) for names in both])
    write(named, tmp_path / "data" / "metadata.csv")
    dataset = read(tmp_path / "data")
    assert dataset.accounting.quarantined == 0
    assert dataset.schema["height"].missing == 0


def test_a_column_called_class_does_not_hide_the_folders(tmp_path: Path) -> None:
    draw_many(tmp_path / "data" / "a")
    draw_many(tmp_path / "data" / "b")
    names = [f"{folder}/{number:03}.png" for folder in "ab" for number in range(24)]
    table = pd.DataFrame({"file_name": names, "class": np.arange(48) % 3})
    write(table, tmp_path / "data" / "metadata.csv")
    dataset = read(tmp_path / "data")
    assert [column.name for column in dataset.schema if not column.derived] == ["class", "class.2"]
    assert dataset.schema["class.2"].kind is Kind.CATEGORY
    assert dataset.schema["class.2"].problems


def test_the_id_column_names_the_rows_and_files_where_it_is_missing(tmp_path: Path) -> None:
    folder = draw_many(tmp_path / "photos")
    write(people().assign(person=[f"p{number}" for number in range(24)]).drop(index=2), folder / "metadata.csv")
    assert read(folder, id="person").row_ids[:4].tolist() == ["p0", "p1", "002.png", "p3"]


def test_metadata_that_cannot_be_joined_is_an_error(tmp_path: Path) -> None:
    folder = draw_many(tmp_path / "photos")
    write(people().rename(columns={"file_name": "file"}), folder / "metadata.csv")
    with pytest.raises(InputError, match=r"metadata\.csv: expected a column 'file_name'.*found file, height, sex"):
        read(folder)
    write(people(), folder / "metadata.csv")
    with pytest.raises(UsageError, match="--include height: of pictures only the pixels enter the model"):
        read(folder, include=("height",))


def test_changed_metadata_is_read_again_though_the_pictures_are_cached(tmp_path: Path) -> None:
    folder = draw_many(tmp_path / "photos")
    write(people(), folder / "metadata.csv")
    first = read(folder)
    (folder / "metadata.csv").unlink()
    (folder / "metadata.jsonl").write_text(
        "\n".join(json.dumps({"file_name": f"{number:03}.png", "age": number % 9}) for number in range(24))
    )
    second = read(folder)
    assert [column.name for column in second.schema if not column.derived] == ["age"]
    assert second.fingerprint != first.fingerprint
    assert second.images is not None
    assert first.images is not None
    assert second.images.path == first.images.path


def test_metadata_in_another_unicode_form_finds_its_pictures(tmp_path: Path) -> None:
    folder = draw_many(tmp_path / "caf\u00e9" / "photos")
    for number in range(24):
        (folder / f"{number:03}.png").rename(folder / f"e\u0301{number:03}.png")
    table = people()
    table["file_name"] = [f"\u00e9{number:03}.png" for number in range(24)]
    write(table, folder / "metadata.csv")
    dataset = read(folder)
    assert str(dataset.accounting) == "24 read = 24 scored + 0 quarantined + 0 skipped"
    assert dataset.frame["sex"].tolist() == people()["sex"].tolist()


def test_of_two_files_that_differ_in_their_unicode_form_only_the_one_that_is_spelled_so_is_meant(tmp_path) -> None:
    folder = draw_many(tmp_path / "photos")
    for number, name in enumerate(["e\u0301\u0323.png", "e\u0323\u0301.png"]):
        (folder / f"{number:03}.png").rename(folder / name)
    table = people()
    table.loc[0, "file_name"], table.loc[1, "file_name"] = "e\u0301\u0323.png", "\u1eb9\u0301.png"
    write(table, folder / "metadata.csv")
    dataset = read(folder)
    assert "names '\u1eb9\u0301.png', which is not among the pictures" in dataset.quarantine["reason"][0]


@pytest.mark.parametrize("classes", [("0", "1"), ("1", "2", "3"), ("no", "yes"), ("NA", "EU")])
def test_the_names_of_class_folders_are_levels(tmp_path: Path, classes: tuple[str, ...]) -> None:
    for name in classes:
        draw_many(tmp_path / "photos" / name, 12)
    column = read(tmp_path / "photos").schema["class"]
    assert (column.kind, set(column.levels), column.missing) == (Kind.CATEGORY, set(classes), 0)


def test_a_class_in_two_unicode_forms_is_one(tmp_path: Path) -> None:
    for place in ("train/caf\u00e9", "test/cafe\u0301", "train/b", "test/b"):
        draw_many(tmp_path / "photos" / place, 8)
    assert read(tmp_path / "photos").schema["class"].levels == ("b", "caf\u00e9")


def draw_deep(folder: Path, levels: list[int], ending: str = "png", dtype: type = np.uint16) -> Path:
    folder.mkdir()
    spread = np.linspace(0.5, 1, 256).reshape(16, 16)
    for number, level in enumerate(levels):
        Image.fromarray((spread * level).astype(dtype)).save(folder / f"{number:03}.{ending}")
    return folder


@pytest.mark.parametrize(("ending", "dtype"), [("png", np.uint16), ("tiff", np.int32), ("tiff", np.float32)])
def test_pictures_of_many_bits_keep_how_bright_they_are(tmp_path: Path, ending: str, dtype: type) -> None:
    dataset = read(draw_deep(tmp_path / "scans", [*range(1000, 25000, 1000), 65535], ending, dtype))
    brightness = dataset.frame["picture_brightness"]
    assert brightness.is_monotonic_increasing
    assert (brightness.iloc[0] < 0.05, brightness.iloc[-1] > 0.7) == (True, True)
    assert dataset.images is not None
    assert len(set(dataset.images.content)) == 25
    assert any("the lowest is read as black, the highest as white" in note for note in dataset.notes)


def test_other_pictures_of_many_bits_are_read_in_the_range_of_the_run(tmp_path: Path) -> None:
    run = read(draw_deep(tmp_path / "scans", [*range(20000, 44000, 1000)]))
    assert run.images is not None
    dim = draw_deep(tmp_path / "dim", [22000] * 24)
    other = load_like(dim, run.schema, ReadConfig(cache=str(tmp_path / "cache")), form=run.images.form).dataset
    assert other.images is not None
    assert other.images.value_range == run.images.value_range
    assert other.frame["picture_brightness"].max() < run.frame["picture_brightness"].median()
    tiny = draw_deep(tmp_path / "floats", [1] * 24, "tiff", np.float32)
    assert read(tiny).images.value_range == (0.0, 1.0)


def test_sixteen_bits_beside_eight_are_read_in_the_range_of_their_format(tmp_path: Path) -> None:
    folder = draw_deep(tmp_path / "scans", [6000, 65535])
    draw_many(folder / "plain")
    Image.fromarray(np.full((16, 16), 65535, np.uint16)).save(folder / "white.png")
    dataset = read(folder)
    brightness = dict(zip(dataset.row_ids, dataset.frame["picture_brightness"], strict=True))
    assert brightness["white.png"] == 1
    assert brightness["000.png"] < 0.1
    assert brightness["001.png"] > 0.7


def test_nothing_but_white_is_white(tmp_path: Path) -> None:
    folder = draw_deep(tmp_path / "scans", [])
    for number in range(24):
        Image.fromarray(np.full((16, 16 + number), 65535, np.uint16)).save(folder / f"{number:03}.png")
    images = read(folder).images
    assert images is not None
    assert images.read(np.arange(24)).min() == 255
