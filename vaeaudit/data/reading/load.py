"""From a source to a `Dataset`: decide what the source is, hand it to whoever reads it, and settle its columns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from vaeaudit.config import ReadConfig, SourceKind
from vaeaudit.data.arrays.reading import read_array
from vaeaudit.data.dataset import Dataset, RawData
from vaeaudit.data.images.cache import Listener
from vaeaudit.data.images.folder import ImageFolder, survey
from vaeaudit.data.images.reading import read_images
from vaeaudit.data.reading.assemble import assemble
from vaeaudit.data.sources.formats import open_arrays, supported_arrays
from vaeaudit.data.sources.image_store import PictureForm
from vaeaudit.data.sources.listing import readable_name
from vaeaudit.data.sources.table_files import find, read_tables
from vaeaudit.data.tables.frames import fingerprint, is_frame, read_frame
from vaeaudit.errors import InputError, UsageError


def load(source: Any, config: ReadConfig | None = None, *, on_progress: Listener | None = None) -> Dataset:
    """Read a source and settle kind and role of each of its columns.

    Parameters
    ----------
    source
        Path of a table, of a folder of tables or of pictures, or of a `.npy` or `.npz` file; or a pandas or Dask
        DataFrame.
    config
        How to read it.
    on_progress
        Called with the number of pictures done and their total while pictures are decoded.

    Raises
    ------
    InputError
        Where nothing usable can be read.
    InconclusiveError
        Where there are fewer than 20 usable rows.
    UsageError
        Where the configuration does not fit the data.
    """
    config = config or ReadConfig()
    return assemble(read(source, config, on_progress=on_progress), config)


def read(
    source: Any, config: ReadConfig, *, form: PictureForm | None = None, on_progress: Listener | None = None
) -> RawData:
    """Read a source without deciding anything about its columns.

    Parameters
    ----------
    source, config, on_progress
        As for `load`.
    form
        What to bring pictures to; chosen from `config` and the data where None.

    Raises
    ------
    InputError
        Where nothing usable can be read.
    UsageError
        Where the configuration does not fit the source.
    """
    if is_frame(source):
        table = read_frame(source)
        return RawData(table, name="DataFrame", fingerprint=fingerprint(table))
    if not isinstance(source, str | Path):
        raise UsageError(f"expected a path or a DataFrame, found {type(source).__name__}.")
    path = Path(source)
    folder = survey(path) if path.is_dir() and config.kind in (SourceKind.AUTO, SourceKind.IMAGES) else None
    if folder is not None and (config.kind is SourceKind.IMAGES or folder.n_pictures > folder.tables):
        said = _note_on_both(folder, "pictures", "table")
        return read_images(replace(folder, notes=(*said, *folder.notes)), config, form, on_progress)
    arrays = open_arrays(path)
    if arrays is not None:
        return read_array(arrays, config, form, on_progress)
    _require_table(path, config)
    found = find(path)
    said = _note_on_both(folder, "tables", "images") if folder else ()
    table = read_tables(replace(found, notes=(*said, *found.notes)), config)
    return RawData(table, name=readable_name(path.resolve().name), fingerprint=found.fingerprint())


def _note_on_both(folder: ImageFolder, read: str, other: str) -> tuple[str, ...]:
    """Say, where a folder holds pictures and tables, which were read, and which `--kind` reads the others."""
    if not (folder.n_pictures and folder.tables):
        return ()
    left = {"table": "tables", "images": "pictures"}[other]
    return (
        f"the folder holds {folder.n_pictures:,} picture(s) and {folder.tables:,} table(s): the {read} were read; "
        f"--kind {other} reads the {left}",
    )


def _require_table(path: Path, config: ReadConfig) -> None:
    if config.kind is SourceKind.IMAGES and path.exists():
        raise InputError(
            f"{path}: --kind images: expected a folder of pictures, or a {supported_arrays()} file of them, "
            "found another file."
        )
    if config.kind is SourceKind.ARRAY and path.exists():
        raise InputError(f"{path}: --kind array: expected a {supported_arrays()} file, found something else.")
