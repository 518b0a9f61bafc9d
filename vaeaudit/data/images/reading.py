"""From a folder of pictures to its raw data: decode once and in parallel, join what is known about each picture."""

from __future__ import annotations

import hashlib
import os
import posixpath
import unicodedata
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.config import ReadConfig
from vaeaudit.data.dataset import RawData
from vaeaudit.data.images.cache import DEFAULT_FOLDER, Decoding, Listener, Preparation, cache_key, prepare
from vaeaudit.data.images.decoding import (
    WHITE_OF_16_BITS,
    Picture,
    Unusable,
    decode,
    deep_extremes,
    guarded_decoding,
    measure,
)
from vaeaudit.data.images.folder import ImageFolder, folder_columns
from vaeaudit.data.images.value_range import ValueRange, lies_far_beyond, usual_range
from vaeaudit.data.sources.formats import supported_pictures
from vaeaudit.data.sources.image_store import PictureForm
from vaeaudit.data.sources.listing import first_few, readable_name
from vaeaudit.data.sources.table_files import identify
from vaeaudit.data.tables.cells import Cells, TextCells, as_text, take_or_missing, text_cells
from vaeaudit.data.tables.records import LeftOut, RawTable, fingerprint, join, unique_names
from vaeaudit.errors import InputError

FILE_NAME = "file_name"


def join_metadata(folder: ImageFolder, names: Sequence[str], config: ReadConfig) -> RawTable:
    """Read the metadata files of a folder; each names pictures relative to the folder that it lies in.

    Returns one row per picture; left out are metadata records that could not be used, or name no picture.

    Parameters
    ----------
    folder
        Where the metadata files are.
    names
        All pictures of the folder, usable or not, relative to it.
    config
        For delimiter and encoding.

    Raises
    ------
    InputError
        Where a metadata file is damaged, or has no column `file_name`.
    """
    if not folder.metadata:
        return RawTable((), (), np.arange(len(names)), read=len(names))
    listing = pd.Index([readable_name(name) for name in names], dtype=object)
    described = np.zeros(len(listing), dtype=bool)
    matched = [_match(folder, name, listing, described, config) for name in folder.metadata]
    union = tuple(dict.fromkeys(name for table, _ in matched for name in table.names))
    joined = join([table.with_columns(union) for table, _ in matched])
    row_of = np.full(len(listing), -1, dtype=np.int64)
    row_of[np.concatenate([entries for _, entries in matched])] = np.arange(len(joined))
    lacking = list(listing[~described])
    said = f"{len(lacking):,} picture(s) have no row in the metadata; their cells are missing: {first_few(lacking)}"
    return replace(
        joined,
        cells=tuple(take_or_missing(cells, row_of) for cells in joined.cells),
        positions=np.arange(len(listing)),
        read=len(listing) + joined.blank + sum(entry.records for entry in joined.left_out),
        notes=(*joined.notes, *((said,) if lacking else ())),
        problems={name: said for table, _ in matched for name, said in table.problems.items()},
    )


def _match(
    folder: ImageFolder, metadata_name: str, listing: pd.Index, described: npt.NDArray[np.bool_], config: ReadConfig
) -> tuple[RawTable, npt.NDArray[np.int64]]:
    """Return the rows that describe a picture, and the entry of the listing that each of them describes.

    Marks in `described` which pictures have a row now.
    """
    shown = readable_name(metadata_name)
    table = identify(folder.path / metadata_name, shown).read(config)
    if FILE_NAME not in table.names:
        raise InputError(
            f"{shown}: expected a column {FILE_NAME!r} that names the pictures, found {', '.join(table.names[:8])}.",
            hint="Rename the column that holds the file names, or move the file out of the folder.",
        )
    key = as_text(table.cells[table.names.index(FILE_NAME)])
    entries = _entries_of(key, PurePosixPath(shown).parent.as_posix(), listing)
    first = np.zeros(len(entries), dtype=bool)
    first[np.unique(entries, return_index=True)[1]] = True
    usable = (entries >= 0) & first
    usable[usable] &= ~described[entries[usable]]
    described[entries[usable]] = True
    kept = table.with_columns([name for name in table.names if name != FILE_NAME])
    rows = replace(
        kept,
        cells=tuple(cells.take(usable) for cells in kept.cells),
        positions=kept.positions[usable],
        left_out=(*kept.left_out, *_unmatched(shown, table, key, entries, usable)),
        open_ended=False,
    )
    return rows, entries[usable]


def _entries_of(key: TextCells, directory: str, listing: pd.Index) -> npt.NDArray[np.int64]:
    """[N]; the position in the listing that each row names, -1 for none.

    Exactly, or else with the separators of Windows, or else in another Unicode normal form (macOS stores "é" as two
    characters) where that names one file.
    """
    texts = [text.strip() for text in key.texts.to_pylist()]
    slashed = [text.replace("\\", "/") for text in texts]
    composed = pd.Index([unicodedata.normalize("NFC", name) for name in listing], dtype=object)
    once = composed.where(~composed.duplicated(keep=False), listing)
    positions = np.full(len(texts), -1, dtype=np.int64)
    for names, place, spelled in (
        (listing, directory, texts),
        (listing, directory, slashed),
        (once, unicodedata.normalize("NFC", directory), [unicodedata.normalize("NFC", text) for text in slashed]),
    ):
        positions = np.where(positions >= 0, positions, _positions(names, place, spelled))
    return np.append(positions, -1).astype(np.int64)[key.codes]


