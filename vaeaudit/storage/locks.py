"""Locks that the system releases when their process dies, however it dies."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import weakref
from pathlib import Path
from typing import Self

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
