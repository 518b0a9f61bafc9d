"""Files and folders for their owner alone (0600, 0700), written beside their places and renamed into them.

Whatever keeps a file from being written (a full or read-only disk, a quota, a limit of its size) ends here in one
`UsageError` that names the path and the reason, whichever library was writing.
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any, BinaryIO, cast

from vaeaudit.errors import UsageError
from vaeaudit.storage import locks
from vaeaudit.storage.locks import LOCK, PATIENCE, Lock

FILE_MODE, FOLDER_MODE = 0o600, 0o700
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

#: Opens one of the files that are written together.
OpenFile = Callable[[str], AbstractContextManager[BinaryIO]]


def cannot_write(what: Path | str, error: OSError) -> UsageError:
    """Return the error that says what could not be written, and why.

    Parameters
    ----------
    what
        The path, after the option that gave it where that is known.
    error
        What the system said.
    """
    return UsageError(f"{what}: cannot be written: {(error.strerror or str(error)).lower()}.")


def make_folder(path: Path, *, option: str = "") -> None:
    """Create a folder and those above it, where they are missing, for their owner alone whatever the umask says.

    Parameters
    ----------
    path
        One that exists stays as it is.
    option
        Which option named it, for the message.

    Raises
    ------
    UsageError
        Where it cannot be created, or is a file.
    """
    try:
        missing = [*takewhile(lambda folder: not folder.exists(), (path, *path.parents))]
        for folder in reversed(missing):
            folder.mkdir(FOLDER_MODE, exist_ok=True)  # another process may make it at the same time
            folder.chmod(FOLDER_MODE)
        if not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    except OSError as error:
        raise cannot_write(f"{option} {path}".strip(), error) from error


@contextmanager
def new_file(path: Path, *, called: Path | None = None) -> Iterator[BinaryIO]:
    """Yield a stream to a new file; the file is removed again where the block, or closing it, fails.

    Parameters
    ----------
    path
        Must not exist.
    called
        What it is called in messages, where that is not `path`.

    Raises
    ------
    UsageError
        Where it exists or cannot be written.
    """
    raw = None
    try:
        raw = _Remembering(path, "wb", opener=_private)
        with cast("BinaryIO", io.BufferedWriter(raw)) as stream:
            yield stream
    except BaseException as error:
        if raw is not None:
            path.unlink(missing_ok=True)
        # What a library makes of a failed write differs (zipfile reports something else); the stream knows what it was.
        failure = error if raw is None else raw.failure
        if isinstance(failure, OSError):
            raise cannot_write(called or path, failure) from error
        raise


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Yield a stream; what was written takes the place of `path` at the end, or never.

    Parameters
    ----------
    path
        Of the file; only one process may write it at a time.

    Raises
    ------
    UsageError
        Where it cannot be written.
    """
    with _naming(path):
        beside = locks.beside(path)
        beside.unlink(missing_ok=True)
        with new_file(beside, called=path) as stream:
            yield stream
        beside.replace(path)


@contextmanager
def written_together(folder: Path, names: Sequence[str], *, option: str = "--out") -> Iterator[OpenFile]:
    """Yield what opens the files of a folder of results by name; they take their places together at the end.

    A file of an earlier result that is not written anew is removed; other files in the folder stay. Two processes
    never write into one folder at the same time.

    Parameters
    ----------
    folder
        Created where it does not exist.
    names
        Of all files that belong to the result, in the order in which they take their places.
    option
        Which option names the folder, for messages.

    Raises
    ------
    UsageError
        Where the folder or a file cannot be written, or another process is writing there.
    """
    make_folder(folder, option=option)
    with _naming(f"{option} {folder}"):
        lock = Lock.take(folder / LOCK, patience=PATIENCE)
    if lock is None:
        raise UsageError(
            f"{option} {folder}: another vaeaudit is writing there.", hint=f"Wait for it, or choose another {option}."
        )
    with lock, _naming(f"{option} {folder}"):
        locks.remove_from(folder)
        try:
            yield lambda name: new_file(locks.beside(folder / name), called=folder / name)
            for name in names:
                beside = locks.beside(folder / name)
                if beside.exists():
                    beside.replace(folder / name)
                else:
                    (folder / name).unlink(missing_ok=True)
        finally:
            locks.remove_from(folder)


@contextmanager
def _naming(what: Path | str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise cannot_write(what, error) from error


def _private(path: str, _flags: int) -> int:
    descriptor = os.open(path, _NEW, FILE_MODE)
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, FILE_MODE)  # the umask may have taken away more than it should
    return descriptor


class _Remembering(io.FileIO):
    """A file that remembers what kept it from being written."""

    failure: OSError | None = None

    def write(self, data: Any, /) -> int | None:  # type: ignore[override]
        try:
            return super().write(data)
        except OSError as error:
            self.failure = error
            raise