def _positions(listing: pd.Index, directory: str, texts: list[str]) -> npt.NDArray[np.intp]:
    named = [posixpath.normpath(posixpath.join(directory, text)) for text in texts]
    return np.asarray(listing.get_indexer(pd.Index(named, dtype=object)))


def _unmatched(
    shown: str, table: RawTable, key: TextCells, entries: npt.NDArray[np.int64], usable: npt.NDArray[np.bool_]
) -> tuple[LeftOut, ...]:
    rows, directory = np.flatnonzero(~usable), PurePosixPath(shown).parent.as_posix()
    named = key.take(rows).to_objects()
    return tuple(
        LeftOut(shown, int(table.positions[row]), _reason(text, directory, known=entries[row] >= 0))
        for row, text in zip(rows, named, strict=True)
    )


def _reason(text: str | None, directory: str, *, known: bool) -> str:
    if text is None or not text.strip():
        return f"{FILE_NAME} is missing"
    if known:
        return f"describes {text!r} once more; the first row that does was taken"
    if posixpath.normpath(posixpath.join(directory, text.strip().replace("\\", "/"))).startswith(("../", "/")):
        return f"names {text!r}, which leads out of the folder; it was not opened"
    return f"names {text!r}, which is not among the pictures of the folder"


#: Sides of the square that are chosen from; 8, 28 and 64 are those of scikit-learn's digits, MNIST and dSprites.
SIDES = (8, 16, 28, 32, 64)
#: So many pictures, evenly spread, are measured to choose the side.
_MEASURED = 1000
#: Files per task: enough to hide what handing over a task costs, few enough that little waits in memory.
_BATCH = 32


def read_images(
    folder: ImageFolder, config: ReadConfig, form: PictureForm | None = None, on_progress: Listener | None = None
) -> RawData:
    """Read a folder of pictures.

    Parameters
    ----------
    folder, config
        The pictures, and how to read them.
    form
        What to bring them to; chosen from `config` and the data where None.
    on_progress
        As for `load`.

    Raises
    ------
    InputError
        Where there is no picture.
    UsageError
        Where the cache cannot be written.
    """
    if not folder.n_pictures:
        raise InputError(f"{folder.path}: expected pictures ({supported_pictures()}), found none.")
    names = [file.name for file in folder.files]
    stamps = ((file.name, file.size, file.modified_ns, file.changed_ns) for file in folder.files)
    wanted = (config.image_size,) if form is None else (form.side, form.channels, form.value_range)
    key = cache_key(*wanted, "folder", folder.path.resolve(), *stamps)

    def decoding() -> Decoding:
        paths = [folder.path / name for name in names]
        side = form.side if form else config.image_size or choose_side(_longer_sides(paths))
        deep = _deep_range(paths, form.value_range if form else None)
        limits = (deep.black, deep.white) if deep else None
        return Decoding(
            side,
            len(paths),
            _decode_all(paths, side, limits),
            said=(f"pictures of more than 8 bits per pixel: {deep.note}",) if deep else (),
            channels=form.channels if form else None,
            value_range=limits,
        )

    with guarded_decoding():
        preparation, store = prepare(cache_folder(config), key, decoding, on_progress)
    placed = folder_columns(names)
    notes = (*notes_on_size(preparation, config, form), *preparation.notes)
    table = _table(folder, names, preparation, config, notes)
    row_names = np.array([readable_name(names[position]) for position in preparation.positions], dtype=object)
    return RawData(
        table,
        name=readable_name(folder.path.resolve().name),
        fingerprint=content_fingerprint(table, preparation, names),
        images=store,
        row_names=row_names,
        from_folders=tuple(placed.columns),
    )


def cache_folder(config: ReadConfig) -> Path:
    """Return where resized pictures are kept; absolute, so that it holds when the program changes its folder."""
    return (DEFAULT_FOLDER if config.cache is None else Path(config.cache)).absolute()


def choose_side(longer_sides: npt.NDArray[np.int64]) -> int:
    """Return the largest of `SIDES` that does not enlarge the median picture; the smallest where all would.

    Examples
    --------
    >>> choose_side(np.array([28, 28, 640])), choose_side(np.array([1200])), choose_side(np.array([5]))
    (28, 64, 8)
    """
    median = float(np.median(longer_sides)) if len(longer_sides) else 0.0
    return max((side for side in SIDES if side <= median), default=SIDES[0])


