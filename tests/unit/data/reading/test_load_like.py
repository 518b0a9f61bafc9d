"""Other data is read in the columns of a run: by name, without inferring anything, with an exact account."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from vaeaudit.config import ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.reading.load import load
from vaeaudit.data.reading.load_like import load_like
from vaeaudit.errors import InputError, UsageError

N = 60


def table() -> pd.DataFrame:
    generator = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "key": [f"k{row}" for row in range(N)],
            "age": generator.integers(20, 70, N),
            "city": generator.choice(["Ulm", "Bonn", "Köln"], N, p=[0.6, 0.3, 0.1]),
            "member": generator.choice(["yes", "no"], N),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(generator.integers(0, 900, N), unit="D"),
            "sex": generator.choice(["f", "m"], N),
        }
    )


CONFIG = ReadConfig(id="key", sensitive=("sex",))


@pytest.fixture
def known() -> Dataset:
    return load(table(), CONFIG)


def test_the_same_rows_from_any_format_are_the_same_frame(known: Dataset, tmp_path: Path) -> None:
    table().to_csv(tmp_path / "a.csv", index=False)
    table().to_csv(tmp_path / "b.tsv", index=False, sep="\t", encoding="utf-16")
    table().to_parquet(tmp_path / "c.parquet")
    table().to_json(tmp_path / "d.jsonl", orient="records", lines=True, date_format="iso")
    for source in (table(), *sorted(tmp_path.iterdir())):
        other = load_like(source, known.schema, CONFIG)
        pd.testing.assert_frame_equal(other.dataset.frame, known.frame)
        pd.testing.assert_frame_equal(other.as_met, known.frame)
        assert other.dataset.row_ids.tolist() == known.row_ids.tolist()
        assert other.lacking == ()


def test_one_row_is_enough_and_its_kinds_are_those_of_the_run(known: Dataset) -> None:
    other = load_like(table().iloc[[3]], known.schema, CONFIG)
    assert [column.kind for column in other.dataset.schema] == [column.kind for column in known.schema]
    assert [column.levels for column in other.dataset.schema] == [column.levels for column in known.schema]
    assert other.dataset.accounting.scored == 1


def test_columns_beside_the_runs_are_passed_over_and_columns_in_another_order_are_found(known: Dataset) -> None:
    moved = table().iloc[:, ::-1].assign(extra=1, **{"<b>": "x"})
    other = load_like(moved, known.schema, CONFIG)
    pd.testing.assert_frame_equal(other.dataset.frame, known.frame)
    assert any("passed over: extra, <b>" in note for note in other.dataset.notes)


def test_a_missing_column_stops_only_where_the_model_needs_it(known: Dataset) -> None:
    other = load_like(table().drop(columns=["sex", "key"]), known.schema, CONFIG)
    assert set(other.lacking) == {"sex", "key"}
    assert other.dataset.frame["sex"].isna().all()
    assert other.dataset.row_ids.tolist() == [str(row) for row in range(N)]
    assert any("lacks" in note and "sex" in note for note in other.dataset.notes)
    with pytest.raises(InputError, match=r"needs the column\(s\) age, city.*its columns are: key, member"):
        load_like(table().drop(columns=["age", "city"]), known.schema, CONFIG)


def test_levels_that_the_run_does_not_know_are_counted_and_kept_apart(known: Dataset) -> None:
    frame = table()
    frame.loc[[0, 5], "city"] = ["Rom", "Oslo"]
    other = load_like(frame, known.schema, CONFIG)
    assert other.dataset.frame["city"].isna().sum() == 2
    assert other.as_met["city"].notna().all()
    assert tuple(other.dataset.frame["city"].cat.categories) == known.schema["city"].levels
    assert any(note.startswith("city: 2 cell(s) hold 2 level(s)") for note in other.dataset.notes)


def test_another_kind_altogether_is_an_error_that_shows_the_cells(known: Dataset) -> None:
    with pytest.raises(InputError, match="'age': expected numbers.*'old'"):
        load_like(table().assign(age="old"), known.schema, CONFIG)
    with pytest.raises(InputError, match="'since': expected dates"):
        load_like(table().assign(since="long ago"), known.schema, CONFIG)


def test_every_record_is_accounted_for(known: Dataset, tmp_path: Path) -> None:
    text = table().to_csv(index=False)
    path = tmp_path / "a.csv"
    path.write_text(text + "\n,,,,,\ntoo,few\n", encoding="utf-8")
    accounting = load_like(path, known.schema, CONFIG).dataset.accounting
    assert (accounting.read, accounting.scored, accounting.quarantined, accounting.skipped) == (N + 3, N, 1, 2)


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "empty"), ("key,age,city,member,since\n", "found none"), ("key,age,city,member,since\n1,2\n", "can be used")],
)
def test_data_without_a_usable_row_is_an_error(known: Dataset, tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "a.csv").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        load_like(tmp_path / "a.csv", known.schema, CONFIG)


def test_tokens_that_mean_missing_are_those_of_the_run_unless_they_are_levels() -> None:
    frame = table().assign(city=["-", "+"] * (N // 2), age=[99, *[20 + row % 40 for row in range(1, N)]])
    config = ReadConfig(id="key", na=("99",))
    known = load(frame, config)
    other = load_like(frame.iloc[:1], known.schema, config)  # alone, "-" would mean missing
    assert other.dataset.frame["city"].tolist() == ["-"]
    assert np.isnan(other.dataset.frame["age"].iloc[0])


def test_an_id_may_be_any_column_and_one_that_nobody_knows_is_refused(known: Dataset) -> None:
    other = load_like(table().assign(name="n"), known.schema, ReadConfig(id="name"))
    assert set(other.dataset.row_ids) == {"n"}
    with pytest.raises(UsageError, match="no column 'nobody'"):
        load_like(table(), known.schema, ReadConfig(id="nobody"))


# --- vectors and pictures -------------------------------------------------------------------------------------------


def test_vectors_are_matched_by_position_and_may_be_single(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(40, 3))
    np.save(tmp_path / "a.npy", values)
    np.save(tmp_path / "b.npy", np.round(values[:1]))
    np.save(tmp_path / "c.npy", values[:, :2])
    known = load(tmp_path / "a.npy")
    other = load_like(tmp_path / "b.npy", known.schema, ReadConfig())
    assert other.dataset.frame.to_numpy().tolist() == np.round(values[:1]).tolist()
    with pytest.raises(InputError, match="v2"):
        load_like(tmp_path / "c.npy", known.schema, ReadConfig())


def draw(folder: Path, name: str, shape: tuple[int, ...], seed: int = 0) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)).save(folder / name)


@pytest.fixture
def grey(tmp_path: Path) -> tuple[Dataset, ReadConfig]:
    for number in range(24):
        draw(tmp_path / "grey", f"{'ab'[number % 2]}/{number}.png", (16, 16), number)
    config = ReadConfig(cache=str(tmp_path / "cache"))
    return load(tmp_path / "grey", config), config


def form_of(dataset: Dataset) -> Any:
    assert dataset.images is not None
    return dataset.images.form


def test_pictures_are_brought_to_the_size_and_the_channels_of_the_run(
    grey: tuple[Dataset, ReadConfig], tmp_path: Path
) -> None:
    known, config = grey
    draw(tmp_path / "other", "big.png", (64, 64, 3))
    draw(tmp_path / "other", "a/small.png", (9, 9))
    (tmp_path / "other" / "broken.png").write_bytes(b"none")
    other = load_like(tmp_path / "other", known.schema, config, form=form_of(known))
    images = other.dataset.images
    assert images is not None
    assert images.shape == (2, 16, 16, 1)
    assert any("1 of 2 pictures were in colour" in note for note in other.dataset.notes)
    assert other.dataset.frame["class"].tolist()[0] == "a"
    assert str(other.dataset.accounting) == "3 read = 2 scored + 1 quarantined + 0 skipped"
    assert set(other.dataset.row_ids) == {"a/small.png", "big.png"}


def test_grey_pictures_for_a_run_in_colour_get_three_channels(tmp_path: Path) -> None:
    for number in range(24):
        draw(tmp_path / "colour", f"{number}.png", (16, 16, 3), number)
    config = ReadConfig(cache=str(tmp_path / "cache"))
    known = load(tmp_path / "colour", config)
    draw(tmp_path / "grey", "one.png", (16, 16))
    images = load_like(tmp_path / "grey", known.schema, config, form=form_of(known)).dataset.images
    assert images is not None
    pixels = images.read(np.array([0]))
    assert pixels.shape == (1, 16, 16, 3)
    assert (pixels[..., 0] == pixels[..., 2]).all()


def test_the_same_pictures_are_the_same_pixels(grey: tuple[Dataset, ReadConfig], tmp_path: Path) -> None:
    known, config = grey
    images = load_like(tmp_path / "grey", known.schema, config, form=form_of(known)).dataset.images
    assert images is not None and known.images is not None
    every = np.arange(24)
    assert (images.read(every) == known.images.read(every)).all()


def test_pictures_and_tables_are_not_taken_for_one_another(grey: tuple[Dataset, ReadConfig], tmp_path: Path) -> None:
    known, config = grey
    with pytest.raises(InputError, match="expected pictures.*found a table"):
        load_like(table(), known.schema, config, form=form_of(known))
    with pytest.raises(InputError, match="expected a table.*found pictures"):
        load_like(tmp_path / "grey", load(table(), CONFIG).schema, config)


def test_what_stands_for_white_in_an_array_is_what_stood_for_it_in_the_run(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 256, (24, 16, 16), dtype=np.uint8)
    np.save(tmp_path / "a.npy", values)
    np.save(tmp_path / "dark.npy", values[:2] // 16)
    np.save(tmp_path / "unit.npy", values[:2] / 255)
    config = ReadConfig(cache=str(tmp_path / "cache"))
    known = load(tmp_path / "a.npy", config)
    images = load_like(tmp_path / "dark.npy", known.schema, config, form=form_of(known)).dataset.images
    assert images is not None
    assert (images.read(np.array([0, 1]))[..., 0] == values[:2] // 16).all()
    with pytest.raises(InputError, match="expected values from 0 .black. to 255"):
        load_like(tmp_path / "unit.npy", known.schema, config, form=form_of(known))
