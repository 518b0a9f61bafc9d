"""What killed commands leave: known by its name, removed where it is this user's and no living process owns it.

Links are never followed, and nothing is removed without its lock. What cannot be removed is left.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from vaeaudit.errors import UsageError
from vaeaudit.storage.locks import LOCK, Lock

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
