"""What DATA is: formats by content, refusals, folders."""

from __future__ import annotations

import gzip
import hashlib
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vaeaudit.data.sources.formats import DELIMITED
from vaeaudit.data.sources.table_files import find, identify
from vaeaudit.errors import InputError

CSV = b"a,b\n1,x\n2,y\n"


class Trap:
    """Unpickling this would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", ["data.csv", "data.parquet", "data.npy", "data.feather", "data.jsonl", "data"])
def test_a_pickle_in_disguise_is_refused_and_never_opened(tmp_path: Path, name: str, protocol: int) -> None:
    path, witness = tmp_path / name, tmp_path / "witness"
    path.write_bytes(pickle.dumps(Trap(witness), protocol=protocol))
    with pytest.raises(InputError, match=r"Python pickle|expected|found"):
        find(path)
    assert not witness.exists()


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_called_one_also_when_compressed(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "data.csv.gz"
    path.write_bytes(gzip.compress(pickle.dumps(pd.DataFrame({"a": [1]}), protocol=protocol)))
    with pytest.raises(InputError, match="refused, because it is a Python pickle"):
        find(path)


def test_a_zip_of_a_pickle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.csv"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02.")
    with pytest.raises(InputError, match="holds a Python pickle"):
        find(path)


def test_a_single_column_that_begins_like_a_pickle_is_still_a_table(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("country\nGermany\nportugal\n")
    assert find(path).files[0].format is DELIMITED


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty file"),
        (b" \n\n ", "empty file"),
        (gzip.compress(b"", mtime=0), "empty file"),
        (b"\x1f\x8bnot really gzip at all", "damaged"),
        (b"\x93NUMPY\x01\x00", "NumPy array"),
        (b"SQLite format 3\x00", "SQLite"),
        (b"%PDF-1.7", "PDF"),
        (b"BZh91AY", "bzip2"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (bytes(range(256)) * 20, "binary data"),
        (b'[{"a": 1}]', "one JSON object per line"),
    ],
)
def test_what_is_no_table_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        find(path)


def test_a_workbook_and_arrays_in_a_zip_are_named(tmp_path: Path) -> None:
    workbook, arrays = tmp_path / "data.xlsx", tmp_path / "data.npz"
    with zipfile.ZipFile(workbook, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    np.savez(arrays, x=np.ones(3))
    with pytest.raises(InputError, match="Excel"):
        find(workbook)
    with pytest.raises(InputError, match="NumPy arrays"):
        find(arrays)


def test_content_decides_over_the_name(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    frame.to_parquet(tmp_path / "a.csv")
    frame.to_feather(tmp_path / "b.csv")
    (tmp_path / "c.csv").write_text('{"a": 1}\n{"a": 2}\n')
    (tmp_path / "d.csv").write_bytes(gzip.compress(CSV))
    found = {name: find(tmp_path / f"{name}.csv").files[0] for name in "abcd"}
    assert [found[name].format.name for name in "abcd"] == [
        "Parquet",
        "Feather (Arrow IPC)",
        "JSON-lines",
        "delimited text",
    ]
    assert found["d"].compression == "gzip"


@pytest.mark.parametrize("name", ["data.parquet", "data.feather"])
def test_text_under_a_columnar_name_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(CSV)
    with pytest.raises(InputError, match="found other content"):
        find(tmp_path / name)


def test_a_missing_file_a_loop_and_a_pipe_are_one_clear_error_each(tmp_path: Path) -> None:
    loop, pipe = tmp_path / "loop.csv", tmp_path / "pipe.csv"
    loop.symlink_to(loop)
    os.mkfifo(pipe)
    for path, reason in [
        (tmp_path / "none.csv", "no such file"),
        (loop, "symbolic links"),
        (pipe, "expected a regular file"),
        (Path("a\0b"), "null"),
    ]:
        with pytest.raises(InputError, match=reason):
            find(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(CSV)
    path.chmod(0)
    with pytest.raises(InputError, match="permission denied"):
        find(path)


def test_a_folder_gives_its_tables_in_sorted_order_and_notes_the_rest(tmp_path: Path) -> None:
    for name in ("b.csv", "a.tsv", "sub/c.csv.gz", ".hidden.csv", ".git/d.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(gzip.compress(CSV) if name.endswith("gz") else CSV)
    (tmp_path / "README.md").write_text("about")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "bad.csv").write_bytes(pickle.dumps([1]))
    source = find(tmp_path)
    assert [file.name for file in source.files] == ["a.tsv", "b.csv", "sub/c.csv.gz"]
    assert [(entry.file, entry.row) for entry in source.refused] == [("bad.csv", -1)]
    assert "pickle" in source.refused[0].reason
    assert "README.md" in source.notes[0]
    assert "again (a linked folder)" in source.notes[0]


@pytest.mark.parametrize(("names", "message"), [((), "empty folder"), (("a.jpg", "b.jpg"), "2 with .jpg")])
def test_a_folder_without_tables_says_what_it_holds(tmp_path: Path, names: tuple[str, ...], message: str) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"\xff\xd8\xff")
    with pytest.raises(InputError, match=message):
        find(tmp_path)


def test_a_folder_whose_tables_are_all_refused_names_the_first(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"")
    with pytest.raises(InputError, match=r"none could be read\. a\.csv: expected a table, found an empty file"):
        find(tmp_path)


def test_the_fingerprint_of_a_file_is_its_sha256(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(CSV)
    assert find(path).fingerprint() == hashlib.sha256(CSV).hexdigest()


def test_the_fingerprint_of_a_folder_follows_names_and_contents(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_bytes(CSV)
    first = find(tmp_path).fingerprint()
    assert find(tmp_path).fingerprint() == first
    (tmp_path / "b.csv").rename(tmp_path / "c.csv")
    renamed = find(tmp_path).fingerprint()
    (tmp_path / "c.csv").write_bytes(CSV + b"3,z\n")
    assert len({first, renamed, find(tmp_path).fingerprint()}) == 3


def test_a_file_whose_name_is_not_utf_8_is_refused_with_the_way_out(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff.csv"))
    path.write_text("a,b\n" + "1,2\n" * 30)
    with pytest.raises(InputError, match="not UTF-8"):
        identify(path, path.name)
