"""A lock keeps others out until its process is gone; what a killed process left goes, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from vaeaudit.errors import UsageError
from vaeaudit.runs import artifacts
from vaeaudit.runs.directory import RunWriter, partial_path, sweep_partial_runs
from vaeaudit.storage.locks import LOCK, Lock, sweep_results, temporary_folder

HOLDER = """
import sys, time
from pathlib import Path
from vaeaudit.storage.locks import Lock
lock = Lock.take(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_a_lock_keeps_others_out_until_it_is_released_and_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with Lock.take(path) as held:  # type: ignore[union-attr]
        assert path.stat().st_mode & 0o777 == 0o600
        assert Lock.take(path) is None
        assert Lock.take(path, shared=True) is None
    assert not path.exists()
    held.release()  # a second time does nothing
    assert Lock.take(path) is not None


def test_a_lock_goes_with_the_object(tmp_path: Path) -> None:
    held = Lock.take(tmp_path / "lock")
    del held
    assert Lock.take(tmp_path / "lock") is not None


def test_a_shared_lock_is_held_by_many_and_keeps_out_who_wants_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first, second = Lock.take(path, shared=True), Lock.take(path, shared=True)
    assert first is not None and second is not None
    first.release()
    assert Lock.take(path) is None
    second.release()
    assert Lock.take(path) is not None


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert Lock.take(path) is None
    holder.kill()
    holder.communicate()
    assert path.exists()
    assert Lock.take(path) is not None


def test_a_lock_that_its_holder_removed_meanwhile_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    held = Lock.take(path)
    path.unlink()
    other = Lock.take(path)  # a file of its own: the first holder was robbed of its place
    assert held is not None and other is not None
    held.release()
    assert path.exists()  # not its own any more, so not removed


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        Lock.take(tmp_path / "lock")
    assert not (tmp_path / "elsewhere").exists()


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def litter(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in (LOCK, ".report.json.vaeaudit.writing", "report.html", ".report-mine", ".notes.writing"):
        (folder / name).touch()
    (folder / ".score-abcd_123").mkdir()
    (folder / ".score-abcd_123" / "rows.parquet").touch()


@pytest.mark.parametrize("below", ["", "run", "run/data"])
def test_results_are_swept_and_everything_else_in_the_folder_stays(tmp_path: Path, below: str) -> None:
    litter(tmp_path / "reports" / below)
    sweep_results(tmp_path / "reports")
    assert {path.name for path in (tmp_path / "reports" / below).iterdir()} == {
        "report.html",
        ".report-mine",
        ".notes.writing",
    }


def test_results_that_are_being_written_are_not_swept(tmp_path: Path) -> None:
    litter(tmp_path / "reports" / "run")
    before = names(tmp_path)
    held = Lock.take(tmp_path / "reports" / "run" / LOCK)
    sweep_results(tmp_path / "reports")
    assert names(tmp_path) == before
    assert held is not None


def test_links_are_not_followed(tmp_path: Path) -> None:
    litter(tmp_path / "elsewhere")
    before = names(tmp_path / "elsewhere")
    (tmp_path / "reports").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "scores").mkdir()
    (tmp_path / "scores" / "run").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "scores" / ".report-abcd1234").symlink_to(tmp_path / "elsewhere")
    for root in ("reports", "scores"):
        sweep_results(tmp_path / root)
    assert names(tmp_path / "elsewhere") == before


def test_what_another_user_owns_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    litter(tmp_path / "reports" / "run")
    RunWriter(tmp_path / "runs" / "a").release()
    before = names(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    sweep_results(tmp_path / "reports")
    sweep_partial_runs(tmp_path / "runs")
    assert names(tmp_path) == before


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    sweep_results(tmp_path / "reports")
    sweep_partial_runs(tmp_path / "runs")
    assert names(tmp_path) == set()


# --- partial runs ---------------------------------------------------------------------------------------------------


def test_a_fit_that_was_killed_before_it_learned_anything_is_swept_with_its_lock(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "a")
    writer.document(artifacts.CONFIG, {})
    (writer.folder / ".training.npz.vaeaudit.writing").touch()
    sweep_partial_runs(tmp_path)
    assert writer.folder.exists()  # its owner lives
    writer.release()
    (tmp_path / ".a.vaeaudit-lock").touch()  # as after a kill
    sweep_partial_runs(tmp_path)
    assert names(tmp_path) == set()


def test_a_training_that_can_be_resumed_is_never_swept(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "a")
    writer.training_state({}, {})
    writer.release()
    sweep_partial_runs(tmp_path)
    assert writer.is_resumable


@pytest.mark.parametrize("content", ["mine.txt", "model/weights.npz"])
def test_a_folder_that_is_only_called_like_a_partial_run_stays(tmp_path: Path, content: str) -> None:
    folder = partial_path(tmp_path / "a")
    (folder / "model").mkdir(parents=True)
    (folder / content).touch()
    (tmp_path / ".b.partial").mkdir()
    (tmp_path / ".b.lock").touch()
    before = names(tmp_path)
    sweep_partial_runs(tmp_path)
    assert names(tmp_path) == before


# --- temporary files --------------------------------------------------------------------------------------------------


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_temporary_files_go_with_the_command(temporary: Path) -> None:
    with temporary_folder():
        with tempfile.NamedTemporaryFile(prefix="__autograph_generated_file", delete=False) as made:
            pass
        (folder,) = temporary.iterdir()
        assert Path(made.name).parent == folder
        assert folder.stat().st_mode & 0o777 == 0o700
    assert names(temporary) == set()
    assert tempfile.gettempdir() == str(temporary)


def test_temporary_files_of_killed_commands_are_swept_and_those_of_living_ones_are_not(temporary: Path) -> None:
    for name in ("vaeaudit-killed", "vaeaudit-living", "vaeaudit-elses"):
        (temporary / name).mkdir()
        (temporary / name / "__autograph_generated_file1.py").touch()
    (temporary / "vaeaudit-killed" / LOCK).touch()
    living = Lock.take(temporary / "vaeaudit-living" / LOCK)
    (temporary / "vaeaudit-link").symlink_to(temporary / "vaeaudit-killed")
    with temporary_folder():
        left = {path.name for path in temporary.iterdir()}
    assert {"vaeaudit-living", "vaeaudit-elses", "vaeaudit-link"} < left
    assert "vaeaudit-killed" not in left
    assert living is not None


def test_no_place_for_temporary_files_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match="temporary files cannot be written: no such file"), temporary_folder():
        pass
