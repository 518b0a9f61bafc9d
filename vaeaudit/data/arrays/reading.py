"""From a `.npy` or `.npz` file to its raw data: pictures, or vectors such as embeddings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from vaeaudit.config import ReadConfig, SourceKind
from vaeaudit.data.arrays.images import layout_of, pictures, scale_of, stated_scale
from vaeaudit.data.dataset import RawData
from vaeaudit.data.images.cache import Decoding, Listener, cache_key, prepare
from vaeaudit.data.images.reading import cache_folder, choose_side, content_fingerprint, notes_on_size
from vaeaudit.data.schema.names import words
from vaeaudit.data.schema.roles import SPLIT_NAMES
from vaeaudit.data.sources.image_store import PictureForm
from vaeaudit.data.sources.numpy_files import ArrayFile, StoredArray
from vaeaudit.data.tables.cells import Cells, NumberCells, from_arrow
from vaeaudit.data.tables.records import LeftOut, RawTable, fingerprint, unique_names
from vaeaudit.errors import InputError

#: Arrays N x K beside the chosen one become columns up to this K: factors and scores do, other embeddings do not.
MAX_SIDE_COLUMNS = 16


def read_array(
    file: ArrayFile, config: ReadConfig, form: PictureForm | None = None, on_progress: Listener | None = None
) -> RawData:
    """Read the chosen array as pictures or as vectors, and arrays of the same length beside it as columns.

    Parameters
    ----------
    file, config
        The arrays, and how to read them.
    form
        What to bring pictures to; chosen from `config` and the data where None.
    on_progress
        As for `load`.

    Raises
    ------
    InputError
        Where no array can be used.
    UsageError
        Where the configuration does not fit the data, or the cache cannot be written.
    """
    array = file.choose(config.array_key)
    if len(array.shape) == 2 and config.kind != SourceKind.IMAGES:
        return _read_vectors(array, _columns_beside(file, array))
    if len(array.shape) < 2 or config.kind == SourceKind.TABLE:
        raise InputError(
            f"{array.path.name}: expected N x D vectors{'' if config.kind == SourceKind.TABLE else ' or pictures'}, "
            f"found {array}."
        )
    return _read_pictures(array, _columns_beside(file, array), config, form, on_progress)


# --- pictures -------------------------------------------------------------------------------------------------------


def _read_pictures(
    array: StoredArray, beside: RawTable, config: ReadConfig, form: PictureForm | None, on_progress: Listener | None
) -> RawData:
    layout = layout_of(array)
    status = array.path.stat()
    chosen = config.image_size or choose_side(np.array([max(layout.height, layout.width)]))
    side, wanted = (form.side, (form.channels, form.value_range)) if form else (chosen, ())
    key = cache_key(
        side, *wanted, "array", array.name, array.path.resolve(), status.st_size, status.st_mtime_ns, status.st_ctime_ns
    )

    def decoding() -> Decoding:
        scale = stated_scale(array, form.value_range) if form and form.value_range else scale_of(array)
        return Decoding(
            side,
            array.shape[0],
            pictures(array, layout, scale, side),
            (scale.note,),
            channels=form.channels if form else None,
            value_range=(scale.low, scale.low + scale.span),
        )

    preparation, store = prepare(cache_folder(config), key, decoding, on_progress)
    used = preparation.positions
    axes = (f"{array.name}: the {layout.channels} channels come first",) if layout.channels_first else ()
    table = RawTable(
        names=beside.names,
        cells=tuple(cells.take(used) for cells in beside.cells),
        positions=used,
        read=array.shape[0],
        left_out=tuple(LeftOut(array.path.name, position, reason) for position, reason in preparation.refused.items()),
        notes=(
            f"{array} was read as pictures",
            *axes,
            *notes_on_size(preparation, config, form),
            *preparation.notes,
            *beside.notes,
        ),
        problems=beside.problems,
    )
    return RawData(
        table, name=array.path.resolve().name, fingerprint=content_fingerprint(table, preparation), images=store
    )


# --- vectors --------------------------------------------------------------------------------------------------------


def _read_vectors(array: StoredArray, beside: RawTable) -> RawData:
    n_rows, n_elements = array.shape
    if n_elements == 0:
        raise InputError(f"{array.path.name}: expected N x D vectors, found {array}.")
    values = np.empty((n_rows, n_elements), dtype=np.float64, order="F")
    start = 0
    for chunk in array.chunks():
        values[start : start + len(chunk)] = chunk
        start += len(chunk)
    finite = np.isfinite(values)
    usable = np.asarray(finite.any(axis=1))
    elements, _ = unique_names([f"v{i}" for i in range(n_elements)])
    names, problems = unique_names([*elements, *beside.names])
    cells: list[Cells] = [NumberCells(column[usable]) for column in values.T]
    table = RawTable(
        names=names,
        cells=(*cells, *(column.take(usable) for column in beside.cells)),
        positions=np.flatnonzero(usable),
        read=n_rows,
        left_out=tuple(
            LeftOut(array.path.name, int(row), "no value of the vector is finite") for row in np.flatnonzero(~usable)
        ),
        notes=(
            f"{array} was read as vectors: columns v0 to v{n_elements - 1}",
            *_note_not_finite(finite[usable]),
            *beside.notes,
        ),
        problems={**beside.problems, **problems},
    )
    return RawData(table, name=array.path.resolve().name, fingerprint=fingerprint(table), elements=elements)


def _note_not_finite(finite: npt.NDArray[np.bool_]) -> tuple[str, ...]:
    count = int(finite.size - finite.sum())
    if not count:
        return ()
    rows = int((~finite.all(axis=1)).sum())
    return (f"{count:,} value(s) in {rows:,} row(s) are NaN or infinite: read as missing",)


# --- the other arrays -----------------------------------------------------------------------------------------------


def _columns_beside(file: ArrayFile, chosen: StoredArray) -> RawTable:
    """Return columns of N cells from the other arrays of a file, and say which of these were not read."""
    others = [array for array in file.arrays if array is not chosen]
    elsewhere = [array for array in others if _of_another_split(array.name, chosen.name)]
    read = [array for array in others if array not in elsewhere and _is_column(array, chosen.shape[:1])]
    columns = [column for array in read for column in _columns_of(array)]
    names, problems = unique_names([name for name, _ in columns])
    unread = [array for array in others if array not in read]
    return RawTable(
        names=names,
        cells=tuple(cells for _, cells in columns),
        positions=np.arange(chosen.shape[0]),
        read=chosen.shape[0],
        notes=(
            *_note("became columns", read),
            *_note("were not read, because they hold Python objects", [a for a in unread if a.is_pickled]),
            *_note(f"were not read, because they belong to another split than {chosen.name}", elsewhere),
            *_note("were not read", [a for a in unread if not a.is_pickled and a not in elsewhere]),
        ),
        problems=problems,
    )


def _of_another_split(name: str, chosen: str) -> bool:
    """Whether names such as `y_test` and `X_train` say that two arrays belong to different splits."""
    # Of `val`, `valid` and `validation` the beginning is enough.
    one, other = ({word[:3] for word in words(each) if word in SPLIT_NAMES} for each in (name, chosen))
    return bool(one and other) and one != other


def _note(what: str, arrays: Iterable[StoredArray]) -> tuple[str, ...]:
    listed = ", ".join(map(str, arrays))
    return (f"arrays that {what}: {listed}",) if listed else ()


def _is_column(array: StoredArray, length: tuple[int, ...]) -> bool:
    narrow = len(array.shape) == 1 or (len(array.shape) == 2 and 1 <= array.shape[1] <= MAX_SIDE_COLUMNS)
    return array.shape[:1] == length and narrow and array.dtype.kind in "buifUSM"


def _columns_of(array: StoredArray) -> Iterator[tuple[str, Cells]]:
    values = array.read()
    by_name = {array.name: values} if values.ndim == 1 else {f"{array.name}_{i}": c for i, c in enumerate(values.T)}
    for name, column in by_name.items():
        yield name, _cells(f"{array.path.name}: {name}", column)


def _cells(name: str, values: npt.NDArray[np.generic]) -> Cells:
    if values.dtype.kind == "f":
        return NumberCells(values.astype(np.float64))
    try:
        native = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("=")))
        return from_arrow(pa.chunked_array([pa.array(native)]))
    except (pa.ArrowException, UnicodeError, ValueError) as error:
        raise InputError(f"{name}: the column cannot be read: {str(error).splitlines()[0]}.") from error
