"""From a source, a path or a DataFrame, to a `Dataset`: decide what it is, have it read, and settle its columns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa

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
from vaeaudit.data.tables.cells import Cells, TextCells, cell_text, from_arrow, table_cells, text_cells
from vaeaudit.data.tables.records import RawTable, fingerprint, unique_names
from vaeaudit.errors import InputError, UsageError


def load(source: Any, config: ReadConfig | None = None, *, on_progress: Listener | None = None) -> Dataset:
    """Read a source and settle kind and role of each of its columns.

    Parameters
    ----------
    source
        Path of a table, of a folder of tables or of pictures, or of a `.npy` or `.npz` file; or a DataFrame of
        pandas, Polars or Dask, an Arrow table, or whatever else Narwhals knows.
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
    if not isinstance(source, str | Path):
        table = read_frame(source)
        return RawData(table, name="DataFrame", fingerprint=fingerprint(table))
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


def read_frame(source: Any) -> RawTable:
    """Read a DataFrame of any library; a Dask one is computed partition by partition.

    Raises
    ------
    UsageError
        Where it is none.
    """
    if hasattr(source, "npartitions") and hasattr(source, "partitions"):
        source = _compute(source)
    return _read_pandas(source) if isinstance(source, pd.DataFrame) else _read_arrow(_to_arrow(source))


def _to_arrow(source: Any) -> pa.Table:
    if isinstance(source, pa.Table):
        return source  # which may have columns of one name
    frame = nw.from_native(source, pass_through=True)
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    if not isinstance(frame, nw.DataFrame):
        raise UsageError(f"expected a path or a DataFrame, found {type(source).__name__}.")
    return frame.to_arrow()


def _read_arrow(table: pa.Table) -> RawTable:
    names, problems = unique_names([cell_text(name) for name in table.column_names])
    return RawTable(
        names=names,
        cells=table_cells(table),
        positions=np.arange(len(table), dtype=np.int64),
        read=len(table),
        problems=problems,
    )


def _read_pandas(frame: pd.DataFrame) -> RawTable:
    named = [str(name) for name in frame.index.names if name is not None]
    said = f"the index ({', '.join(named)}) was not read; reset_index() makes it a column"
    names, problems = unique_names(["" if name is None else cell_text(name) for name in frame.columns])
    return RawTable(
        names=names,
        cells=tuple(_from_series(frame.iloc[:, position]) for position in range(frame.shape[1])),
        positions=np.arange(len(frame), dtype=np.int64),
        read=len(frame),
        notes=(said,) if named else (),
        problems=problems,
    )


def _compute(source: Any) -> pd.DataFrame:
    partitions = [source.partitions[number].compute() for number in range(source.npartitions)]
    if not partitions or not all(isinstance(partition, pd.DataFrame) for partition in partitions):
        raise UsageError("expected a DataFrame, found a Dask collection whose partitions are none.")
    return pd.DataFrame(pd.concat(partitions))


def _from_series(series: pd.Series) -> Cells:
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _from_categorical(series)
    if isinstance(dtype, pd.PeriodDtype):
        series = series.dt.to_timestamp()
    elif isinstance(dtype, pd.SparseDtype):
        series = pd.Series(np.asarray(series))
    try:
        array = pa.array(series, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        cells = zip(series, series.isna(), strict=True)
        return text_cells([None if gone else cell_text(value) for value, gone in cells])
    return from_arrow(array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array]))


def _from_categorical(series: pd.Series) -> TextCells:
    levels = text_cells([cell_text(level) for level in series.cat.categories])
    codes = series.cat.codes.to_numpy().astype(np.int64)
    return TextCells(np.append(levels.codes, -1)[codes], levels.texts, declared=True, ordered=bool(series.cat.ordered))
