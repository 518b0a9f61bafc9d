"""What is written is its owner's alone and whole; what cannot be written is said in one line with path and reason."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vaeaudit.errors import UsageError
from vaeaudit.storage.files import make_folder, new_file, replacing, written_together
from vaeaudit.storage.locks import LOCK, Lock

BIG = np.arange(200_000.0)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may grow beyond 100 kB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is opened is a full disk."""
    monkeypatch.setattr("vaeaudit.storage.files._private", lambda path, flags: os.open("/dev/full", os.O_WRONLY))


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o277])
def test_files_and_folders_are_their_owners_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        make_folder(tmp_path / "a" / "b")
        with replacing(tmp_path / "a" / "b" / "file") as stream:
            assert all(mode(path) == 0o600 for path in (tmp_path / "a" / "b").iterdir())  # while it is written, too
            stream.write(b"x")
    finally:
        os.umask(before)
    assert [mode(path) for path in (tmp_path / "a", tmp_path / "a/b", tmp_path / "a/b/file")] == [0o700, 0o700, 0o600]


def test_a_folder_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir(0o755)
    make_folder(tmp_path / "mine" / "new")
    assert mode(tmp_path / "mine") == 0o755


def numpys(stream: BinaryIO) -> None:
    np.savez(stream, allow_pickle=False, a=BIG, b=BIG)


def arrows(stream: BinaryIO) -> None:
    pq.write_table(pa.table({"x": BIG}), stream)


def pandas_csv(stream: BinaryIO) -> None:
    pd.DataFrame({"x": BIG}).to_csv(stream, index=False)


def plain(stream: BinaryIO) -> None:
    stream.write(b"x" * 1_000_000)


def little(stream: BinaryIO) -> None:
    stream.write(b"x")  # fails when it is closed


WRITERS = [numpys, arrows, pandas_csv, plain]


@pytest.mark.parametrize("write", WRITERS)
def test_a_file_that_grows_too_large_is_one_line(
    tmp_path: Path, small_files: None, write: Callable[[BinaryIO], None]
) -> None:
    (tmp_path / "file").write_bytes(b"before")
    with (
        pytest.raises(UsageError, match=r"/file: cannot be written: file too large\.$"),
        replacing(tmp_path / "file") as stream,
    ):
        write(stream)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"before")]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device that is always full is Linux's")
@pytest.mark.parametrize("write", [*WRITERS, little])
def test_a_full_disk_is_one_line(tmp_path: Path, full: None, write: Callable[[BinaryIO], None]) -> None:
    with (
        pytest.raises(UsageError, match=r"/file: cannot be written: no space left on device\.$"),
        replacing(tmp_path / "file") as stream,
    ):
        write(stream)


def test_a_failure_that_is_no_fault_of_the_disk_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"), new_file(tmp_path / "file"):
        (tmp_path / "nowhere").read_bytes()
    assert list(tmp_path.iterdir()) == []


def test_a_new_file_takes_no_other_files_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(UsageError, match="file exists"), new_file(tmp_path / "file"):
        pass
    assert (tmp_path / "file").read_bytes() == b"mine"


@pytest.mark.parametrize("below", ["file", "file/a", "file/a/b"])
def test_a_file_is_no_folder(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(UsageError, match=r"--out .*file.*: cannot be written: not a directory"),
        written_together(tmp_path / below, ["a"]),
    ):
        pass


READ_ONLY = """
import sys
from pathlib import Path
from vaeaudit.errors import UsageError
from vaeaudit.storage.files import written_together
for folder in ("here", "here/new"):
    try:
        with written_together(Path(sys.argv[1], folder), ["a"]):
            pass
    except UsageError as error:
        print(error)
"""


def test_a_read_only_disk_is_said_with_option_and_path(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    mount = f"mount -t tmpfs -o ro none '{tmp_path}/here' && '{sys.executable}' -c '{READ_ONLY}' '{tmp_path}'"
    done = subprocess.run(["unshare", "-m", "sh", "-c", mount], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"cannot mount: {done.stderr}")
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert all(line.endswith("cannot be written: read-only file system.") for line in lines)
    assert all(line.startswith(f"--out {tmp_path}/here") for line in lines)


def write_all(folder: Path, names: list[str], content: bytes) -> None:
    with written_together(folder, ["a", "b"]) as open_file:
        for name in names:
            with open_file(name) as stream:
                stream.write(content)


def test_files_take_their_places_together_and_what_is_not_written_anew_goes(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    write_all(tmp_path, ["a", "b"], b"1")
    write_all(tmp_path, ["a"], b"2")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"2", "mine": b""}


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    write_all(tmp_path, ["a", "b"], b"1")
    with pytest.raises(ZeroDivisionError), written_together(tmp_path, ["a", "b"]) as open_file:
        with open_file("a") as stream:
            stream.write(b"2")
        raise ZeroDivisionError
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"1", "b": b"1"}


def test_two_at_once_do_not_mix(tmp_path: Path) -> None:
    with written_together(tmp_path, ["a", "b"]) as open_file:
        with open_file("a") as stream:
            stream.write(b"1")
        with pytest.raises(UsageError, match="--out .*: another vaeaudit is writing there"):
            write_all(tmp_path, ["a", "b"], b"2")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"1"}


def test_what_a_killed_writer_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    (tmp_path / ".a.vaeaudit.writing").touch()
    (tmp_path / LOCK).touch()
    (tmp_path / ".report-abcd1234").mkdir()
    write_all(tmp_path, ["b"], b"1")
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
    assert Lock.take(tmp_path / LOCK) is not None
