"""Files of a run, and scores of other data, are plain, whole or absent, and refused when damaged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vaeaudit.data.sources.listing import sha256
from vaeaudit.errors import RunError, UsageError
from vaeaudit.runs import store
from vaeaudit.runs.store import score_path, write_scores


def leftovers(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.glob(".*"))


def test_json_is_strict_and_comes_back(tmp_path: Path) -> None:
    document = {"größe": [1, 2.5, None], "text": "a\u202eb\n"}
    store.write_json(tmp_path / "a.json", document)
    assert store.read_json(tmp_path / "a.json") == document
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.write_json(tmp_path / "a.json", {"x": float("nan")})
    assert store.read_json(tmp_path / "a.json") == document  # the failed write left the file as it was
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("text", ["", "{", "[1]", "3", "\udcff"])
def test_a_file_that_is_no_json_object_is_refused_by_its_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(RunError, match=r"a\.json: expected"):
        store.read_json(tmp_path / "a.json")
    with pytest.raises(RunError, match=r"b\.json: expected"):
        store.read_json(tmp_path / "b.json")


def test_arrays_come_back_and_objects_are_refused(tmp_path: Path) -> None:
    arrays = {"current/0": np.arange(6.0).reshape(2, 3), "names": np.array(["a", "größe"]), "flag": np.array(True)}
    store.write_arrays(tmp_path / "a.npz", arrays)
    again = store.read_arrays(tmp_path / "a.npz")
    assert set(again) == set(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(again[name], array)

    with pytest.raises(TypeError, match="only pickle could store"):
        store.write_arrays(tmp_path / "b.npz", {"x": np.array([{}], object)})
    assert not (tmp_path / "b.npz").exists()


def test_a_pickle_in_disguise_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "a.npz").open("wb") as stream:
        np.savez(stream, allow_pickle=True, x=np.array([{"a": 1}], object))
    with pytest.raises(RunError, match=r"a\.npz: expected arrays"):
        store.read_arrays(tmp_path / "a.npz")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x04.", b"text"])
def test_damaged_arrays_and_tables_are_refused(tmp_path: Path, content: bytes) -> None:
    for name, read in (("a.npz", store.read_arrays), ("a.parquet", store.read_table)):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RunError, match=f"{name[0]}.{name[2:]}: expected"):
            read(tmp_path / name)


def test_tables_come_back_from_parquet_and_csv(tmp_path: Path) -> None:
    table = pd.DataFrame({"file": ["null", "NA", 'a,"b"\n'], "row": [3, -1, 0], "reason": ["=1+1", "x", "y"]})
    for name in ("t.csv", "t.parquet"):
        store.write_table(tmp_path / name, table)
        pd.testing.assert_frame_equal(store.read_table(tmp_path / name), table, check_dtype=False)
    assert leftovers(tmp_path) == []


def test_an_empty_table_keeps_its_columns(tmp_path: Path) -> None:
    store.write_table(tmp_path / "t.csv", pd.DataFrame(columns=["file", "row", "reason"]))
    assert list(store.read_table(tmp_path / "t.csv").columns) == ["file", "row", "reason"]


def test_a_note_stands_in_the_metadata_of_parquet(tmp_path: Path) -> None:
    store.write_table(tmp_path / "t.parquet", pd.DataFrame({"x": [1.0]}), note="what the score is")
    assert pq.read_schema(tmp_path / "t.parquet").metadata[b"vaeaudit"] == b"what the score is"


def test_a_file_name_that_is_not_utf8_is_written_as_escapes(tmp_path: Path) -> None:
    table = pd.DataFrame({"file": pd.Series(["b\udcffd.csv"], dtype=object), "row": [-1], "reason": ["unreadable"]})
    store.write_table(tmp_path / "t.csv", table)
    assert store.read_table(tmp_path / "t.csv")["file"].tolist() == ["b\\udcffd.csv"]


def test_the_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256(tmp_path / "a").startswith("ba7816bf8f01cfea414140de5dae2223")


def test_a_failed_write_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    store.write_table(tmp_path / "t.parquet", pd.DataFrame({"x": [1.0]}))
    with pytest.raises(pa.ArrowInvalid):
        store.write_table(tmp_path / "t.parquet", pd.DataFrame({"x": [object()]}))
    assert store.read_table(tmp_path / "t.parquet")["x"].tolist() == [1.0]
    assert leftovers(tmp_path) == []


ROWS = pd.DataFrame({"row_id": ["a", "b"], "outlier_score": [1.0, 2.0]})
NOTHING = pd.DataFrame({"file": [], "row": [], "reason": []})


@pytest.mark.parametrize(
    ("name", "folder"),
    [("new people.csv", "new-people"), ("../../etc/passwd", "passwd"), ("DataFrame", "DataFrame"), ("…", "data")],
)
def test_the_folder_is_called_after_the_data_and_stays_inside_the_runs(name: str, folder: str) -> None:
    assert score_path("adult", name) == Path("scores", "adult", folder)


def test_earlier_scores_are_replaced_and_other_files_stay(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    write_scores(folder, ROWS, NOTHING, {"n": 2}, note="a score")
    (folder / "mine.txt").write_text("keep", encoding="utf-8")
    path = write_scores(folder, ROWS.head(1), NOTHING, {"n": 1}, note="a score")
    assert path == folder / "rows.parquet"
    assert len(pd.read_parquet(path)) == json.loads((folder / "score.json").read_text(encoding="utf-8"))["n"] == 1
    assert {file.name for file in folder.iterdir()} == {"rows.parquet", "quarantine.csv", "score.json", "mine.txt"}


def test_suspicious_cells_come_and_go_with_the_scores(tmp_path: Path) -> None:
    write_scores(tmp_path, ROWS, NOTHING, {"n": 2}, note="", cells=ROWS.head(1))
    assert len(pd.read_parquet(tmp_path / "cells.parquet")) == 1
    write_scores(tmp_path, ROWS, NOTHING, {"n": 2}, note="")
    assert not (tmp_path / "cells.parquet").exists()


def test_what_cannot_be_written_leaves_the_earlier_scores_whole(tmp_path: Path) -> None:
    write_scores(tmp_path, ROWS, NOTHING, {"n": 2}, note="")
    with pytest.raises(ValueError, match="JSON"):
        write_scores(tmp_path, ROWS.head(1), NOTHING, {"n": float("nan")}, note="")
    assert len(pd.read_parquet(tmp_path / "rows.parquet")) == 2
    assert len(list(tmp_path.iterdir())) == 3


def test_a_folder_that_is_a_file_is_said_by_its_option(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="--out"):
        write_scores(tmp_path / "file", ROWS, NOTHING, {}, note="")
