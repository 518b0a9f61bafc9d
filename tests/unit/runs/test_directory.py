"""A run is complete with its manifest or not a run; what is altered, missing or half-made is told apart."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vaeaudit.config import FitConfig
from vaeaudit.data.reading.load import load
from vaeaudit.errors import RunError, UsageError
from vaeaudit.runs import artifacts
from vaeaudit.runs.directory import RunWriter, find_partial, new_run_path, partial_path
from vaeaudit.runs.reading import load_run

METADATA: dict[str, Any] = {
    "id": "a",
    "created": "2026-03-04T05:06:07+00:00",
    "versions": {},
    "seed": 0,
    "data": {"name": "a.csv", "kind": "table", "source": "/data/a.csv", "fingerprint": "0" * 64},
    "rows": {"read": 1, "scored": 1, "quarantined": 0, "skipped": 0},
    "notes": [],
    "population": None,
    "reference": None,
    "given": {"config": FitConfig().to_dict(), "population": None},
}
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_run(path: Path) -> RunWriter:
    writer = RunWriter(path)
    writer.document(artifacts.CONFIG, FitConfig().to_dict())
    writer.document(artifacts.METADATA, METADATA)
    writer.arrays(artifacts.WEIGHTS, {"weight_000": np.zeros(3)})
    return writer


def keep_state(writer: RunWriter, epoch: int = 3) -> None:
    facts = {"epoch": epoch, "best_loss": 1.0, "waited": 0, "seconds": 0.5, "history": {"loss": [1.0]}}
    writer.training_state(facts, {"current/0": np.ones(2)})


# --- names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("adult.csv", "adult"),
        ("data.csv.gz", "data"),
        ("größe & more!.csv", "gr-e-more"),
        ("../../etc/passwd", "passwd"),
        ("..", "data"),
        ("...", "data"),
        ("-rf", "rf"),
        ("\x1b[31m\n.csv", "31m"),
        ("", "data"),
        ("x" * 300, "x" * 60),
    ],
)
def test_a_run_is_named_after_its_data_without_odd_characters(name: str, folder: str) -> None:
    assert new_run_path(name, now=NOW) == Path("runs") / f"{folder}-20260304-050607"


def test_two_runs_of_the_same_second_get_names_of_their_own() -> None:
    first = new_run_path("a.csv", now=NOW)
    first.mkdir(parents=True)
    second = new_run_path("a.csv", now=NOW)
    partial_path(second).mkdir()
    assert new_run_path("a.csv", now=NOW).name == "a-20260304-050607-3"


# --- writing --------------------------------------------------------------------------------------------------------


def test_until_it_is_complete_a_run_is_out_of_sight() -> None:
    writer = write_run(Path("runs/a"))
    assert not Path("runs/a").exists()
    with pytest.raises(RunError, match="no complete run"):
        load_run()
    with pytest.raises(RunError, match="no such run"):
        load_run("runs/a")
    with pytest.raises(RunError, match=r"not a complete run: it has no manifest\.json"):
        load_run(writer.folder)

    writer.complete()
    assert load_run().path == Path("runs/a")
    assert not writer.folder.exists()


def test_the_manifest_lists_every_file_with_its_digest() -> None:
    path = write_run(Path("runs/a")).complete()
    manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["sha256"]) == {"config.json", "metadata.json", "model/weights.npz"}


def test_what_a_killed_writer_left_half_written_does_not_get_into_the_run() -> None:
    writer = write_run(Path("runs/a"))
    (writer.folder / "model" / ".weights.npz.123.writing").write_bytes(b"half")
    keep_state(writer)
    path = writer.complete()
    files = {file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()}
    assert files == {"config.json", "manifest.json", "metadata.json", "model/weights.npz"}


def test_an_existing_folder_is_not_written_over() -> None:
    Path("mine").mkdir()
    with pytest.raises(UsageError, match="--run mine: the folder exists already"):
        RunWriter(Path("mine"))
    assert list(Path("mine").iterdir()) == []


def test_a_folder_that_appears_meanwhile_is_not_written_over() -> None:
    writer = write_run(Path("runs/a"))
    Path("runs/a").mkdir()
    with pytest.raises(UsageError, match="appeared meanwhile"):
        writer.complete()
    assert list(Path("runs/a").iterdir()) == []


def test_a_place_that_cannot_be_written_is_named() -> None:
    Path("file").write_text("x", encoding="utf-8")
    with pytest.raises(UsageError, match="--run file: cannot be written: not a directory"):
        RunWriter(Path("file/run"))


def test_a_name_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(UsageError, match="the name is not UTF-8"):
        RunWriter(Path("runs/q\udcff"))
    assert not Path("runs").exists()


def test_starting_afresh_forgets_the_interrupted_training_of_that_place() -> None:
    keep_state(write_run(Path("runs/a")))
    fresh = RunWriter(Path("runs/a"))
    assert not fresh.is_resumable
    assert not (fresh.folder / "config.json").exists()
    with pytest.raises(UsageError, match="no interrupted training"):
        find_partial(Path("runs/a"), "")


def test_going_on_keeps_what_the_interrupted_run_had() -> None:
    keep_state(write_run(Path("runs/a")))
    assert RunWriter(Path("runs/a"), resume=True).is_resumable


# --- loading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["config.json", "metadata.json", "model/weights.npz"])
@pytest.mark.parametrize("damage", ["altered", "cut short", "missing"])
def test_a_file_that_was_touched_is_named(name: str, damage: str) -> None:
    path = write_run(Path("runs/a")).complete()
    content = (path / name).read_bytes()
    if damage == "missing":
        (path / name).unlink()
    else:
        (path / name).write_bytes(content + b" " if damage == "altered" else content[:-1])
    said = f"{name} is missing" if damage == "missing" else f"{name} was changed after the run"
    with pytest.raises(RunError, match=said):
        load_run(path)


@pytest.mark.parametrize(
    "manifest", ["", "[]", "{}", '{"format": 99, "sha256": {}}', '{"format": 1}', '{"format": 1, "sha256": 3}']
)
def test_a_manifest_that_is_none_is_refused(manifest: str) -> None:
    path = write_run(Path("runs/a")).complete()
    (path / "manifest.json").write_text(manifest, encoding="utf-8")
    with pytest.raises(RunError, match=r"manifest\.json: expected a JSON file"):
        load_run(path)


def test_the_newest_complete_run_is_taken() -> None:
    for age, name in enumerate(["new", "old", "older"]):
        path = write_run(Path("runs") / name).complete()
        os.utime(path / "manifest.json", (1e9 - age, 1e9 - age))
    keep_state(write_run(Path("runs/newest but unfinished")))
    assert load_run().id == "new"


@pytest.mark.parametrize("name", ["a b", "größe", "-x", "a'b\"c", "run;rm", "%s", "\x1b[31m"])
def test_a_run_may_have_any_name_that_a_folder_may_have(name: str) -> None:
    path = write_run(Path("runs") / name).complete()
    assert load_run(path).id == name


# --- going on -------------------------------------------------------------------------------------------------------


def test_an_interrupted_training_is_found_by_its_run_or_by_its_data() -> None:
    keep_state(write_run(Path("runs/a")), epoch=7)
    for path, source in ((Path("runs/a"), "anything"), (None, "/data/a.csv")):
        partial = find_partial(path, source)
        assert partial.path == Path("runs/a")
        assert partial.config == FitConfig()
        assert partial.facts["epoch"] == 7
        np.testing.assert_array_equal(partial.arrays["current/0"], np.ones(2))


@pytest.mark.parametrize("name", ["metadata.json", "config.json", "training.npz"])
def test_an_interrupted_run_that_is_damaged_is_refused_by_its_file(name: str) -> None:
    writer = write_run(Path("runs/a"))
    keep_state(writer)
    (writer.folder / name).write_bytes(b"{}" if name.endswith("json") else b"")
    with pytest.raises(RunError, match=name):
        find_partial(Path("runs/a"), "")


def test_of_two_the_newest_is_found() -> None:
    for age, name in enumerate(["new", "old"]):
        writer = write_run(Path("runs") / name)
        keep_state(writer)
        os.utime(writer.folder, (1e9 - age, 1e9 - age))
    assert find_partial(None, "/data/a.csv").path == Path("runs/new")


def test_a_training_of_other_data_or_without_state_is_not_gone_on_with() -> None:
    keep_state(write_run(Path("runs/a")))
    write_run(Path("runs/b"))
    with pytest.raises(UsageError, match=r"no interrupted training of /data/b\.csv"):
        find_partial(None, "/data/b.csv")
    with pytest.raises(UsageError, match="no interrupted training of runs/b") as caught:
        find_partial(Path("runs/b"), "/data/b.csv")
    assert "--resume" in str(caught.value.hint)


# --- a real run -----------------------------------------------------------------------------------------------------


def test_a_real_run_gives_back_what_was_read(fitted: Any) -> None:
    run = load_run(fitted.run.path)
    dataset = load(fitted.source, run.config.read)

    pd.testing.assert_frame_equal(run.frame, dataset.frame)
    assert run.schema == dataset.schema
    pd.testing.assert_frame_equal(run.quarantine, dataset.quarantine, check_dtype=False)
    assert run.rows["row_id"].tolist() == dataset.row_ids.tolist()
    assert run.encoding.names == run.codes.columns
    assert len(run.history) == run.metadata["training"]["epochs"]
    assert run.traversals.values.shape[2] == len(run.encoding.columns)


def test_nothing_in_a_run_is_a_pickle(fitted: Any) -> None:
    seen = 0
    for file in fitted.run.path.rglob("*"):
        if not file.is_file():
            continue
        seen += 1
        assert file.suffix in {".json", ".csv", ".npz", ".parquet"}
        head = file.read_bytes()[:2]
        assert not (head[:1] == b"\x80" and head[1:] <= b"\x05"), file
        if file.suffix == ".npz":
            with np.load(file, allow_pickle=False) as archive:
                assert not any(archive[name].dtype.hasobject for name in archive.files)
    assert seen > 10


def test_a_copied_run_is_a_run_and_one_altered_cell_shows(fitted: Any, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(fitted.run.path, tmp_path / "copy"))
    assert load_run(copy).id == "copy"
    rows = pd.read_parquet(copy / "rows.parquet")
    rows.loc[0, "outlier"] = not rows.loc[0, "outlier"]
    rows.to_parquet(copy / "rows.parquet")
    with pytest.raises(RunError, match=r"rows\.parquet was changed"):
        load_run(copy)
