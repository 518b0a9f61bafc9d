"""What lies in a folder: all visible files by name, without following linked folders."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Listing:
    """The files of a folder and of the folders in it; hidden ones do not count.

    Attributes
    ----------
    folder
        Where the names start.
    names
        Paths relative to `folder`, with `/`, sorted. A name that is not UTF-8 holds surrogates, as Python has it.
    closed
        Folders that were not entered, with the reason.
    """

    folder: Path
    names: tuple[str, ...]
    closed: tuple[str, ...]

    def path(self, name: str) -> Path:
        """Return where a file is."""
        return self.folder / name


def list_folder(folder: Path) -> Listing:
    """Walk through a folder; linked folders are named but not entered, so that no link can lead round in circles."""
    names: list[str] = []
    closed: list[str] = []

    def refused(error: OSError) -> None:
        closed.append(f"{_relative(error.filename, folder)} ({os_reason(error)})")

    for directory, subfolders, files in os.walk(folder, onerror=refused, followlinks=False):
        here = _relative(directory, folder)
        links = {name for name in subfolders if Path(directory, name).is_symlink()}
        closed += [f"{_join(here, name)} (a linked folder)" for name in links if name[0] != "."]
        subfolders[:] = sorted(name for name in subfolders if name[0] != "." and name not in links)
        names += [_join(here, name) for name in files if name[0] != "."]
    return Listing(folder, tuple(sorted(names)), tuple(sorted(closed)))


def readable_name(name: str) -> str:
    r"""Write a file's name as valid Unicode; bytes that are not UTF-8 are escaped.

    Examples
    --------
    >>> print(readable_name("caf\udce9.png"))
    caf\xe9.png
    """
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def suffix_of(name: str) -> str:
    """Return the ending of a file's name in lower case, with its dot; fast, for folders of very many files.

    Examples
    --------
    >>> suffix_of("a.b/photo.JPG"), suffix_of("a.b/photo"), suffix_of(".hidden")
    ('.jpg', '', '')
    """
    stem, dot, ending = name.rpartition("/")[2].rpartition(".")
    return f".{ending.lower()}" if dot and stem and ending else ""


def note_unread(names: Sequence[str]) -> tuple[str, ...]:
    """Say which files of a folder were not read."""
    if not names:
        return ()
    return (f"{len(names):,} other file(s) in the folder were not read: {first_few(names)}",)


def first_few(names: Sequence[str], shown: int = 5) -> str:
    """List the first names, and whether there are more."""
    return ", ".join(map(readable_name, names[:shown])) + (", …" if len(names) > shown else "")


def os_reason(error: Exception) -> str:
    """Return what the operating system says, in lower case and without the path."""
    return (getattr(error, "strerror", None) or str(error)).lower()


def _relative(directory: str, folder: Path) -> str:
    relative = os.path.relpath(directory, folder)
    return "" if relative == "." else relative.replace(os.sep, "/")


def _join(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name
