"""From a source to a `Dataset`: decide what the source is, and hand it to whoever reads it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from vaeaudit.config import ReadConfig, SourceKind
from vaeaudit.data import frames, sources
from vaeaudit.data.array_source import load_array
from vaeaudit.data.arrays import open_arrays
from vaeaudit.data.assemble import assemble
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.image_cache import Listener
from vaeaudit.data.image_folder import ImageFolder, survey
from vaeaudit.data.image_source import load_images
from vaeaudit.data.listing import readable_name
from vaeaudit.data.tables import read_tables
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
    if frames.is_frame(source):
        table = frames.read_frame(source)
        return assemble(table, config, name="DataFrame", fingerprint=frames.fingerprint(table))
    if not isinstance(source, str | Path):
        raise UsageError(f"expected a path or a DataFrame, found {type(source).__name__}.")
    path = Path(source)
    folder = survey(path) if path.is_dir() and config.kind in (SourceKind.AUTO, SourceKind.IMAGES) else None
    if folder is not None and (config.kind == SourceKind.IMAGES or folder.n_pictures > folder.tables):
        return load_images(_with_note_on_tables(folder), config, on_progress)
    arrays = open_arrays(path)
    if arrays is not None:
        return load_array(arrays, config, on_progress)
    _require_table(path, config)
    return _load_table(path, config, folder)


def _load_table(path: Path, config: ReadConfig, folder: ImageFolder | None) -> Dataset:
    found = sources.find(path)
    if folder is not None and folder.n_pictures:
        said = (
            f"the folder holds {folder.n_pictures:,} picture(s) and {folder.tables:,} table(s): the tables were read; "
            "--kind images reads the pictures"
        )
        found = replace(found, notes=(said, *found.notes))
    name = readable_name(found.path.resolve().name)
    return assemble(read_tables(found, config), config, name=name, fingerprint=found.fingerprint())


def _with_note_on_tables(folder: ImageFolder) -> ImageFolder:
    if not folder.tables:
        return folder
    said = (
        f"the folder holds {folder.n_pictures:,} picture(s) and {folder.tables:,} table(s): the pictures were read; "
        "--kind table reads the tables"
    )
    return replace(folder, notes=(said, *folder.notes))


def _require_table(path: Path, config: ReadConfig) -> None:
    if config.kind == SourceKind.IMAGES and path.exists():
        raise InputError(
            f"{path}: --kind images: expected a folder of pictures, or a .npy or .npz file of them, found another file."
        )
    if config.kind == SourceKind.ARRAY and path.exists():
        raise InputError(f"{path}: --kind array: expected a .npy or .npz file, found something else.")