def notes_on_size(preparation: Preparation, config: ReadConfig, form: PictureForm | None = None) -> tuple[str, ...]:
    """Say how the pictures were brought to one size."""
    if not preparation.content:
        return ()
    side, channels = preparation.shape[1], preparation.shape[3]
    if form is not None:
        colour = "grey" if channels == 1 else "in colour"
        return (f"pictures are brought to {side} x {side} pixels, {colour}, as the run's are",)
    median = float(np.median(np.max(preparation.sizes, axis=1)))
    chosen = f"chosen from the data (the median picture has {median:g} on its longer side); --image-size says otherwise"
    how = "as --image-size says" if config.image_size else chosen
    colour = "grey, as all pictures are" if channels == 1 else "in colour"
    return (f"pictures are brought to {side} x {side} pixels, {colour}; {how}",)


def content_fingerprint(table: RawTable, preparation: Preparation, names: Sequence[str] = ()) -> str:
    """Return SHA-256, as hex, over the columns, the names of the files, and what the pictures show."""
    total = hashlib.sha256(fingerprint(table).encode())
    total.update("\0".join(names).encode("utf-8", "surrogateescape"))
    total.update(preparation.digest().encode())
    return total.hexdigest()


def _table(
    folder: ImageFolder, names: Sequence[str], preparation: Preparation, config: ReadConfig, notes: Sequence[str]
) -> RawTable:
    """Lay the columns that folders and metadata give beside the pictures, and account for everything met."""
    refused = tuple(
        LeftOut(readable_name(names[position]), -1, reason) for position, reason in preparation.refused.items()
    )
    # A metadata row may describe a file that could not be opened: it has found its picture, and is not left out twice.
    unopened = [entry.file for entry in (*folder.refused, *folder.links)]
    placed, described = folder_columns(names), join_metadata(folder, [*names, *unopened], config)
    columns, problems = unique_names([*placed.columns, *described.names])
    used = preparation.positions
    # Folders are levels whatever they are called: the classes 0 to 9 are no counts.
    cells: list[Cells] = [replace(text_cells(v), declared=True).take(used) for v in placed.columns.values()]
    left_out = (*folder.refused, *folder.links, *refused, *described.left_out)
    return RawTable(
        names=columns,
        cells=(*cells, *(column.take(used) for column in described.cells)),
        positions=used,
        read=len(used) + described.blank + sum(entry.records for entry in left_out),
        blank=described.blank,
        left_out=left_out,
        notes=(*notes, *placed.notes, *described.notes, *folder.notes),
        problems={**described.problems, **problems},
    )


# --- decoding in parallel -------------------------------------------------------------------------------------------


def _longer_sides(paths: Sequence[Path]) -> npt.NDArray[np.int64]:
    """Longer sides, from their headers, of up to `_MEASURED` pictures that can be opened."""
    sizes = map(measure, _evenly_spread(paths))
    return np.array([max(size) for size in sizes if size is not None], dtype=np.int64)


def _evenly_spread(paths: Sequence[Path]) -> list[Path]:
    chosen = np.unique(np.linspace(0, len(paths) - 1, min(len(paths), _MEASURED)).round().astype(int))
    return [paths[position] for position in chosen]


def _deep_range(paths: Sequence[Path], stated: tuple[float, float] | None) -> ValueRange | None:
    """Find which values are black and white in pictures of more than 8 bits, among up to `_MEASURED`; None without any.

    Each by its own range they would lose how bright they are: one white picture and one black would be the same.
    Beside pictures of 8 bits, whose range their format says, 16 bits have theirs. `stated` is the range of the run that
    other pictures are read for; it holds unless theirs is another scale.
    """
    sample = _evenly_spread(paths)
    with ThreadPoolExecutor(_n_threads(), thread_name_prefix="measure") as executor:
        measured = list(executor.map(deep_extremes, sample))
    extremes = [found for found in measured if found is not None]
    if not extremes:
        return None
    low, high = min(low for low, _ in extremes), max(high for _, high in extremes)
    if stated is not None and not lies_far_beyond(low, high, *stated):
        return ValueRange(*stated, f"{stated[0]:g} is read as black, {stated[1]:g} as white, as in the run")
    beside = any(measure(path) for path, found in zip(sample, measured, strict=True) if found is None)
    if 0 <= low <= high <= WHITE_OF_16_BITS and high > 255 and (beside or low == high):
        return ValueRange(0.0, WHITE_OF_16_BITS, f"0 is read as black, {WHITE_OF_16_BITS:.0f} as white")
    return usual_range(low, high)


def _n_threads() -> int:
    return min(16, max(2, os.cpu_count() or 1))


def _decode_all(
    paths: Sequence[Path], side: int, value_range: tuple[float, float] | None
) -> Generator[Picture | Unusable, None, None]:
    """Decode in threads (Pillow lets go of the interpreter while it works), in order, with few batches waiting."""
    n_threads = _n_threads()
    waiting: deque[Future[list[Picture | Unusable]]] = deque()
    executor = ThreadPoolExecutor(n_threads, thread_name_prefix="decode")
    try:
        for start in range(0, len(paths), _BATCH):
            waiting.append(executor.submit(_decode_batch, paths[start : start + _BATCH], side, value_range))
            if len(waiting) > 2 * n_threads:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _decode_batch(
    paths: Sequence[Path], side: int, value_range: tuple[float, float] | None
) -> list[Picture | Unusable]:
    return [decode(path, side, value_range) for path in paths]
