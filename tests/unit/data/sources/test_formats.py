"""A format is one entry of one table: what is found, read, listed and documented follows from it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vaeaudit
from vaeaudit.config import ReadConfig
from vaeaudit.data.reading.load import load
from vaeaudit.data.sources.formats import (
    ARRAYS,
    PICTURES,
    TABLES,
    PictureFormat,
    convert_hint,
    named_table,
    open_arrays,
    picture_format,
    supported_arrays,
    supported_pictures,
    supported_tables,
)
from vaeaudit.data.sources.source_file import COMPRESSIONS, SourceFile, TableFormat
from vaeaudit.data.tables.cells import text_cells
from vaeaudit.data.tables.records import RawTable
from vaeaudit.errors import InputError

DOCS = Path(__file__).parents[4] / "docs" / "data.md"


def read_toy(file: SourceFile, config: ReadConfig) -> RawTable:
    """Read one cell of each column per line, parted by tildes, below a line that says TOY and the names."""
    with file.open() as stream:
        header, *rows = [line.split("~") for line in stream.read().decode().splitlines()]
    columns = [text_cells(list(column)) for column in zip(*rows, strict=True)]
    return RawTable(tuple(header[1:]), tuple(columns), np.arange(len(rows)), read=len(rows))


TOY = TableFormat("Toy", (".toy",), lambda head: head.startswith(b"TOY~"), read=read_toy, listed=("Toy",))
CONTENT = "TOY~size~colour\n" + "".join(f"{number / 7}~{'red' if number % 3 else 'blue'}\n" for number in range(40))


@pytest.fixture
def with_toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaeaudit.data.sources.formats.TABLES", (*TABLES, TOY))


@pytest.mark.usefixtures("with_toy")
@pytest.mark.parametrize("name", ["data.toy", "data.csv", "data"])
def test_a_new_format_is_a_reader_and_an_entry_and_is_read_with_no_other_change(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(CONTENT)
    dataset = load(tmp_path / name)
    assert [(column.name, column.kind) for column in dataset.schema] == [("size", "real"), ("colour", "category")]
    assert vaeaudit.inspect(tmp_path / name).accounting.scored == 40


@pytest.mark.usefixtures("with_toy")
def test_a_new_format_counts_in_folders_and_in_every_list(tmp_path: Path) -> None:
    for name in ("a.toy", "b.toy"):
        (tmp_path / name).write_text(CONTENT)
    (tmp_path / "c.toy").write_text("a,b\n1,2\n")
    dataset = load(tmp_path)
    assert len(dataset) == 80
    assert dataset.quarantine["reason"].tolist() == ["expected Toy, found other content."]
    assert supported_tables() == "CSV, TSV, Parquet, Feather, JSON-lines or Toy, also as .gz or .zst"
    assert convert_hint() == "Convert it to CSV, Parquet, Feather, JSON-lines or Toy."


def test_without_its_entry_the_same_file_is_not_read_as_such(tmp_path: Path) -> None:
    (tmp_path / "data.toy").write_text(CONTENT)
    with pytest.raises(InputError, match="no column is left"):
        load(tmp_path / "data.toy")
    with pytest.raises(InputError, match=r"1 with \.toy"):
        load(tmp_path)


def test_what_messages_list_is_what_there_is() -> None:
    assert supported_tables() == "CSV, TSV, Parquet, Feather or JSON-lines, also as .gz or .zst"
    assert supported_arrays() == ".npy or .npz"
    assert supported_pictures() == "JPEG, PNG, WebP, BMP, GIF or TIFF"
    assert convert_hint() == "Convert it to CSV, Parquet, Feather or JSON-lines."


def test_the_documentation_lists_every_format_with_its_endings_and_no_other() -> None:
    rows = re.findall(r"^\| ([^|]+) \| (`\.[^|]+) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    written = {name: tuple(re.findall(r"`(\.\w+)`", endings)) for name, endings in rows}
    assert written == {entry.name: entry.suffixes for entry in (*TABLES, *ARRAYS, *PICTURES)}


def test_every_ending_belongs_to_one_format_and_holds_for_compressed_files_too() -> None:
    endings = [suffix for entry in (*TABLES, *ARRAYS, *PICTURES) for suffix in entry.suffixes]
    assert len(set(endings)) == len(endings)
    for entry in TABLES:
        for suffix in entry.suffixes:
            assert named_table(f"a.b/data{suffix.upper()}") is entry
            assert all(named_table(f"data{suffix}{packed}") is entry for packed in COMPRESSIONS)
    assert named_table("data.gz") is None


@pytest.mark.parametrize("entry", PICTURES, ids=lambda entry: entry.name)
def test_every_picture_format_is_recognised_by_what_pillow_writes(tmp_path: Path, entry: PictureFormat) -> None:
    path = tmp_path / "picture"
    Image.fromarray(np.eye(16, dtype=np.uint8) * 200).save(path, format=entry.name.upper())
    assert picture_format(path.read_bytes()) is entry
    table = tmp_path / "data.csv"
    table.write_bytes(path.read_bytes())
    with pytest.raises(InputError, match=f"found a {entry.name} image"):
        load(table)


def test_arrays_are_opened_by_content_and_a_zip_of_something_else_is_not(tmp_path: Path) -> None:
    values = np.ones((3, 2))
    np.save(tmp_path / "a.npy", values)
    np.savez(tmp_path / "b.npz", x=values)
    opened = {path.name: open_arrays(path) for path in sorted(tmp_path.iterdir())}
    assert [file and file.arrays[0].name for file in opened.values()] == ["a", "x"]
    (tmp_path / "c.npz").write_bytes(b"PK\x03\x04 no archive")
    assert open_arrays(tmp_path / "c.npz") is None
