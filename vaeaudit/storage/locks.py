"""Locks that the system releases when their process dies, and what killed processes leave, which is swept under them.

Leftovers are known by their names. Links are never followed, and nothing is removed without its lock; what cannot be
removed is left.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import tempfile
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Self

from vaeaudit.errors import UsageError

if sys.platform != "win32":
    import fcntl

#: Name of the lock file in a folder that several processes may want to write into.
LOCK = ".vaeaudit.lock"
#: Seconds to wait for a lock before another process is said to be at work: longer than any sweep.
PATIENCE = 0.5
#: Never opened through a link: somebody else may have put it there.
_OPEN = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class Lock:
    """A lock file that this process holds until `release`, or until the object is gone; `take` makes one.

    Windows knows no such locks: there `take` always succeeds, and two processes are not kept apart.
    """

    def __init__(self, path: Path, descriptor: int, *, shared: bool) -> None:
        self.path = path
        self.release = weakref.finalize(self, _release, path, descriptor, shared=shared)

    @classmethod
    def take(cls, path: Path, *, shared: bool = False, patience: float = 0.0) -> Self | None:
        """Return the lock, or None where another process, or another holder in this one, has it.

        Parameters
        ----------
        path
            Of the lock file; created where it does not exist, and removed by `release` unless it is shared.
        shared
            Whether others may hold it, too, as long as they share it.
        patience
            Seconds to wait for it: whoever sweeps leftovers holds a lock for a moment.

        Raises
        ------
        OSError
            Where the file cannot be made.
        """
        deadline = time.monotonic() + patience
        while True:
            descriptor = os.open(path, _OPEN, 0o600)
            try:
                if sys.platform != "win32":
                    fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
                if _is_at(descriptor, path):
                    return cls(path, descriptor, shared=shared)
            except BlockingIOError:
                os.close(descriptor)
                if time.monotonic() >= deadline:
                    return None
                time.sleep(0.01)
                continue
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)  # whoever held it has removed the file since it was opened here: take the new one

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


def _release(path: Path, descriptor: int, *, shared: bool) -> None:
    # A lock file that cannot be removed hinders nobody: it is the lock that counts, not the file.
    with contextlib.suppress(OSError):
        if not shared and _is_at(descriptor, path):
            path.unlink()
    os.close(descriptor)


_BESIDE = ".vaeaudit.writing"
#: Folders that earlier versions wrote into before they renamed; the rest of the name is `tempfile`'s.
_EARLIER = re.compile(r"\.(report|score|rebalance)-[a-z0-9_]{8}")
_TEMPORARY = "vaeaudit-"
#: Folders of results lie at most this far below `reports/`, `scores/` and `rebalance/`.
_DEEPEST = 2


def beside(path: Path) -> Path:
    """Return where a file is written before it is renamed to `path`."""
    return path.with_name(f".{path.name}{_BESIDE}")


def is_ours(path: Path) -> bool:
    """Whether this user owns what is there, and it is no link."""
    try:
        return not path.is_symlink() and path.lstat().st_uid == getattr(os, "geteuid", lambda: 0)()
    except OSError:
        return False


def remove(path: Path) -> None:
    """Remove a file or a folder that is ours, as far as that can be done."""
    if is_ours(path) and path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    elif is_ours(path):
        with contextlib.suppress(OSError):
            path.unlink()


def remove_from(folder: Path) -> None:
    """Remove what was left in a folder of results; the caller holds its lock."""
    for path in folder.iterdir():
        if path.name.endswith(_BESIDE) or _EARLIER.fullmatch(path.name):
            remove(path)


def sweep(lock: Path, remove_what_was_left: Callable[[], None]) -> None:
    """Remove leftovers under their lock; where it is held, or cannot be had, they stay.

    Parameters
    ----------
    lock
        The lock file, which goes, too.
    remove_what_was_left
        Called with the lock held.
    """
    with contextlib.suppress(OSError):
        held = Lock.take(lock)
        if held is not None:
            with held:
                remove_what_was_left()


def sweep_results(root: Path) -> None:
    """Remove what was left in the folders of results below `root`, where nobody is writing.

    Parameters
    ----------
    root
        Such as `reports`.
    """
    if not is_ours(root):
        return
    for place, folders, files in os.walk(root):  # which does not follow links
        folder = Path(place)
        if LOCK in files or any(name.endswith(_BESIDE) for name in files) or any(map(_EARLIER.fullmatch, folders)):
            sweep(folder / LOCK, partial(remove_from, folder))
        if len(folder.relative_to(root).parts) >= _DEEPEST:
            folders.clear()


@contextmanager
def temporary_folder() -> Iterator[None]:
    """Give Python's temporary files a folder of their own within the block, and remove those of killed commands.

    TensorFlow writes a Python file there for every function that it turns into a graph, and removes it only if the
    process ends in peace.

    Raises
    ------
    UsageError
        Where there is no place for temporary files.
    """
    try:
        for left in Path(tempfile.gettempdir()).glob(f"{_TEMPORARY}*"):
            if is_ours(left) and (left / LOCK).is_file():
                sweep(left / LOCK, partial(remove, left))
        before = tempfile.tempdir
        folder, lock = _new_temporary_folder()
    except OSError as error:
        raise UsageError(
            f"temporary files cannot be written: {(error.strerror or str(error)).lower()}.",
            hint="Set the environment variable TMPDIR to a folder with room.",
        ) from error
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
        remove(folder)
        lock.release()


def _new_temporary_folder() -> tuple[Path, Lock]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_TEMPORARY))
        with contextlib.suppress(FileNotFoundError):  # swept by another command before it was locked
            lock = Lock.take(folder / LOCK)
            if lock is not None:
                return folder, lock
