"""Folders of pictures: what is one, what folders say, what is left out and why."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from vaeaudit.config import ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.images.folder import folder_columns, survey
from vaeaudit.data.reading.inspection import describe
from vaeaudit.data.reading.load import load
from vaeaudit.data.schema.columns import Role
from vaeaudit.errors import InconclusiveError, InputError, UsageError


def draw(path: Path, number: int, *, side: int = 32, colour: bool = False) -> Path:
    """Write a picture that differs with its number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((side, side, 3) if colour else (side, side), number % 200, dtype=np.uint8)
    pixels[number % side, :] = (255, 0, 0) if colour else 255
    Image.fromarray(pixels).save(path)
    return path


def draw_many(folder: Path, count: int = 24, **options: bool) -> Path:
    for number in range(count):
        draw(folder / f"{number:03}.png", number, **options)
    return folder


def read(folder: Path, **options: object) -> Dataset:
    return load(folder, ReadConfig(cache=str(folder.parent / "cache"), **options))


def test_a_flat_folder_has_pictures_and_no_columns(tmp_path: Path) -> None:
    dataset = read(draw_many(tmp_path / "photos"))
    assert dataset.images is not None
    assert dataset.images.shape == (24, 32, 32, 1)
    assert len(dataset) == 24 and all(column.derived for column in dataset.schema)
    assert dataset.row_ids[:2].tolist() == ["000.png", "001.png"]
    assert np.array_equal(
        dataset.images.read(np.array([5]))[0, :, :, 0], np.asarray(Image.open(tmp_path / "photos" / "005.png"))
    )
    assert dataset.name == "photos"


def test_subfolders_are_the_class_and_only_suggested_as_the_label(tmp_path: Path) -> None:
    draw_many(tmp_path / "data" / "cat")
    draw_many(tmp_path / "data" / "dog" / "puppy", 8)
    dataset = read(tmp_path / "data")
    column = dataset.schema["class"]
    assert (column.role, column.in_model, column.levels) == (Role.INPUT, False, ("cat", "dog"))
    assert "the column class could be the label: --label class" in dataset.notes
    assert "8 file(s) lie deeper: the first level counts as their class" in dataset.notes
    labelled = read(tmp_path / "data", label="class")
    assert labelled.schema["class"].role is Role.LABEL
    assert not any("--label" in note for note in labelled.notes)


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (["a.png", "b.png"], {}),
        (["x/a.png", "x/b.png"], {}),
        (["cat/a.png", "dog/b.png"], {"class": ["cat", "dog"]}),
        (["x/y/cat/a.png", "x/y/dog/b.png"], {"class": ["cat", "dog"]}),
        (["a.png", "cat/b.png"], {"class": [None, "cat"]}),
        (["train/a.png", "val/b.png"], {"split": ["train", "val"]}),
        (["train/cat/a.png", "Test/b.png"], {"split": ["train", "Test"], "class": ["cat", None]}),
        (["d/train/c/a.png", "d/test/e/b.png"], {"split": ["train", "test"], "class": ["c", "e"]}),
        (["train/cat/a.png", "train/dog/b.png"], {"class": ["cat", "dog"]}),
        (["train/a.png", "cat/b.png"], {"class": ["train", "cat"]}),
    ],
)
def test_folders_give_split_and_class(names: list[str], columns: dict[str, list[str | None]]) -> None:
    assert folder_columns(names).columns == columns


@given(st.lists(st.lists(st.sampled_from(["train", "test", "cat", "dog"]), max_size=3), min_size=1, max_size=8))
def test_every_file_has_one_value_in_each_column(folders: list[list[str]]) -> None:
    names = ["/".join([*parts, f"{number}.png"]) for number, parts in enumerate(folders)]
    for name, values in folder_columns(names).columns.items():
        assert len(values) == len(names)
        assert set(values) != {None}, name


def test_every_bad_file_is_quarantined_with_its_reason_and_the_rest_goes_on(tmp_path: Path) -> None:
    folder = draw_many(tmp_path / "photos")
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_text("not a picture")
    (folder / "pickle.png").write_bytes(pickle.dumps({"a": 1}))
    (folder / "cut.png").write_bytes((folder / "003.png").read_bytes()[:-30])
    draw(folder / "dot.gif", 0, side=1)
    (folder / "loop.jpg").symlink_to("loop.jpg")
    (folder / "broken.jpg").symlink_to("nowhere.jpg")
    (folder / "round").symlink_to(folder, target_is_directory=True)
    os.mkfifo(folder / "pipe.png")
    (folder / "drawing.svg").write_text("<svg/>")
    (folder / "notes.txt").write_text("seen")
    (folder / ".hidden.jpg").write_bytes(b"")
    dataset = read(folder)
    reasons = dict(zip(dataset.quarantine["file"], dataset.quarantine["reason"], strict=True))
    assert reasons.keys() == {
        "empty.jpg", "text.jpg", "pickle.png", "cut.png", "dot.gif", "loop.jpg", "broken.jpg", "pipe.png", "drawing.svg"
    }  # fmt: skip
    assert "found an empty file" in reasons["empty.jpg"]
    assert "Python pickle" in reasons["pickle.png"]
    assert "a link that leads nowhere: too many levels of symbolic links" in reasons["loop.jpg"]
    assert "regular file" in reasons["pipe.png"]
    assert str(dataset.accounting) == "33 read = 24 scored + 9 quarantined + 0 skipped"
    assert "2 other file(s) in the folder were not read: notes.txt, round (a linked folder)" in dataset.notes
    assert dataset.images is not None
    assert dataset.images.shape[0] == 24
    for row, name in enumerate(dataset.row_ids):
        assert np.array_equal(
            dataset.images.read(np.array([row]))[0, :, :, 0], np.asarray(Image.open(folder / name))
        ), name


