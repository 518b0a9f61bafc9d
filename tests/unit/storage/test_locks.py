"""A lock keeps others out until it is released, or until its process is gone, and never follows a link."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vaeaudit.storage.locks import Lock

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
