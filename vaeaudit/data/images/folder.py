"""Which files of a folder are pictures, and what the folders they lie in say about them."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from vaeaudit.data.schema.roles import SPLIT_NAMES
from vaeaudit.data.sources.formats import HEAD_OF_PICTURE, named_table, names_picture, picture_format
from vaeaudit.data.sources.listing import Listing, first_few, list_folder, note_unread, os_reason, readable_name
from vaeaudit.data.tables.records import LeftOut

_METADATA = "metadata"


@dataclass(frozen=True)
class PictureFile:
    """A regular file that ought to be a picture: its name in the folder, and what changes when its content does.

    Beside the time of the last change of the content there is that of any change (`st_ctime`), which copying and
    unpacking set even where they restore the former.
    """

    name: str
    size: int
    modified_ns: int
    changed_ns: int


@dataclass(frozen=True)
class ImageFolder:
    """The pictures of a folder.

    Attributes
    ----------
    path
        The folder.
    files
        In order of their names; any of them may still turn out to be no picture.
    refused
        Files that are named like pictures but cannot be opened at all (links that are broken, go round or lead out of
        the folder, devices).
    links
        Linked folders and metadata that lie outside the folder: never followed.
    metadata
        Names of the files that add columns.
    tables
        Number of other files that could be tables.
    notes
        Which other files there are.
    """

    path: Path
    files: tuple[PictureFile, ...]
    refused: tuple[LeftOut, ...]
    links: tuple[LeftOut, ...]
    metadata: tuple[str, ...]
    tables: int
    notes: tuple[str, ...]

    @property
    def n_pictures(self) -> int:
        """Files that are, or are named like, pictures."""
        return len(self.files) + len(self.refused)


def survey(folder: Path) -> ImageFolder:
    """Find the pictures of a folder, by the ending of their names or by their first bytes, and open none of them."""
    listing = list_folder(folder)
    metadata, spare_metadata = _metadata_files(listing.names)
    tables = [name for name in listing.names if named_table(name) is not None and name not in metadata]
    links, mentioned = listing.refuse_links(lambda name: names_picture(name) or _is_metadata(name))
    others = {*tables, *listing.closed, *mentioned}
    files: list[PictureFile] = []
    refused = [entry for entry in links if names_picture(entry.file)]
    for name in listing.names:
        if name in others or name in metadata:
            continue
        found = _picture_file(listing, name)
        if found is None:
            others.add(name)
        elif isinstance(found, LeftOut):
            refused.append(found)
        else:
            files.append(found)
    return ImageFolder(
        path=folder,
        files=tuple(files),
        refused=tuple(sorted(refused, key=lambda entry: entry.file)),
        links=tuple(entry for entry in links if entry not in refused),
        metadata=metadata,
        tables=len(set(tables) - set(spare_metadata)),
        notes=note_unread(sorted(others)),
    )


def _metadata_files(names: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return one metadata file per folder, by order of name, and those that are one too many."""
    found = [name for name in names if _is_metadata(name)]
    first = {name.rpartition("/")[0]: name for name in reversed(found)}
    chosen = tuple(name for name in found if first[name.rpartition("/")[0]] == name)
    return chosen, tuple(name for name in found if name not in chosen)


def _is_metadata(name: str) -> bool:
    bare = name.rpartition("/")[2]
    return bare.split(".")[0] == _METADATA and named_table(bare) is not None


def _picture_file(listing: Listing, name: str) -> PictureFile | LeftOut | None:
    """Take a file for a picture, refuse to open it, or return None where nothing says that it is a picture."""
    path = listing.path(name)
    named_picture = names_picture(name)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            reason = "expected a regular file, found a device, a pipe or a folder"
        elif not os.access(path, os.R_OK):
            reason = "the file cannot be read: permission denied"
        elif named_picture or picture_format(_head(path)) is not None:
            return PictureFile(name, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        else:
            return None
    except OSError as error:
        reason = f"the file cannot be read: {os_reason(error)}"
        if path.is_symlink():
            reason = f"a link that leads nowhere: {os_reason(error)}"
    return LeftOut(readable_name(name), -1, reason) if named_picture else None


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(HEAD_OF_PICTURE)


# --- what the folders say -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FolderColumns:
    """Columns by name, each with one value (or None) per file, and how they were found."""

    columns: dict[str, list[str | None]]
    notes: tuple[str, ...] = ()


def folder_columns(names: Iterable[str]) -> FolderColumns:
    """Read `split` and `class` from the folders that files lie in.

    Folders that all files share say nothing and are passed over. If all folders of the first level that is left are
    called train, val, test or the like, they are the column `split`; the next level is the column `class`.

    Examples
    --------
    >>> folder_columns(["train/cat/1.png", "train/dog/2.png", "test/cat/3.png"]).columns
    {'split': ['train', 'train', 'test'], 'class': ['cat', 'dog', 'cat']}
    >>> folder_columns(["photos/1.png", "photos/2.png"]).columns
    {}
    """
    folders = _without_shared([unicodedata.normalize("NFC", readable_name(name)).split("/")[:-1] for name in names])
    first = {parts[0] for parts in folders if parts}
    found = FolderColumns({})
    if len(first) >= 2 and all(name.lower() in SPLIT_NAMES for name in first):
        said = f"the folders {first_few(sorted(first))} are read as splits: column split"
        found = FolderColumns({"split": [parts[0] if parts else None for parts in folders]}, (said,))
        folders = [parts[1:] for parts in folders]
    classes = [parts[0] if parts else None for parts in folders]
    distinct = {name for name in classes if name is not None}
    if not distinct or (len(distinct) == 1 and None not in classes):
        return found
    said = f"the folders {first_few(sorted(distinct))} are the column class"
    deeper = sum(len(parts) > 1 for parts in folders)
    nested = (f"{deeper:,} file(s) lie deeper: the first level counts as their class",) if deeper else ()
    return replace(found, columns={**found.columns, "class": classes}, notes=(*found.notes, said, *nested))


def _without_shared(folders: list[list[str]]) -> list[list[str]]:
    """Pass over the leading folders that are the same for all files."""
    shared = 0
    for level in zip(*folders, strict=False):
        if len(set(level)) > 1:
            break
        shared += 1
    return [parts[shared:] for parts in folders]