def test_content_decides_whatever_the_name_says(tmp_path: Path) -> None:
    folder = draw_many(tmp_path / "photos", 20)
    (folder / "000.png").rename(folder / "png.jpg")
    (folder / "001.png").rename(folder / "no_ending")
    (folder / "002.png").rename(folder / "odd.ending")
    assert len(read(folder)) == 20


def test_a_name_that_is_not_utf_8_is_escaped(tmp_path: Path) -> None:
    folder = draw_many(tmp_path / "photos")
    os.rename(folder / "000.png", os.fsencode(folder) + b"/caf\xe9.png")  # noqa: PTH104 - the name is bytes
    (Path(os.fsdecode(os.fsencode(folder) + b"/\xff.jpg"))).write_bytes(b"")
    dataset = read(folder)
    assert "caf\\xe9.png" in dataset.row_ids
    assert dataset.quarantine["file"].tolist() == ["\\xff.jpg"]


def test_a_colour_picture_late_in_the_folder_makes_all_of_them_colour(tmp_path: Path) -> None:
    folder = draw_many(tmp_path / "photos")
    draw(folder / "zz.png", 3, colour=True)
    images = read(folder).images
    assert images is not None
    pixels = images.read(np.arange(len(images)))
    assert pixels.shape == (25, 32, 32, 3)
    grey = np.asarray(Image.open(folder / "007.png"))
    assert np.array_equal(pixels[7], np.repeat(grey[..., None], 3, axis=2))
    assert np.array_equal(pixels[24], np.asarray(Image.open(folder / "zz.png")))
    assert images.modes == {"L": 24, "RGB": 1}


def test_the_size_is_chosen_from_the_median_picture_or_given(tmp_path: Path) -> None:
    folder = draw_many(tmp_path / "photos")
    draw(folder / "large.png", 1, side=500)
    chosen = read(folder)
    assert chosen.images is not None
    assert chosen.images.shape[1:3] == (32, 32)
    assert chosen.images.sizes.max() == 500
    assert any("32 x 32 pixels, grey" in note and "--image-size" in note for note in chosen.notes)
    given_size = read(folder, image_size=40)
    assert given_size.images is not None
    assert given_size.images.shape[1:3] == (40, 40)
    assert any("24 of 25 pictures were smaller" in note for note in given_size.notes)


def test_identical_pictures_have_equal_content_and_the_fingerprint_is_over_contents(tmp_path: Path) -> None:
    one, two = draw_many(tmp_path / "a" / "photos"), draw_many(tmp_path / "b" / "photos")
    first, second = read(one), read(two)
    assert first.fingerprint == second.fingerprint
    draw(two / "005.png", 6)
    changed = read(two)
    assert changed.fingerprint != second.fingerprint
    assert changed.images is not None
    assert changed.images.content[5] == changed.images.content[6]
    assert describe(changed)["images"]["exact_duplicates"] == 1


def test_pictures_win_over_tables_only_where_they_are_more_and_kind_overrides(tmp_path: Path) -> None:
    folder = draw_many(tmp_path / "both")
    table = "\n".join(["a,b", *(f"{i / 7:.3f},{'xyz'[i % 3]}" for i in range(60))])
    (folder / "t.csv").write_text(table)
    pictures, tables = read(folder), read(folder, kind="table")
    assert pictures.images is not None
    assert "24 picture(s) and 1 table(s): the pictures were read; --kind table" in pictures.notes[-2]
    assert (tables.images, len(tables)) == (None, 60)
    few = tmp_path / "few"
    draw(few / "logo.png", 1)
    (few / "t.csv").write_text(table)
    assert read(few).images is None
    assert any("1 picture(s) and 1 table(s): the tables were read; --kind images" in note for note in read(few).notes)


def test_what_cannot_be_read_as_asked_says_so(tmp_path: Path) -> None:
    folder = draw_many(tmp_path / "photos", 5)
    with pytest.raises(InconclusiveError, match="found 5 usable rows"):
        read(folder)
    with pytest.raises(InputError, match=r"--kind array: expected a \.npy or \.npz file"):
        read(folder, kind="array")
    with pytest.raises(InputError, match="found a PNG image") as error:
        read(folder / "001.png")
    assert error.value.hint == "Give the folder that holds the pictures."
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="expected pictures"):
        read(tmp_path / "empty", kind="images")
    with pytest.raises(UsageError, match="no column 'age'"):
        read(draw_many(folder), sensitive=("age",))
    with pytest.raises(UsageError, match="--image-size"):
        read(folder, image_size=3)


def test_only_bad_pictures_are_an_error_that_names_the_first(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(30):
        (folder / f"{number:02}.jpg").write_text("no")
    with pytest.raises(InputError, match=r"none of the 30 record\(s\) can be used.*00\.jpg.*found text"):
        read(folder)


def test_a_survey_opens_no_picture_and_follows_no_folder_link(tmp_path: Path) -> None:
    folder = draw_many(tmp_path / "photos", 3)
    (folder / "up").symlink_to(tmp_path, target_is_directory=True)
    found = survey(folder)
    assert [file.name for file in found.files] == ["000.png", "001.png", "002.png"]
    assert [entry.file for entry in found.links] == ["up"]
